/**
 * The peers that this peer knows as storing peers, and who of them is closest to a key.
 * Decides closeness; does not decide who is alive: the overlay port adds and removes, failures only demote for a while.
 * Source: docs/protocol.md §4.
 */
import type { PeerContact } from '../peer/events.ts';
import { compareDistance, distancePrefix, type KadId, kadIdOfPeer, sharedPrefixBits } from './distance.ts';

/** kad-dht's own table holds about k x log2(n / k) peers; beyond this nobody new is taken. */
export const routingTablePeersMax = 4096;
/** A peer that failed a request is asked last for so long. */
export const failurePenaltyMs = 30_000;
/**
 * A peer knows all of its own neighbourhood and few of every other. How many are closer to a target it can tell from
 * how dense its neighbourhood is, but for chance: so many standard deviations of a count are allowed for.
 */
const reachDeviations = 5;

export interface RoutedPeer {
  readonly contact: PeerContact;
  readonly kadId: KadId;
}

interface Entry extends RoutedPeer {
  contact: PeerContact;
  avoidedUntilMs: number;
}

export interface RoutingTable {
  /** False when the table is full, the id is malformed or it is this peer itself. */
  add(contact: PeerContact): boolean;
  remove(peer: string): void;
  has(peer: string): boolean;
  get(peer: string): RoutedPeer | undefined;
  markFailed(peer: string, nowMs: number): void;
  markAnswered(peer: string): void;
  /** The `count` closest, nearest first; recently failed ones after all others. */
  closest(target: KadId, count: number, nowMs: number): RoutedPeer[];
  /**
   * True when fewer than `count` known peers are closer to the target than `peer` (this peer when left out), and `peer`
   * is near enough to it that those are not merely unknown.
   */
  isAmongClosest(target: KadId, count: number, peer?: KadId): boolean;
  /** Within which distance (`distancePrefix`) of any point about `count` peers stand, as dense as they are around this one. */
  radius(count: number): number;
  /** How many known peers share exactly so many leading bits with this one: those in that bucket. */
  countSharing(bits: number): number;
  readonly self: KadId;
  readonly size: number;
  peers(): readonly PeerContact[];
}

export function createRoutingTable(selfPeer: string): RoutingTable {
  const self = kadIdOfPeer(selfPeer);
  const entries = new Map<string, Entry>();
  /** By bucket: how many known peers share so many leading bits with this one. */
  const sharing: number[] = [];
  /** By count; good until somebody comes or goes within it. */
  const radiusByCount = new Map<number, number>();

  function add(contact: PeerContact): boolean {
    if (contact.peer === selfPeer) return false;
    const existing = entries.get(contact.peer);
    if (existing !== undefined) {
      if (contact.addresses.length > 0) existing.contact = contact;
      return true;
    }
    if (entries.size >= routingTablePeersMax) return false;
    try {
      const entry = { contact, kadId: kadIdOfPeer(contact.peer), avoidedUntilMs: 0 };
      entries.set(contact.peer, entry);
      changed(entry, 1);
      return true;
    } catch {
      return false; // not base58: hostile or broken, and nobody to route to
    }
  }

  function remove(peer: string): void {
    const entry = entries.get(peer);
    if (entry === undefined) return;
    entries.delete(peer);
    changed(entry, -1);
  }

  function changed(entry: Entry, change: 1 | -1): void {
    table.size = entries.size;
    const bits = sharedPrefixBits(self, entry.kadId);
    sharing[bits] = countSharing(bits) + change;
    const distance = distancePrefix(self, entry.kadId);
    for (const [count, within] of radiusByCount) if (distance <= within) radiusByCount.delete(count);
  }

  const countSharing = (bits: number): number => sharing[bits] ?? 0;

  function countSharingMore(bits: number): number {
    let count = 0;
    for (let more = bits + 1; more < sharing.length; more++) count += countSharing(more);
    return count;
  }

  function closest(target: KadId, count: number, nowMs: number): RoutedPeer[] {
    const penalty = 2 ** 53;
    const found: Entry[] = [];
    const ranks: number[] = [];
    for (const entry of entries.values()) {
      const prefix = distancePrefix(target, entry.kadId);
      const rank = entry.avoidedUntilMs > nowMs ? prefix + penalty : prefix;
      let index = found.length;
      for (; index > 0; index--) {
        const other = ranks[index - 1]!;
        if (rank > other) break;
        if (rank === other && compareDistance(target, found[index - 1]!.kadId, entry.kadId) <= 0) break;
        if (index === count) continue;
        ranks[index] = other;
        found[index] = found[index - 1]!;
      }
      if (index === count) continue;
      ranks[index] = rank;
      found[index] = entry;
    }
    return found;
  }

  function isAmongClosest(target: KadId, count: number, peer: KadId = self): boolean {
    if (entries.size < count) return true;
    const own = distancePrefix(target, peer);
    // Among the closest to itself nobody is too far, and whole buckets are closer or not.
    if (target === self) {
      const bits = sharedPrefixBits(self, peer);
      const nearer = countSharingMore(bits);
      if (nearer >= count || nearer + countSharing(bits) < count) return nearer < count;
    } else if (own > reach(count)) return false;
    let closer = 0;
    for (const entry of entries.values()) {
      if (distancePrefix(target, entry.kadId) < own && ++closer >= count) return false;
    }
    return true;
  }

  const reach = (count: number): number => (1 + reachDeviations / Math.sqrt(count)) * radius(count);

  function radius(count: number): number {
    if (entries.size < count) return Number.POSITIVE_INFINITY;
    const known = radiusByCount.get(count);
    if (known !== undefined) return known;
    const neighbour = closest(self, count, Number.POSITIVE_INFINITY)[count - 1]!;
    const found = distancePrefix(self, neighbour.kadId);
    radiusByCount.set(count, found);
    return found;
  }

  function setPenalty(peer: string, avoidedUntilMs: number): void {
    const entry = entries.get(peer);
    if (entry !== undefined) entry.avoidedUntilMs = avoidedUntilMs;
  }

  const table = {
    add,
    remove,
    has: (peer: string) => entries.has(peer),
    get: (peer: string) => entries.get(peer),
    markFailed: (peer: string, nowMs: number) => setPenalty(peer, nowMs + failurePenaltyMs),
    markAnswered: (peer: string) => setPenalty(peer, 0),
    closest,
    isAmongClosest,
    radius,
    countSharing,
    self,
    // No accessor: an object literal with one is a dictionary, and each call of its functions is looked up.
    size: 0,
    peers: () => [...entries.values()].map((entry) => entry.contact),
  };
  return table;
}
