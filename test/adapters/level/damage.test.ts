/** Bits flip. F10: stock LevelDB drops 27 records at one flipped bit of its log, and says nothing. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from 'vitest';
import { entryKey, quarantineKey } from '../../../src/adapters/level/entry.ts';
import {
  assertFlipsAreNoticed,
  compactRecords,
  count,
  fillStore,
  keys,
  openStore,
  surveyStore,
} from './damage-survey.ts';
import { flipBit, recordFiles, temporaryDirectory, withRecords } from './level-fixture.ts';
import { recordOf } from './records.ts';

describe('a flipped bit', () => {
  it('in the log (F10) loses records in stock LevelDB without a word, and is noticed by name here', async () => {
    const directory = await temporaryDirectory();
    const stock = new ClassicLevel<string, Uint8Array>(join(directory, 'stock'), { valueEncoding: 'view' });
    for (let at = 0; at < count; at += 8) {
      const batch = keys.slice(at, at + 8);
      await stock.batch(batch.map((key, offset) => ({ type: 'put', key, value: recordOf(at + offset) })));
    }
    await stock.close();
    const [stockLog] = (await recordFiles(join(directory, 'stock'))).filter(({ path }) =>
      path.endsWith('.log'),
    );
    await flipBit(stockLog!.path, 8 * 40_000);
    await stock.open();
    const stockLost = (await stock.hasMany(keys)).filter((isHeld) => !isHeld).length;
    await stock.close();

    await fillStore(join(directory, 'ours'));
    const [log] = (await recordFiles(join(directory, 'ours', 'records'))).filter(({ path }) =>
      path.endsWith('.log'),
    );
    await flipBit(log!.path, 8 * 40_000);
    const { missing, reported } = await surveyStore(join(directory, 'ours'));

    console.info(
      `F10: stock LevelDB lost ${stockLost} of ${count} records, reported 0; weft lost ${missing.length}, reported ${reported.length}`,
    );
    expect(stockLost).toBeGreaterThan(0);
    expect(missing.length).toBeGreaterThan(0);
    expect(reported.sort()).toEqual(missing.sort());
  });

  it.each(['the log', 'the tables', 'the roster'] as const)(
    'anywhere in %s never yields a wrong value, and nothing is lost unreported',
    (place) => assertFlipsAreNoticed(place, 10),
  );
});

describe('the store', () => {
  it('keeps what it took out of service under quarantine, for whoever wants to know', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    const damaged = await withRecords(directory, async (level) => {
      const frame = (await level.get(entryKey(keys[3]!)))!;
      frame[20]! ^= 4;
      await level.put(entryKey(keys[3]!), frame);
      return frame;
    });
    expect((await surveyStore(directory)).missing).toEqual([keys[3]]);
    await withRecords(directory, async (level) => {
      expect(await level.get(quarantineKey(keys[3]!))).toEqual(damaged);
      expect(await level.get(entryKey(keys[3]!))).toBeUndefined();
    });
  });

  it('does not take an older version for the one that it acknowledged', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    const older = await withRecords(directory, (level) => level.get(entryKey(keys[5]!)));
    const store = await openStore(directory);
    await store.write([{ key: keys[5]!, value: recordOf(5, 1) }]);
    await store.close();
    await withRecords(directory, (level) => level.put(entryKey(keys[5]!), older!));
    const { missing, reported } = await surveyStore(directory);
    expect({ missing, reported }).toEqual({ missing: [keys[5]], reported: [keys[5]] });
  });

  it('does not take one entry for another', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    await withRecords(directory, async (level) => {
      await level.put(entryKey(keys[5]!), (await level.get(entryKey(keys[6]!)))!);
    });
    expect((await surveyStore(directory)).missing).toEqual([keys[5]]);
  });

  it('reports every record when its whole database is gone', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    await rm(join(directory, 'records'), { recursive: true });
    const { missing, reported } = await surveyStore(directory);
    expect(missing).toHaveLength(count);
    expect(reported.sort()).toEqual([...keys].sort());
  });

  it('goes on without its roster, and has one again afterwards', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    await rm(join(directory, 'roster'), { recursive: true });
    expect(await surveyStore(directory)).toEqual({ missing: [], reported: [] });
    await rm(join(directory, 'records'), { recursive: true });
    const { missing, reported } = await surveyStore(directory);
    expect(reported).toEqual(expect.arrayContaining(missing));
    expect(missing).toHaveLength(count);
  });

  it('salvages the records when LevelDB lost its list of files', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    await compactRecords(directory);
    await rm(join(directory, 'records', 'CURRENT'));
    expect(await surveyStore(directory)).toEqual({ missing: [], reported: [] });
  });

  it('goes on when a table is gone, and reports what stood in it', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    await compactRecords(directory);
    const table = (await readdir(join(directory, 'records'))).find((name) => name.endsWith('.ldb'))!;
    await rm(join(directory, 'records', table));
    const { missing, reported } = await surveyStore(directory);
    expect(missing.length).toBeGreaterThan(0);
    expect(reported.sort()).toEqual(missing.sort());
  });

  it('goes on when a table is overwritten with noise', async () => {
    const directory = await temporaryDirectory();
    await fillStore(directory);
    await compactRecords(directory);
    const records = join(directory, 'records');
    const table = (await readdir(records)).find((name) => name.endsWith('.ldb'))!;
    const { sizeBytes } = (await recordFiles(records)).find(({ path }) => path.endsWith(table))!;
    await writeFile(join(records, table), Buffer.alloc(sizeBytes, 0x5a));
    const { missing, reported } = await surveyStore(directory);
    expect(missing.length).toBeGreaterThan(0);
    expect(reported.sort()).toEqual(missing.sort());
  });
});
