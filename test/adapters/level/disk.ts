/** Small file systems of one's own: a disk that can be filled, and one whose power can be cut. Needs root on Linux. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './level-fixture.ts';

const run = promisify(execFile);

/** A mounted disk, or the reason why there is none here. */
export type Mounted = { readonly path: string } | { readonly refusal: string };

/** A file system in memory of so many bytes, until the end of the test. */
export async function mountMemoryDisk(sizeBytes: number): Promise<Mounted> {
  return mount(await temporaryDirectory(), ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs']);
}

export interface PowerCut {
  /** What a disk holds whose power is cut now: only what was synced. Mounted. */
  cutPower(): Promise<{ readonly path: string }>;
}

/**
 * An ext4 file system in a file. What its writer has not synced stands in the memory of the kernel and not in the
 * file; with a commit interval of minutes nothing else writes it either.
 */
export async function mountImage(sizeBytes: number): Promise<Mounted & Partial<PowerCut>> {
  const directory = await temporaryDirectory();
  const image = join(directory, 'image');
  const file = await open(image, 'w');
  await file.truncate(sizeBytes);
  await file.close();
  try {
    await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
  } catch (error) {
    return { refusal: `no ext4 image: ${(error as Error).message}` };
  }
  const mounted = await mount(join(directory, 'live'), ['-o', 'loop,commit=300', image]);
  if ('refusal' in mounted) return mounted;
  return {
    ...mounted,
    async cutPower() {
      const copy = join(directory, 'copy');
      await copyFile(image, copy);
      const after = await mount(join(directory, 'after'), ['-o', 'loop', copy]);
      if ('refusal' in after) throw new Error(after.refusal);
      return after;
    },
  };
}

/** Fills the disk with a file, to the last block. */
export async function fillDisk(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (const chunkBytes of [65_536, 4096, 512, 1]) {
      const chunk = Buffer.alloc(chunkBytes, 1);
      try {
        for (;;) if ((await file.write(chunk)).bytesWritten < chunkBytes) break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    await file.close();
  }
}

async function mount(path: string, options: readonly string[]): Promise<Mounted> {
  await mkdir(path, { recursive: true });
  try {
    await run('mount', [...options, path]);
  } catch (error) {
    return { refusal: `mounting is not permitted here: ${(error as Error).message.trim()}` };
  }
  onTestFinished(async () => {
    await run('umount', ['-l', path]);
  });
  return { path };
}
