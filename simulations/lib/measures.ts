/** What a run is judged by: numbers under names that thresholds use. docs/simulation.md has the list. */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { PublishResult, Resolution } from '../../src/core/peer/effects.ts';
import type { SimulatedAgent } from './agents.ts';
import { createDistribution } from './distribution.ts';
import { createNews } from './news.ts';
import { createNodeCosts } from './node-costs.ts';
import type { Change } from './node-shell.ts';
import { createObserver, type Observations } from './observations.ts';
import { share } from './share.ts';
import type { World } from './world.ts';

export interface Measures {
  /**
   * Traffic is counted from here, and the timeline begins, of so many seconds.
   * @param audience nodes that revocations are for; all when left out.
   */
  begin(world: World, seconds: number, audience?: number): void;
  /** Some time has passed. */
  passed(world: World): void;
  /** A core counts something. */
  counted(metric: string, value: number): void;
  published(kind: string, result: PublishResult, tookMs: number): void;
  /**
   * @param end what has become of the agent; null: it is active.
   * @param isWrong what was found had been replaced before it was asked for.
   */
  resolved(
    resolution: Resolution,
    tookMs: number,
    end: 'tombstoned' | 'forked' | null,
    isWrong: boolean,
  ): void;
  revoked(agent: SimulatedAgent): void;
  /** Its controller has signed two events for one place. */
  forked(agent: SimulatedAgent): void;
  changed(node: number, change: Change): void;
  count(name: string): void;
  values(world: World): Record<string, number | null>;
  details(world: World): RunDetails;
  /** So far, for who watches the run. */
  readonly soFar: { readonly lookups: number; readonly right: number; readonly revocations: number };
}

/** What is behind the measures, for plots. */
export interface RunDetails extends Observations {
  /** Milliseconds at each hundredth of what was measured; empty when nothing was. */
  readonly lookupsMs: readonly number[];
  readonly publishesMs: readonly number[];
  readonly revocationsMs: readonly number[];
  /** Of a revocation and a node each: all, and those in which the node knew. */
  readonly revocationPairs: { readonly all: number; readonly heard: number };
  /** Since the load began. */
  readonly countedSeconds: number;
  /** What the cores of all nodes counted in that time, by `metric:label`. */
  readonly counts: Readonly<Record<string, number>>;
}

const quantileSteps = 100;

/** @param faultsOverMs when the last fault ends; left out: there is none. */
export function createMeasures(nowMs: () => number, faultsOverMs?: () => number): Measures {
  const counts = new Map<string, number>();
  const publishMs = createDistribution();
  const resolveMs = createDistribution();
  const revocations = createNews(nowMs, faultsOverMs);
  const forks = createNews(nowMs);
  const observer = createObserver();
  const costs = createNodeCosts();
  let audience = 0;
  let before = { messages: 0, bytes: 0, atMs: 0, asked: 0 };
  let countsBefore: ReadonlyMap<string, number> = new Map();

  const count = (name: string, value = 1): void => void counts.set(name, (counts.get(name) ?? 0) + value);
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const of = (name: string): number => counts.get(name) ?? 0;

  return {
    begin(world, seconds, nodes = world.nodes.length) {
      audience = nodes;
      observer.begin(world, seconds);
      countsBefore = world.counts();
      costs.begin(world);
      before = {
        messages: world.network.messages.count,
        bytes: sum(world.network.sentBytes),
        atMs: nowMs(),
        asked: countsBefore.get('lookup_requests:resolve') ?? 0,
      };
    },
    published(kind, { status }, tookMs) {
      count('publishes');
      count(`publishes.${kind}.${status}`);
      if (status === 'stored') count('publishes.stored');
      publishMs.add(tookMs);
      observer.published(nowMs() - tookMs, status === 'stored');
    },
    resolved({ status }, tookMs, end, isWrong) {
      count('lookups');
      count(`lookups.status.${status}`);
      const isFound = status === 'ok' || status === 'rekeyed' || status === end;
      const isRight = isFound && !isWrong;
      if (isRight) count('lookups.right');
      resolveMs.add(tookMs);
      observer.looked(nowMs() - tookMs, isRight);
    },
    revoked: ({ agentId }) => revocations.told(agentKey(agentId)),
    forked: ({ agentId }) => forks.told(agentKey(agentId)),
    changed(node, { agentId, change }) {
      if (change === 'tombstoned') revocations.heard(agentKey(agentId), node);
      else if (change === 'forked') forks.heard(agentKey(agentId), node);
    },
    count,
    counted: observer.counted,
    passed: observer.passed,
    get soFar() {
      return { lookups: of('lookups'), right: of('lookups.right'), revocations: revocations.count };
    },
    details: (world) => ({
      ...observer.values(world, revocations.has),
      lookupsMs: resolveMs.quantiles(quantileSteps),
      publishesMs: publishMs.quantiles(quantileSteps),
      revocationsMs: revocations.ms.quantiles(quantileSteps),
      revocationPairs: { all: revocations.count * audience, heard: revocations.pairs },
      countedSeconds: (nowMs() - before.atMs) / 1000,
      counts: Object.fromEntries(
        [...world.counts()].map(([name, value]) => [name, value - (countsBefore.get(name) ?? 0)]),
      ),
    }),
    values(world) {
      const seconds = (nowMs() - before.atMs) / 1000;
      const nodes = world.nodes.length;
      const lookup = resolveMs.summary();
      const publish = publishMs.summary();
      const revocation = revocations.ms.summary();
      const asked = (world.counts().get('lookup_requests:resolve') ?? 0) - before.asked;
      const { gossip, network } = world;
      return {
        'lookups.count': lookup.count,
        'lookups.rightShare': share(of('lookups.right'), of('lookups')),
        'lookups.p50Ms': lookup.p50,
        'lookups.p99Ms': lookup.p99,
        'lookups.maxMs': lookup.max,
        'lookups.requests': share(asked, lookup.count),
        'lookups.hops': observer.hopsMean(),
        'publishes.count': publish.count,
        'publishes.storedShare': share(of('publishes.stored'), of('publishes')),
        'publishes.p50Ms': publish.p50,
        'publishes.p99Ms': publish.p99,
        'revocations.count': revocations.count,
        'revocations.reachedShare': revocations.shareWithin(Number.POSITIVE_INFINITY, audience),
        'revocations.p50Ms': revocation.p50,
        'revocations.p99Ms': revocation.p99,
        'revocations.maxMs': revocation.max,
        'revocations.maxAfterFaultsMs': revocations.maxAfterFaultsMs,
        'revocations.withinSecondShare': revocations.shareWithin(1000, audience),
        'revocations.withinFiveSecondsShare': revocations.shareWithin(5000, audience),
        'forks.flaggedShare': forks.shareWithin(Number.POSITIVE_INFINITY, audience),
        'forks.p99Ms': forks.ms.summary().p99,
        'gossip.duplicatesPerDelivery': share(gossip.counts.duplicates, gossip.counts.delivered),
        'gossip.rejected': gossip.counts.rejected,
        'traffic.messagesPerNodeSecond': (network.messages.count - before.messages) / nodes / seconds,
        'traffic.bytesPerNodeSecond': (sum(network.sentBytes) - before.bytes) / nodes / seconds,
        'network.heldBack': network.messages.heldBack,
        'network.duplicated': network.messages.duplicated,
        'alarms.rolledBack': of('alarms.rolled-back'),
        ...costs.values(world, seconds),
      };
    },
  };
}
