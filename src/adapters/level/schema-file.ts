/** `schema.json` in the store's directory: what wrote it. Read before LevelDB is opened, so nothing is touched by mistake. */
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../ports/store.ts';

/** Raised when a release can no longer read what an older one wrote. */
const storeSchema = 1;
const format = 'weft-store';

/**
 * Checks the schema of an existing store, or marks a new one.
 * @throws StoreError `wrong-schema`
 */
export async function assertSchema(directory: string, isNew: boolean): Promise<void> {
  const path = join(directory, 'schema.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new StoreError('open-failed', `${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === null && isNew) return writeSchema(directory, path);
  const found = text === null ? 'no schema' : readSchema(text);
  if (found === storeSchema) return;
  throw new StoreError(
    'wrong-schema',
    `${path} says ${typeof found === 'number' ? `schema ${found}` : found}, and this release reads schema ` +
      `${storeSchema}: run the release that wrote it, or move ${directory} away and let the node fetch its ` +
      'records again',
  );
}

function readSchema(text: string): number | string {
  try {
    const value = JSON.parse(text) as { format?: unknown; schema?: unknown } | null;
    if (value?.format === format && typeof value.schema === 'number') return value.schema;
  } catch {
    // Not JSON: the same answer as for another file's JSON.
  }
  return 'something else';
}

async function writeSchema(directory: string, path: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ format, schema: storeSchema })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(directory);
}

/** Makes the names in a directory durable. Windows cannot open a directory and needs no such call. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
