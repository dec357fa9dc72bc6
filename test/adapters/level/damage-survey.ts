/** A small store of known records, a way to harm it, and the check that every harm is noticed. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { createLevelStore, type LevelStore } from '../../../src/adapters/level/level-store.ts';
import { flipBit, recordFiles, temporaryDirectory, withRecords } from './level-fixture.ts';
import { keyOf, recordOf } from './records.ts';

/** Records in the store. */
export const count = 400;

/** In the order in which they are written, eight in a commit. */
export const keys = Array.from({ length: count }, (_, index) => keyOf(index));

/** Without a ballast: a thousand of them are opened. */
export const openStore = (directory: string): Promise<LevelStore> =>
  createLevelStore({ directory, ballastBytes: 0 });

/** Writes the records and closes the store. */
export async function fillStore(directory: string): Promise<void> {
  const store = await openStore(directory);
  for (let at = 0; at < count; at += 8) {
    await store.write(keys.slice(at, at + 8).map((key, offset) => ({ key, value: recordOf(at + offset) })));
  }
  await store.close();
}

/** Opens the damaged store and reads everything; what was served must be right, what was not must be reported. */
export async function surveyStore(directory: string): Promise<{ missing: string[]; reported: string[] }> {
  const store = await openStore(directory);
  const reported = new Set<string>();
  store.onCorrupt((key) => reported.add(key));
  await store.audited;
  const missing: string[] = [];
  for (const [index, key] of keys.entries()) {
    const value = await store.get(key);
    if (value === undefined) missing.push(key);
    else expect(Buffer.from(value).equals(recordOf(index))).toBe(true);
  }
  for await (const [key, value] of store.entries('')) {
    expect(Buffer.from(value).equals(recordOf(keys.indexOf(key)))).toBe(true);
  }
  await store.write([{ key: 'after', value: recordOf(0) }]);
  expect(await store.get('after')).toEqual(recordOf(0));
  await store.close();
  return { missing, reported: [...reported] };
}

/** Moves everything from the log into tables. */
export function compactRecords(directory: string): Promise<void> {
  return withRecords(directory, (level) => level.compactRange(new Uint8Array([0]), new Uint8Array([0xff])));
}

/** One flipped bit, so many times, each in a fresh store: a wrong value is never served, a missing one always reported. */
export async function assertFlipsAreNoticed(
  place: 'the log' | 'the tables' | 'the roster',
  numRuns: number,
): Promise<void> {
  const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.nat(), position, async (pick, at) => {
      const directory = await temporaryDirectory();
      await fillStore(directory);
      if (place === 'the tables') await compactRecords(directory);
      const files = await recordFiles(join(directory, place === 'the roster' ? 'roster' : 'records'));
      const { path, sizeBytes } = files[pick % files.length]!;
      await flipBit(path, Math.floor(at * sizeBytes * 8));
      const { missing, reported } = await surveyStore(directory);
      expect(missing.filter((key) => !reported.includes(key))).toEqual([]);
      if (place === 'the roster') expect(missing).toEqual([]);
      await rm(directory, { recursive: true });
    }),
    { numRuns },
  );
}
