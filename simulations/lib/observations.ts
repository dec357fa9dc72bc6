/**
 * What the plots of a report are made of: distributions, a timeline, the load of each node, and how copies lie over the
 * key space. Everything is counted into a fixed number of bins, however many nodes and events there are.
 */
import { agentIdFromKey } from '../../src/core/identity/agent-id.ts';
import { kadIdOfAgent, kadIdOfPeer } from '../../src/core/overlay/distance.ts';
import { isHeldEntry } from '../../src/core/peer/entry.ts';
import type { World } from './world.ts';

/** How a quantity lies over the nodes. */
export interface Spread {
  readonly least: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
  readonly mean: number;
  /** Nodes in each of equally wide bins from `least` to `most`. */
  readonly nodes: readonly number[];
}

export interface Timeline {
  readonly bucketSeconds: number;
  /** By bucket, counted from the begin of the load; a lookup belongs where it was asked. */
  readonly lookups: readonly number[];
  readonly right: readonly number[];
  readonly publishes: readonly number[];
  readonly stored: readonly number[];
  readonly messages: readonly number[];
}

export interface KeySpace {
  /** By equal parts of the key space: nodes, and the copies that they store for others. */
  readonly nodes: readonly number[];
  readonly copies: readonly number[];
  /** Some of the agents that have not ended: their place from 0 to 1, and how many nodes store them for others. */
  readonly agents: readonly { readonly place: number; readonly copies: number }[];
}

export interface Observations {
  /** Lookups by hops to the first that showed the record; the last bin is for more. */
  readonly hops: readonly number[];
  /** Lookups by the peers that were asked; the last bin is for more. */
  readonly requests: readonly number[];
  readonly timeline: Timeline;
  readonly sentMessages: Spread;
  readonly receivedMessages: Spread;
  readonly sentBytes: Spread;
  readonly keySpace: KeySpace;
}

const hopBins = 24;
const requestBins = 65;
const bucketsMax = 120;
const spreadBins = 32;
const keySpaceParts = 64;
const agentsShown = 400;

export interface Observer {
  begin(world: World, seconds: number): void;
  /** A core counts something. */
  counted(metric: string, value: number): void;
  looked(atMs: number, isRight: boolean): void;
  published(atMs: number, isStored: boolean): void;
  /** Of the lookups so far that were shown something; null without any. */
  hopsMean(): number | null;
  /** Time has passed: what was sent since belongs here. */
  passed(world: World): void;
  values(world: World, isEnded: (key: string) => boolean): Observations;
}

