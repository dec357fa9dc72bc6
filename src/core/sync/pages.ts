/**
 * The fine level of a reconciliation: ids of agents in buckets of any size, in the order of the agents, a page at a time.
 * Both sides cut where the shorter of two pages ends, so that what one lacks is never taken for what was cut off.
 * Source: docs/protocol.md §6.
 */
import { syncBodiesMax } from '../limits.ts';

/** Ids by agent key (64 hexadecimal digits), ascending; `end` is the last key that the page covers, null when all. */
export interface SyncPage {
  readonly ids: ReadonlyMap<string, Uint8Array>;
  readonly end: string | null;
}

/** The first 1,000 (or `idsMax`) after an agent; `after` is exclusive, null for the beginning. */
export function pageAfter(
  rows: Iterable<readonly [key: string, id: Uint8Array]>,
  after: string | null,
  idsMax = syncBodiesMax,
): SyncPage {
  const sorted = [...rows].filter(([key]) => after === null || key > after);
  sorted.sort(([left], [right]) => (left < right ? -1 : 1));
  const isCut = sorted.length > idsMax;
  if (isCut) sorted.length = idsMax;
  return { ids: new Map(sorted), end: isCut ? sorted[idsMax - 1]![0] : null };
}

/** The keys that only they have or have otherwise (`pull`), those that only we have (`push`), and how far this holds. */
export function comparePages(
  own: SyncPage,
  theirs: SyncPage,
  isSame: (left: Uint8Array, right: Uint8Array) => boolean,
): { readonly pull: string[]; readonly push: string[]; readonly end: string | null } {
  const end = nearerEnd(own.end, theirs.end);
  const isCovered = (key: string): boolean => end === null || key <= end;
  const pull: string[] = [];
  for (const [key, id] of theirs.ids) {
    const ownId = own.ids.get(key);
    if (isCovered(key) && (ownId === undefined || !isSame(ownId, id))) pull.push(key);
  }
  const push = [...own.ids.keys()].filter((key) => isCovered(key) && !theirs.ids.has(key));
  return { pull, push, end };
}

function nearerEnd(left: string | null, right: string | null): string | null {
  if (left === null || right === null) return left ?? right;
  return left < right ? left : right;
}
