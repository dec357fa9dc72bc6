/** What was acknowledged is there after the process or the power is gone. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ClassicLevel } from 'classic-level';
import { expect } from 'vitest';
import { createLevelStore } from '../../../src/adapters/level/level-store.ts';
import { mountImage } from './disk.ts';
import { temporaryDirectory } from './level-fixture.ts';
import { keyOf, recordOf } from './records.ts';
import { startWriter } from './writer-process.ts';

const imageBytes = 96 * 1024 * 1024;

/** Kills a writer in the middle of its writes, so many times over the same store. Returns how many records that were. */
export async function assertKillsLoseNothing(rounds: number): Promise<number> {
  const directory = await temporaryDirectory();
  const acknowledged: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const writer = startWriter('weft', directory, round * 1_000_000);
    await writer.waitFor(300 + round * 211);
    await writer.kill();
    acknowledged.push(...writer.acknowledged);
    expect(await missingInStore(directory, acknowledged)).toEqual([]);
  }
  return acknowledged.length;
}

export interface PowerCutFigures {
  readonly acknowledged: number;
  readonly lost: number;
}

/** Cuts the power under a writer. Returns a reason instead where no image can be mounted. */
export async function cutPowerUnder(
  kind: 'weft' | 'stock',
  count: number,
): Promise<PowerCutFigures | { readonly refusal: string }> {
  const disk = await mountImage(imageBytes);
  if ('refusal' in disk) return disk;
  if (kind === 'stock') await settleStock(disk.path);
  const writer = startWriter(kind, join(disk.path, 'data'), 0);
  await writer.waitFor(count);
  await writer.freeze();
  const after = await disk.cutPower!();
  await writer.kill();
  const acknowledged = writer.acknowledged;
  const find = kind === 'weft' ? missingInStore : missingInStock;
  const lost = await find(join(after.path, 'data'), acknowledged);
  return { acknowledged: acknowledged.length, lost: lost.length };
}

async function missingInStore(directory: string, indexes: readonly number[]): Promise<number[]> {
  const store = await createLevelStore({ directory, ballastBytes: 0 });
  const reported: string[] = [];
  store.onCorrupt((key) => reported.push(key));
  const missing: number[] = [];
  for (const index of indexes) {
    const value = await store.get(keyOf(index));
    if (value === undefined || !Buffer.from(value).equals(recordOf(index))) missing.push(index);
  }
  expect(await store.audited).toMatchObject({ damaged: 0, outdated: 0, lost: 0, isComplete: true });
  expect(reported).toEqual([]);
  await store.close();
  return missing;
}

/** A LevelDB whose power is cut within its first moments does not even open again; this one has been there for a while. */
async function settleStock(path: string): Promise<void> {
  const level = new ClassicLevel(join(path, 'data'));
  await level.open();
  await level.close();
  await promisify(execFile)('sync', ['-f', path]);
}

async function missingInStock(directory: string, indexes: readonly number[]): Promise<number[]> {
  const level = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  await level.open();
  const held = await level.hasMany(indexes.map(keyOf));
  await level.close();
  return indexes.filter((_, at) => !held[at]);
}
