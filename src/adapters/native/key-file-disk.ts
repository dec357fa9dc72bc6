/** Key files on disk: readable by their owner alone, and either the old content or the new one, whatever happens. */
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KeystoreError } from '../../ports/keystore.ts';

/** Group and others; Windows has no such bits. */
const othersMask = process.platform === 'win32' ? 0 : 0o077;
const sizeBytesMax = 1024 * 1024;

/**
 * The text of a key file, or null when there is none.
 * @throws KeystoreError `readable-by-others`, `unreadable`.
 */
export async function readKeyFile(path: string): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, error);
  }
  try {
    const { mode, size } = await file.stat();
    if ((mode & othersMask) !== 0) {
      throw new KeystoreError(
        'readable-by-others',
        `${path} can be read by other users (mode ${(mode & 0o777).toString(8)}): run chmod 600 ${path}`,
      );
    }
    if (size > sizeBytesMax) throw new KeystoreError('damaged', `${path} is too large to be a key file`);
    return await file.readFile('utf8');
  } catch (error) {
    throw error instanceof KeystoreError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

/**
 * Writes beside the file, syncs, and renames over it. With `isNew` an existing file is left alone.
 * @throws KeystoreError `already-there`, `write-failed`.
 */
export async function writeKeyFile(path: string, text: string, isNew = false): Promise<void> {
  const temporary = `${path}.new`;
  try {
    if (isNew && (await exists(path))) {
      throw new KeystoreError('already-there', `${path} exists: move it away, or give another name`);
    }
    // What a crash left behind; its mode may be another.
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    if (error instanceof KeystoreError) throw error;
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeFailed(path, error);
  }
}

/** Removes a key file, durably. @throws KeystoreError `write-failed`. */
export async function removeKeyFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
    await syncDirectory(dirname(path));
  } catch (error) {
    throw writeFailed(path, error);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Windows cannot open a directory, and needs no such call. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unreadable(path: string, cause: unknown): KeystoreError {
  return new KeystoreError(
    'unreadable',
    `${path} cannot be read: ${(cause as Error).message}; check its owner`,
    {
      cause,
    },
  );
}

function writeFailed(path: string, cause: unknown): KeystoreError {
  return new KeystoreError(
    'write-failed',
    `${path} cannot be written: ${(cause as Error).message}; check the disk and the owner of the folder`,
    { cause },
  );
}
