/**
 * Nodes behind NATs, as the product meets them (docs/decisions/0009): they dial whom they want, and are dialled by nobody.
 * Who is behind one is met through a relay, a neighbour with an address, within its limits; where one side can be dialled
 * a direct connection soon replaces the relayed one. Gossip does not run over relays. Decides ways; does not send.
 */
import type { Random } from '../../src/core/rng.ts';

export interface NatSettings {
  /** Of all nodes. */
  readonly share: number;
  /** Of pairs that are both behind one: those that a hole is punched between; js-libp2p punches none. 0 when left out. */
  readonly punchedShare?: number;
}

/** Limits of one relay: the defaults of `reach` (src/config). */
const reservationsMax = 64;
const relayedMax = 128;
const relayedBytesMax = 1024 * 1024;
export const relayedMs = 5 * 60_000;

export interface Nats {
  isHidden(node: number): boolean;
  /** Through whom that hidden node is met now; null when nobody relays for it. */
  relayTo(hidden: number): number | null;
  /** Whether a relayed connection of these two gives way to a direct one. */
  isPunched(from: number, to: number): boolean;
  /** A connection by way of that relay; false where it takes no more. */
  relayed(from: number, to: number, relay: number): boolean;
  /** It has ended, or a direct one has taken its place. */
  ended(from: number, to: number): void;
  /** The relay between these two; -1 where there is none. */
  relayOf(from: number, to: number): number;
  /** That much passes through the relay; false when it is more than a connection may carry. */
  carry(from: number, to: number, bytes: number): boolean;
  /** Connections by way of that relay. */
  through(relay: number): readonly (readonly [number, number])[];
  /** Of those made so far: connections by way of a relay, and those that became direct. */
  readonly counts: { relayed: number; replaced: number };
}

export function createNats(
  nodes: number,
  { share, punchedShare = 0 }: NatSettings,
  parts: {
    readonly random: Random;
    isUp(node: number): boolean;
    neighbours(node: number): readonly number[];
  },
): Nats {
  const { random } = parts;
  const hidden = new Set(
    random.pick(
      Array.from({ length: nodes }, (_, node) => node),
      Math.round(nodes * share),
    ),
  );
  const relayByNode = new Map<number, number>();
  const reservations = new Uint16Array(nodes);
  const links = new Map<number, { readonly relay: number; bytes: number }>();
  const linksOf = new Uint16Array(nodes);
  const counts = { relayed: 0, replaced: 0 };
  const pairOf = (one: number, other: number): number => Math.min(one, other) * nodes + Math.max(one, other);

  /** A reservation is made over a direct connection, and ends with it. */
  function isRelay(node: number, relay: number): boolean {
    return !hidden.has(relay) && parts.isUp(relay) && !links.has(pairOf(node, relay));
  }

  function reserve(node: number): number | null {
    const free = (relay: number): boolean => isRelay(node, relay) && reservations[relay]! < reservationsMax;
    const relay = random.pick(parts.neighbours(node), parts.neighbours(node).length).find(free);
    if (relay === undefined) return null;
    relayByNode.set(node, relay);
    reservations[relay]!++;
    return relay;
  }

  return {
    isHidden: (node) => hidden.has(node),
    relayTo(node) {
      const relay = relayByNode.get(node);
      if (relay !== undefined && isRelay(node, relay) && parts.neighbours(node).includes(relay)) return relay;
      if (relay !== undefined) reservations[relay]!--;
      relayByNode.delete(node);
      return reserve(node);
    },
    isPunched: (from, to) => !hidden.has(from) || !hidden.has(to) || random.next() < punchedShare,
    relayed(from, to, relay) {
      if (linksOf[relay]! >= relayedMax) return false;
      linksOf[relay]!++;
      counts.relayed++;
      links.set(pairOf(from, to), { relay, bytes: 0 });
      return true;
    },
    ended(from, to) {
      const link = links.get(pairOf(from, to));
      if (link === undefined) return;
      linksOf[link.relay]!--;
      links.delete(pairOf(from, to));
    },
    relayOf: (from, to) => (links.size === 0 ? -1 : (links.get(pairOf(from, to))?.relay ?? -1)),
    carry(from, to, bytes) {
      const link = links.get(pairOf(from, to))!;
      link.bytes += bytes;
      return link.bytes <= relayedBytesMax;
    },
    through: (relay) =>
      [...links].flatMap(([pair, link]) =>
        link.relay === relay ? [[Math.floor(pair / nodes), pair % nodes] as const] : [],
      ),
    counts,
  };
}
