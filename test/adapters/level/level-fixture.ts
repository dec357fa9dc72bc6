/** Directories that go away again, and hands on what LevelDB keeps in them. */
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { onTestFinished } from 'vitest';

/** A fresh directory for the running test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Flips one bit of a file. */
export async function flipBit(path: string, bit: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, bit >> 3);
    byte[0]! ^= 1 << (bit & 7);
    await file.write(byte, 0, 1, bit >> 3);
  } finally {
    await file.close();
  }
}

/** The files of a LevelDB that hold records, with their sizes. */
export async function recordFiles(
  directory: string,
): Promise<readonly { readonly path: string; readonly sizeBytes: number }[]> {
  const names = (await readdir(directory)).filter((name) =>
    /^(\d+\.(ldb|log)|MANIFEST-\d+|CURRENT)$/.test(name),
  );
  return Promise.all(
    names.sort().map(async (name) => {
      const path = join(directory, name);
      return { path, sizeBytes: (await stat(path)).size };
    }),
  );
}

/** Opens the records of a closed store as LevelDB sees them. */
export async function withRecords<Value>(
  directory: string,
  task: (level: ClassicLevel<Uint8Array, Uint8Array>) => Promise<Value>,
): Promise<Value> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'records'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  await level.open();
  try {
    return await task(level);
  } finally {
    await level.close();
  }
}
