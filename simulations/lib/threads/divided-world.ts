/**
 * A network whose nodes are divided among threads, seen as one: what is called is handed to the node's lane, and what
 * its nodes do comes back in the order of its time. The thread of the run lets the lanes run up to its own next event.
 */
import type { PublishResult, Resolution } from '../../../src/core/peer/effects.ts';
import { createPending } from '../../../src/core/peer/pending.ts';
import { createChance } from '../chance.ts';
import { createEventQueue } from '../event-queue.ts';
import type { Change, SimulatedNode } from '../node-shell.ts';
import { peerName } from '../peer-name.ts';
import { configOf, startMs, type World, type WorldListeners, type WorldSettings } from '../world.ts';
import { divide } from './divide.ts';
import { createAbsentNode } from './lane.ts';
import type { LaneCall, LaneNews, LaneStores, LookedAt } from './lane-protocol.ts';
import { createLaneThreads } from './lane-threads.ts';
import { createTotals } from './totals.ts';

/** Nodes that are looked at together, for who looks at one looks at the next ones too. */
const lookedAtOnce = 1000;

const refuse = (): never => {
  throw new Error('the nodes of a network that is divided among threads stay up and reach one another');
};

export function createDividedWorld(settings: WorldSettings, lanes: number, listeners: WorldListeners): World {
  const { nodes: count, seed } = settings;
  const chance = createChance(seed);
  const queue = createEventQueue(startMs);
  const { laneOf } = divide(count, lanes, settings.network, chance);
  const threads = createLaneThreads(settings, lanes);
  const totals = createTotals(count);
  const waiting = createPending<(result: never) => void>();
  let calls: LaneCall[] = [];
  /** Since the last run. */
  const looked = new Map<number, LookedAt>();
  let stores: readonly ReadonlyMap<string, Uint8Array>[] | null = null;

  function call(add: (callId: number) => LaneCall, onResult: (result: never) => void): void {
    calls.push(add(waiting.add(onResult)));
  }

  function createHandle(index: number): SimulatedNode {
    return {
      ...createAbsentNode(index, peerName(chance.bytes(`peer ${index}`))),
      get store() {
        stores ??= storesOf(
          laneOf,
          threads.ask(() => ({ type: 'open-stores' })),
        );
        return stores[index]!;
      },
      peer: { handle: refuse, gathers: refuse, keyspace: refuse, snapshot: () => look(index).snapshot },
      resolve: (agentId, onResolved: (resolution: Resolution) => void, fresh = true) =>
        call((callId) => ({ type: 'resolve', callId, node: index, agentId, fresh }), onResolved),
      publish: (bundle, onPublished: (result: PublishResult) => void) =>
        call((callId) => ({ type: 'publish', callId, node: index, bundle }), onPublished),
    };
  }

  function look(index: number): LookedAt {
    let found = looked.get(index);
    if (found === undefined) {
      const next = Array.from(
        { length: Math.min(lookedAtOnce, count) },
        (_, place) => (index + place) % count,
      );
      const ofLane = Array.from({ length: lanes }, (_, lane) => next.filter((node) => laneOf[node] === lane));
      const answers = threads.ask((lane) => ({ type: 'look', nodes: ofLane[lane]! }));
      for (const [lane, answer] of answers.entries())
        for (const [place, one] of answer.entries()) looked.set(ofLane[lane]![place]!, one);
      found = looked.get(index)!;
    }
    return found;
  }

  function heard(kind: Change, node: number): void {
    listeners.changed(nodes[node]!, kind);
  }

  /** Each where it belongs among the events of the run. */
  function plan({ changes, results, alarms, counted }: LaneNews): void {
    const { timesMs, who, kinds } = changes;
    for (let index = 0; index < timesMs.length; index++)
      queue.plan(timesMs[index]!, heard, kinds[who[2 * index + 1]!]!, who[2 * index]!, 0);
    for (const { timeMs, callId, result } of results)
      queue.at(timeMs, () => waiting.take(callId)?.(result as never));
    for (const { timeMs, node, alarm } of alarms)
      queue.at(timeMs, () => listeners.alarmed(nodes[node]!, alarm));
    for (const { timeMs, node, metric, label, value } of counted)
      queue.at(timeMs, () => listeners.counted?.(metric, value, nodes[node]!, label));
  }

  function runLanes(untilMs: number): void {
    const begun = calls;
    calls = [];
    const callsOf = (lane: number) => begun.filter(({ node }) => laneOf[node] === lane);
    for (const news of threads.ask((lane) => ({ type: 'run', untilMs, calls: callsOf(lane) }))) plan(news);
  }

  function run(durationMs: number): void {
    const endMs = queue.nowMs + durationMs;
    for (let untilMs = 0; untilMs < endMs; ) {
      untilMs = Math.min(endMs, queue.nextMs());
      runLanes(untilMs);
      queue.runUntil(untilMs, () => {});
    }
    totals.take(threads.ask(() => ({ type: 'total' })));
    looked.clear();
    stores = null;
  }

  const nodes = Array.from({ length: count }, (_, index) => createHandle(index));
  threads.ask(() => ({ type: 'begin' }));

  return {
    nodes,
    queue,
    chance,
    network: {
      ...totals.network,
      ...{ delayMs: refuse, secondMs: refuse, idle: refuse, cut: refuse, setLoss: refuse, route: refuse },
      isCut: () => false,
    },
    gossip: { publish: refuse, keepMeshes: refuse, left: refuse, receive: refuse, counts: totals.gossip },
    nats: null,
    signatures: totals.signatures,
    counts: totals.counts,
    run,
    connect: refuse,
    crash: refuse,
    restart: refuse,
    cut: refuse,
    neighbours: (node) => look(node).neighbours,
    requests: totals.requests,
    requestsUnderWay: { begun: refuse, ended: refuse, mostOfOnePeer: totals.mostOfOnePeer },
    config: configOf(settings),
    get events() {
      return totals.events();
    },
    traceHash: totals.traceHash,
    close: threads.close,
  };
}

/** By node. */
function storesOf(laneOf: Uint8Array, lanes: readonly LaneStores[]): ReadonlyMap<string, Uint8Array>[] {
  const entryByText = new Map<string, Uint8Array>();
  // Equal entries of different lanes are one, as they are in one.
  const share = (bytes: Uint8Array): Uint8Array => {
    const text = Buffer.from(bytes).toString('latin1');
    const known = entryByText.get(text);
    if (known === undefined) entryByText.set(text, bytes);
    return known ?? bytes;
  };
  const readers = lanes.map(({ keys, values, ends, entries }) => {
    const shared = values.map(share);
    let next = 0;
    let start = 0;
    return () => {
      const store = new Map<string, Uint8Array>();
      for (const end = ends[next++]!; start < end; start += 2)
        store.set(keys[entries[start]!]!, shared[entries[start + 1]!]!);
      return store;
    };
  });
  return Array.from(laneOf, (lane) => readers[lane]!());
}
