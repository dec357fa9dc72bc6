/**
 * How long a message takes from one node to another, and whether it arrives. The transport is TCP: what is lost on the
 * way is sent again and comes late; a cut swallows everything. Each message has a stream of its own, so that one may
 * overtake another; that one comes twice is there for what a transport may do wrong. Decides delays only.
 */
import type { Random } from '../../src/core/rng.ts';
import { exponential } from './chance.ts';
import { oneWayMs, regions } from './latency.ts';
import type { NatSettings } from './nats.ts';

export interface NetworkSettings {
  /** `regions`: the published matrix; a number: so many milliseconds one way between any two. */
  readonly latency: 'regions' | number;
  /** Mean of what a path's queues add to each message, as a share of its delay. */
  readonly jitter: number;
  /** Probability that a packet is lost and sent again. */
  readonly loss: number;
  /** Probability that a message is held back, for up to a round trip, so that later ones overtake it; left out: 0. */
  readonly reorder?: number;
  /** Probability that a message comes a second time, up to a round trip after the first; left out: 0. */
  readonly duplicate?: number;
  /** Of each node's uplink, bits per second. */
  readonly uplinkBitsPerSecond: number;
  /** Nodes that nobody can dial; left out: none. */
  readonly nat?: NatSettings;
}

export interface SimulatedNetwork {
  /** When a message that leaves now arrives, milliseconds from now; null: never. */
  delayMs(from: number, to: number, sizeBytes: number, nowMs: number): number | null;
  /** When a message that arrives comes once more, milliseconds after the first time; null: never. */
  secondMs(from: number, to: number): number | null;
  /** Messages of a node that change nothing, so that only their number and their bytes count. */
  idle(from: number, count: number, sizeBytes: number): void;
  /** Nothing passes from a node of one side to one of another; null heals. */
  cut(sideOf: ((node: number) => number) | null, isOneWay?: boolean): void;
  /** Adds to what the settings say. */
  setLoss(loss: number): void;
  isCut(from: number, to: number): boolean;
  /** What passes between two nodes goes by way of a third where one is named; -1: directly. */
  route(relayOf: (from: number, to: number, sizeBytes: number) => number): void;
  /** Bytes that each node has sent. */
  readonly sentBytes: Float64Array;
  readonly messages: { count: number; heldBack: number; duplicated: number };
  /** By node: those that it sent, and those that were under way to it. */
  readonly sentMessages: Uint32Array;
  readonly receivedMessages: Uint32Array;
}

/** The least time after which TCP sends again what nobody acknowledged (RFC 6298 says 1 s; Linux uses this). */
const retransmitMs = 200;
const retransmitsMax = 6;
/** Ethernet, IP and TCP headers, and the multiplexer's and the cipher's, around each message. */
const overheadBytes = 100;

/** What a node's own line adds to every way at least, milliseconds. */
export const accessLeastMs = 0.2;

/** The region of each node, and what its own line adds to every way, milliseconds. */
export function placesOf(nodes: number, random: Random): { regionOf: Uint8Array; accessMs: Float64Array } {
  const regionOf = Uint8Array.from({ length: nodes }, () => random.below(regions.length));
  const accessMs = Float64Array.from({ length: nodes }, () => accessLeastMs + exponential(random, 1));
  return { regionOf, accessMs };
}

/** @param places of the nodes; `random`: what happens on the way. */
export function createNetwork(
  nodes: number,
  settings: NetworkSettings,
  random: Random,
  places = random,
): SimulatedNetwork {
  const { regionOf, accessMs } = placesOf(nodes, places);
  const freeAtMs = new Float64Array(nodes);
  const sentBytes = new Float64Array(nodes);
  const messages = { count: 0, heldBack: 0, duplicated: 0 };
  const sentMessages = new Uint32Array(nodes);
  const receivedMessages = new Uint32Array(nodes);
  let sideOf: ((node: number) => number) | null = null;
  let isOneWay = false;
  const { reorder = 0, duplicate = 0 } = settings;
  let loss = settings.loss;
  let relayOf: Parameters<SimulatedNetwork['route']>[0] | null = null;

  function isCut(from: number, to: number): boolean {
    if (sideOf === null) return false;
    const [left, right] = [sideOf(from), sideOf(to)];
    return left !== right && (!isOneWay || left < right);
  }

  function pathMsOf(from: number, to: number): number {
    return settings.latency === 'regions'
      ? oneWayMs(regionOf[from]!, regionOf[to]!) + accessMs[from]! + accessMs[to]!
      : settings.latency;
  }

  function heldBackMs(roundTripMs: number): number {
    if (reorder === 0 || random.next() >= reorder) return 0;
    messages.heldBack++;
    return random.next() * roundTripMs;
  }

  function secondMs(from: number, to: number): number | null {
    if (duplicate === 0 || random.next() >= duplicate) return null;
    messages.duplicated++;
    return random.next() * 2 * pathMsOf(from, to);
  }

  function lostMs(roundTripMs: number): number {
    let waitedMs = 0;
    for (let attempt = 0; attempt < retransmitsMax && random.next() < loss; attempt++) {
      waitedMs += Math.max(retransmitMs, 2 * roundTripMs) * 2 ** attempt;
    }
    return waitedMs;
  }

  function delayMs(from: number, to: number, sizeBytes: number, nowMs: number): number | null {
    const relay = relayOf === null ? -1 : relayOf(from, to, sizeBytes);
    if (relay >= 0) {
      const thereMs = delayMs(from, relay, sizeBytes, nowMs);
      const onMs = thereMs === null ? null : delayMs(relay, to, sizeBytes, nowMs + thereMs);
      return onMs === null ? null : thereMs! + onMs;
    }
    const bytes = sizeBytes + overheadBytes;
    sentBytes[from]! += bytes;
    messages.count++;
    sentMessages[from]!++;
    if (isCut(from, to)) return null;
    receivedMessages[to]!++;
    const pathMs = pathMsOf(from, to);
    // The uplink sends one message after the other.
    const leavesMs = Math.max(freeAtMs[from]!, nowMs) + (bytes * 8 * 1000) / settings.uplinkBitsPerSecond;
    freeAtMs[from] = leavesMs;
    const queuedMs = settings.jitter === 0 ? 0 : exponential(random, pathMs * settings.jitter);
    const lateMs = (loss === 0 ? 0 : lostMs(2 * pathMs)) + heldBackMs(2 * pathMs);
    return leavesMs - nowMs + pathMs + queuedMs + lateMs;
  }

  return {
    delayMs,
    secondMs,
    route(way) {
      relayOf = way;
    },
    idle(from, count, sizeBytes) {
      sentBytes[from]! += count * (sizeBytes + overheadBytes);
      messages.count += count;
      sentMessages[from]! += count;
    },
    cut(sides, oneWay = false) {
      sideOf = sides;
      isOneWay = oneWay;
    },
    setLoss(value) {
      loss = value;
    },
    isCut,
    sentBytes,
    messages,
    sentMessages,
    receivedMessages,
  };
}
