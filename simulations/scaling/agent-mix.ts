/**
 * What agents do to an index: how long they live, how often their endpoints and keys change, how they end. From it follow
 * the writes of the index, beside those of an index that is written on every change of an endpoint.
 */
import { refenceSeconds } from '../../src/core/limits.ts';

export interface AgentKind {
  readonly name: string;
  /** Of those alive at one time. */
  readonly aliveShare: number;
  readonly lifeSeconds: number;
  /** How long an endpoint stays; infinite for one that never changes. */
  readonly endpointSeconds: number;
  /** How long a signing key stays; infinite for one that never changes. */
  readonly keySeconds: number;
  /** Of those that end: by a tombstone that all nodes hear of. The others stop being renewed. */
  readonly tombstoneShare: number;
}

const hour = 3600;
const day = 24 * hour;

/** Stated, not measured: nobody has published how agents live. */
export const agentMix: readonly AgentKind[] = [
  {
    name: 'service: months, rotating endpoints',
    aliveShare: 0.2,
    lifeSeconds: 180 * day,
    endpointSeconds: 600,
    keySeconds: 90 * day,
    tombstoneShare: 0.1,
  },
  {
    name: 'assistant: weeks, adaptive endpoints',
    aliveShare: 0.6,
    lifeSeconds: 30 * day,
    endpointSeconds: 45,
    keySeconds: 90 * day,
    tombstoneShare: 0.1,
  },
  {
    name: 'task: an hour, moves now and then',
    aliveShare: 0.19,
    lifeSeconds: hour,
    endpointSeconds: 300,
    keySeconds: Number.POSITIVE_INFINITY,
    tombstoneShare: 0,
  },
  {
    name: 'helper: seconds, one endpoint',
    aliveShare: 0.01,
    lifeSeconds: 10,
    endpointSeconds: Number.POSITIVE_INFINITY,
    keySeconds: Number.POSITIVE_INFINITY,
    tombstoneShare: 0,
  },
];

/** In a second, for each agent that is alive, of a population that neither grows nor shrinks. */
export interface WriteRates {
  readonly registrations: number;
  /** Fences signed anew, because the validity of the last is nearly over. */
  readonly refences: number;
  readonly rotations: number;
  readonly tombstones: number;
  /** What an index is written that holds the endpoint itself: each birth, change and end. */
  readonly endpointWrites: number;
}

/**
 * births = share / life; refences = births · floor((life − 1 s) / 22 h); rotations = share / key's life;
 * tombstones = births · share of those; endpoint writes = births · (2 + life / endpoint's life).
 */
export function ratesOf(
  kinds: readonly AgentKind[],
  refenceEverySeconds: number = refenceSeconds,
): WriteRates {
  const sum = (rate: (kind: AgentKind, births: number) => number): number =>
    kinds.reduce((total, kind) => total + rate(kind, kind.aliveShare / kind.lifeSeconds), 0);
  return {
    registrations: sum((_, births) => births),
    refences: sum(({ lifeSeconds }, births) => births * Math.floor((lifeSeconds - 1) / refenceEverySeconds)),
    rotations: sum(({ aliveShare, keySeconds }) => aliveShare / keySeconds),
    tombstones: sum(({ tombstoneShare }, births) => births * tombstoneShare),
    endpointWrites: sum(
      ({ lifeSeconds, endpointSeconds }, births) => births * (2 + lifeSeconds / endpointSeconds),
    ),
  };
}

export function indexWrites({ registrations, refences, rotations, tombstones }: WriteRates): number {
  return registrations + refences + rotations + tombstones;
}

/** How many times fewer writes the index takes than one that is written on every change of an endpoint. */
export function fewerWrites(kinds: readonly AgentKind[], refenceEverySeconds?: number): number {
  const rates = ratesOf(kinds, refenceEverySeconds);
  return rates.endpointWrites / indexWrites(rates);
}
