/** A scaling report as text and as a page. */
import { renderTable } from '../../benchmarks/lib/table.ts';
import { drawFigure } from '../report/draw.ts';
import { html } from '../report/html.ts';
import { renderHtmlTable, renderPage } from '../report/page.ts';
import type { FittedQuantity } from './quantities.ts';
import type { ScalingRun } from './scaling-data.ts';
import { scalingFigures } from './scaling-plots.ts';
import { tablesOf } from './scaling-tables.ts';

export function describeScaling(fitted: readonly FittedQuantity[]): string {
  return tablesOf(fitted)
    .map(({ title, columns, rows }) => renderTable({ title, columns, rows }))
    .join('\n\n');
}

export function renderScaling(
  fitted: readonly FittedQuantity[],
  runs: readonly ScalingRun[],
  command: string,
): string {
  const broken = runs.filter((run) => run.broken.length > 0);
  return renderPage({
    title: 'What a node costs, by the size of the network',
    kicker: `${runs.length} runs · up to ${Math.max(...runs.map(({ nodes }) => nodes)).toLocaleString('en-US')} nodes`,
    isOk: broken.length === 0,
    verdict:
      broken.length === 0
        ? 'Every invariant held in every run'
        : `Something was broken in ${broken.length} runs`,
    body: [
      html`<h2>Over the size</h2><div class="grid">${scalingFigures(fitted).map(drawFigure)}</div>`,
      html`<h2>Figures</h2>${tablesOf(fitted).map(({ title, columns, rows }) =>
        renderHtmlTable({ title, columns, rows, numbers: columns.map((_, column) => column).slice(1) }),
      )}`,
      html`<h2>Run it again</h2><div class="card"><pre>${command}</pre></div>`,
    ],
    footer: 'Dots were run, lines were fitted to them, and what lies beyond the last dot is extrapolated.',
  });
}
