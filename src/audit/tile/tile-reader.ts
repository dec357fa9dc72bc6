/** Hashes of perfect subtrees out of tiles, as many as it takes; each tile is fetched once for one proof. */
import { hashBytes, hashNode } from '../merkle/tree-hash.ts';
import type { SubtreeReader } from '../merkle/tree-proof.ts';
import { tileWidth } from './tile-path.ts';

/** The bytes of a tile, full or as far as it goes. */
export type TileSource = (level: number, index: number) => Promise<Uint8Array>;

const heightPerTile = 8;

export function createTileReader(readTile: TileSource): SubtreeReader {
  const tiles = new Map<string, Promise<Uint8Array>>();

  function tileAt(level: number, index: number): Promise<Uint8Array> {
    const key = `${level}/${index}`;
    const known = tiles.get(key);
    if (known !== undefined) return known;
    const read = readTile(level, index);
    tiles.set(key, read);
    return read;
  }

  return async (level, index) => {
    const tileLevel = Math.floor(level / heightPerTile);
    const span = 2 ** (level % heightPerTile);
    const first = index * span;
    const tile = await tileAt(tileLevel, Math.floor(first / tileWidth));
    const start = (first % tileWidth) * hashBytes;
    return foldHashes(tile.subarray(start, start + span * hashBytes));
  };
}

/** The root over a power of two of hashes that stand one after another. */
export function foldHashes(bytes: Uint8Array): Uint8Array {
  let level: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += hashBytes) level.push(bytes.subarray(at, at + hashBytes));
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) above.push(hashNode(level[at]!, level[at + 1]!));
    level = above;
  }
  return level[0]!;
}
