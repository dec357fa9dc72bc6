/**
 * The announcements that this peer keeps as a storing peer of their tags (docs/protocol.md §7), in memory alone: they are
 * hints that are made again (docs/decisions/0011). Decides what is kept; what is true was decided before.
 * Bounds: 64 agents a tag, and bytes in all, what they take in memory included; over that the sender of the most makes
 * room, so that nobody pushes others out by bringing much.
 */

import { bytesEqual } from '../bytes.ts';
import { createRankedSet, type Draw, type RankedSet } from '../capability/ranked-set.ts';
import { createSenderLedger } from '../place/sender-ledger.ts';
import { type KeptItem, SignedRow } from '../place/signed-row.ts';

export interface CapabilityStore {
  /** Agents of which anything is kept. */
  size(): number;
  /** Tags at which anything stands. */
  tagCount(): number;
  sizeBytes(): number;
  get(key: string): KeptItem | undefined;
  /**
   * Takes a verified announcement in place of an older one of the agent. `displaced`: at none of its places it is among
   * those that are kept.
   * @param places hexadecimal points of its tags that this peer stores
   * @param from who brought it
   */
  put(announcement: KeptItem, places: readonly string[], from: string, hour: number): 'stored' | 'displaced';
  /** What stands at a place, the lowest of the hour's draw first. */
  at(place: string, hour: number): KeptItem[];
  drop(key: string): void;
  /** Drops what is over. */
  sweep(nowSeconds: number): void;
}

/** What an announcement takes beside its bytes, and what a tag does: measured on Node 24. */
const rowOverheadBytes = 900;
const tagOverheadBytes = 400;

class Row extends SignedRow<Row> {
  readonly places: RankedSet[] = [];
}

/** @param sizeBytesMax over which rows make room. */
export function createCapabilityStore(draw: Draw, sizeBytesMax: number): CapabilityStore {
  // All bounded by sizeBytesMax: a tag stands only while an agent does.
  const rowByKey = new Map<string, Row>();
  const setByPlace = new Map<string, RankedSet>();
  const senders = createSenderLedger<Row>((row) => row.bytes.length + rowOverheadBytes);

  const sizeBytes = (): number => senders.sizeBytes() + setByPlace.size * tagOverheadBytes;

  function leave(row: Row, set: RankedSet): void {
    set.remove(row.key);
    removePlace(row, set);
    if (set.size === 0) setByPlace.delete(set.place);
  }

  function dropRow(row: Row): void {
    for (const set of [...row.places]) leave(row, set);
    rowByKey.delete(row.key);
    senders.remove(row);
  }

  /** At each place that keeps it; whoever has to go there goes altogether once no place keeps them. */
  function stand(row: Row, places: readonly string[], hour: number): void {
    for (const place of places) {
      const set = setByPlace.get(place) ?? createRankedSet(place, draw);
      const { isKept, dropped } = set.add(row.key, hour);
      const displaced = dropped === null ? undefined : rowByKey.get(dropped);
      if (displaced !== undefined) {
        removePlace(displaced, set);
        if (displaced.places.length === 0) dropRow(displaced);
      }
      if (!isKept) continue;
      if (!row.places.includes(set)) row.places.push(set);
      setByPlace.set(place, set);
    }
  }

  function put(
    announcement: KeptItem,
    places: readonly string[],
    from: string,
    hour: number,
  ): 'stored' | 'displaced' {
    const before = rowByKey.get(announcement.key);
    if (before !== undefined && bytesEqual(before.bytes, announcement.bytes)) {
      stand(before, places, hour);
      attribute(before, from);
      return 'stored';
    }
    if (before !== undefined) dropRow(before);
    const row = new Row(announcement, announcement.establishment);
    const { key } = row;
    rowByKey.set(key, row);
    senders.add(row, from);
    stand(row, places, hour);
    // A withdrawal stands nowhere, and is kept where it took something away: the older one must not come back.
    if (row.places.length === 0 && (places.length > 0 || before === undefined)) dropRow(row);
    else makeRoom();
    return rowByKey.get(key) === row || (places.length === 0 && before === undefined)
      ? 'stored'
      : 'displaced';
  }

  /** To the lighter of those who brought it: nobody pulls others' announcements down by passing them on. */
  function attribute(row: Row, from: string): void {
    if (senders.sizeBytesOf(from) >= row.sender!.sizeBytes) return;
    senders.remove(row);
    senders.add(row, from);
  }

  function makeRoom(): void {
    while (sizeBytes() > sizeBytesMax) {
      const row = senders.heaviest()?.oldest;
      if (row == null) return;
      dropRow(row);
    }
  }

  return {
    size: () => rowByKey.size,
    tagCount: () => setByPlace.size,
    sizeBytes,
    get: (key) => rowByKey.get(key),
    put,
    at: (place, hour) => (setByPlace.get(place)?.keys(hour) ?? []).map((key) => rowByKey.get(key)!),
    drop(key) {
      const row = rowByKey.get(key);
      if (row !== undefined) dropRow(row);
    },
    sweep(nowSeconds) {
      for (const row of rowByKey.values()) if (row.expiresAt <= nowSeconds) dropRow(row);
    },
  };
}

function removePlace(row: Row, set: RankedSet): void {
  const index = row.places.indexOf(set);
  if (index >= 0) row.places.splice(index, 1);
}
