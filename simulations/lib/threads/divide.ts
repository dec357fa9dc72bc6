/**
 * Which lane runs which node: nodes of the same regions together, so that lanes are far apart and a lane may be ahead of
 * the others for as long as the shortest way between two of them takes.
 */
import type { Chance } from '../chance.ts';
import { oneWayMs, regions } from '../latency.ts';
import { accessLeastMs, type NetworkSettings, placesOf } from '../network.ts';

export interface Division {
  readonly laneOf: Uint8Array;
  /** The shortest way between nodes of two lanes, milliseconds. */
  readonly leadMs: number;
}

export function divide(
  nodes: number,
  lanes: number,
  { latency }: Pick<NetworkSettings, 'latency'>,
  chance: Chance,
): Division {
  if (latency !== 'regions') {
    const laneOf = Uint8Array.from({ length: nodes }, (_, node) => Math.floor((node * lanes) / nodes));
    return { laneOf, leadMs: latency };
  }
  const groups = groupRegions(lanes);
  const { regionOf } = placesOf(nodes, chance.stream('network'));
  return {
    laneOf: regionOf.map((region) => groups.groupOf[region]!),
    leadMs: groups.leastMs + 2 * accessLeastMs,
  };
}

/** The regions in so many groups: as equal as possible, and of those the one whose groups are farthest from one another. */
export function groupRegions(count: number): {
  readonly groupOf: readonly number[];
  readonly leastMs: number;
} {
  let best = { groupOf: [] as readonly number[], largest: Number.POSITIVE_INFINITY, leastMs: 0 };

  function look(groupOf: readonly number[]): void {
    const sizes = new Array<number>(count).fill(0);
    for (const group of groupOf) sizes[group]!++;
    const largest = Math.max(...sizes);
    if (largest > best.largest || sizes.includes(0)) return;
    const leastMs = leastBetween(groupOf);
    if (largest < best.largest || leastMs > best.leastMs) best = { groupOf, largest, leastMs };
  }

  /** Groups are numbered in the order of their first regions, so that each division is looked at once. */
  function place(groupOf: readonly number[], used: number): void {
    if (groupOf.length === regions.length) look(groupOf);
    for (let group = 0; group < Math.min(used + 1, count) && groupOf.length < regions.length; group++)
      place([...groupOf, group], Math.max(used, group + 1));
  }

  place([], 0);
  return best;
}

function leastBetween(groupOf: readonly number[]): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (const [from, group] of groupOf.entries())
    for (const [to, other] of groupOf.entries())
      if (group !== other) leastMs = Math.min(leastMs, oneWayMs(from, to));
  return leastMs;
}
