/** From the turns of all subjects to the numbers, tables and charts of the side-by-side section. */
import type { Chart } from '../lib/chart.ts';
import { median, type Summary, summarize } from '../lib/statistics.ts';
import type { StartOutcome, TurnOutcome } from '../lib/subject-calls.ts';
import type { Json, SectionResult } from '../lib/suite.ts';
import { formatNumber, type Table } from '../lib/table.ts';
import type { ConcurrentOutcome, SeriesOutcome } from '../lib/workload.ts';
import type { ComparePlan } from './compare-plan.ts';

/** Everything that one subject did in one network size. */
export interface SubjectRun {
  readonly subject: string;
  readonly nodes: number;
  /** Null when it did not start. */
  readonly start: StartOutcome | null;
  readonly turns: readonly TurnOutcome[];
  /** Why it did not start, or stopped taking turns. */
  readonly failure: string | null;
}

/** Rates of one kind of operation at 64 in flight: medians over the rounds. */
export interface RateFigures {
  /** Operations over the time until the last one ended. */
  readonly perSecond: number;
  readonly perSecondByRound: readonly number[];
  /** The same up to the last issue, without the stragglers; null when nothing had ended by then. */
  readonly steadyPerSecond: number | null;
  /** Operations that the harness stopped waiting for. */
  readonly abandoned: number;
}

/** The numbers of one subject in one network size. */
export interface SubjectFigures {
  readonly subject: string;
  readonly nodes: number;
  readonly putMs: Summary | null;
  readonly resolveMs: Summary | null;
  readonly puts: RateFigures | null;
  readonly resolves: RateFigures | null;
  readonly memoryPerNodeBytes: number | null;
  readonly startMs: number | null;
  readonly startCpuSeconds: number | null;
  readonly operations: number;
  readonly failures: number;
  readonly errors: readonly string[];
}

/** Tables, charts, measurements and data of the section. */
export function reportCompare(runs: readonly SubjectRun[], plan: ComparePlan): SectionResult {
  const figures = runs.map(figuresOf);
  return {
    data: { plan, figures } as unknown as Json,
    measurements: Object.assign({}, ...figures.map(measurementsOf)),
    tables: [figuresTable(figures, plan), ...ratioTables(figures)],
    charts: chartsOf(figures, plan),
  };
}

/** The figures of one subject's run. */
export function figuresOf({ subject, nodes, start, turns, failure }: SubjectRun): SubjectFigures {
  const series: readonly SeriesOutcome[] = turns.flatMap((turn) =>
    [turn.put, turn.get, turn.concurrentPut, turn.concurrentGet].filter((one) => one !== null),
  );
  const failures = series.reduce((sum, one) => sum + one.failures, 0);
  return {
    subject,
    nodes,
    putMs: summarize(turns.flatMap((turn) => turn.put.latenciesMs)),
    resolveMs: summarize(turns.flatMap((turn) => turn.get.latenciesMs)),
    puts: rateFigures(turns.map((turn) => turn.concurrentPut)),
    resolves: rateFigures(turns.map((turn) => turn.concurrentGet)),
    memoryPerNodeBytes: start && (start.residentBytesAfter - start.residentBytesBefore) / nodes,
    startMs: start?.startMs ?? null,
    startCpuSeconds: start?.cpuSeconds ?? null,
    operations: series.reduce((sum, one) => sum + one.done.length, failures),
    failures,
    errors: [
      ...new Set([...(failure === null ? [] : [failure]), ...series.flatMap((one) => one.errors)]),
    ].slice(0, 5),
  };
}

function rateFigures(outcomes: readonly (ConcurrentOutcome | null)[]): RateFigures | null {
  const measured = outcomes.filter((outcome) => outcome !== null);
  if (measured.length === 0) return null;
  const perSecondByRound = measured.map((outcome) => outcome.perSecond);
  const steady = measured.flatMap((outcome) => outcome.steadyPerSecond ?? []);
  return {
    perSecond: median(perSecondByRound),
    perSecondByRound,
    steadyPerSecond: steady.length === 0 ? null : median(steady),
    abandoned: measured.reduce((sum, outcome) => sum + outcome.abandoned, 0),
  };
}

function measurementsOf(figures: SubjectFigures): Readonly<Record<string, number>> {
  const prefix = `compare/${figures.subject}/${figures.nodes}`;
  const values: Record<string, number | null> = {
    putP50Ms: figures.putMs?.p50 ?? null,
    resolveP50Ms: figures.resolveMs?.p50 ?? null,
    putsPerSecond: figures.puts?.perSecond ?? null,
    resolvesPerSecond: figures.resolves?.perSecond ?? null,
  };
  const present = Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null);
  return Object.fromEntries(present.map(([name, value]) => [`${prefix}/${name}`, value]));
}

