/** The pictures of a scaling report: points that were run, lines that were fitted, and how far those are drawn out. */
import * as Plot from '@observablehq/plot';
import { colour, type Figure } from '../report/draw.ts';
import { formatCount } from '../report/measure-catalog.ts';
import { agentMix, fewerWrites } from './agent-mix.ts';
import { valueAt } from './fits.ts';
import { assumptions, type Cause, causes, costsAt, loadOf } from './node-model.ts';
import type { FittedQuantity } from './quantities.ts';
import { farAgents, farNodes, isComplete, longestRefenceSeconds, short } from './scaling-tables.ts';

export interface NamedFigure extends Figure {
  /** Of its file. */
  readonly name: string;
}

const grid = { stroke: colour.line, strokeOpacity: 1 } as const;
const steps = 24;

export function scalingFigures(fitted: readonly FittedQuantity[]): NamedFigure[] {
  const overNodes = [
    linesOver(fitted, 'scaling-lookup', 'What a lookup takes', 'hops, and peers asked', {
      'lookup.hops': 'hops to the record',
      'lookup.requests': 'peers asked',
    }),
    linesOver(fitted, 'scaling-messages', 'Messages of all nodes for one action', 'messages', {
      'lookup.messages': 'a lookup',
      'update.messages': 'a new record',
    }),
    linesOver(fitted, 'scaling-revocation', 'How long a revocation takes to a node', 'milliseconds', {
      'revocation.p50Ms': 'median',
      'revocation.p99Ms': '99th percentile',
    }),
  ].filter((figure) => figure !== null);
  return [...overNodes, ...(isComplete(fitted) ? [bytesOverAgents(fitted)] : []), writesOverEndpoints()];
}

/** Two quantities over the number of nodes. */
function linesOver(
  fitted: readonly FittedQuantity[],
  name: string,
  title: string,
  axis: string,
  words: Readonly<Record<string, string>>,
): NamedFigure | null {
  const strokes = [colour.first, colour.second];
  const shown = Object.entries(words).flatMap(([one, word], index) => {
    const quantity = fitted.find((other) => other.name === one && other.points.length > 0);
    return quantity === undefined ? [] : [{ quantity, stroke: strokes[index]!, word }];
  });
  if (shown.length < strokes.length) return null;
  const greatest = Math.max(...shown.flatMap(({ quantity }) => quantity.points.map(({ x }) => x)));
  const [first, second] = shown.map(({ quantity }) => lineOf(quantity, greatest, farNodes).at(-1)?.y ?? 0);
  // The word of the lower one goes below it.
  const areNear = first! > 0.75 * second!;
  const said = shown.map(({ quantity, word }) => {
    const last = quantity.points.at(-1)!;
    const far = quantity.fit === null ? '' : `, ${short(valueAt(quantity.fit, farNodes))} at 10⁶ by the line`;
    return `${word}: ${short(last.y)} at ${formatCount(last.x)} nodes${far}`;
  });
  return {
    name,
    title,
    caption: `${said.join('; ')}. Dots were run; dashes are extrapolation.`,
    options: ({ isNarrow }) => ({
      x: {
        label: 'nodes',
        type: 'log',
        domain: [80, farNodes * 1.1],
        ticks: isNarrow ? 3 : 5,
        tickFormat: (nodes: number) => short(nodes),
      },
      y: { label: axis, zero: true, nice: true, ticks: 5 },
      marks: [
        Plot.gridY(grid),
        ...shown.flatMap(({ quantity, stroke, word }) => {
          const { fit, points } = quantity;
          const near = lineOf(quantity, Math.min(...usedOf(quantity).map(({ x }) => x)), greatest);
          const far = lineOf(quantity, greatest, farNodes);
          return [
            ...(fit === null
              ? []
              : [
                  Plot.line(near, { x: 'x', y: 'y', stroke, strokeWidth: 1.5 }),
                  Plot.line(far, { x: 'x', y: 'y', stroke, strokeWidth: 2, strokeDasharray: '3 5' }),
                ]),
            Plot.dot(points, { x: 'x', y: 'y', fill: stroke, r: 4 }),
            Plot.text([(fit === null ? points : far).at(-1)!], {
              x: 'x',
              y: 'y',
              text: () => word,
              textAnchor: 'end',
              dy: stroke === colour.first && areNear ? 20 : -11,
              fill: stroke,
              fontWeight: 600,
            }),
          ];
        }),
        Plot.ruleY([0], { stroke: colour.soft }),
      ],
    }),
  };
}

/** Those that the line was drawn through. */
function usedOf({ fit, points }: FittedQuantity): readonly { readonly x: number }[] {
  return points.slice(points.length - (fit?.points ?? points.length));
}

function lineOf({ fit }: FittedQuantity, from: number, to: number): { x: number; y: number }[] {
  if (fit === null) return [];
  return Array.from({ length: steps + 1 }, (_, step) => {
    const x = from * (to / from) ** (step / steps);
    return { x, y: Math.max(0, valueAt(fit, x)) };
  });
}

