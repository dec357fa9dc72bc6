/** A comparison as text and as a page. */
import { renderTable } from '../../benchmarks/lib/table.ts';
import type { RunDetails } from '../lib/measures.ts';
import type { RunResult } from '../lib/run-scenario.ts';
import type { ComparedMeasure, Comparison, Verdict } from './compare.ts';
import { colour, drawFigure, type Figure } from './draw.ts';
import { html, type Markup } from './html.ts';
import { formatMeasure } from './measure-catalog.ts';
import { renderHtmlTable, renderPage } from './page.ts';
import { type Curve, cumulative } from './plots.ts';
import { named } from './run-report.ts';

const words: Readonly<Record<Verdict, string>> = {
  same: 'same',
  better: 'better',
  worse: 'WORSE',
  other: 'differs',
  gone: 'WORSE: not measured',
  new: 'new',
};

export interface Compared {
  readonly comparison: Comparison;
  readonly before: RunResult;
  readonly after: RunResult;
  /** What the two are called, and the command. */
  readonly names: readonly [string, string];
  readonly command: string;
}

export function describeComparison({ comparison, names }: Compared): string {
  return [
    renderTable({
      title: `A: ${names[0]}\nB: ${names[1]}`,
      columns: ['measure', 'A', 'B', 'change', ''],
      rows: comparison.measures.map((measure) => [
        measure.name,
        formatMeasure(measure.name, measure.before),
        formatMeasure(measure.name, measure.after),
        formatChange(measure),
        words[measure.verdict],
      ]),
    }),
    '',
    ...(comparison.differences.length === 0
      ? []
      : [
          'not run alike, so that a difference may be no regression:',
          ...indented(comparison.differences),
          '',
        ]),
    verdictOf(comparison),
    ...indented(comparison.regressions),
  ].join('\n');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function verdictOf({ regressions, tolerance }: Comparison): string {
  const within = `within ${Number((tolerance * 100).toFixed(3))}%`;
  if (regressions.length === 0) return `no regression, ${within}`;
  return `${regressions.length} ${regressions.length === 1 ? 'regression' : 'regressions'}, ${within}`;
}

function formatChange({ change }: ComparedMeasure): string {
  if (change === null || change === 0) return change === 0 ? '0%' : '';
  return `${change > 0 ? '+' : ''}${(change * 100).toFixed(1)}%`;
}

export function renderComparison(compared: Compared): string {
  const { comparison, before, after, names } = compared;
  return renderPage({
    title: `${before.parameters.title}: two runs`,
    kicker: `${names[0]} · ${names[1]}`,
    isOk: comparison.ok,
    verdict: verdictOf(comparison),
    body: [
      listOf('Worse in B', comparison.regressions),
      listOf('Not run alike, so that a difference may be no regression', comparison.differences),
      html`<h2>What happened</h2><div class="grid">${timesOf(before, after).map(drawFigure)}</div>`,
      html`<h2>Figures</h2>${measureTable(comparison)}`,
      html`<h2>Compare again</h2><div class="card"><pre>${compared.command}</pre></div>`,
    ],
    footer: `A: ${names[0]}, trace ${before.traceHash}. B: ${names[1]}, trace ${after.traceHash}.`,
  });
}

/** A card of lines, or nothing. */
export function listOf(title: string, lines: readonly string[]): Markup {
  if (lines.length === 0) return html``;
  return html`<h2>${title}</h2><div class="card"><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></div>`;
}

function measureTable({ measures }: Comparison): Markup {
  return renderHtmlTable({
    title: 'Measures',
    columns: ['measure', 'A', 'B', 'change', ''],
    numbers: [1, 2, 3],
    rows: measures.map((measure) => {
      const { name, verdict } = measure;
      const isWorse = verdict === 'worse' || verdict === 'gone';
      return [
        named(name),
        formatMeasure(name, measure.before),
        formatMeasure(name, measure.after),
        formatChange(measure),
        html`<span class="${isWorse ? 'missed' : verdict === 'better' ? 'ok' : ''}">${words[verdict].toLowerCase()}</span>`,
      ];
    }),
  });
}

/** What the figures of two runs are drawn from. */
export interface Timed {
  readonly measures: RunResult['measures'];
  readonly details: Pick<RunDetails, 'lookupsMs' | 'publishesMs' | 'revocationsMs' | 'revocationPairs'>;
}

/** How long lookups, publishes and revocations take in both; of what one of them did not measure there is none. */
export function timesOf(
  before: Timed,
  after: Timed,
  [first, second]: readonly [string, string] = ['A', 'B'],
): Figure[] {
  const reach = ({ details }: Timed): number =>
    Math.min(1, details.revocationPairs.heard / Math.max(1, details.revocationPairs.all));
  const pairs: readonly (readonly [string, string, (run: Timed) => readonly number[], typeof reach])[] = [
    ['How fast revocations spread', 'revocations', (run) => run.details.revocationsMs, reach],
    ['How long lookups take', 'lookups', (run) => run.details.lookupsMs, () => 1],
    ['How long publishes take', 'publishes', (run) => run.details.publishesMs, () => 1],
  ];
  return pairs.flatMap(([title, name, values, reached]) => {
    if (values(before).length === 0 || values(after).length === 0) return [];
    const curves: Curve[] = [
      { name: first, valuesMs: values(before), reached: reached(before), stroke: colour.first },
      { name: second, valuesMs: values(after), reached: reached(after), stroke: colour.second, dash: '7 4' },
    ];
    const figure = (run: Timed, what: string): string =>
      formatMeasure(`${name}.${what}`, run.measures[`${name}.${what}`] ?? null);
    return [
      {
        title,
        caption: `${first}, the full line: median ${figure(before, 'p50Ms')}, 99th percentile ${figure(before, 'p99Ms')}. ${second}, the dashed line: ${figure(after, 'p50Ms')} and ${figure(after, 'p99Ms')}.`,
        options: cumulative(curves, null),
      },
    ];
  });
}
