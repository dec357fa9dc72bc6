/** The file format: what is written comes back, and nothing that anybody may bend does harm. */
import { createHash } from 'node:crypto';
import { decodeFirst } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveError } from '../../src/archive/archive-error.ts';
import { openArchive } from '../../src/archive/archive-reader.ts';
import { bundleBytesMax } from '../../src/core/limits.ts';
import { createMutator } from '../helpers/mutate.ts';
import { archiveOf, bundlesIn, bundlesOf, chunked, from } from './samples.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 1);
const nowSeconds = 1_790_000_000;
const samples = bundlesOf(20, 'archived', nowSeconds);

/** A byte string of less than 24 bytes: its head is one byte. */
function headerBytes(archive: Uint8Array): number {
  return 1 + archive[0]! - 0x40;
}

async function codeOf(archive: Uint8Array): Promise<string> {
  try {
    await bundlesIn(archive);
    return 'whole';
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
}

describe('an archive', () => {
  it('gives back what went in, however it is cut into chunks', async () => {
    const sizes = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 900 }), async (bundles, chunkBytes) => {
        const back = await bundlesIn(await archiveOf(bundles), chunkBytes);
        expect(back.map((one) => Buffer.from(one).toString('hex'))).toEqual(
          bundles.map((one) => Buffer.from(one).toString('hex')),
        );
      }),
      { seed, numRuns: 200 },
    );
  });

  it('takes the largest bundle, and any number of them', async () => {
    const largest = new Uint8Array(bundleBytesMax).fill(7);
    const bundles = [largest, new Uint8Array(0), ...samples, largest];
    expect(await bundlesIn(await archiveOf(bundles))).toHaveLength(bundles.length);
    expect(await bundlesIn(await archiveOf([]))).toEqual([]);
  });

  it('is a CBOR sequence whose digest any tool can check', async () => {
    let rest: Uint8Array = await archiveOf(samples, nowSeconds);
    const whole = rest;
    const items: Uint8Array[] = [];
    while (rest.length > 0) {
      const [item, remainder] = decodeFirst(rest) as [Uint8Array, Uint8Array];
      items.push(item);
      rest = remainder;
    }
    expect(decodeFirst(items[0]!)[0]).toEqual(['weft-archive', 1, nowSeconds]);
    const [name, count, digest] = decodeFirst(items.at(-1)!)[0] as [string, number, Uint8Array];
    expect([name, count]).toEqual(['end', samples.length]);
    const before = whole.subarray(0, whole.length - items.at(-1)!.length - 2);
    expect(Buffer.from(digest).toString('hex')).toBe(createHash('sha256').update(before).digest('hex'));
  });

  it('that ends anywhere is truncated, and what stood before is handed out', async () => {
    const whole = await archiveOf(samples);
    for (let length = headerBytes(whole); length < whole.length; length += 7)
      expect(await codeOf(whole.subarray(0, length)), `${length} bytes`).toBe('truncated');
    const { bundles } = await openArchive(from(chunked(whole.subarray(0, whole.length - 60), 1_000)));
    const found: Uint8Array[] = [];
    await expect(
      (async () => {
        for await (const batch of bundles()) found.push(...batch);
      })(),
    ).rejects.toMatchObject({ code: 'truncated', data: { bundles: 19 } });
    expect(found).toHaveLength(19);
  });

  it('with one bit changed is told from a whole one, wherever it is', async () => {
    const whole = await archiveOf(samples.slice(0, 2));
    for (let at = 0; at < whole.length; at++) {
      const bent = Uint8Array.from(whole);
      bent[at]! ^= 1 << (at % 8);
      // The second in its header is covered by the digest, too.
      expect(await codeOf(bent), `byte ${at}`).not.toBe('whole');
    }
  });

  it('of a newer version, and what is none, are refused by name', async () => {
    const whole = await archiveOf(samples);
    const newer = Uint8Array.from(whole);
    newer[1 + 1 + 13] = 2;
    expect(await codeOf(newer)).toBe('wrong-archive-version');
    for (const foreign of ['', '{"format":"weft-keys"}', 'PK\u0003\u0004', '\u007fELF', 'W'.repeat(5_000)])
      expect(await codeOf(Buffer.from(foreign)), foreign).toBe('not-an-archive');
    expect(await codeOf(Buffer.concat([whole, Buffer.of(0x40)]))).toBe('damaged-archive');
    expect(await codeOf(Buffer.concat([whole, whole]))).toBe('damaged-archive');
    expect(await codeOf(Buffer.concat([whole, Buffer.of(0x59, 1)]))).toBe('damaged-archive');
  });

  it('that promises gigabytes is refused at the promise, before anything is read for it', async () => {
    const empty = await archiveOf([]);
    const header = empty.subarray(0, headerBytes(empty));
    for (const head of [
      [0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x5a, 0xff, 0xff, 0xff, 0xff],
      [0x59, 0xff, 0xff],
      [0x59, 0xc0, 0x01],
      [0x59, 0x00, 0x10],
      [0x58, 0x10],
      [0x5f],
      [0x9f],
    ]) {
      let read = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        yield header;
        yield Uint8Array.from(head);
        for (;;) {
          read++;
          yield new Uint8Array(65_536);
        }
      }
      const { bundles } = await openArchive(endless());
      await expect(bundles().next()).rejects.toMatchObject({ code: 'damaged-archive' });
      expect(read).toBe(0);
    }
  });

  it(`bent in any way is whole, or an error of its own kind (WEFT_TEST_SEED=${seed})`, async () => {
    const mutate = createMutator(seed);
    const whole = await archiveOf(samples.slice(0, 3));
    const codes = new Map<string, number>();
    for (let index = 0; index < 3_000; index++) {
      const code = await codeOf(mutate(whole));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual(
      expect.arrayContaining(['damaged-archive', 'not-an-archive', 'truncated']),
    );
  });
});
