/** Model and live side by side, as text and as a page. */
import { renderTable } from '../../benchmarks/lib/table.ts';
import { listOf, timesOf } from '../report/compare-report.ts';
import { drawFigure } from '../report/draw.ts';
import { html, type Markup } from '../report/html.ts';
import { formatMeasure } from '../report/measure-catalog.ts';
import { mark, renderHtmlTable, renderPage, renderTiles } from '../report/page.ts';
import { named } from '../report/run-report.ts';
import { type BesideResult, type BesideRow, tolerance } from './beside.ts';

const placeOf = {
  process: 'in one process',
  namespaces: 'as daemons in network namespaces',
  virtual: 'in virtual time',
} as const;
const percent = `${tolerance * 100}%`;

export function describeBeside(result: BesideResult): string {
  const { parameters, nodes, seed, mode, targets, leftOut } = result;
  const rows = renderTable({
    title: `${parameters.title}: ${nodes} real nodes ${placeOf[mode]}, seed ${seed}`,
    columns: ['measure', 'model', 'live', 'live/model', ''],
    rows: result.rows.map((row) => [
      row.measure,
      formatMeasure(row.measure, row.model),
      formatMeasure(row.measure, row.live),
      formatRatio(row),
      row.within === false ? `DIFFERS > ${percent}` : '',
    ]),
  });
  const asked = renderTable({
    title: 'asked of the live nodes',
    columns: ['threshold', 'limit', 'here', ''],
    rows: targets.map(({ name, value, target, ok }) => [
      name,
      formatMeasure(name, target),
      formatMeasure(name, value),
      ok === null ? 'left out' : ok ? 'ok' : 'NOT MET',
    ]),
  });
  return [
    rows,
    '',
    asked,
    '',
    runOf(result),
    ...failuresOf(result),
    ...leftOut.map((what) => `left out: ${what}`),
    ...(result.ok ? [] : [`repeat it: ${result.command}`]),
  ].join('\n');
}

function runOf({ live, cpuShare }: BesideResult): string {
  const { store, joinSeconds, nodeCpuSeconds, traceHash } = live;
  return [
    ...[store, `${joinSeconds.toFixed(0)} s to find one another`],
    ...(nodeCpuSeconds === null ? [] : [`${nodeCpuSeconds.toFixed(1)} s of CPU by the nodes`]),
    ...(cpuShare === null ? [] : [`${busy(cpuShare)} of the processors busy during the load`]),
    ...(traceHash === null ? [] : [`trace ${traceHash}`]),
  ].join('; ');
}

const busy = (cpuShare: number): string => `${Math.round(cpuShare * 100)}%`;

function failuresOf({ live }: BesideResult): string[] {
  return Object.entries(live.failures).map(([what, count]) => `${what}: ${count} times`);
}

function formatRatio({ ratio }: BesideRow): string {
  return ratio === null ? '' : ratio.toFixed(2);
}

export function renderBeside(result: BesideResult): string {
  const { parameters, scenario, nodes, seed, mode, rows, leftOut, model, live } = result;
  const apart = rows.filter(({ within }) => within === false).length;
  const compared = rows.filter(({ within }) => within !== null).length;
  const hasTimes = rows.some(({ measure }) => measure === 'lookups.p50Ms');
  return renderPage({
    title: `${parameters.title}: model and live`,
    kicker: `${scenario} · ${nodes} real nodes ${placeOf[mode]} · seed ${seed}`,
    isOk: result.ok,
    verdict: result.ok
      ? 'What the scenario asks for held on real nodes'
      : 'A threshold was missed on real nodes',
    body: [
      renderTiles([
        { value: `${compared - apart} of ${compared}`, label: `measures within ${percent} of the model` },
        ...(result.cpuShare === null
          ? []
          : [{ value: busy(result.cpuShare), label: 'of the processors busy during the load' }]),
        ...(live.nodeCpuSeconds === null
          ? []
          : [{ value: `${live.nodeCpuSeconds.toFixed(1)} s`, label: 'of CPU by the nodes' }]),
      ]),
      html`<h2>Side by side</h2><div class="grid">${rowTable(rows)}${targetTable(result)}</div>`,
      ...(model === null || !hasTimes
        ? []
        : [
            html`<h2>Times</h2><div class="grid">${timesOf(model, live, ['model', 'live']).map(drawFigure)}</div>`,
          ]),
      listOf('Not right', failuresOf(result)),
      listOf('Left out', leftOut),
      html`<h2>Run it again</h2><div class="card"><pre>${result.command}</pre></div>`,
    ],
    footer: `${runOf(result)}${model === null ? '' : `; trace of the model ${model.traceHash}`}; made by weft.`,
  });
}

function rowTable(rows: readonly BesideRow[]): Markup {
  return renderHtmlTable({
    title: 'Measures',
    columns: ['measure', 'model', 'live', 'live/model', ''],
    numbers: [1, 2, 3],
    rows: rows.map((row) => [
      named(row.measure),
      formatMeasure(row.measure, row.model),
      formatMeasure(row.measure, row.live),
      formatRatio(row),
      row.within === null ? '' : mark(row.within, ['alike', `differs by more than ${percent}`]),
    ]),
  });
}

function targetTable({ targets }: BesideResult): Markup {
  return renderHtmlTable({
    title: 'Asked of the live nodes',
    columns: ['threshold', 'limit', 'here', ''],
    numbers: [1, 2],
    rows: targets.map(({ name, value, target, ok }) => [
      named(name),
      formatMeasure(name, target),
      formatMeasure(name, value),
      ok === null ? 'left out' : mark(ok),
    ]),
  });
}
