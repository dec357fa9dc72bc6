/** The tables of a scaling report: the same for the terminal, the page and docs/scaling.md. */
import { formatNumber } from '../../benchmarks/lib/table.ts';
import { refenceSeconds } from '../../src/core/limits.ts';
import { formatBytes, formatCount } from '../report/measure-catalog.ts';
import { agentMix, fewerWrites, indexWrites, ratesOf } from './agent-mix.ts';
import { describeFit, type Fit, valueAt } from './fits.ts';
import { boundsOf, costsAt, loadOf } from './node-model.ts';
import { fixedNodes, mixSeries } from './plan.ts';
import type { FittedQuantity } from './quantities.ts';

export interface ScalingTable {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Where the lines are drawn out to. */
export const farNodes = 1_000_000;
export const farAgents: readonly number[] = [1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

export function tablesOf(fitted: readonly FittedQuantity[]): ScalingTable[] {
  const measured = [costTable(fitted), rateTable(fitted)];
  return [
    ...measured,
    ...(isComplete(fitted) ? [loadTable(fitted), boundTable(fitted)] : []),
    writeTable(fitted),
  ];
}

/** Whether every cost has its line. */
export function isComplete(fitted: readonly FittedQuantity[]): boolean {
  return fitted.every(({ fit, series }) => fit !== null || series === mixSeries);
}

function costTable(fitted: readonly FittedQuantity[]): ScalingTable {
  const overNodes = fitted.filter(({ symbol, points }) => symbol === 'N' && points.length > 0);
  const sizes = [...new Set(overNodes.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (left, right) => left - right,
  );
  return {
    name: 'costs',
    title: 'What one action costs, by the number of nodes',
    columns: ['', ...sizes.map((nodes) => `N = ${formatCount(nodes)}`), 'line', 'R²', 'off by', 'N = 10⁶'],
    rows: overNodes.map(({ series, label, unit, points, fit }) => [
      `${seriesNames[series] ?? series}: ${label}`,
      ...sizes.map((nodes) => {
        const found = points.filter(({ x }) => x === nodes).map(({ y }) => y);
        return found.length === 0 ? '' : write(found.reduce((sum, y) => sum + y, 0) / found.length, unit);
      }),
      ...lineCells(fit, 'N'),
      fit === null ? '' : write(valueAt(fit, farNodes), unit),
    ]),
  };
}

const seriesNames: Readonly<Record<string, string>> = {
  idle: 'idle',
  lookups: 'lookup',
  updates: 'update',
  revocations: 'revocation',
};

function lineCells(fit: Fit | null, symbol: string): string[] {
  if (fit === null) return ['', '', ''];
  const r2 = fit.r2 === null || fit.form === 'constant' ? '' : fit.r2.toFixed(3);
  return [describeFit(fit, symbol, formatNumber), r2, `${(fit.relativeErrorMax * 100).toFixed(0)}%`];
}

function rateTable(fitted: readonly FittedQuantity[]): ScalingTable {
  return {
    name: 'rates',
    title: `One thing at a time, at ${fixedNodes} nodes where nothing else is said`,
    columns: ['varied', 'measured', 'at', 'line', 'R²', 'off by'],
    rows: fitted
      .filter(({ symbol, points }) => symbol !== 'N' && symbol !== '' && points.length > 0)
      .map(({ axis, symbol, label, unit, points, fit }) => [
        `${symbol}, ${axis}`,
        label,
        points.map(({ x, y }) => `${write(y, unit)} at ${formatCount(x)}`).join(', '),
        ...lineCells(fit, symbol),
      ]),
  };
}

function loadTable(fitted: readonly FittedQuantity[]): ScalingTable {
  const costs = costsAt(fitted, farNodes);
  const loads = farAgents.map((agents) => loadOf(costs, farNodes, agents));
  const row = (name: string, cell: (load: (typeof loads)[number]) => string): string[] => [
    name,
    ...loads.map(cell),
  ];
  return {
    name: 'loads',
    title: 'One node of 10⁶, extrapolated',
    columns: ['agents', ...farAgents.map((agents) => power(agents))],
    rows: [
      row('records held for others', ({ copies }) => short(copies)),
      row('agents in the roster after a year', ({ roster }) => short(roster)),
      row('disk, both', ({ diskBytes }) => short(diskBytes, 'B')),
      row('lookups, a second', ({ lookups }) => short(lookups)),
      row('writes, a second', ({ writes }) => short(writes)),
      row('announcements heard, a second', ({ announcements }) => short(announcements)),
      row('messages, a second', ({ messages }) => short(messages)),
      row('bytes sent, a second', ({ bytes }) => short(bytes, 'B')),
      row(
        'of them for announcements',
        ({ bytes, bytesByCause }) => `${((bytesByCause.announcements / bytes) * 100).toFixed(0)}%`,
      ),
      row('cores', ({ coreMs }) => short(coreMs / 1000)),
    ],
  };
}

function boundTable(fitted: readonly FittedQuantity[]): ScalingTable {
  return {
    name: 'bounds',
    title: 'What is full first, at 10⁶ nodes',
    columns: ['what', 'bound', 'reached at', 'more nodes help'],
    rows: boundsOf(costsAt(fitted, farNodes), farNodes).map(({ name, limit, agents, growsWithNodes }) => [
      name,
      limit,
      `${short(agents)} agents`,
      growsWithNodes ? 'yes' : 'no',
    ]),
  };
}

function writeTable(fitted: readonly FittedQuantity[]): ScalingTable {
  const day = 24 * 3600;
  const kinds = [
    ...agentMix.map((kind) => ({ name: kind.name, share: `${kind.aliveShare * 100}%`, kinds: [kind] })),
    { name: 'the whole mix', share: '100%', kinds: agentMix },
    {
      name: 'the mix, helpers under grants instead of records',
      share: '99%',
      kinds: agentMix.filter(({ lifeSeconds }) => lifeSeconds > 60),
    },
  ];
  return {
    name: 'writes',
    title: 'Writes of the index, beside one write for each change of an endpoint',
    columns: [
      'agents',
      'of those alive',
      'index writes',
      'endpoint writes',
      'fewer by',
      'signed anew weekly',
    ],
    rows: kinds
      .map(({ name, share, kinds: some }) => {
        const alive = some.reduce((sum, { aliveShare }) => sum + aliveShare, 0);
        const rates = ratesOf(some);
        return [
          name,
          share,
          `${formatNumber((indexWrites(rates) / alive) * day)} a day`,
          `${formatNumber((rates.endpointWrites / alive) * day)} a day`,
          `${formatCount(Number(fewerWrites(some).toPrecision(3)))} times`,
          `${formatCount(Number(fewerWrites(some, longestRefenceSeconds).toPrecision(3)))} times`,
        ];
      })
      .concat(
        fitted
          .filter(({ series, points }) => series === mixSeries && points.length > 0)
          .map(({ label, points }) => [label, '', '', '', `${formatCount(points[0]!.y)} times`, '']),
      ),
  };
}

/** Just before the longest validity of the protocol ends (168 h), as 22 h are before 48 h. */
export const longestRefenceSeconds = 160 * 3600;
/** How long an endpoint may stay for 10,000 writes of it to one of the index, when agents neither begin nor end. */
export const claimSeconds = { usual: refenceSeconds / 10_000, longest: longestRefenceSeconds / 10_000 };

function write(value: number, unit: FittedQuantity['unit']): string {
  if (unit === 'bytes') return formatBytes(value);
  return `${formatCount(value)}${unit === 'ms' ? ' ms' : ''}`;
}

/** Two digits and a prefix: 3.4 k, 2.1 MB. */
export function short(value: number, unit = ''): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];
  const step = value < 1000 ? 0 : Math.min(prefixes.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = Number((value / 1000 ** step).toPrecision(2));
  return `${scaled.toLocaleString('en-US', { maximumFractionDigits: 6 })} ${prefixes[step]}${unit}`.trim();
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function power(value: number): string {
  return `10${[...String(Math.round(Math.log10(value)))].map((digit) => superscripts[Number(digit)]).join('')}`;
}

export function markdownTable({ columns, rows }: ScalingTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