const causeWords: Readonly<Record<Cause, string>> = {
  idle: 'being there',
  lookups: 'lookups',
  writes: 'writes',
  announcements: 'rotations and ends of all agents',
};
const dashes: Readonly<Record<Cause, string>> = {
  idle: '1 4',
  lookups: 'none',
  writes: '7 4',
  announcements: 'none',
};

const most = farAgents.at(-1)!;
/** Where a line is named: at its end, or where it has room. */
const labelledAt: Readonly<Record<Cause, number>> = {
  idle: 1e7,
  lookups: most,
  writes: most,
  announcements: 1e9,
};
const labelPlaces: Readonly<Record<Cause, { textAnchor: 'start' | 'end'; dx: number; dy: number }>> = {
  idle: { textAnchor: 'start', dx: 0, dy: -10 },
  lookups: { textAnchor: 'start', dx: 6, dy: -4 },
  writes: { textAnchor: 'start', dx: 6, dy: 8 },
  announcements: { textAnchor: 'end', dx: -8, dy: -8 },
};

function bytesOverAgents(fitted: readonly FittedQuantity[]): NamedFigure {
  const costs = costsAt(fitted, farNodes);
  const rows = farAgents.flatMap((agents) => {
    const { bytesByCause } = loadOf(costs, farNodes, agents);
    return causes.map((cause) => ({ agents, cause, bytes: Math.max(0.1, bytesByCause[cause]) }));
  });
  const { uplinkBytesPerSecond } = assumptions;
  return {
    name: 'scaling-bytes',
    title: 'Bytes that one node of 10⁶ sends in a second',
    caption: `All of it is extrapolated, for the mix of agents of this page. The dotted line: an uplink of ${short(uplinkBytesPerSecond, 'B')}/s.`,
    tall: 1.2,
    options: ({ isNarrow }) => ({
      x: {
        label: 'agents',
        type: 'log',
        ticks: isNarrow ? 3 : 6,
        tickFormat: (agents: number) => short(agents),
      },
      y: { label: 'bytes a second', type: 'log', ticks: 6, tickFormat: (bytes: number) => short(bytes, 'B') },
      marginRight: 60,
      marks: [
        Plot.gridY({ ...grid, ticks: 6 }),
        Plot.ruleY([uplinkBytesPerSecond], { stroke: colour.soft, strokeDasharray: '2 3' }),
        ...causes.map((cause) =>
          Plot.line(
            rows.filter((row) => row.cause === cause),
            {
              x: 'agents',
              y: 'bytes',
              stroke: cause === 'announcements' ? colour.second : colour.first,
              strokeWidth: 2,
              strokeDasharray: dashes[cause],
            },
          ),
        ),
        ...causes.map((cause) =>
          Plot.text([rows.find((row) => row.cause === cause && row.agents === labelledAt[cause])!], {
            ...{ x: 'agents', y: 'bytes', text: () => causeWords[cause], fontWeight: 600 },
            ...labelPlaces[cause],
            fill: cause === 'announcements' ? colour.second : colour.first,
          }),
        ),
      ],
    }),
  };
}

/** Endpoints of 1 s to 6 h, of agents that live for a month. */
function writesOverEndpoints(): NamedFigure {
  const [kind] = agentMix;
  const intervals = Array.from({ length: 41 }, (_, step) => 21_600 ** (step / 40));
  const rowsOf = (refenceEverySeconds?: number) =>
    intervals.map((endpointSeconds) => ({
      endpointSeconds,
      times: fewerWrites([{ ...kind!, endpointSeconds }], refenceEverySeconds),
    }));
  const claim = 10_000;
  return {
    name: 'scaling-writes',
    title: 'How many times fewer writes the index takes',
    caption:
      'For agents that live for months, by how long an endpoint stays. The full line: signed anew every 22 h, as weft does; the dashed line: every 160 h, the longest that the protocol allows. The dotted line: 10,000 times.',
    options: ({ isNarrow }) => ({
      x: {
        label: 'seconds that an endpoint stays',
        type: 'log',
        ticks: isNarrow ? 3 : 5,
        tickFormat: (seconds: number) => formatCount(seconds),
      },
      y: { label: 'times fewer', type: 'log', ticks: 5, tickFormat: (times: number) => short(times) },
      marks: [
        Plot.gridY({ ...grid, ticks: 5 }),
        Plot.ruleY([claim], { stroke: colour.soft, strokeDasharray: '2 3' }),
        Plot.line(rowsOf(), { x: 'endpointSeconds', y: 'times', stroke: colour.first, strokeWidth: 2.5 }),
        Plot.line(rowsOf(longestRefenceSeconds), {
          x: 'endpointSeconds',
          y: 'times',
          stroke: colour.second,
          strokeWidth: 2.5,
          strokeDasharray: '7 4',
        }),
        ...(
          [
            [undefined, 'every 22 h', colour.first, 'end', -8],
            [longestRefenceSeconds, 'every 160 h', colour.second, 'start', 8],
          ] as const
        ).map(([every, word, fill, textAnchor, dx]) =>
          Plot.text([rowsOf(every)[18]!], {
            ...{ x: 'endpointSeconds', y: 'times', text: () => word, fill, textAnchor, dx },
            dy: every === undefined ? 8 : -8,
            fontWeight: 600,
          }),
        ),
      ],
    }),
  };
}
