/** F9: stock LevelDB cannot open on a full disk. Here puts are refused, and reads and deletes work, also after a restart. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it, type TestContext } from 'vitest';
import { createDiskSpace } from '../../../src/adapters/level/disk-space.ts';
import { createLevelStore, type LevelStore } from '../../../src/adapters/level/level-store.ts';
import { fillDisk, mountMemoryDisk } from './disk.ts';
import { temporaryDirectory } from './level-fixture.ts';
import { keyOf, recordOf } from './records.ts';

const mebibyte = 1024 * 1024;
const groupSize = 64;

/** A small disk, or the end of the test with the reason. */
async function smallDisk(context: TestContext, sizeBytes: number): Promise<string> {
  const disk = await mountMemoryDisk(sizeBytes);
  if ('refusal' in disk) context.skip(disk.refusal);
  return (disk as { readonly path: string }).path;
}

/** Writes groups of records until one is refused; how many records were acknowledged, and the refusal. */
async function writeUntilRefused(store: LevelStore): Promise<{ count: number; error: unknown }> {
  for (let at = 0; ; at += groupSize) {
    const writes = Array.from({ length: groupSize }, (_, offset) => ({
      key: keyOf(at + offset),
      value: recordOf(at + offset),
    }));
    try {
      await store.write(writes);
    } catch (error) {
      return { count: at, error };
    }
  }
}

/** A fifth of them, which is enough to meet every commit. */
async function assertReadable(store: LevelStore, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 5) {
    const value = await store.get(keyOf(index));
    if (value === undefined || !Buffer.from(value).equals(recordOf(index))) {
      expect.fail(`record ${index} of ${from} to ${to} is ${value === undefined ? 'missing' : 'wrong'}`);
    }
  }
}

const growth = [{ key: 'one-more', value: recordOf(0) }];
const diskFull = { name: 'StoreError', code: 'disk-full', message: expect.stringContaining('disk is full') };

describe('a full disk', () => {
  it('refuses puts at the high-water mark, and reads and deletes go on, also when nothing at all is left', async (context) => {
    const disk = await smallDisk(context, 24 * mebibyte);
    const directory = join(disk, 'store');
    const options = { directory, ballastBytes: 7 * mebibyte, freeBytesMin: 4 * mebibyte };
    const store = await createLevelStore(options);
    const { count, error } = await writeUntilRefused(store);
    expect(error).toMatchObject(diskFull);
    expect(count).toBeGreaterThan(3000);
    expect(await store.statistics()).toMatchObject({ entries: count });
    await assertReadable(store, 0, count);

    await fillDisk(join(disk, 'filler'));
    await expect(store.write(growth)).rejects.toMatchObject(diskFull);
    for (let index = 0; index < 200; index++) await store.write([{ key: keyOf(index), value: null }]);
    await assertReadable(store, 200, count);
    expect(await store.get(keyOf(0))).toBeUndefined();
    await store.close();
  });

  it('does not keep the store from opening as long as the ballast is there', async (context) => {
    const disk = await smallDisk(context, 24 * mebibyte);
    const directory = join(disk, 'store');
    const options = { directory, ballastBytes: 7 * mebibyte, freeBytesMin: 4 * mebibyte };
    const store = await createLevelStore(options);
    const { count } = await writeUntilRefused(store);
    await store.close();
    await fillDisk(join(disk, 'filler'));

    const reopened = await createLevelStore(options);
    await assertReadable(reopened, 0, count);
    await expect(reopened.write(growth)).rejects.toMatchObject(diskFull);
    await reopened.write([{ key: keyOf(0), value: null }]);
    expect(await reopened.audited).toMatchObject({ lost: 0, damaged: 0, outdated: 0, isComplete: true });
    expect((await reopened.statistics()).entries).toBe(count - 1);
    await reopened.close();

    await rm(join(disk, 'filler'));
    const freed = await createLevelStore(options);
    expect((await freed.statistics()).full).toBe(true);
    for (let at = 1; at < count; at += groupSize) {
      await freed.write(
        Array.from({ length: groupSize }, (_, offset) => ({ key: keyOf(at + offset), value: null })),
      );
    }
    await expect
      .poll(() => freed.statistics(), { timeout: 20_000 })
      .toMatchObject({ full: false, entries: 0 });
    await freed.write(growth);
    await freed.close();
  });

  it('that keeps the store from opening without a ballast is named with what to do', async (context) => {
    const disk = await smallDisk(context, 16 * mebibyte);
    const options = { directory: join(disk, 'store'), ballastBytes: 0 };
    const store = await createLevelStore(options);
    for (let index = 0; index < 1000; index++)
      await store.write([{ key: keyOf(index), value: recordOf(index) }]);
    await store.close();
    await fillDisk(join(disk, 'filler'));
    await expect(createLevelStore(options)).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining('the disk is full: free 8 MiB and start again'),
    });
    await rm(join(disk, 'filler'));
    const reopened = await createLevelStore(options);
    await assertReadable(reopened, 0, 1000);
    await reopened.close();
  });

  it('keeps stock LevelDB from opening at all (F9)', async (context) => {
    const disk = await smallDisk(context, 16 * mebibyte);
    const stock = new ClassicLevel<string, Uint8Array>(join(disk, 'stock'), { valueEncoding: 'view' });
    for (let index = 0; index < 1000; index++) await stock.put(keyOf(index), recordOf(index));
    await stock.close();
    await fillDisk(join(disk, 'filler'));
    await expect(stock.open()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('No space left') },
    });
  });

  it('that fills without a warning leaves no acknowledged record behind, with neither mark nor ballast', async (context) => {
    const disk = await smallDisk(context, 24 * mebibyte);
    const options = { directory: join(disk, 'store'), ballastBytes: 0, freeBytesMin: 0 };
    const store = await createLevelStore(options);
    const { count, error } = await writeUntilRefused(store);
    expect(error).toMatchObject(diskFull);
    await assertReadable(store, 0, count);
    await store.close().catch(() => undefined);
  });

  it('takes puts again once there is room, and sets the ballast aside anew', async (context) => {
    const disk = await smallDisk(context, 48 * mebibyte);
    const directory = join(disk, 'store');
    const store = await createLevelStore({
      directory,
      ballastBytes: 8 * mebibyte,
      freeBytesMin: 2 * mebibyte,
    });
    await store.write(growth);
    await fillDisk(join(disk, 'filler'));
    // Past the moment for which the last answer of the file system holds nothing is tried; before it, LevelDB fails.
    await expect(writeUntilRefused(store)).resolves.toMatchObject({ error: diskFull });
    await rm(join(disk, 'filler'));
    expect((await store.statistics()).full).toBe(false);
    await store.write([{ key: 'after', value: recordOf(7) }]);
    expect(await store.get('after')).toEqual(recordOf(7));
    await store.close();
    expect((await stat(join(directory, 'ballast'))).size).toBe(8 * mebibyte);
  });
});

