/**
 * The key space as one peer sees it: where it stands itself, where those that it knows stand, and how many of the records
 * that it holds fall into each part. Counts as rows come and go; decides nothing. Source: docs/protocol.md §4.
 */
import type { KadId } from '../overlay/distance.ts';
import type { RoutedPeer, RoutingTable } from '../overlay/routing-table.ts';

/** Equal parts of the key space, by its first byte. */
const keyspaceParts = 256;
/** Peers that are told of, the closest first: enough to see, and no matter how large the table is. */
const keyspacePeersMax = 256;

/** A picture of one moment. */
export interface Keyspace {
  readonly self: KadId;
  /** The closest first. */
  readonly peers: readonly RoutedPeer[];
  /** Records held in each part, 256 counts. */
  readonly held: readonly number[];
}

export interface PlaceCounts {
  /** One record more (1) or less (-1) at the place that begins with these 32 bits. */
  count(high: number, change: 1 | -1): void;
  all(): readonly number[];
}

export function createPlaceCounts(): PlaceCounts {
  const counts = new Uint32Array(keyspaceParts);
  return {
    count(high, change) {
      counts[high >>> 24]! += change;
    },
    all: () => [...counts],
  };
}

/** What stands where now. */
export function describeKeyspace(routing: RoutingTable, places: PlaceCounts, nowMs: number): Keyspace {
  return {
    self: routing.self,
    peers: routing.closest(routing.self, keyspacePeersMax, nowMs),
    held: places.all(),
  };
}
