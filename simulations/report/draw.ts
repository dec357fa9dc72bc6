/** Plots as SVG without a browser: Observable Plot on a light document. Colours are the page's variables. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { html, Markup } from './html.ts';

/** What differs between a plot on a desk and on a phone. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly isNarrow: boolean;
}

export interface Figure {
  readonly title: string;
  /** Sentences with the figures that the plot shows. */
  readonly caption: string;
  readonly options: (size: Size) => Plot.PlotOptions;
  /** Times the height of the others. */
  readonly tall?: number;
}

const sizes: readonly Size[] = [
  { width: 620, height: 280, isNarrow: false },
  { width: 350, height: 250, isNarrow: true },
];

export const colour = {
  first: 'var(--first)',
  second: 'var(--second)',
  soft: 'var(--soft)',
  line: 'var(--line)',
  band: 'var(--band)',
  back: 'var(--card)',
} as const;

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** A figure with its plot at both sizes; the page shows the one that fits. */
export function drawFigure(figure: Figure): Markup {
  const drawings = sizes.map((size) => {
    const svg = plot(figure, size);
    svg.setAttribute('aria-hidden', 'true');
    return html`<div class="${size.isNarrow ? 'narrow' : 'wide'}">${new Markup(String(svg.outerHTML))}</div>`;
  });
  return html`<figure class="card">
<figcaption><h3>${figure.title}</h3><p>${figure.caption}</p></figcaption>
<div role="img" aria-label="${figure.title}. ${figure.caption}">${drawings}</div>
</figure>
`;
}

/** The plot as a file of its own, light or dark as the reader's system is. @param style defines the colours. */
export function drawFile(figure: Figure, style: string): string {
  const svg = plot(figure, sizes[0]!);
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${figure.title}. ${figure.caption}`);
  const look = document.createElement('style');
  look.textContent = `${style} svg { font: 12px ui-sans-serif, system-ui, 'Segoe UI', 'Liberation Sans', sans-serif; color: var(--ink); background: var(--card); } svg text { white-space: pre; }`;
  svg.prepend(look as never);
  return `${svg.outerHTML}\n`;
}

function plot(figure: Figure, size: Size) {
  const svg = Plot.plot({
    width: size.width,
    height: size.height * (figure.tall ?? 1),
    marginLeft: 52,
    marginRight: 20,
    marginTop: 26,
    marginBottom: 38,
    ...figure.options(size),
    style: { fontSize: '12px', background: 'none', overflow: 'visible' },
    document: document as never,
  });
  // The page has it once for all.
  svg.querySelector('style')?.remove();
  return svg;
}
