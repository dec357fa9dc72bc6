/**
 * Whom each node of a settled network knows: the k closest to itself and a few at every distance, which is what
 * `core/peer/neighbourhood` converges to. Built at once, so that a scenario need not begin with a join storm.
 */

import { compareDistance, distancePrefix, type KadId } from '../../src/core/overlay/distance.ts';
import type { Random } from '../../src/core/rng.ts';

/** Known peers at each distance; `bucketPeersWanted` of the neighbourhood. */
const bucketPeers = 3;

/** For each node the numbers of those that it met, in no order. */
export function settledTables(places: readonly KadId[], replication: number, random: Random): number[][] {
  const order = places
    .map((_, node) => node)
    .sort((left, right) => compareBytes(places[left]!, places[right]!));
  const rankOf = new Int32Array(places.length);
  for (const [rank, node] of order.entries()) rankOf[node] = rank;

  /** Ranks of those that share so many leading bits with that node, from and up to. */
  function range(node: number, bits: number): [number, number] {
    if (bits === 0) return [0, order.length];
    const shares = (rank: number): boolean =>
      distancePrefix(places[node]!, places[order[rank]!]!) < 2 ** (53 - bits);
    return [edge(rankOf[node]!, -1, shares), edge(rankOf[node]!, 1, shares) + 1];
  }

  /** The last rank in that direction of which `holds` is true; it is true of a stretch around `from`. */
  function edge(from: number, direction: 1 | -1, holds: (rank: number) => boolean): number {
    const isInside = (rank: number): boolean => rank >= 0 && rank < order.length && holds(rank);
    let step = 1;
    while (isInside(from + direction * step)) step *= 2;
    let [inside, outside] = [Math.floor(step / 2), step];
    while (outside - inside > 1) {
      const middle = (inside + outside) >> 1;
      if (isInside(from + direction * middle)) inside = middle;
      else outside = middle;
    }
    return from + direction * inside;
  }

  return places.map((place, node) => {
    const known = new Set<number>();
    for (let bits = 0; ; bits++) {
      const [first, end] = range(node, bits);
      const [innerFirst, innerEnd] = range(node, bits + 1);
      const inner = innerEnd - innerFirst - 1;
      const bucket: number[] = [];
      if (inner >= replication) {
        const size = end - first - (innerEnd - innerFirst);
        for (let pick = 0; pick < Math.min(bucketPeers, size); pick++) {
          const index = random.below(size);
          bucket.push(
            order[index < innerFirst - first ? first + index : index + first + (innerEnd - innerFirst)]!,
          );
        }
      } else {
        for (let rank = first; rank < end; rank++) bucket.push(order[rank]!);
        bucket.sort((left, right) => compareDistance(place, places[left]!, places[right]!));
        bucket.length = Math.min(bucket.length, replication + 1);
      }
      for (const peer of bucket) if (peer !== node) known.add(peer);
      if (inner < replication) return [...known];
    }
  });
}

function compareBytes(left: KadId, right: KadId): number {
  return Buffer.compare(left.bytes, right.bytes);
}
