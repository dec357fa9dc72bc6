/** Tiles and entry bundles as the store has them, cut to what a tree of some size has of them. */

import { concatBytes } from '../../core/bytes.ts';
import type { Store } from '../../ports/store.ts';
import { AuditError } from '../audit-error.ts';
import { hashBytes, hashLeaf } from '../merkle/tree-hash.ts';
import { frameEntry, splitEntries } from '../tile/entry-bundle.ts';
import { formatTilePath, widthInTree } from '../tile/tile-path.ts';
import { entriesKey, tileKey } from './log-rows.ts';

/**
 * @param level null: entries
 * @param width how many hashes or entries of it; left out: as many as the tree has
 * @throws AuditError `no-such-tile`, `log-damaged`.
 */
export async function readTile(
  store: Pick<Store, 'get'>,
  level: number | null,
  index: number,
  size: number,
  width: number = widthInTree(level, index, size),
): Promise<Uint8Array> {
  if (width === 0 || width > widthInTree(level, index, size)) {
    const path = formatTilePath({ level, index, width: Math.max(1, width) });
    throw new AuditError('no-such-tile', `a tree of ${size} entries has no ${path}`);
  }
  const bytes =
    level === null ? await readBundle(store, index, width) : await readHashes(store, level, index, width);
  if (bytes !== null) return bytes;
  throw new AuditError(
    'log-damaged',
    `${formatTilePath({ level, index, width })} of the log was damaged on the disk`,
  );
}

async function readBundle(
  store: Pick<Store, 'get'>,
  index: number,
  width: number,
): Promise<Uint8Array | null> {
  const bytes = await store.get(entriesKey(index));
  const entries = bytes === undefined ? null : splitEntries(bytes);
  if (entries === null || entries.length < width) return null;
  return entries.length === width ? bytes! : concatBytes(...entries.slice(0, width).map(frameEntry));
}

async function readHashes(
  store: Pick<Store, 'get'>,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array | null> {
  const bytes = await store.get(tileKey(level, index));
  if (bytes !== undefined && bytes.length >= width * hashBytes) return bytes.subarray(0, width * hashBytes);
  // What was lost of the lowest level follows from the entries.
  const bundle = level === 0 ? await readBundle(store, index, width) : null;
  const entries = bundle === null ? null : splitEntries(bundle);
  return entries === null ? null : concatBytes(...entries.map(hashLeaf));
}
