/** Grouped bar charts on a logarithmic scale, as one SVG that reads well on light and on dark. */

/** One panel of the plot. A bar is missing where its value is null or not positive. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly groups: readonly string[];
  readonly series: readonly ChartSeries[];
}

/** One colour of a panel: a value for each group, and where the thin line above the bar ends. */
export interface ChartSeries {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly tails: readonly (number | null)[];
}

const panel = { width: 460, height: 264, left: 52, right: 14, top: 34, bottom: 30 };
const columnsOfPanels = 2;
const header = 64;
const footer = 14;
const smallPrintLine = 16;
/** Okabe and Ito's palette: told apart by colour-blind readers, on white and on black. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'];
const style = `
  text { font-family: ui-sans-serif, system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif; fill: #1c2430; }
  .back { fill: #ffffff; } .grid { stroke: #d5dae1; } .tail { stroke: #1c2430; } .soft { fill: #5b6573; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8ecf1; } .back { fill: #12161c; } .grid { stroke: #323a45; } .tail { stroke: #e8ecf1; }
    .soft { fill: #9aa5b3; }
  }`;

/** The plot: a title, a legend, the panels in two columns, and lines of small print. */
export function renderCharts(title: string, charts: readonly Chart[], smallPrint: readonly string[]): string {
  const rows = Math.ceil(charts.length / columnsOfPanels);
  const width = panel.width * Math.min(columnsOfPanels, Math.max(1, charts.length));
  const height = header + rows * panel.height + footer + smallPrint.length * smallPrintLine;
  const names = [...new Set(charts.flatMap((chart) => chart.series.map((series) => series.name)))];
  const panels = charts.map((chart, index) => {
    const x = (index % columnsOfPanels) * panel.width;
    const y = header + Math.floor(index / columnsOfPanels) * panel.height;
    return `<g transform="translate(${x} ${y})">${renderPanel(chart, names)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeText(title)}</title><style>${style}</style>
<rect class="back" width="${width}" height="${height}"/>
<text x="16" y="26" font-size="17" font-weight="600">${escapeText(title)}</text>
${renderLegend(names)}
${panels.join('\n')}
${renderSmallPrint(smallPrint, height)}
</svg>
`;
}

function renderSmallPrint(lines: readonly string[], height: number): string {
  return lines
    .map((line, index) => {
      const y = height - footer - (lines.length - 1 - index) * smallPrintLine + 2;
      return `<text class="soft" x="16" y="${y}" font-size="11">${escapeText(line)}</text>`;
    })
    .join('');
}

function renderLegend(names: readonly string[]): string {
  let x = 16;
  return names
    .map((name, index) => {
      const item = `<rect x="${x}" y="40" width="12" height="12" rx="2" fill="${colours[index % colours.length]}"/><text x="${x + 18}" y="50.5" font-size="12">${escapeText(name)}</text>`;
      x += 34 + name.length * 7;
      return item;
    })
    .join('');
}

function renderPanel(chart: Chart, names: readonly string[]): string {
  const present = chart.series.flatMap((series) => [...series.values, ...series.tails]).filter(isDrawn);
  const title = `<text x="16" y="18" font-size="13" font-weight="600">${escapeText(chart.title)} <tspan class="soft" font-weight="400">(${escapeText(chart.unit)}, log scale)</tspan></text>`;
  if (present.length === 0)
    return `${title}<text class="soft" x="${panel.left}" y="60" font-size="12">not measured</text>`;
  const scale = createScale(Math.min(...present), Math.max(...present));
  const right = panel.width - panel.right;
  const grid = scale.ticks.map((tick) => {
    const y = scale.y(tick).toFixed(1);
    return `<line class="grid" x1="${panel.left}" x2="${right}" y1="${y}" y2="${y}"/><text class="soft" x="${panel.left - 6}" y="${Number(y) + 3.5}" font-size="10" text-anchor="end">${tick}</text>`;
  });
  const groupWidth = (right - panel.left) / chart.groups.length;
  const groups = chart.groups.map((group, index) => {
    const x = panel.left + index * groupWidth;
    const label = `<text x="${(x + groupWidth / 2).toFixed(1)}" y="${panel.height - 12}" font-size="11" text-anchor="middle">${escapeText(group)}</text>`;
    return label + renderBars(chart, index, { x, width: groupWidth }, scale, names);
  });
  return [title, ...grid, ...groups].join('');
}

function renderBars(
  chart: Chart,
  group: number,
  area: { readonly x: number; readonly width: number },
  scale: Scale,
  names: readonly string[],
): string {
  const pitch = Math.min(34, (area.width - 12) / chart.series.length);
  const first = area.x + (area.width - pitch * chart.series.length) / 2;
  return chart.series
    .map((series, index) => {
      const value = series.values[group];
      if (!isDrawn(value)) return '';
      const x = first + index * pitch;
      const middle = (x + pitch / 2).toFixed(1);
      const top = scale.y(value);
      const colour = colours[names.indexOf(series.name) % colours.length];
      const bar = `<rect x="${(x + 2).toFixed(1)}" y="${top.toFixed(1)}" width="${(pitch - 4).toFixed(1)}" height="${(scale.bottom - top).toFixed(1)}" fill="${colour}"><title>${escapeText(`${series.name}: ${value} ${chart.unit}`)}</title></rect>`;
      const tail = series.tails[group];
      const end = isDrawn(tail) ? scale.y(tail) : top;
      const line = isDrawn(tail)
        ? `<line class="tail" x1="${middle}" x2="${middle}" y1="${end.toFixed(1)}" y2="${top.toFixed(1)}"/>`
        : '';
      const label = `<text x="${middle}" y="${(end - 3).toFixed(1)}" font-size="9.5" text-anchor="middle">${shortNumber(value)}</text>`;
      return bar + line + label;
    })
    .join('');
}

interface Scale {
  readonly ticks: readonly number[];
  readonly bottom: number;
  y(value: number): number;
}

/** A scale from the power of ten below the least value to a little above the greatest. */
function createScale(least: number, greatest: number): Scale {
  const low = Math.floor(Math.log10(least / 2));
  const high = Math.max(low + 1, Math.log10(greatest));
  const bottom = panel.height - panel.bottom;
  const span = bottom - panel.top - 14;
  const ticks: number[] = [];
  for (let power = low; power <= high + 1e-9; power++) ticks.push(Number(`1e${power}`));
  const y = (value: number): number => bottom - ((Math.log10(value) - low) / (high - low)) * span;
  return { ticks, bottom, y };
}

function isDrawn(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function shortNumber(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}k`;
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(2)).toString();
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
