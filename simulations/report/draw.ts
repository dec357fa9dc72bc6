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
    const own = figure.options(size);
    const svg = Plot.plot({
      width: size.width,
      height: size.height * (figure.tall ?? 1),
      marginLeft: 52,
      marginRight: 20,
      marginTop: 26,
      marginBottom: 38,
      ...own,
      style: { fontSize: '12px', background: 'none', overflow: 'visible' },
      document: document as never,
    });
    // The page has it once for all.
    svg.querySelector('style')?.remove();
    svg.setAttribute('aria-hidden', 'true');
    return html`<div class="${size.isNarrow ? 'narrow' : 'wide'}">${new Markup(String(svg.outerHTML))}</div>`;
  });
  return html`<figure class="card">
<figcaption><h3>${figure.title}</h3><p>${figure.caption}</p></figcaption>
<div role="img" aria-label="${figure.title}. ${figure.caption}">${drawings}</div>
</figure>
`;
}
