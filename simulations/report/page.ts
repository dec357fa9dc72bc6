/** One page that needs nothing but itself: light or dark as the reader's system is, and narrow on a phone. */
import { html, Markup } from './html.ts';

/** Of every page and picture. */
export const colours = `
:root {
  color-scheme: light dark;
  --ink: #16202c; --soft: #556171; --line: #d8dee6; --page: #f4f6f9; --card: #ffffff;
  --first: #0067a5; --second: #c45500; --band: #c4550022; --good: #00704d; --bad: #b3261e;
  --good-back: #00704d16; --bad-back: #b3261e16;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e7ecf2; --soft: #9aa7b6; --line: #2f3945; --page: #0e1319; --card: #161d26;
    --first: #5db4ee; --second: #f2a256; --band: #f2a25626; --good: #4fd1a1; --bad: #ff8a80;
    --good-back: #4fd1a118; --bad-back: #ff8a8018;
  }
}
`;

const style = `${colours}* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 15px/1.5 ui-sans-serif, system-ui, 'Segoe UI', 'Liberation Sans', sans-serif; }
main { max-width: 1340px; margin: 0 auto; padding: 28px 24px 56px; }
h1 { font-size: 25px; line-height: 1.25; margin: 2px 0 6px; letter-spacing: -0.01em; text-wrap: balance; }
h2 { font-size: 18px; margin: 34px 0 12px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 0; }
.kicker, .soft, figcaption p, .tile span { color: var(--soft); }
.kicker { font-size: 13px; letter-spacing: 0.04em; text-transform: uppercase; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin: 0; min-width: 0; }
.verdict { display: inline-block; margin-top: 10px; padding: 4px 12px; border-radius: 999px; font-weight: 600; }
.ok { color: var(--good); } .missed { color: var(--bad); font-weight: 600; }
.verdict.ok { background: var(--good-back); } .verdict.missed { background: var(--bad-back); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(135px, 1fr)); gap: 12px; margin-top: 20px; }
.tile { padding: 12px 16px; } .tile b { display: block; font-size: 22px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span { font-size: 13px; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; align-items: start; }
figcaption p { font-size: 13.5px; min-height: 2.9em; margin-top: 2px; }
figure svg { display: block; width: 100%; height: auto; margin-top: 8px; overflow: visible; }
figure svg text { white-space: pre; }
.narrow { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); font-size: 13px; }
tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
code, pre { font: 13px/1.5 ui-monospace, 'SF Mono', 'Liberation Mono', monospace; overflow-wrap: anywhere; }
pre { margin: 8px 0 0; padding: 12px 14px; background: var(--page); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; }
ul { margin: 6px 0 0; padding-left: 20px; }
footer { margin-top: 36px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
@media (max-width: 600px) {
  main { padding: 18px 12px 40px; } h1 { font-size: 21px; } .card { padding: 14px 12px; }
  .wide { display: none; } .narrow { display: block; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; } .tile b { font-size: 19px; } .tile { padding: 10px 12px; }
  th, td { padding-right: 9px; } table { font-size: 13.5px; }
}
@media print { body { background: none; } .card { break-inside: avoid; } }
`;

export interface Page {
  readonly title: string;
  readonly kicker: string;
  readonly isOk: boolean;
  /** The verdict in words. */
  readonly verdict: string;
  readonly body: readonly Markup[];
  readonly footer: string;
}

export function renderPage(page: Page): string {
  return `${
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${page.title} · weft simulation</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${page.kicker}</p>
<h1>${page.title}</h1>
<p class="verdict ${page.isOk ? 'ok' : 'missed'}">${page.verdict}</p>
</header>
${page.body}
<footer>${page.footer}</footer>
</main>
</body>
</html>
`.text
  }`;
}

export interface Tile {
  readonly value: string;
  readonly label: string;
}

export function renderTiles(tiles: readonly Tile[]): Markup {
  return html`<div class="tiles">${tiles.map(({ value, label }) => html`<div class="card tile"><b>${value}</b><span>${label}</span></div>`)}</div>
`;
}

export interface HtmlTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | Markup)[])[];
  /** Columns that are aligned right. */
  readonly numbers?: readonly number[];
}

export function renderHtmlTable({ title, columns, rows, numbers = [] }: HtmlTable): Markup {
  const kind = (column: number): Markup => new Markup(numbers.includes(column) ? ' class="number"' : '');
  return html`<section class="card"><h3>${title}</h3><div class="scroll"><table>
<thead><tr>${columns.map((name, column) => html`<th${kind(column)}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, column) => html`<td${kind(column)}>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div></section>
`;
}

/** In a word, and in colour. */
export function mark(isOk: boolean, words: readonly [ok: string, missed: string] = ['ok', 'missed']): Markup {
  return html`<span class="${isOk ? 'ok' : 'missed'}">${isOk ? words[0] : words[1]}</span>`;
}