function figuresTable(figures: readonly SubjectFigures[], plan: ComparePlan): Table {
  const mebibytes = (bytes: number | null): string => formatNumber(bytes === null ? null : bytes / 2 ** 20);
  const failed = figures.filter((one) => one.errors.length > 0);
  return {
    title: `Side by side: one process for each network, sequential latency in ms, rates at ${plan.inFlight} in flight`,
    columns: [
      'nodes  subject',
      'put p50',
      'p90',
      'resolve p50',
      'p90',
      'puts/s',
      'steady',
      'resolves/s',
      'steady',
      'MiB/node',
      'start ms',
      'failed',
    ],
    rows: figures.map((one) => [
      `${String(one.nodes).padStart(5)}  ${one.subject}`,
      formatNumber(one.putMs?.p50),
      formatNumber(one.putMs?.p90),
      formatNumber(one.resolveMs?.p50),
      formatNumber(one.resolveMs?.p90),
      formatNumber(one.puts?.perSecond),
      formatNumber(one.puts?.steadyPerSecond),
      formatNumber(one.resolves?.perSecond),
      formatNumber(one.resolves?.steadyPerSecond),
      mebibytes(one.memoryPerNodeBytes),
      formatNumber(one.startMs),
      `${one.failures} of ${one.operations}`,
    ]),
    notes: [
      'A rate is all operations over the time until the last one ended; steady leaves out the stragglers.',
      ...failed.map((one) => `${one.subject} at ${one.nodes} nodes failed with: ${one.errors.join('; ')}`),
    ],
  };
}

function ratioTables(figures: readonly SubjectFigures[]): readonly Table[] {
  const own = figures.filter((one) => one.subject === 'weft');
  if (own.length === 0) return [];
  const quotient = (left: number | null | undefined, right: number | null | undefined): string =>
    typeof left === 'number' && typeof right === 'number' ? formatNumber(left / right) : '-';
  const rows = own.flatMap((weft) =>
    figures
      .filter((other) => other.nodes === weft.nodes && other.subject !== 'weft')
      .map((other) => [
        `${String(weft.nodes).padStart(5)}  ${other.subject}`,
        quotient(weft.putMs?.p50, other.putMs?.p50),
        quotient(weft.resolveMs?.p50, other.resolveMs?.p50),
        quotient(weft.puts?.perSecond, other.puts?.perSecond),
        quotient(weft.resolves?.perSecond, other.resolves?.perSecond),
        quotient(weft.memoryPerNodeBytes, other.memoryPerNodeBytes),
      ]),
  );
  const columns = ['nodes  against', 'put time', 'resolve time', 'puts/s', 'resolves/s', 'memory'];
  return [
    {
      title: 'weft divided by each (below 1 is better for time and memory, above 1 for rates)',
      columns,
      rows,
    },
  ];
}

function chartsOf(figures: readonly SubjectFigures[], plan: ComparePlan): readonly Chart[] {
  const groups = plan.nodeCounts.map((nodes) => `${nodes} nodes`);
  const subjects = [...new Set(figures.map((one) => one.subject))];
  const chart = (
    title: string,
    unit: string,
    value: (one: SubjectFigures) => number | null | undefined,
    tail: (one: SubjectFigures) => number | null | undefined = () => null,
  ): Chart => ({
    title,
    unit,
    groups,
    series: subjects.map((subject) => {
      const inOrder = plan.nodeCounts.map((nodes) =>
        figures.find((one) => one.subject === subject && one.nodes === nodes),
      );
      const valuesOf = (pick: typeof value) =>
        inOrder.map((one) => (one === undefined ? null : (pick(one) ?? null)));
      return { name: subject, values: valuesOf(value), tails: valuesOf(tail) };
    }),
  });
  return [
    chart(
      'Put, sequential: p50, line to p90',
      'ms',
      (one) => one.putMs?.p50,
      (one) => one.putMs?.p90,
    ),
    chart(
      'Cold resolve, sequential: p50, line to p90',
      'ms',
      (one) => one.resolveMs?.p50,
      (one) => one.resolveMs?.p90,
    ),
    chart(`Puts, ${plan.inFlight} in flight`, 'per second', (one) => one.puts?.perSecond),
    chart(`Cold resolves, ${plan.inFlight} in flight`, 'per second', (one) => one.resolves?.perSecond),
    chart('Memory per node', 'MiB', (one) => (one.memoryPerNodeBytes ?? 0) / 2 ** 20),
    chart('Start of the network', 'ms', (one) => one.startMs),
  ];
}
