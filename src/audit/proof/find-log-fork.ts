/** Two trees of one log, held against one another through their tiles, until the first entry in which they differ. */
import { AuditError } from '../audit-error.ts';
import { firstDifference, proveInclusion } from '../merkle/tree-proof.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { splitEntries } from '../tile/entry-bundle.ts';
import { type TilePlace, tileWidth, widthInTree } from '../tile/tile-path.ts';
import { createTileReader } from '../tile/tile-reader.ts';
import { forkOf } from './fork-of.ts';
import type { ForkSide, LogForkFile } from './proof-file.ts';

/** Where a tree can be read. */
export interface TreeSource {
  readonly checkpoint: Checkpoint;
  readonly tile: (place: TilePlace) => Promise<Uint8Array>;
}

/**
 * Null where one tree continues the other. What it makes is to be verified: sources may lie about their tiles.
 * @throws AuditError `wrong-log` for two logs, `proof-fails` for tiles that are none.
 */
export async function findLogFork(one: TreeSource, other: TreeSource): Promise<LogForkFile | null> {
  if (one.checkpoint.origin !== other.checkpoint.origin)
    throw new AuditError('wrong-log', 'two logs of different names do not contradict one another');
  const atOnce = forkOf(one.checkpoint, other.checkpoint);
  if (atOnce !== null) return atOnce;
  const size = Math.min(one.checkpoint.size, other.checkpoint.size);
  const index = await firstDifference(subtreesOf(one), subtreesOf(other), size);
  if (index === null) return null;
  return { kind: 'log-fork', first: await sideOf(one, index), second: await sideOf(other, index) };
}

function subtreesOf({ checkpoint, tile }: TreeSource) {
  return createTileReader((level, index) =>
    tile({ level, index, width: widthInTree(level, index, checkpoint.size) }),
  );
}

async function sideOf(source: TreeSource, index: number): Promise<ForkSide> {
  const { size, note } = source.checkpoint;
  const bundle = Math.floor(index / tileWidth);
  const bytes = await source.tile({ level: null, index: bundle, width: widthInTree(null, bundle, size) });
  const leaf = splitEntries(bytes)?.[index % tileWidth];
  if (leaf === undefined) throw new AuditError('proof-fails', 'a bundle of entries ends too early');
  return {
    checkpoint: note,
    entry: { index, leaf, proof: await proveInclusion(subtreesOf(source), index, size) },
  };
}
