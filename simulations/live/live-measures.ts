/**
 * What a live run measures, under the names of the model's measures. Times are those of the caller; everything else is what
 * the nodes themselves count: the metrics that each serves.
 */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { SimulatedAgent } from '../lib/agents.ts';
import { createDistribution } from '../lib/distribution.ts';
import type { RunDetails } from '../lib/measures.ts';
import { createNews } from '../lib/news.ts';
import type { NodeCounters } from '../lib/node-counters.ts';
import { share } from '../lib/share.ts';
import type { EndListener } from './live-network.ts';

export interface LiveMeasures {
  published(status: string, tookMs: number): void;
  resolved(status: string, tookMs: number, isEnded: boolean): void;
  /** Its end is being published now. */
  revoked(agent: SimulatedAgent): void;
  /** A node accepted that end. */
  heard: EndListener;
  /** Of so many nodes each knows of every revocation. */
  isHeardByAll(nodes: number): boolean;
  /** A node went down under a call. */
  aborted(): void;
  /** @param counted by all nodes together during `seconds` */
  values(traffic: {
    readonly nodes: number;
    readonly seconds: number;
    readonly counted: NodeCounters;
    readonly sentBytes: number;
    /** Of all nodes together, at the end. */
    readonly gauges: NodeCounters;
  }): LiveValues;
}

export interface LiveValues {
  readonly measures: Readonly<Record<string, number | null>>;
  /** Lookups that were not right and publishes that were not stored, by status or code of failure. */
  readonly failures: Readonly<Record<string, number>>;
  /** For plots. */
  readonly details: Pick<RunDetails, 'lookupsMs' | 'publishesMs' | 'revocationsMs' | 'revocationPairs'>;
}

const quantileSteps = 100;
const rightStatuses = new Set(['ok', 'rekeyed']);

export function createLiveMeasures(): LiveMeasures {
  const lookupMs = createDistribution();
  const publishMs = createDistribution();
  const revocations = createNews(Date.now);
  const counts = { right: 0, stored: 0, aborted: 0 };
  const failures: Record<string, number> = {};
  const failed = (call: string, status: string): void => {
    failures[`${call}: ${status}`] = (failures[`${call}: ${status}`] ?? 0) + 1;
  };

  return {
    published(status, tookMs) {
      publishMs.add(tookMs);
      if (status === 'stored') counts.stored++;
      else failed('publish', status);
    },
    resolved(status, tookMs, isEnded) {
      lookupMs.add(tookMs);
      if (rightStatuses.has(status) || (isEnded && status === 'tombstoned')) counts.right++;
      else failed('lookup', status);
    },
    revoked: ({ agentId }) => revocations.told(agentKey(agentId)),
    heard: (node, key, acceptedAtMs) => revocations.heard(key, node, acceptedAtMs),
    isHeardByAll: (nodes) => revocations.pairs >= revocations.count * nodes,
    aborted: () => void counts.aborted++,
    values({ nodes, seconds, counted, sentBytes, gauges }) {
      const lookups = lookupMs.summary();
      const publishes = publishMs.summary();
      const revocation = revocations.ms.summary();
      const sumOf = createSums(counted);
      const received = sumOf('weft_gossip_received_total');
      const copies = sumOf('weft_gossip_copies_total');
      const perNodeSecond = (count: number): number => count / nodes / seconds;
      return {
        measures: {
          'lookups.count': lookups.count,
          'lookups.rightShare': share(counts.right, lookups.count),
          'lookups.hops': share(sumOf('weft_lookup_hops_sum'), sumOf('weft_lookup_hops_count')),
          'lookups.requests': share(sumOf('weft_lookup_requests_sum'), sumOf('weft_lookup_requests_count')),
          'publishes.count': publishes.count,
          'publishes.storedShare': share(counts.stored, publishes.count),
          'revocations.count': revocations.count,
          'revocations.reachedShare': revocations.shareWithin(Number.POSITIVE_INFINITY, nodes),
          'gossip.duplicatesPerDelivery': share(copies - received, received),
          ...trafficMeasures(requestsOf(counted), copies, perNodeSecond),
          'traffic.bytesPerNodeSecond': perNodeSecond(sentBytes),
          'signatures.checksPerNodeSecond': perNodeSecond(sumOf('weft_signatures_verified_total')),
          'routing.peersPerNode': (gauges.get('weft_routed_peers') ?? 0) / nodes,
          'storage.agentsPerNode': (gauges.get('weft_agents') ?? 0) / nodes,
          'storage.copiesPerNode': (gauges.get('weft_records_held') ?? 0) / nodes,
          'lookups.p50Ms': lookups.p50,
          'lookups.p99Ms': lookups.p99,
          'publishes.p50Ms': publishes.p50,
          'publishes.p99Ms': publishes.p99,
          'revocations.p50Ms': revocation.p50,
          'revocations.p99Ms': revocation.p99,
          'revocations.maxMs': revocation.max,
          ...(counts.aborted > 0 && { 'calls.aborted': counts.aborted }),
        },
        failures,
        details: {
          lookupsMs: lookupMs.quantiles(quantileSteps),
          publishesMs: publishMs.quantiles(quantileSteps),
          revocationsMs: revocations.ms.quantiles(quantileSteps),
          revocationPairs: { all: revocations.count * nodes, heard: revocations.pairs },
        },
      };
    },
  };
}

/** Messages as both sides count them: requests by type and their answers, and copies of gossip. */
export function trafficMeasures(
  requestsByType: ReadonlyMap<string, number>,
  gossipCopies: number,
  perNodeSecond: (count: number) => number,
): Record<string, number> {
  const requests = [...requestsByType.values()].reduce((sum, count) => sum + count, 0);
  return {
    'traffic.messagesPerNodeSecond': perNodeSecond(2 * requests + gossipCopies),
    'traffic.gossipPerNodeSecond': perNodeSecond(gossipCopies),
    ...Object.fromEntries(
      [...requestsByType].map(([type, count]) => [`requests.${type}PerNodeSecond`, perNodeSecond(count)]),
    ),
  };
}

function requestsOf(counted: NodeCounters): Map<string, number> {
  const requests = new Map<string, number>();
  for (const [name, count] of counted) {
    const type = /^weft_requests_total\{kind="(.+)"\}$/.exec(name)?.[1];
    if (type !== undefined) requests.set(type, count);
  }
  return requests;
}

/** Sums of a metric over all its labels. */
function createSums(counted: NodeCounters): (metric: string) => number {
  return (metric) => {
    let sum = 0;
    for (const [name, value] of counted) if (name === metric || name.startsWith(`${metric}{`)) sum += value;
    return sum;
  };
}
