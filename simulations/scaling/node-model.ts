/**
 * What the fitted costs add up to for one node of a network of so many nodes and agents, and at how many agents each
 * bound is reached. Everything here is arithmetic on fits and stated assumptions: nothing of it was run.
 */
import {
  gossipMessagesPerSecondPerTopic,
  gossipTopicCount,
  replicationCount,
} from '../../src/core/limits.ts';
import { peerConfigDefault } from '../../src/core/peer/peer-config.ts';
import { costsMs } from '../lib/signatures.ts';
import { type AgentKind, agentMix, ratesOf, type WriteRates } from './agent-mix.ts';
import { valueAt } from './fits.ts';
import type { FittedQuantity } from './quantities.ts';

export const assumptions = {
  /** Lookups that go to the network, for each agent alive: one in ten minutes. */
  lookupsPerAgentSecond: 1 / 600,
  /** 20 Mbit/s, as in the runs. */
  uplinkBytesPerSecond: 2_500_000,
  /** One core. */
  coreMsPerSecond: 1000,
  /** What the first thread of a daemon spends on a bundle that it takes in (docs/benchmarks.md, ingest), beside signatures. */
  takeInMs: 0.139,
  /** A record on disk and in memory (docs/operating.md). */
  recordDiskBytes: 730,
  recordMemoryBytes: 800,
  /** One put of a record in a full frame, both ways (docs/operating.md), when a node's records move to another. */
  handOverBytes: 2 * 501,
  sessionSeconds: 24 * 3600,
  rosterSeconds: 365 * 24 * 3600,
} as const;

/** Of one node, in a second where it is a rate. */
export interface NodeLoad {
  readonly nodes: number;
  readonly agents: number;
  readonly copies: number;
  /** Agents whose keys changed or that ended, after a year: every node knows them all. */
  readonly roster: number;
  readonly diskBytes: number;
  readonly lookups: number;
  readonly writes: number;
  /** In the whole network: rotations and tombstones, which every node hears. */
  readonly announcements: number;
  readonly messages: number;
  readonly bytesByCause: Readonly<Record<Cause, number>>;
  readonly bytes: number;
  readonly coreMs: number;
}

export const causes = ['idle', 'lookups', 'writes', 'announcements'] as const;
export type Cause = (typeof causes)[number];

/** Where there are many announcements, the frames around IHAVEs are shared, and one more costs its copies and ids. */
const floodBytes = 'revocation-flood.bytes';

/** Costs at one size: name of a quantity → value of its line; over a rate, what one more adds. @throws RangeError when it was not measured often enough. */
export type Costs = (name: string) => number;

export function costsAt(fitted: readonly FittedQuantity[], nodes: number): Costs {
  return (name) => {
    const found = fitted.find((quantity) => quantity.name === name);
    if (!found?.fit) throw new RangeError(`${name} needs runs at three values`);
    return found.symbol === 'N' ? Math.max(0, valueAt(found.fit, nodes)) : found.fit.b;
  };
}

/** A new agent has one signature more than a new record of a known one. */
const registrationOverUpdate = (2 * costsMs.check + costsMs.admission) / (costsMs.check + costsMs.admission);

/** Agents of whom every node keeps the key log from now on, in a second and for each agent alive. */
export function rosterGrowth(kinds: readonly AgentKind[]): number {
  return kinds.reduce((sum, { aliveShare, lifeSeconds, keySeconds, tombstoneShare }) => {
    const staysSimple = (1 - tombstoneShare) * Math.exp(-lifeSeconds / keySeconds);
    return sum + (aliveShare / lifeSeconds) * (1 - staysSimple);
  }, 0);
}

