/** Model and live nodes side by side: the same scenario, number of nodes and seed, the same measures. */
import type { RunResult } from '../lib/run-scenario.ts';
import { share } from '../lib/share.ts';
import type { Timed } from '../report/compare-report.ts';
import { trafficMeasures } from './live-measures.ts';
import type { LiveMode } from './live-network.ts';
import type { LivePlan } from './live-scenario.ts';
import type { LiveOutcome } from './run-live.ts';

export const besideFormat = 'weft-live/1';

export interface BesideRow {
  readonly measure: string;
  readonly model: number | null;
  readonly live: number | null;
  /** Live over model; null where there is nothing to divide by. */
  readonly ratio: number | null;
  /** They differ by at most a quarter of the model's; null where one of them was not measured. */
  readonly within: boolean | null;
}

export interface BesideResult {
  readonly format: typeof besideFormat;
  /** What the scenario asks for held on the live nodes. */
  readonly ok: boolean;
  readonly scenario: string;
  readonly seed: number;
  readonly nodes: number;
  readonly mode: LiveMode;
  /** Of all processors while the load went on, 0 to 1; null in virtual time, which does not depend on them. */
  readonly cpuShare: number | null;
  readonly rows: readonly BesideRow[];
  /** The scenario's thresholds, on the live nodes; `ok` is null for what was not measured. */
  readonly targets: readonly {
    readonly name: string;
    readonly value: number | null;
    readonly target: number;
    readonly ok: boolean | null;
  }[];
  /** What of the scenario or of the measures does not count here: sentences. */
  readonly leftOut: readonly string[];
  readonly live: LiveOutcome;
  /** Null where it was not run. */
  readonly model: (Timed & Pick<RunResult, 'traceHash'>) | null;
  readonly parameters: RunResult['parameters'];
  readonly command: string;
}

/** Of the model's value, by which live may differ. */
export const tolerance = 0.25;
/** Where the machine was busier, times say more about it than about the network. */
const calmCpuShare = 0.5;

export function setBeside(parts: {
  readonly plan: LivePlan;
  readonly scenario: string;
  readonly seed: number;
  readonly mode: LiveMode;
  readonly live: LiveOutcome;
  readonly model: RunResult | null;
  readonly command: string;
}): BesideResult {
  const { plan, scenario, seed, mode, live, model, command } = parts;
  const whyNoTimes = whyTimesAreLeftOut(mode, live.cpuShare);
  const modelled = model === null ? {} : modelMeasures(model);
  const isMeasured = (name: string): boolean => whyNoTimes === null || !isTime(name);
  const names = [...new Set([...Object.keys(live.measures), ...requestNames(modelled)])].filter(
    (name) => isMeasured(name) && !isRare(name, modelled, live.measures),
  );
  const targets = plan.scenario.thresholds.map(({ measure, atMost, atLeast }) => {
    const value = isMeasured(measure) ? (live.measures[measure] ?? null) : null;
    const target = atMost ?? atLeast ?? Number.NaN;
    const holds = value === null ? null : atMost === undefined ? value >= target : value <= target;
    return { name: measure, value, target, ok: holds };
  });
  return {
    format: besideFormat,
    ok: targets.every(({ ok }) => ok !== false),
    scenario,
    seed,
    nodes: live.nodes,
    mode,
    cpuShare: live.cpuShare,
    rows: names.map((name) =>
      rowOf(name, model === null ? null : shownValue(modelled, name), shownValue(live.measures, name)),
    ),
    targets,
    leftOut: [...plan.leftOut, ...(whyNoTimes === null ? [] : [whyNoTimes])],
    live,
    model: model && { traceHash: model.traceHash, measures: modelled, details: timesOnly(model.details) },
    parameters: plan.scenario,
    command,
  };
}

function timesOnly({
  lookupsMs,
  publishesMs,
  revocationsMs,
  revocationPairs,
}: Timed['details']): Timed['details'] {
  return { lookupsMs, publishesMs, revocationsMs, revocationPairs };
}

function isTime(name: string): boolean {
  return name.endsWith('Ms');
}

function whyTimesAreLeftOut(mode: LiveMode, cpuShare: number | null): string | null {
  if (mode === 'process')
    return 'times: on loopback they are those of the processor, which the model has not';
  if (cpuShare === null || cpuShare <= calmCpuShare) return null;
  return `times: ${Math.round(cpuShare * 100)}% of the processors were busy during the load, and beyond ${calmCpuShare * 100}% times are those of the machine`;
}

type Values = Readonly<Record<string, number | null>>;

const requestNames = (values: Values): string[] =>
  Object.keys(values).filter((name) => name.startsWith('requests.'));

/** A kind of request that is not one message in fifty on either side: what chance does to it would be no news. */
function isRare(name: string, ...sides: readonly Values[]): boolean {
  if (!name.startsWith('requests.')) return false;
  return sides.every(
    (values) =>
      50 * (values[name] ?? 0) <= (values['traffic.messagesPerNodeSecond'] ?? Number.POSITIVE_INFINITY),
  );
}

/** The model's measures, with the traffic as live nodes count it. */
function modelMeasures({ measures, details, nodes }: RunResult): Values {
  const { counts } = details;
  const sumOf = (metric: string): number =>
    Object.entries(counts).reduce(
      (sum, [name, value]) => (name.startsWith(`${metric}:`) ? sum + value : sum),
      0,
    );
  const requests = Object.entries(counts).flatMap(([name, value]) =>
    name.startsWith('requests:') ? [[name.slice('requests:'.length), value] as const] : [],
  );
  const received = sumOf('gossip_received');
  const duplicates =
    (measures['gossip.duplicatesPerDelivery'] ?? 0) * (counts['gossip_received:accept'] ?? 0);
  const seconds = details.countedSeconds;
  return {
    ...measures,
    // Of what arrives first by gossip, accepted or known from a put already: which of the two is a matter of milliseconds.
    'gossip.duplicatesPerDelivery': share(duplicates, received),
    ...trafficMeasures(new Map(requests), received + duplicates, (count) => count / nodes / seconds),
  };
}

/** A kind of request that nobody sent is no gap in what was measured. */
function shownValue(values: Values, name: string): number | null {
  return values[name] ?? (name.startsWith('requests.') ? 0 : null);
}

function rowOf(measure: string, model: number | null, live: number | null): BesideRow {
  if (model === null || live === null) return { measure, model, live, ratio: null, within: null };
  const within = Math.abs(live - model) <= tolerance * Math.abs(model);
  return { measure, model, live, ratio: model === 0 ? null : live / model, within };
}
