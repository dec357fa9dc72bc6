/**
 * A network whose nodes are divided among threads, seen as one: what is called is handed to the node's lane, and what
 * its nodes do comes back in the order of its time.
 */
import type { PublishResult, Resolution } from '../../../src/core/peer/effects.ts';
import { createPending } from '../../../src/core/peer/pending.ts';
import { createChance } from '../chance.ts';
import { createEventQueue } from '../event-queue.ts';
import type { SimulatedNode } from '../node-shell.ts';
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
  const { laneOf, leadMs } = divide(count, lanes, settings.network, chance);
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

  const called = (callId: number, node: number) => ({ callId, node, timeMs: queue.nowMs });

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
        call((callId) => ({ type: 'resolve', ...called(callId, index), agentId, fresh }), onResolved),
      publish: (bundle, onPublished: (result: PublishResult) => void) =>
        call((callId) => ({ type: 'publish', ...called(callId, index), bundle }), onPublished),
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

  /** Each at its time, in the order of time. */
  function hear(news: readonly LaneNews[]): void {
    const others = news.flatMap(happenings).sort((left, right) => left.timeMs - right.timeMs);
    const hearChanges = createChanges(news);
    for (const { timeMs, tell } of others) {
      hearChanges(timeMs);
      queue.as(timeMs, tell);
    }
    hearChanges(Number.POSITIVE_INFINITY);
  }

  /** The function hears of those up to a time. */
  function createChanges(news: readonly LaneNews[]): (untilMs: number) => void {
    const next = news.map(() => 0);
    let lane = 0;
    const tell = (): void => {
      const { who, kinds } = news[lane]!.changes;
      const place = 2 * next[lane]!++;
      listeners.changed(nodes[who[place]!]!, kinds[who[place + 1]!]!);
    };
    return (untilMs) => {
      for (;;) {
        let soonestMs = Number.POSITIVE_INFINITY;
        for (let other = 0; other < lanes; other++) {
          const timeMs = news[other]!.changes.timesMs[next[other]!] ?? Number.POSITIVE_INFINITY;
          if (timeMs >= soonestMs) continue;
          soonestMs = timeMs;
          lane = other;
        }
        if (soonestMs === Number.POSITIVE_INFINITY || soonestMs > untilMs) return;
        queue.as(soonestMs, tell);
      }
    };
  }

  function happenings({ results, alarms, counted }: LaneNews): { timeMs: number; tell: () => void }[] {
    return [
      ...results.map(({ timeMs, callId, result }) => ({
        timeMs,
        tell: () => waiting.take(callId)?.(result as never),
      })),
      ...alarms.map(({ timeMs, node, alarm }) => ({
        timeMs,
        tell: () => listeners.alarmed(nodes[node]!, alarm),
      })),
      ...counted.map(({ timeMs, node, metric, label, value }) => ({
        timeMs,
        tell: () => listeners.counted?.(metric, value, nodes[node]!, label),
      })),
    ];
  }

  function tellToRun(untilMs: number): void {
    const begun = calls;
    calls = [];
    const callsOf = (lane: number) => begun.filter(({ node }) => laneOf[node] === lane);
    threads.tell((lane) => ({ type: 'run', untilMs, calls: callsOf(lane) }));
  }

  /** While the lanes run for one lead, the load does what is due in the next, and hears of what happened in the last. */
  function run(durationMs: number): void {
    const endMs = queue.nowMs + durationMs;
    for (let underWay = 0; queue.nowMs < endMs; underWay = 1) {
      const untilMs = Math.min(endMs, queue.nowMs + leadMs);
      queue.runUntil(untilMs, () => {});
      tellToRun(untilMs);
      if (underWay > 0) hear(threads.hear<'run'>());
    }
    hear(threads.hear<'run'>());
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
    neighbours: refuse,
    neighbourCount: (node) => look(node).neighbours,
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
