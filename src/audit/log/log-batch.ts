/**
 * Entries into a tree, and the rows that follow: the tiles and bundles that they fill, a page of the index of agents, the
 * right edge. Reads the partly filled ones at the edge, a handful of rows whatever the size of the tree.
 */
import { concatBytes } from '../../core/bytes.ts';
import type { Store, StoreWrite } from '../../ports/store.ts';
import { AuditError } from '../audit-error.ts';
import { agentIdInLeaf } from '../leaf.ts';
import { appendLeaf, type Frontier } from '../merkle/frontier.ts';
import { hashBytes, hashLeaf } from '../merkle/tree-hash.ts';
import { frameEntry, splitEntries } from '../tile/entry-bundle.ts';
import { tileLevelEnd, tileWidth } from '../tile/tile-path.ts';
import { foldHashes } from '../tile/tile-reader.ts';
import { agentsKey, entriesKey, tileKey } from './log-rows.ts';

/** Entries of one page of the index of agents, and how much of each agent id stands there. */
export const agentsPerPage = 4096;
export const agentPrefixBytes = 4;

export interface LogBatch {
  readonly frontier: Frontier;
  readonly writes: readonly StoreWrite[];
}

/** Bytes that grow at the edge: what was there, and what comes. */
interface EdgeRow {
  readonly key: string;
  readonly parts: Uint8Array[];
  /** Hashes, entries or agents in it. */
  count: number;
}

/** @throws AuditError `log-damaged` where the edge of the tree cannot be read. */
export async function appendToLog(
  store: Pick<Store, 'get'>,
  before: Frontier,
  entries: readonly Uint8Array[],
): Promise<LogBatch> {
  const rows: EdgeRow[] = [];
  const open = async (
    key: string,
    count: number,
    isSound: (bytes: Uint8Array) => boolean,
  ): Promise<EdgeRow> => {
    const bytes = count === 0 ? new Uint8Array(0) : await store.get(key);
    if (bytes === undefined || !isSound(bytes))
      throw new AuditError('log-damaged', `the edge of the log is damaged: ${key}`);
    const row: EdgeRow = { key, parts: [bytes], count };
    rows.push(row);
    return row;
  };
  const openTile = (level: number, hashes: number): Promise<EdgeRow> => {
    const width = hashes % tileWidth;
    const key = tileKey(level, Math.floor(hashes / tileWidth));
    return open(key, width, (bytes) => bytes.length === width * hashBytes);
  };
  const openEntries = (size: number): Promise<EdgeRow> =>
    open(
      entriesKey(Math.floor(size / tileWidth)),
      size % tileWidth,
      (bytes) => splitEntries(bytes)?.length === size % tileWidth,
    );
  const openAgents = (size: number): Promise<EdgeRow> =>
    open(
      agentsKey(Math.floor(size / agentsPerPage)),
      size % agentsPerPage,
      (bytes) => bytes.length === (size % agentsPerPage) * agentPrefixBytes,
    );

  const tiles: (EdgeRow | null)[] = [];
  /** Puts a hash at the edge of a level, and the root of the tile above once that is full. */
  async function push(level: number, hash: Uint8Array, hashesBefore: number): Promise<void> {
    if (level >= tileLevelEnd) return;
    tiles[level] ??= await openTile(level, hashesBefore);
    const tile = tiles[level]!;
    tile.parts.push(hash);
    tile.count += 1;
    if (tile.count < tileWidth) return;
    tiles[level] = null;
    await push(level + 1, foldHashes(concatBytes(...tile.parts)), Math.floor(hashesBefore / tileWidth));
  }

  let frontier = before;
  let bundle: EdgeRow | null = null;
  let agents: EdgeRow | null = null;
  for (const entry of entries) {
    const { size } = frontier;
    bundle ??= await openEntries(size);
    agents ??= await openAgents(size);
    bundle.parts.push(frameEntry(entry));
    agents.parts.push(agentIdInLeaf(entry).subarray(0, agentPrefixBytes));
    bundle.count += 1;
    agents.count += 1;
    if (bundle.count === tileWidth) bundle = null;
    if (agents.count === agentsPerPage) agents = null;
    const leafHash = hashLeaf(entry);
    await push(0, leafHash, size);
    frontier = appendLeaf(frontier, leafHash);
  }
  return { frontier, writes: rows.map(({ key, parts }) => ({ key, value: concatBytes(...parts) })) };
}
