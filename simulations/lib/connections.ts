/**
 * Who is connected to whom. A connection across a cut dies once its silence is noticed, and who lost a peer dials one of
 * those that it lost every few seconds, as the product does (src/adapters/libp2p/addresses, libp2p-options).
 */
import type { Random } from '../../src/core/rng.ts';
import type { EventQueue } from './event-queue.ts';
import { createNats, type NatSettings, type Nats, relayedMs } from './nats.ts';
import type { SimulatedNetwork } from './network.ts';
import type { SimulatedNode } from './node-shell.ts';
import { type Lane, noteKind } from './threads/lane.ts';

/** Before the first request, which does not wait for the choice of its protocol: TCP, the choice of noise, noise. */
const handshakeRoundTrips = 3;
/** An unanswered request and an unanswered ping: the soonest that a dead connection is ended; `livenessMs` later at the latest. */
const noticedMs = { min: 10_000, max: 70_000 } as const;
/** `reconnectMs`: one lost peer is dialled. */
const reconnectMs = 5_000;
/** Before the dial that decides whether a lost peer is gone: the first of `checkDelaysMs`. */
const lostCheckMs = 250;
/** Contacts that are kept of those that were lost; `contactsMax` of the contact book. */
const lostMax = 256;
/** What makes a contact worth a dial; the simulated network goes by names. */
export const addresses = ['/ip4/127.0.0.1/tcp/4001'];

export interface Connections {
  has(from: number, to: number): boolean;
  of(node: number): readonly number[];
  /** Both meet. */
  connect(left: number, right: number): void;
  /** One of them, where the other belongs to another lane. */
  join(one: number, other: number): void;
  /** All that know each other have met long ago, those whom nobody can dial through relays. */
  settle(tables: readonly (readonly number[])[]): void;
  /** A dial with its handshakes. */
  dial(from: number, to: number, onEnd: (isConnected: boolean) => void): void;
  /** A node is gone: those that it was connected to notice at once. */
  end(node: number): void;
  /** It is back, and dials those that it knew. */
  rejoin(node: number): void;
  /** Those that gossip runs to: not by way of a relay. */
  direct(node: number): readonly number[];
  /** Who is behind a NAT and how they were met; null without NATs. */
  readonly nats: Nats | null;
  /** A cut has begun between those of different sides. */
  noteCut(sideOf: (node: number) => number): void;
}

