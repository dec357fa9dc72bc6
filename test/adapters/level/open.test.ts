/** Opening a store that is in use, written by another release, or not a store. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLevelStore } from '../../../src/adapters/level/level-store.ts';
import { temporaryDirectory } from './level-fixture.ts';
import { keyOf } from './records.ts';
import { startWriter } from './writer-process.ts';

const open = (directory: string) => createLevelStore({ directory, ballastBytes: 0 });

describe('opening a store', () => {
  it('is refused while another process has it, with the process and what to do', async () => {
    const directory = await temporaryDirectory();
    const writer = startWriter('weft', directory, 0);
    await writer.waitFor(10);
    await expect(open(directory)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'locked',
      message: expect.stringMatching(
        /in use by another process \(process \d+\): stop it, or give this node another/,
      ),
    });
    await writer.waitFor(10);
    await writer.kill();
    const store = await open(directory);
    expect(await store.get(keyOf(0))).toBeDefined();
    await store.close();
  });

  it('is refused a second time in the same process, and harms the first in nothing', async () => {
    const directory = await temporaryDirectory();
    const store = await open(directory);
    onTestFinished(() => store.close());
    await expect(open(directory)).rejects.toMatchObject({ code: 'locked' });
    await store.write([{ key: 'a', value: Uint8Array.of(1) }]);
    expect(await store.get('a')).toEqual(Uint8Array.of(1));
  });

  it.each([
    ['a later schema', '{"format":"weft-store","schema":7}', 'schema 7'],
    ['something else', '{"format":"other"}', 'something else'],
    ['a damaged schema', '{"format":"weft-sto', 'something else'],
  ])('is refused for %s, saying what to do, and nothing is touched', async (_name, text, found) => {
    const directory = await temporaryDirectory();
    await (await open(directory)).close();
    await writeFile(join(directory, 'schema.json'), text);
    const before = await readdir(join(directory, 'records'));
    await expect(open(directory)).rejects.toMatchObject({
      code: 'wrong-schema',
      message: expect.stringMatching(
        new RegExp(`says ${found}, and this release reads schema 1: run the release that wrote it, or move`),
      ),
    });
    expect(await readdir(join(directory, 'records'))).toEqual(before);
  });

  it('is refused for records without a schema', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'records'));
    await expect(open(directory)).rejects.toMatchObject({ code: 'wrong-schema' });
  });

  it('is refused with the path where the directory cannot be made', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), '');
    await expect(open(join(directory, 'file', 'store'))).rejects.toMatchObject({
      name: 'StoreError',
      code: 'open-failed',
      message: expect.stringContaining(join(directory, 'file', 'store')),
    });
  });

  it('keeps what it makes from other users of the machine', async () => {
    const directory = join(await temporaryDirectory(), 'store');
    await (await open(directory)).close();
    expect((await stat(directory)).mode & 0o077).toBe(0);
  });

  it('leaves no name of a holder behind when it is closed', async () => {
    const directory = await temporaryDirectory();
    const store = await open(directory);
    expect(await readFile(join(directory, 'holder'), 'utf8')).toBe(`process ${process.pid}\n`);
    await store.close();
    expect((await readdir(directory)).sort()).toEqual(['records', 'roster', 'schema.json']);
  });

  it('lets reads and writes go on while a large store is compared with its roster and opened anew', async () => {
    const directory = await temporaryDirectory();
    const count = 12_000;
    const value = (index: number): Uint8Array => Uint8Array.of(index & 255, index >> 8);
    const first = await open(directory);
    await first.write(
      Array.from({ length: count }, (_, index) => ({ key: keyOf(index), value: value(index) })),
    );
    await first.close();

    const store = await open(directory);
    let isAudited = false;
    const audited = store.audited.finally(() => {
      isAudited = true;
    });
    let index = 0;
    for (; !isAudited && index < count; index++) {
      expect(await store.get(keyOf(index))).toEqual(value(index));
      await store.write([{ key: keyOf(count + index), value: value(index) }]);
    }
    expect(await audited).toMatchObject({ damaged: 0, outdated: 0, lost: 0, isComplete: true });
    expect((await store.statistics()).entries).toBe(count + index);
    await store.close();
  });

  it('finds again what was written before, after a clean end', async () => {
    const directory = await temporaryDirectory();
    const first = await open(directory);
    await first.write([{ key: 'a', value: Uint8Array.of(1) }]);
    await first.close();
    await chmod(directory, 0o700);
    const second = await open(directory);
    expect(await second.get('a')).toEqual(Uint8Array.of(1));
    expect(await second.audited).toEqual({ entries: 1, damaged: 0, outdated: 0, lost: 0, isComplete: true });
    expect(await second.statistics()).toMatchObject({ entries: 1, quarantined: 0, full: false });
    await second.close();
  });
});