export function createObserver(): Observer {
  const hops = new Array<number>(hopBins).fill(0);
  const requests = new Array<number>(requestBins).fill(0);
  const series = () => new Array<number>(bucketsMax).fill(0);
  const [lookups, right, publishes, stored, messages] = [series(), series(), series(), series(), series()];
  let sentBefore = new Uint32Array(0);
  let receivedBefore = new Uint32Array(0);
  let bytesBefore = new Float64Array(0);
  let beginMs = Number.POSITIVE_INFINITY;
  let buckets = 1;
  let bucketMs = 1;
  let messagesBefore = 0;

  const bucketOf = (atMs: number): number =>
    Math.max(0, Math.min(buckets - 1, Math.floor((atMs - beginMs) / bucketMs)));
  const count = (bins: number[], bin: number, value = 1): void => {
    bins[bin] = bins[bin]! + value;
  };

  return {
    begin({ queue, network }, seconds) {
      beginMs = queue.nowMs;
      // Whole seconds are easier to read, and a second has few lookups as it is.
      bucketMs = Math.max(1, Math.ceil(seconds / bucketsMax)) * 1000;
      buckets = Math.max(1, Math.ceil((seconds * 1000) / bucketMs));
      sentBefore = network.sentMessages.slice();
      receivedBefore = network.receivedMessages.slice();
      bytesBefore = network.sentBytes.slice();
      messagesBefore = network.messages.count;
    },
    counted(metric, value) {
      if (metric === 'lookup_hops') count(hops, Math.min(value, hopBins - 1));
      else if (metric === 'lookup_requests') count(requests, Math.min(value, requestBins - 1));
    },
    looked(atMs, isRight) {
      if (atMs < beginMs) return;
      count(lookups, bucketOf(atMs));
      if (isRight) count(right, bucketOf(atMs));
    },
    published(atMs, isStored) {
      if (atMs < beginMs) return;
      count(publishes, bucketOf(atMs));
      if (isStored) count(stored, bucketOf(atMs));
    },
    hopsMean() {
      const shown = hops.reduce((total, number) => total + number, 0);
      return shown === 0 ? null : hops.reduce((total, number, hop) => total + number * hop, 0) / shown;
    },
    passed({ queue, network }) {
      if (queue.nowMs < beginMs) return;
      count(messages, bucketOf(queue.nowMs - 1), network.messages.count - messagesBefore);
      messagesBefore = network.messages.count;
    },
    values(world, isEnded) {
      const { network } = world;
      const since = (now: ArrayLike<number>, before: ArrayLike<number>): Float64Array =>
        Float64Array.from(now, (value, node) => value - (before[node] ?? 0));
      const cut = (bins: readonly number[]): number[] => bins.slice(0, buckets);
      return {
        hops: withoutTail(hops),
        requests: withoutTail(requests),
        timeline: {
          bucketSeconds: bucketMs / 1000,
          lookups: cut(lookups),
          right: cut(right),
          publishes: cut(publishes),
          stored: cut(stored),
          messages: cut(messages),
        },
        sentMessages: spreadOf(since(network.sentMessages, sentBefore)),
        receivedMessages: spreadOf(since(network.receivedMessages, receivedBefore)),
        sentBytes: spreadOf(since(network.sentBytes, bytesBefore)),
        keySpace: keySpaceOf(world, isEnded),
      };
    },
  };
}

/** Up to the last bin with anything in it. */
function withoutTail(bins: readonly number[]): number[] {
  return bins.slice(0, bins.findLastIndex((value) => value > 0) + 1);
}

function spreadOf(values: Float64Array): Spread {
  const sorted = values.slice().sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  const [least, most] = [at(0), at(1)];
  const width = (most - least) / spreadBins;
  const nodes = new Array<number>(width === 0 ? 1 : spreadBins).fill(0);
  for (const value of values) {
    const bin = width === 0 ? 0 : Math.min(spreadBins - 1, Math.floor((value - least) / width));
    nodes[bin] = nodes[bin]! + 1;
  }
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return { least, p50: at(0.5), p90: at(0.9), p99: at(0.99), most, mean, nodes };
}

/** What is there at the end, of the nodes that are up. */
function keySpaceOf(world: World, isEnded: (key: string) => boolean): KeySpace {
  const nodes = new Array<number>(keySpaceParts).fill(0);
  const copies = new Array<number>(keySpaceParts).fill(0);
  const copiesByKey = new Map<string, number>();
  for (const { name, isUp, store } of world.nodes) {
    if (!isUp) continue;
    const part = Math.floor(place(kadIdOfPeer(name)) * keySpaceParts);
    nodes[part] = nodes[part]! + 1;
    for (const [key, bytes] of store) {
      // The end of an agent is told to everybody; who looks one up remembers what it saw.
      if (isEnded(key) || !isHeldEntry(bytes)) continue;
      copies[part] = copies[part]! + 1;
      const known = copiesByKey.get(key);
      if (known !== undefined) copiesByKey.set(key, known + 1);
      else if (copiesByKey.size < agentsShown) copiesByKey.set(key, 1);
    }
  }
  const agents = [...copiesByKey].map(([key, held]) => ({
    place: place(kadIdOfAgent(agentIdFromKey(key))),
    copies: held,
  }));
  return { nodes, copies, agents: agents.sort((left, right) => left.place - right.place) };
}

function place({ high }: { readonly high: number }): number {
  return (high >>> 0) / 2 ** 32;
}
