/** LevelDB keeps every table mapped that it has read: what the audit of a start read of the roster goes back to the system. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLevelStore, type LevelStore } from '../../../src/adapters/level/level-store.ts';
import { temporaryDirectory } from './level-fixture.ts';
import { keyOf, recordOf } from './records.ts';

/** More than the store thinks worth it, and than the roster's write buffer holds; too few for a compaction, which reads too. */
const entries = 12_000;
/** The roster's table has 1.1 MB. */
const residentBytesMax = 250_000;

/** Resident bytes of the tables below a directory. */
async function residentTableBytes(directory: string): Promise<number> {
  let bytes = 0;
  let isTable = false;
  for (const line of (await readFile('/proc/self/smaps', 'utf8')).split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isTable = line.includes(directory) && line.includes('.ldb');
    else if (isTable && line.startsWith('Rss:')) bytes += 1024 * Number.parseInt(line.slice(4), 10);
  }
  return bytes;
}

async function open(directory: string): Promise<LevelStore> {
  const store = await createLevelStore({ directory, ballastBytes: 0 });
  onTestFinished(() => store.close());
  return store;
}

describe.skipIf(process.platform !== 'linux')('after the audit of a start', () => {
  it('hardly anything of the roster is in memory, and the store goes on', async () => {
    const directory = await temporaryDirectory();
    const first = await open(directory);
    await first.audited;
    for (let at = 0; at < entries; at += 1000) {
      const writes = Array.from({ length: 1000 }, (_, offset) => at + offset);
      await first.write(writes.map((index) => ({ key: keyOf(index), value: recordOf(index), isNew: true })));
    }
    await first.close();

    const store = await open(directory);
    expect(await store.audited).toMatchObject({ entries, isComplete: true });
    expect(await residentTableBytes(`${directory}/roster/`)).toBeLessThan(residentBytesMax);
    await store.write([{ key: keyOf(0), value: null }]);
    expect(await store.statistics()).toMatchObject({ entries: entries - 1 });
  });
});
