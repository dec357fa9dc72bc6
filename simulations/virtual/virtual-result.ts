/** What a virtual run comes to: thresholds, the invariants, and whether what it is about has really happened. */
import { type Chaos, faultKinds } from './chaos.ts';
import type { VirtualSettings, VirtualWorld } from './run-virtual.ts';

export interface VirtualThreshold {
  readonly name: string;
  readonly value: number | null;
  readonly limit: number;
  readonly comparison: 'at-most' | 'at-least';
  readonly ok: boolean;
}

export interface VirtualResult {
  readonly ok: boolean;
  readonly scenario: 'virtual';
  readonly seed: number;
  readonly nodes: number;
  readonly minutes: number;
  readonly traceHash: string;
  readonly virtualSeconds: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Events in the trace, and timers that fired. */
  readonly events: number;
  readonly timers: number;
  readonly thresholds: readonly VirtualThreshold[];
  /** The thresholds under the names that every measuring command gives its targets. */
  readonly targets: readonly {
    readonly name: string;
    readonly value: number | null;
    readonly target: number;
    readonly ok: boolean;
  }[];
  readonly invariants: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly violations: readonly string[];
  }[];
  readonly measures: Readonly<Record<string, number | null>>;
  /** The last events, oldest first; empty when all is well. */
  readonly story: readonly string[];
  /** What repeats it. */
  readonly command: string;
}

export interface VirtualOutcome {
  readonly world: VirtualWorld;
  readonly chaos: Chaos;
  readonly counters: ReadonlyMap<string, number>;
  readonly convergedSeconds: number | null;
  readonly resolvable: number;
  readonly fired: number;
  readonly virtualSeconds: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

/** After the last fault, for all nodes to be of one view. */
const convergedSecondsMax = 30;

/** What a run must have met with, or it has shown nothing; by the name of the measure. */
const mustHappen = [
  'faults.cutConnections',
  'faults.heldConnections',
  'faults.restarts',
  'faults.unansweredDials',
  'requests.failed',
  'puts.refused',
  'puts.askedAgain',
  'forks.seen',
  'rotations.heard',
  'revocations.heard',
  'repairs.antiEntropy',
  'repairs.gossip',
] as const;

/** What a few runs together must have met with: one alone may miss it by chance. */
export const mustHappenInSome = [
  'faults.refusedDials',
  'faults.doubledConnections',
  'faults.lostWrites',
  'faults.refusedWrites',
  'puts.retried',
  'repairs.reads',
] as const;

export function judge(settings: VirtualSettings, outcome: VirtualOutcome): VirtualResult {
  const { world, convergedSeconds, resolvable } = outcome;
  const measures = measure(outcome);
  const thresholds: VirtualThreshold[] = [
    atMost('converged.seconds', convergedSeconds, convergedSecondsMax),
    atLeast('resolvable.share', resolvable, 1),
    atMost('failures', world.failures.length, 0),
    atMost('defects', measures['defects']!, 0),
    ...faultKinds.map((kind) => atLeast(`faults.${kind}`, measures[`faults.${kind}`]!, 1)),
    ...mustHappen.map((name) => atLeast(name, measures[name]!, 1)),
  ];
  const invariants = [
    ...world.invariants.map(({ name, violations }) => ({ name, ok: violations.length === 0, violations })),
    {
      name: 'no error stays uncaught or is logged',
      ok: world.failures.length === 0,
      violations: world.failures,
    },
  ];
  const ok = [...thresholds, ...invariants].every((one) => one.ok);
  return {
    ok,
    scenario: 'virtual',
    ...settings,
    traceHash: world.trace.hash(),
    virtualSeconds: outcome.virtualSeconds,
    wallSeconds: outcome.wallSeconds,
    cpuSeconds: outcome.cpuSeconds,
    events: world.trace.count,
    timers: outcome.fired,
    thresholds,
    targets: thresholds.map(({ name, value, limit, ok: isMet }) => ({
      name,
      value,
      target: limit,
      ok: isMet,
    })),
    invariants,
    measures,
    story: ok ? [] : world.trace.story(),
    command: virtualCommand(settings),
  };
}

export function virtualCommand({ seed, nodes, minutes }: VirtualSettings): string {
  return `npm run sim -- virtual --seed ${seed} --nodes ${nodes} --minutes ${minutes}`;
}

function atMost(name: string, value: number | null, limit: number): VirtualThreshold {
  return { name, value, limit, comparison: 'at-most', ok: value !== null && value <= limit };
}

function atLeast(name: string, value: number | null, limit: number): VirtualThreshold {
  return { name, value, limit, comparison: 'at-least', ok: value !== null && value >= limit };
}

function measure({ world, chaos, counters, ...outcome }: VirtualOutcome): Record<string, number | null> {
  const { network, load, heard, nodes } = world;
  const counted = (start: string): number =>
    sum([...counters].filter(([name]) => name.startsWith(start)).map(([, value]) => value));
  const heardOf = (matches: (change: string, source: string) => boolean): number =>
    sum(
      [...heard]
        .filter(([key]) => matches(...(key.split(':') as [string, string])))
        .map(([, value]) => value),
    );
  const requests = counted('weft_peer_request_duration_seconds_count');
  const answered = counted('weft_peer_request_duration_seconds_count{outcome="answered"');
  return {
    'converged.seconds': outcome.convergedSeconds,
    'resolvable.share': outcome.resolvable,
    defects: counted('weft_defects_total'),
    ...Object.fromEntries(faultKinds.map((kind) => [`faults.${kind}`, chaos.begun.get(kind) ?? 0])),
    'faults.cutConnections': network.counts.cutConnections,
    'faults.heldConnections': network.counts.heldConnections,
    'faults.restarts': chaos.counts.restarts,
    'faults.doubledConnections': chaos.counts.doubled,
    'faults.unansweredDials': network.counts.dialsUnanswered,
    'faults.refusedDials': network.counts.dialsRefused,
    'faults.lostWrites': sum(nodes.map(({ disk }) => disk.counts.lostWrites)),
    'faults.refusedWrites': sum(nodes.map(({ disk }) => disk.counts.refusedWrites)),
    'requests.count': requests,
    'requests.failed': requests - answered,
    'puts.refused': load.counts.refused,
    'puts.retried': load.counts.retries,
    'puts.askedAgain': load.counts.askedAgain,
    'puts.aborted': load.counts.aborted,
    'forks.seen': heardOf((change) => change === 'forked'),
    'rotations.heard': heardOf((change) => change === 'rotated'),
    'revocations.heard': heardOf((change) => change === 'tombstoned'),
    'repairs.antiEntropy': heardOf((_change, source) => source === 'sync'),
    'repairs.gossip': heardOf((_change, source) => source === 'gossip'),
    'repairs.reads': counted('weft_repairs_total'),
    'agents.registered': load.counts.registered,
    'agents.updated': load.counts.updates,
    'agents.rotated': load.counts.rotations,
    'agents.ended': load.counts.revocations,
    'agents.forked': load.counts.forks,
    'lookups.count': load.counts.lookups,
    'lookups.rightShare': load.counts.lookups === 0 ? null : load.counts.lookupsRight / load.counts.lookups,
    'network.arrivals': network.counts.arrivals,
    'network.bytes': network.counts.bytes,
    'network.dials': network.counts.dials,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
