/** What all nodes of a divided network have spent and sent: the sums of its lanes, in the shape that a world has. */
import { createHash } from 'node:crypto';
import type { SimulatedNetwork } from '../network.ts';
import type { World } from '../world.ts';
import type { LaneTotals } from './lane-protocol.ts';

export interface Totals {
  readonly network: Pick<SimulatedNetwork, 'sentBytes' | 'sentMessages' | 'receivedMessages' | 'messages'>;
  readonly gossip: World['gossip']['counts'];
  readonly signatures: World['signatures'];
  readonly requests: Uint32Array;
  counts(): ReadonlyMap<string, number>;
  mostOfOnePeer(node: number): number;
  events(): number;
  traceHash(): string;
  /** In place of what was there. */
  take(lanes: readonly LaneTotals[]): void;
}

type Numbers = Float64Array | Uint32Array;

export function createTotals(nodes: number): Totals {
  const network = {
    sentBytes: new Float64Array(nodes),
    sentMessages: new Uint32Array(nodes),
    receivedMessages: new Uint32Array(nodes),
    messages: { count: 0, heldBack: 0, duplicated: 0 },
  };
  const gossip = { delivered: 0, duplicates: 0, rejected: 0, told: 0, recovered: 0 };
  const signatures = { checks: 0, ms: 0 };
  const requests = new Uint32Array(nodes);
  let latest: readonly LaneTotals[] = [];

  const sum = (of: (lane: LaneTotals) => number): number =>
    latest.reduce((total, lane) => total + of(lane), 0);

  function addUp(into: Numbers, of: (lane: LaneTotals) => ArrayLike<number>): void {
    const columns = latest.map(of);
    for (let node = 0; node < nodes; node++) {
      let total = 0;
      for (const column of columns) total += column[node]!;
      into[node] = total;
    }
  }

  function addUpFields<Fields extends Record<keyof Fields, number>>(
    into: Fields,
    of: (lane: LaneTotals) => Fields,
  ): void {
    const names = Object.keys(into) as (keyof Fields)[];
    for (const name of names) into[name] = sum((lane) => of(lane)[name]) as Fields[typeof name];
  }

  return {
    network,
    gossip,
    signatures,
    requests,
    counts() {
      const counts = new Map<string, number>();
      for (const lane of latest)
        for (const [name, value] of lane.counts) counts.set(name, (counts.get(name) ?? 0) + value);
      return counts;
    },
    mostOfOnePeer: (node) => Math.max(0, ...latest.map((lane) => lane.mostOfOnePeer[node]!)),
    events: () => sum((lane) => lane.events),
    traceHash() {
      const hash = createHash('sha256');
      for (const lane of latest) hash.update(lane.traceHash);
      return hash.digest('hex').slice(0, 16);
    },
    take(lanes) {
      latest = lanes;
      addUp(network.sentBytes, (lane) => lane.sentBytes);
      addUp(network.sentMessages, (lane) => lane.sentMessages);
      addUp(network.receivedMessages, (lane) => lane.receivedMessages);
      addUp(requests, (lane) => lane.requests);
      addUpFields(network.messages, (lane) => lane.messages);
      addUpFields(gossip, (lane) => lane.gossip);
      addUpFields(signatures, (lane) => lane.signatures);
    },
  };
}