describe('disk space', () => {
  it('counts as full below the mark, and asks the file system again after a mebibyte of writes', async () => {
    let free = 100;
    let asked = 0;
    const space = await createDiskSpace({
      directory: await temporaryDirectory(),
      ballastBytes: 0,
      freeBytesMin: 100,
      freeBytes: async () => {
        asked += 1;
        return free;
      },
    });
    expect(await space.isFull()).toBe(false);
    free = 99;
    expect(await space.look()).toBe(true);
    const before = asked;
    expect(await space.isFull()).toBe(true);
    expect(asked).toBe(before);
    free = 100;
    space.wrote(mebibyte);
    expect(await space.isFull()).toBe(false);
    expect(asked).toBe(before + 1);
  });

  it('sets the ballast aside only where it leaves room above the mark', async () => {
    const directory = await temporaryDirectory();
    let free = 9 * mebibyte;
    const options = {
      directory,
      ballastBytes: mebibyte,
      freeBytesMin: mebibyte,
      freeBytes: async () => free,
    };
    const space = await createDiskSpace(options);
    expect(await space.look()).toBe(true);
    expect(await readdir(directory)).toEqual([]);
    free = 10 * mebibyte;
    expect(await space.look()).toBe(false);
    await space.close();
    expect(await readdir(directory)).toEqual(['ballast']);
    expect(await space.makeRoom()).toBe(true);
    expect(await readdir(directory)).toEqual([]);
    expect(await space.makeRoom()).toBe(false);
    expect(await space.isFull()).toBe(true);
  });

  it('finds the ballast of an earlier start, and makes one anew that was not finished', async () => {
    const directory = await temporaryDirectory();
    const options = { directory, ballastBytes: mebibyte, freeBytesMin: 0 };
    const first = await createDiskSpace(options);
    await first.look();
    await first.close();
    const larger = await createDiskSpace({ ...options, ballastBytes: 2 * mebibyte });
    await larger.look();
    await larger.close();
    expect((await stat(join(directory, 'ballast'))).size).toBe(2 * mebibyte);
    const same = await createDiskSpace({ ...options, ballastBytes: 2 * mebibyte, freeBytes: async () => 0 });
    expect(await same.look()).toBe(false);
  });
});