export function loadOf(costs: Costs, nodes: number, agents: number, kinds = agentMix): NodeLoad {
  const rates = ratesOf(kinds);
  const perNode = agents / nodes;
  const lookups = assumptions.lookupsPerAgentSecond * perNode;
  const changes = (rates.refences + rates.rotations + rates.tombstones) * perNode;
  const registrations = rates.registrations * perNode;
  const writes = changes + registrations;
  const announcements = announcementsOf(rates) * agents;
  const copies = Math.min(nodes, replicationCount) * perNode;
  const roster = rosterGrowth(kinds) * assumptions.rosterSeconds * agents;
  const bytesByCause = {
    idle: costs('idle.bytes'),
    lookups: lookups * costs('lookup.bytes'),
    writes: writes * costs('update.bytes'),
    announcements: announcements * costs(floodBytes),
  };
  return {
    ...{ nodes, agents, copies, roster, lookups, writes, announcements, bytesByCause },
    diskBytes: (copies + roster) * assumptions.recordDiskBytes,
    messages:
      costs('idle.messages') +
      lookups * costs('lookup.messages') +
      writes * costs('update.messages') +
      announcements * costs('revocation.copies'),
    bytes: causes.reduce((sum, cause) => sum + bytesByCause[cause], 0),
    coreMs:
      lookups * costs('lookup.signatureMs') +
      (changes + registrations * registrationOverUpdate) * costs('update.signatureMs') +
      announcements * costs('revocation.signatureMs') +
      assumptions.takeInMs * (writes * replicationCount + announcements),
  };
}

function announcementsOf({ rotations, tombstones }: WriteRates): number {
  return rotations + tombstones;
}

export interface Bound {
  readonly name: string;
  readonly limit: string;
  /** Agents of the mix at which it is reached. */
  readonly agents: number;
  /** Whether more nodes would help. */
  readonly growsWithNodes: boolean;
}

/** What is reached first stands first. */
export function boundsOf(costs: Costs, nodes: number, kinds = agentMix): Bound[] {
  const one = loadOf(costs, nodes, 1, kinds);
  const rates = ratesOf(kinds);
  const { uplinkBytesPerSecond: uplink, coreMsPerSecond: core, takeInMs } = assumptions;
  const quota = gossipTopicCount * gossipMessagesPerSecondPerTopic;
  const announcementMs = costs('revocation.signatureMs') + takeInMs;
  const registrationMs = costs('update.signatureMs') * registrationOverUpdate + replicationCount * takeInMs;
  const bounds: Bound[] = [
    bound(
      'the agents that a node keeps anything of, after a year',
      count(peerConfigDefault.agentsMax, 'agents'),
      peerConfigDefault.agentsMax / (one.roster + one.copies),
      false,
    ),
    bound(
      'the quota of one neighbour in gossip',
      count(quota, 'announcements/s'),
      quota / one.announcements,
      false,
    ),
    bound(
      'the uplink, by announcements alone',
      `${uplink / 1e6} MB/s`,
      uplink / one.bytesByCause.announcements,
      false,
    ),
    bound(
      'a core, by announcements alone',
      `${core} ms/s`,
      core / (one.announcements * announcementMs),
      false,
    ),
    bound(
      'the uplink, by lookups and writes',
      `${uplink / 1e6} MB/s`,
      uplink / (one.bytesByCause.lookups + one.bytesByCause.writes),
      true,
    ),
    bound(
      'a core, by registrations',
      `${core} ms/s`,
      (core * nodes) / (rates.registrations * registrationMs),
      true,
    ),
    bound(
      'the uplink, when every node is replaced once a day',
      `${uplink / 1e6} MB/s`,
      (uplink * assumptions.sessionSeconds) / (one.copies * assumptions.handOverBytes),
      true,
    ),
    bound(
      'the agents that a node keeps anything of, records alone',
      count(peerConfigDefault.agentsMax, 'agents'),
      peerConfigDefault.agentsMax / one.copies,
      true,
    ),
  ];
  return bounds.sort((left, right) => left.agents - right.agents);
}

function bound(name: string, limit: string, agents: number, growsWithNodes: boolean): Bound {
  return { name, limit, agents, growsWithNodes };
}

function count(value: number, unit: string): string {
  return `${value.toLocaleString('en-US')} ${unit}`;
}
