/**
 * Who is connected to whom. A connection across a cut dies once its silence is noticed, and who lost a peer dials one of
 * those that it lost every few seconds, as the product does (src/adapters/libp2p/addresses, libp2p-options).
 */
import type { Random } from '../../src/core/rng.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedNetwork } from './network.ts';
import type { SimulatedNode } from './node-shell.ts';

/** TCP, noise and yamux before the first request. */
const handshakeRoundTrips = 2.5;
/** An unanswered request and an unanswered ping: the soonest that a dead connection is ended; `livenessMs` later at the latest. */
const noticedMs = { min: 10_000, max: 70_000 } as const;
/** `reconnectMs`: one lost peer is dialled. */
const reconnectMs = 5_000;
/** Contacts that are kept of those that were lost; `contactsMax` of the contact book. */
const lostMax = 256;
/** What makes a contact worth a dial; the simulated network goes by names. */
const addresses = ['/ip4/127.0.0.1/tcp/4001'];

export interface Connections {
  has(from: number, to: number): boolean;
  of(node: number): readonly number[];
  /** Both meet. */
  connect(left: number, right: number): void;
  /** A dial with its handshakes. */
  dial(from: number, to: number, onEnd: (isConnected: boolean) => void): void;
  /** A node is gone: those that it was connected to notice at once. */
  end(node: number): void;
  /** It is back, and dials those that it knew. */
  rejoin(node: number): void;
  /** A cut has begun between those of different sides. */
  noteCut(sideOf: (node: number) => number): void;
}

export function createConnections(parts: {
  readonly nodes: readonly SimulatedNode[];
  readonly queue: EventQueue;
  readonly network: SimulatedNetwork;
  readonly random: Random;
  readonly dialTimeoutMs: number;
}): Connections {
  const { nodes, queue, network, random, dialTimeoutMs } = parts;
  const peersOf = nodes.map(() => new Set<number>());
  const lists: (readonly number[] | null)[] = nodes.map(() => null);
  const contacts = nodes.map(({ name }) => ({ peer: name, addresses }));
  const lostBy = new Map<number, Set<number>>();

  function join(one: number, other: number): void {
    if (peersOf[one]!.has(other)) return;
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

  function dial(from: number, to: number, onEnd: (isConnected: boolean) => void): void {
    const delayMs = network.delayMs(from, to, 0, queue.nowMs);
    if (delayMs === null || from === to) {
      queue.at(queue.nowMs + dialTimeoutMs, () => onEnd(false));
      return;
    }
    queue.at(queue.nowMs + 2 * handshakeRoundTrips * delayMs, () => {
      const isThere = nodes[to]!.isUp && nodes[from]!.isUp && !network.isCut(to, from);
      if (isThere) connect(from, to);
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
    of(node) {
      lists[node] ??= [...peersOf[node]!];
      return lists[node];
    },
    connect,
    dial,
    end(node) {
      for (const other of peersOf[node]!) part(other, node);
    },
    rejoin(node) {
      const known = [...peersOf[node]!];
      peersOf[node]!.clear();
      lists[node] = null;
      nodes[node]!.restart();
      for (const other of known) dial(node, other, () => {});
    },
    noteCut,
  };
}