export function createConnections(parts: {
  readonly nodes: readonly SimulatedNode[];
  readonly queue: EventQueue;
  readonly network: SimulatedNetwork;
  readonly random: Random;
  readonly dialTimeoutMs: number;
  /** Settings of the NATs that nodes are behind; left out: everybody can be dialled. */
  readonly nat?: NatSettings | undefined;
  /** Where nodes are divided among threads: of those of others nothing is known here. */
  readonly lane?: Lane | undefined;
}): Connections {
  const { nodes, queue, network, random, dialTimeoutMs, lane } = parts;
  const nobody = new Set<number>();
  const peersOf = nodes.map(({ index }) => (lane?.owns(index) === false ? nobody : new Set<number>()));
  const lists: (readonly number[] | null)[] = nodes.map(() => null);
  const contacts = nodes.map(({ name }) => ({ peer: name, addresses }));
  const lostBy = new Map<number, Set<number>>();

  const nats =
    parts.nat === undefined
      ? null
      : createNats(nodes.length, parts.nat, {
          random,
          isUp: (node) => nodes[node]!.isUp,
          neighbours: listOf,
        });
  if (nats !== null) {
    network.route((from, to, sizeBytes) => {
      const relay = nats.relayOf(from, to);
      if (relay >= 0 && !nats.carry(from, to, sizeBytes))
        queue.at(queue.nowMs, () => endRelayed(from, to, relay));
      return relay;
    });
  }

  function listOf(node: number): readonly number[] {
    lists[node] ??= [...peersOf[node]!];
    return lists[node];
  }

  function join(one: number, other: number): void {
    if (lane?.owns(one) === false || peersOf[one]!.has(other)) return;
    peersOf[one]!.add(other);
    lists[one] = null;
    lostBy.get(one)?.delete(other);
    const contact = contacts[other]!;
    nodes[one]!.dispatch({ type: 'peer-added', contact });
    nodes[one]!.dispatch({ type: 'peer-connected', peer: contact.peer });
  }

  function part(one: number, other: number): void {
    peersOf[one]!.delete(other);
    lists[one] = null;
    const { name } = nodes[other]!;
    nodes[one]!.dispatch({ type: 'peer-disconnected', peer: name });
    nodes[one]!.dispatch({ type: 'peer-removed', peer: name });
  }

  function connect(left: number, right: number): void {
    join(left, right);
    join(right, left);
  }

  function settle(tables: readonly (readonly number[])[]): void {
    const relayed: [number, number][] = [];
    for (const [node, table] of tables.entries()) {
      for (const other of table) {
        if (nats?.isPunched(node, other) === false) relayed.push([node, other]);
        else connect(node, other);
      }
    }
    for (const [node, other] of relayed) {
      const relay = nats!.relayTo(other);
      if (relay === null || peersOf[node]!.has(other) || !nats!.relayed(node, other, relay)) continue;
      connect(node, other);
      queue.at(queue.nowMs + relayedMs * random.next(), () => endRelayed(node, other, relay));
    }
  }

  function dial(from: number, to: number, onEnd: (isConnected: boolean) => void): void {
    if (nats?.isHidden(to) && from !== to) dialHidden(nats, from, to, onEnd);
    else dialDirectly(from, to, onEnd);
  }

  /** By way of its relay; where it can, the hidden side then dials back, and that connection takes the place of this. */
  function dialHidden(behind: Nats, from: number, to: number, onEnd: (isConnected: boolean) => void): void {
    const found = nodes[to]!.isUp ? behind.relayTo(to) : null;
    const relay = found === from ? null : found;
    const thereMs = relay === null ? null : network.delayMs(from, relay, 0, queue.nowMs);
    const onMs = relay === null || thereMs === null ? null : network.delayMs(relay, to, 0, queue.nowMs);
    if (relay === null || thereMs === null || onMs === null) {
      queue.at(queue.nowMs + dialTimeoutMs, () => onEnd(false));
      return;
    }
    queue.at(queue.nowMs + 2 * handshakeRoundTrips * (thereMs + onMs), () => {
      const isThere = nodes[to]!.isUp && nodes[from]!.isUp && nodes[relay]!.isUp;
      if (!isThere || peersOf[from]!.has(to)) return onEnd(isThere);
      if (!behind.relayed(from, to, relay)) return onEnd(false);
      connect(from, to);
      onEnd(true);
      if (behind.isPunched(from, to)) replaceRelayed(behind, from, to);
      else queue.at(queue.nowMs + relayedMs, () => endRelayed(from, to, relay));
    });
  }

  function replaceRelayed(behind: Nats, from: number, to: number): void {
    const delayMs = network.delayMs(to, from, 0, queue.nowMs);
    if (delayMs === null) return;
    queue.at(queue.nowMs + 2 * handshakeRoundTrips * delayMs, () => {
      if (behind.relayOf(from, to) < 0) return;
      behind.ended(from, to);
      behind.counts.replaced++;
    });
  }

  /** Its time or its bytes are over, or its relay is gone: who lost it finds out whether the other is, and meets it anew. */
  function endRelayed(from: number, to: number, relay: number): void {
    if (nats?.relayOf(from, to) !== relay) return;
    nats.ended(from, to);
    part(from, to);
    part(to, from);
    queue.at(queue.nowMs + lostCheckMs * (0.75 + random.next() / 2), () => dial(from, to, () => {}));
  }

  function dialDirectly(from: number, to: number, onEnd: (isConnected: boolean) => void): void {
    const delayMs = network.delayMs(from, to, 0, queue.nowMs);
    if (delayMs === null || from === to) {
      queue.at(queue.nowMs + dialTimeoutMs, () => onEnd(false));
      return;
    }
    const deadlineMs = queue.nowMs + dialTimeoutMs;
    queue.at(queue.nowMs + 2 * handshakeRoundTrips * delayMs, () => {
      // Nothing comes back, and nothing says so.
      if (network.isCut(to, from)) return queue.at(deadlineMs, () => onEnd(false));
      const isThere = nodes[to]!.isUp && nodes[from]!.isUp;
      if (isThere) connect(from, to);
      if (lane?.owns(to) === false) lane.post(noteKind.met, queue.nowMs + lane.leadMs, from, to, 0);
      onEnd(isThere);
    });
  }

  /** Dials one of those that this node lost, every few seconds, until it has them all again. */
  function lose(node: number, other: number): void {
    const lost = lostBy.get(node);
    if (lost === undefined) {
      lostBy.set(node, new Set([other]));
      planReconnect(node);
    } else if (lost.size < lostMax) lost.add(other);
  }

  function planReconnect(node: number): void {
    queue.at(queue.nowMs + reconnectMs * (0.75 + random.next() / 2), () => {
      const lost = [...(lostBy.get(node) ?? [])];
      if (lost.length === 0) {
        lostBy.delete(node);
        return;
      }
      if (nodes[node]!.isUp) dial(node, lost[random.below(lost.length)]!, () => {});
      planReconnect(node);
    });
  }

  function noteCut(sideOf: (node: number) => number): void {
    for (const [one, peers] of peersOf.entries()) {
      for (const other of peers) {
        if (other < one || sideOf(one) === sideOf(other)) continue;
        const afterMs = noticedMs.min + random.next() * (noticedMs.max - noticedMs.min);
        queue.at(queue.nowMs + afterMs, () => {
          const isDead = network.isCut(one, other) || network.isCut(other, one);
          if (!isDead || !peersOf[one]!.has(other)) return;
          part(one, other);
          part(other, one);
          lose(one, other);
          lose(other, one);
        });
      }
    }
  }

  return {
    has: (from, to) => peersOf[from]!.has(to),
    of: listOf,
    connect,
    join,
    settle,
    dial,
    direct: (node) =>
      nats === null ? listOf(node) : listOf(node).filter((other) => nats.relayOf(node, other) < 0),
    nats,
    end(node) {
      for (const other of peersOf[node]!) {
        part(other, node);
        nats?.ended(node, other);
      }
      for (const [one, other] of nats?.through(node) ?? []) endRelayed(one, other, node);
    },
    rejoin(node) {
      // Until they meet again: whom a short session or an absence of theirs kept apart is not forgotten.
      for (const other of peersOf[node]!) lose(node, other);
      peersOf[node]!.clear();
      lists[node] = null;
      nodes[node]!.restart();
      for (const other of lostBy.get(node) ?? []) dial(node, other, () => {});
    },
    noteCut,
  };
}
