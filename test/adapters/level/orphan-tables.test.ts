/** Tables in use are told from what a compaction left behind. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from 'vitest';
import { bytesToReopen, liveTables, sweepOrphanTables } from '../../../src/adapters/level/orphan-tables.ts';
import { recordFiles, temporaryDirectory } from './level-fixture.ts';
import { keyOf, recordOf } from './records.ts';

const tablesIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.ldb')).sort();

/** A database with tables on several levels and a MANIFEST of more than one block. */
async function createTables(directory: string): Promise<void> {
  const level = new ClassicLevel<string, Uint8Array>(directory, {
    valueEncoding: 'view',
    writeBufferSize: 65_536,
    compression: false,
  });
  // Long keys, of which each edit of the MANIFEST names two.
  for (let at = 0; at < 6000; at += 100) {
    await level.batch(
      Array.from({ length: 100 }, (_, offset) => ({
        type: 'put' as const,
        key: keyOf(at + offset).padEnd(480, '.'),
        value: recordOf(at + offset),
      })),
    );
  }
  await level.compactRange('a', 'b');
  await level.close();
}

describe('orphan tables', () => {
  it('are those that the MANIFEST does not name; the others stay', async () => {
    const directory = await temporaryDirectory();
    await createTables(directory);
    const tables = await tablesIn(directory);
    expect(tables.length).toBeGreaterThan(1);
    const manifest = (await recordFiles(directory)).find(({ path }) => path.includes('MANIFEST'));
    expect(manifest!.sizeBytes).toBeGreaterThan(32_768);
    expect([...(await liveTables(directory))].sort((a, b) => a - b)).toEqual(
      tables.map((name) => Number.parseInt(name, 10)),
    );
    expect(await sweepOrphanTables(directory)).toBe(0);

    const before = await bytesToReopen(directory);
    await writeFile(join(directory, '999999.ldb'), Buffer.alloc(5000));
    expect(await bytesToReopen(directory)).toBe(before - 5000);
    expect(await sweepOrphanTables(directory)).toBe(5000);
    expect(await tablesIn(directory)).toEqual(tables);
  });

  it('are left alone where the MANIFEST cannot be read', async () => {
    const directory = await temporaryDirectory();
    const level = new ClassicLevel(directory);
    await level.put('a', 'b');
    await level.compactRange('a', 'b');
    await level.close();
    await writeFile(join(directory, 'CURRENT'), 'MANIFEST-777777\n');
    const tables = await tablesIn(directory);
    expect(await sweepOrphanTables(directory)).toBe(0);
    expect(await tablesIn(directory)).toEqual(tables);
  });
});
