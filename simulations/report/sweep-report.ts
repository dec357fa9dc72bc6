/** A sweep as text and as a page: a plot for each measure that moves, over the parameter. */
import * as Plot from '@observablehq/plot';
import { renderTable } from '../../benchmarks/lib/table.ts';
import { colour, drawFigure, type Figure } from './draw.ts';
import { html, type Markup } from './html.ts';
import { formatCount, formatMeasure, kindOf } from './measure-catalog.ts';
import { mark, renderHtmlTable, renderPage } from './page.ts';
import { named } from './run-report.ts';
import { meanOf, type SweepResult } from './sweep.ts';

/** Those of the table in the terminal, when they were measured. */
const columnNames: Readonly<Record<string, string>> = {
  'lookups.rightShare': 'lookups right',
  'lookups.p50Ms': 'lookup p50',
  'lookups.p99Ms': 'lookup p99',
  'lookups.hops': 'hops',
  'publishes.p99Ms': 'publish p99',
  'revocations.p99Ms': 'revocation p99',
  'revocations.reachedShare': 'reached',
  'traffic.messagesPerNodeSecond': 'messages/node s',
  'traffic.bytesPerNodeSecond': 'bytes/node s',
};

export function describeSweep(result: SweepResult, command: string): string {
  const { runs, values, parameter, seeds } = result;
  const measures = Object.keys(columnNames).filter((name) =>
    values.some((value) => meanOf(runs, value, name) !== null),
  );
  const table = renderTable({
    title: `${result.parameters.title}: ${parameter} at ${values.length} values, ${result.nodes} nodes, ${seeds.length === 1 ? 'seed' : 'mean of seeds'} ${seeds.join(', ')}`,
    columns: [parameter, ...measures.map((name) => columnNames[name]!), ''],
    rows: values.map((value) => [
      String(value),
      ...measures.map((name) => formatMeasure(name, meanOf(runs, value, name))),
      missedOf(result, value).length === 0 ? 'ok' : 'NOT MET',
    ]),
  });
  const missed = values.flatMap((value) =>
    missedOf(result, value).map((what) => `  ${parameter}=${value}: ${what}`),
  );
  return [
    table,
    ...(missed.length === 0 ? [] : ['', 'not met:', ...missed, '', `repeat it: ${command}`]),
  ].join('\n');
}

/** What did not hold in any of the runs of that value. */
function missedOf({ runs }: SweepResult, value: number): string[] {
  const names = runs
    .filter((run) => run.value === value)
    .flatMap(({ thresholds, broken }) => [
      ...thresholds.filter(({ ok }) => !ok).map(({ name }) => name),
      ...broken,
    ]);
  return [...new Set(names)];
}

export function renderSweep(result: SweepResult, command: string): string {
  const { parameter, values, seeds } = result;
  const good = values.filter((value) => missedOf(result, value).length === 0).length;
  return renderPage({
    title: `${result.parameters.title}: ${parameter} from ${Math.min(...values)} to ${Math.max(...values)}`,
    kicker: `${result.scenario} · ${formatCount(result.nodes)} nodes · ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`,
    isOk: result.ok,
    verdict: result.ok
      ? `Everything held at all ${values.length} values`
      : `Everything held at ${good} of ${values.length} values`,
    body: [
      html`<h2>Over ${parameter}</h2><div class="grid">${figuresOf(result).map(drawFigure)}</div>`,
      html`<h2>Figures</h2>${figuresTable(result)}`,
      html`<h2>Run it again</h2><div class="card"><pre>${command}</pre></div>`,
    ],
    footer: `${result.runs.length} runs; the parameter is ${result.path} of the scenario.`,
  });
}

function figuresTable(result: SweepResult): Markup {
  const { runs, values, parameter } = result;
  const names = [...new Set(runs.flatMap(({ measures }) => Object.keys(measures)))].filter((name) =>
    values.some((value) => meanOf(runs, value, name) !== null),
  );
  const verdicts = values.map((value) => {
    const missed = missedOf(result, value);
    return missed.length === 0 ? mark(true) : html`${mark(false)}: ${missed.join(', ')}`;
  });
  return renderHtmlTable({
    title: result.seeds.length === 1 ? 'Measures' : 'Measures, means of the seeds',
    columns: ['measure', ...values.map((value) => `${parameter} ${value}`)],
    numbers: values.map((_, index) => index + 1),
    rows: [
      ['thresholds and invariants', ...verdicts],
      ...names.map((name) => [
        named(name),
        ...values.map((value) => formatMeasure(name, meanOf(runs, value, name))),
      ]),
    ],
  });
}

/** Measures that are not the same everywhere, and those with a threshold. */
function figuresOf(result: SweepResult): Figure[] {
  const { runs, parameters } = result;
  const names = [...new Set(runs.flatMap(({ measures }) => Object.keys(measures)))];
  return names
    .filter((name) => kindOf(name).better !== 'neither')
    .filter((name) => {
      const found = new Set(runs.flatMap(({ measures }) => measures[name] ?? []));
      return found.size > 1 || parameters.thresholds.some(({ measure }) => measure === name);
    })
    .filter((name) => runs.some(({ measures }) => (measures[name] ?? null) !== null))
    .map((name) => figureOf(result, name));
}

function figureOf({ runs, values, parameter, parameters }: SweepResult, name: string): Figure {
  const { label, better } = kindOf(name);
  const dots = runs.flatMap(({ value, measures }) => {
    const measure = measures[name];
    return measure === null || measure === undefined ? [] : [{ value, measure }];
  });
  const means = [...values]
    .sort((left, right) => left - right)
    .flatMap((value) => {
      const measure = meanOf(runs, value, name);
      return measure === null ? [] : [{ value, measure }];
    });
  const own = parameters.thresholds.find(({ measure }) => measure === name);
  const limit = own?.atMost ?? own?.atLeast;
  const limits = limit === undefined ? [] : [limit];
  const best = means.reduce((one, other) =>
    other.measure > one.measure === (better === 'higher') ? other : one,
  );
  const isShare = kindOf(name).unit === 'share';
  const threshold =
    limit === undefined
      ? ''
      : ` The dashed line: ${own?.atMost === undefined ? 'at least' : 'at most'} ${formatMeasure(name, limit)}.`;
  return {
    title: `${label[0]!.toUpperCase()}${label.slice(1)}`,
    caption: `${means.map(({ value, measure }) => `${formatMeasure(name, measure)} at ${value}`).join(', ')}. ${better === 'higher' ? 'Highest' : 'Lowest'} at ${parameter} = ${best.value}.${threshold}`,
    options: () => ({
      x: { label: parameter, type: 'point', domain: means.map(({ value }) => value), padding: 0.4 },
      y: {
        label: name,
        ticks: 5,
        nice: true,
        ...(isShare ? { tickFormat: '.1~%' } : { zero: true }),
      },
      marks: [
        Plot.gridY({ stroke: colour.line, strokeOpacity: 1 }),
        Plot.ruleY(limits, { stroke: colour.second, strokeWidth: 2, strokeDasharray: '6 4' }),
        Plot.line(means, { x: 'value', y: 'measure', stroke: colour.first, strokeWidth: 2.5 }),
        Plot.dot(dots, { x: 'value', y: 'measure', fill: colour.first, r: 4.5 }),
      ],
    }),
  };
}
