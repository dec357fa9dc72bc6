/** One chart: its last value in figures, its past as a line. uPlot draws; the colours are those of the page. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { isDark } from '../theme.ts';
import { clock } from '../words.ts';

export interface ChartLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly tone: 'weft' | 'second' | 'cut';
}

interface ChartProps {
  readonly title: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly say: (value: number) => string;
  /** Said behind the last value. */
  readonly rest?: string;
}

const height = 120;
const labelHalfWidth = 16;

export function Chart({ title, times, lines, say, rest }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = [times, ...lines.map((line) => line.values)] as unknown as uPlot.AlignedData;
  const newest = useRef(data);
  newest.current = data;
  const dark = isDark.value;
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(optionsOf(element, lines, say), newest.current, element);
    plot.current = made;
    const watching = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watching.observe(element);
    return () => {
      watching.disconnect();
      made.destroy();
    };
  }, [dark]);
  useEffect(() => plot.current?.setData(newest.current), [times.at(-1), times.length]);
  const said = lines.map((line) => `${line.label} ${say(line.values.at(-1) ?? 0)}`).join(', ');
  return (
    <figure class="chart" aria-label={`${title}: now ${said}`}>
      <figcaption>
        <h3>{title}</h3>
        {lines.map((line) => (
          <p key={line.label} class={line.tone}>
            <b>{say(line.values.at(-1) ?? 0)}</b>{' '}
            <span>{lines.length > 1 ? line.label : (rest ?? 'now')}</span>
          </p>
        ))}
      </figcaption>
      <div class="plot" ref={place} aria-hidden="true" />
    </figure>
  );
}

function optionsOf(
  element: HTMLElement,
  lines: readonly ChartLine[],
  say: (value: number) => string,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: colour('quiet'), font, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    padding: [8, 4, 0, 0],
    cursor: { points: { size: 5 }, y: false, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_plot, low, high) => rangeOf(low, high) } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        gap: 4,
        space: 70,
        values: (plot, splits) => splits.map((seconds) => timeLabel(plot, seconds)),
      },
      {
        ...axis,
        side: 1,
        size: 52,
        gap: 6,
        space: 36,
        grid: { stroke: colour('line'), width: 1 },
        values: (_plot, splits) => splits.map((value) => say(value).replace(/ \/s$/, '')),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.tone),
        width: 1.75,
        ...(line.tone === 'weft' && { fill: colour('weft-soft') }),
        points: { show: false },
      })),
    ],
  };
}

/** None where it would be cut off at the edge. */
function timeLabel(plot: uPlot, seconds: number): string {
  return plot.valToPos(seconds, 'x') < labelHalfWidth ? '' : clock(seconds * 1000).slice(0, 5);
}

/** From zero, or around what hardly changes; never a line without height. */
function rangeOf(low: number | null, high: number | null): uPlot.Range.MinMax {
  const [least, most] = [low ?? 0, high ?? 0];
  if (most <= 0) return [0, 1];
  return least > most * 0.8 && most > 100
    ? [Math.floor(least * 0.98), Math.ceil(most * 1.02)]
    : [0, most * 1.15];
}
