/** The page of one run: verdict, thresholds, plots, parameters, and the command that repeats it. */
import type { RunResult } from '../lib/run-scenario.ts';
import { drawFigure } from './draw.ts';
import { html, type Markup } from './html.ts';
import { formatCount, formatMeasure, kindOf } from './measure-catalog.ts';
import { mark, renderHtmlTable, renderPage, renderTiles, type Tile } from './page.ts';
import { figuresOf } from './plots.ts';
import { gigabytes } from './run-text.ts';

/** @param command repeats the run. */
export function renderRunReport(result: RunResult, command: string): string {
  const { parameters, nodes, seed } = result;
  const missed = result.thresholds.filter(({ ok }) => !ok).length;
  const broken = result.invariants.filter(({ ok }) => !ok).length;
  const verdict = result.ok
    ? `Everything held: ${result.thresholds.length} thresholds, ${result.invariants.length} invariants`
    : `Missed: ${missed} of ${result.thresholds.length} thresholds, ${broken} of ${result.invariants.length} invariants`;
  return renderPage({
    title: parameters.title,
    kicker: `${result.scenario} · ${formatCount(nodes)} nodes · seed ${seed}`,
    isOk: result.ok,
    verdict,
    body: [
      renderTiles(tilesOf(result)),
      html`<h2>What it had to meet</h2><div class="grid">${thresholdTable(result)}${invariantList(result)}</div>`,
      html`<h2>What happened</h2><div class="grid">${figuresOf(result).map(drawFigure)}</div>`,
      html`<h2>Figures and parameters</h2><div class="grid">${measureTable(result)}${parameterTable(result)}</div>`,
      html`<h2>Run it again</h2><div class="card"><p>The same seed gives the same run, on any machine.</p><pre>${command}</pre></div>`,
    ],
    footer: `${formatCount(result.events)} events, ${result.virtualSeconds.toFixed(0)} s of virtual time in ${result.wallSeconds.toFixed(1)} s, ${result.cpuSeconds.toFixed(1)} s of CPU and ${gigabytes(result.peakBytes)} of memory; trace ${result.traceHash}; made by weft.`,
  });
}

function tilesOf({ measures, virtualSeconds, wallSeconds }: RunResult): Tile[] {
  const names = [
    'lookups.rightShare',
    'lookups.p50Ms',
    'lookups.hops',
    'revocations.p99Ms',
    'traffic.messagesPerNodeSecond',
    'traffic.bytesPerNodeSecond',
  ];
  const tiles = names
    .filter((name) => (measures[name] ?? null) !== null)
    .map((name) => ({ value: formatMeasure(name, measures[name]!), label: kindOf(name).label }));
  return [
    ...tiles,
    { value: `${formatCount(virtualSeconds / wallSeconds)} ×`, label: 'as fast as real time' },
  ];
}

function thresholdTable({ thresholds }: RunResult): Markup {
  return renderHtmlTable({
    title: 'Thresholds',
    columns: ['threshold', 'limit', 'here', ''],
    numbers: [1, 2],
    rows: thresholds.map(({ name, value, limit, comparison, ok }) => [
      named(name),
      `${comparison === 'at-most' ? '≤' : '≥'} ${formatMeasure(name, limit)}`,
      formatMeasure(name, value),
      mark(ok),
    ]),
  });
}

const violationsShown = 20;

function invariantList({ invariants }: RunResult): Markup {
  return renderHtmlTable({
    title: 'Invariants, checked throughout',
    columns: ['what must always hold', ''],
    rows: invariants.map(({ name, ok, violations }) => [
      violations.length === 0
        ? name
        : html`${name}<ul>${violations.slice(0, violationsShown).map((violation) => html`<li>${violation}</li>`)}</ul>`,
      mark(ok, ['held', 'broken']),
    ]),
  });
}

function measureTable({ measures }: RunResult): Markup {
  return renderHtmlTable({
    title: 'Measured',
    columns: ['measure', 'value'],
    numbers: [1],
    rows: Object.entries(measures).map(([name, value]) => [named(name), formatMeasure(name, value)]),
  });
}

/** What it is, and its name in scenarios. */
export function named(name: string): Markup | string {
  const { label } = kindOf(name);
  return label === name ? html`<code>${name}</code>` : html`${label} <code class="soft">${name}</code>`;
}

function parameterTable(result: RunResult): Markup {
  const { title: _title, thresholds: _thresholds, faults, ...rest } = result.parameters;
  return renderHtmlTable({
    title: 'Parameters',
    columns: ['parameter', 'value'],
    rows: [
      ['seed', String(result.seed)],
      ...flatten('', rest),
      ...faults.map((fault, index) => [`fault ${index + 1}: ${fault.type}`, describeFault(fault)]),
    ],
  });
}

function describeFault({ type: _type, ...rest }: RunResult['parameters']['faults'][number]): string {
  return Object.entries(rest)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** Every value under its path. */
function flatten(prefix: string, values: object): [string, string][] {
  return Object.entries(values).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' && value !== null
      ? flatten(`${prefix}${name}.`, value)
      : [[`${prefix}${name}`, String(value)]],
  );
}
