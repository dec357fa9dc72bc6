/** A result as text for the terminal. */
import { formatNumber, renderTable } from '../../benchmarks/lib/table.ts';
import type { RunResult } from '../lib/run-scenario.ts';
import { formatMeasure } from './measure-catalog.ts';

const violationsShown = 5;

export function describeRun(result: RunResult, command: string): string {
  const thresholds = renderTable({
    title: `${result.parameters.title}: ${result.nodes} nodes, seed ${result.seed}`,
    columns: ['threshold', 'limit', 'here', ''],
    rows: result.thresholds.map(({ name, value, limit, comparison, ok }) => [
      name,
      `${comparison === 'at-most' ? '<=' : '>='} ${formatMeasure(name, limit)}`,
      formatMeasure(name, value),
      ok ? 'ok' : 'NOT MET',
    ]),
  });
  const measures = renderTable({
    title: 'measured',
    columns: ['', ''],
    rows: Object.entries(result.measures).map(([name, value]) => [name, formatMeasure(name, value)]),
  });
  const invariants = result.invariants.flatMap(({ name, ok, violations }) => [
    `${ok ? '✓' : '✗'} ${name}`,
    ...violations.slice(0, violationsShown).map((violation) => `    ${violation}`),
  ]);
  const rate = formatNumber(result.virtualSeconds / result.wallSeconds);
  return [
    thresholds,
    '',
    measures,
    '',
    ...invariants,
    '',
    `${result.virtualSeconds.toFixed(0)} s of virtual time in ${result.wallSeconds.toFixed(1)} s (${rate} times), ${result.events} events, trace ${result.traceHash}`,
    `${result.cpuSeconds.toFixed(1)} s of CPU, at most ${gigabytes(result.peakBytes)} of memory${budgetOf(result)}`,
    ...(result.ok ? [] : [`repeat it: ${command}`]),
  ].join('\n');
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function budgetOf({ parameters: { budget } }: RunResult): string {
  return budget === undefined
    ? ''
    : `; on two cores it may take ${budget.wallSeconds} s and ${budget.peakGigabytes} GB`;
}
