/**
 * A process that writes records with 64 writes in flight and prints the number of each once it is acknowledged:
 * `writer.ts weft|stock <directory> <first number>`. Writing to a pipe is synchronous, so what was printed was
 * acknowledged, and a reader of the pipe has it even after kill -9.
 */
import { ClassicLevel } from 'classic-level';
import { createLevelStore } from '../../../src/adapters/level/level-store.ts';
import { keyOf, recordOf } from './records.ts';

const inFlight = 64;
const [kind, directory, first] = process.argv.slice(2) as [string, string, string];

const write = kind === 'weft' ? await openWeft() : await openStock();
let next = Number(first);
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: inFlight }, work));

async function work(): Promise<never> {
  for (;;) {
    const index = next++;
    await write(keyOf(index), recordOf(index));
    process.stdout.write(`${index}\n`);
  }
}

async function openWeft(): Promise<(key: string, value: Uint8Array) => Promise<void>> {
  const store = await createLevelStore({ directory, ballastBytes: 0 });
  return (key, value) => store.write([{ key, value }]);
}

/** LevelDB as its defaults have it. */
async function openStock(): Promise<(key: string, value: Uint8Array) => Promise<void>> {
  const level = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  await level.open();
  return (key, value) => level.put(key, value);
}
