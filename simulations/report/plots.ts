/** The plots of one run. */
import * as Plot from '@observablehq/plot';
import { peerConfigDefault } from '../../src/core/peer/peer-config.ts';
import type { Spread } from '../lib/observations.ts';
import type { RunResult } from '../lib/run-scenario.ts';
import { colour, type Figure } from './draw.ts';
import { formatBytes, formatCount, formatMeasure, formatShare } from './measure-catalog.ts';

const grid = { stroke: colour.line, strokeOpacity: 1 } as const;

/** Those of which something was measured. */
export function figuresOf(result: RunResult): Figure[] {
  const { details } = result;
  const figures: Figure[] = [];
  if (details.revocationsMs.length > 0) figures.push(propagation(result));
  if (details.timeline.lookups.some((count) => count > 0)) figures.push(success(result));
  if (details.hops.length > 0) figures.push(hops(result));
  if (details.lookupsMs.length > 0) figures.push(lookupTimes(result));
  if (details.publishesMs.length > 0) figures.push(publishTimes(result));
  figures.push(messages(result), load(result), bytes(result));
  if (details.keySpace.agents.length > 0) figures.push(copies(result));
  figures.push(keySpace(result));
  return figures;
}

/** One line of a cumulative distribution: values at equal steps, and the share of all that they are. */
export interface Curve {
  readonly name: string;
  readonly valuesMs: readonly number[];
  readonly reached: number;
  readonly stroke: string;
  readonly dash?: string;
}

/** Shares of what happened by how long it took. */
export function cumulative(curves: readonly Curve[], limitMs: number | null): Figure['options'] {
  const greatest = Math.max(...curves.flatMap(({ valuesMs }) => valuesMs));
  const middle = Math.max(1, ...curves.map(({ valuesMs }) => valuesMs[Math.floor(valuesMs.length / 2)] ?? 0));
  const isLong = greatest > 15 * middle;
  const points = curves.flatMap(({ name, valuesMs, reached }) =>
    valuesMs.map((ms, step) => ({
      name,
      ms: Math.max(ms, 1),
      share: (step / (valuesMs.length - 1)) * reached,
    })),
  );
  const shown = limitMs !== null && limitMs <= Math.max(greatest * 2.5, 1) ? [limitMs] : [];
  return ({ isNarrow }) => ({
    x: {
      label: 'milliseconds',
      type: isLong ? 'log' : 'linear',
      ticks: isNarrow ? 4 : 7,
      tickFormat: (ms: number) => formatCount(ms),
      ...(isLong ? {} : { domain: [0, Math.max(greatest, ...shown) * 1.02] }),
    },
    y: { label: 'share', domain: [0, 1], percent: false, tickFormat: '.0%' },
    marks: [
      Plot.gridY(grid),
      Plot.ruleX(shown, { stroke: colour.soft, strokeDasharray: '3 4' }),
      Plot.text(shown, {
        x: (ms: number) => ms,
        frameAnchor: 'top',
        dy: -14,
        text: (ms: number) => `${formatCount(ms)} ms`,
        fill: colour.soft,
      }),
      ...curves.map(({ name, stroke, dash = 'none' }) =>
        Plot.line(
          points.filter((point) => point.name === name),
          { x: 'ms', y: 'share', stroke, strokeWidth: 2.5, strokeDasharray: dash },
        ),
      ),
      Plot.ruleY([0], { stroke: colour.soft }),
    ],
  });
}

function limitOf(result: RunResult, names: readonly string[]): number | null {
  const own = result.thresholds.find(
    ({ name, comparison }) => names.includes(name) && comparison === 'at-most',
  );
  return own?.limit ?? null;
}

function propagation(result: RunResult): Figure {
  const { details, measures } = result;
  const { all, heard } = details.revocationPairs;
  const reached = all === 0 ? 0 : Math.min(1, heard / all);
  const figure = (name: string): string => formatMeasure(name, measures[name] ?? null);
  return {
    title: 'How fast revocations spread',
    caption: `Half of all nodes know after ${figure('revocations.p50Ms')}, 99% of those that hear after ${figure('revocations.p99Ms')}, the last after ${figure('revocations.maxMs')}. ${formatCount(heard)} of ${formatCount(all)} pairs of a revocation and a node (${formatShare(reached)}).`,
    options: cumulative(
      [{ name: 'revocations', valuesMs: details.revocationsMs, reached, stroke: colour.first }],
      limitOf(result, ['revocations.p99Ms', 'revocations.p50Ms']) ?? 1000,
    ),
  };
}

function lookupTimes(result: RunResult): Figure {
  const { details, measures } = result;
  const figure = (name: string): string => formatMeasure(name, measures[name] ?? null);
  return {
    title: 'How long lookups take',
    caption: `Median ${figure('lookups.p50Ms')}, 99th percentile ${figure('lookups.p99Ms')}, longest ${figure('lookups.maxMs')}; ${figure('lookups.requests')} peers asked for each.`,
    options: cumulative(
      [{ name: 'lookups', valuesMs: details.lookupsMs, reached: 1, stroke: colour.first }],
      limitOf(result, ['lookups.p99Ms', 'lookups.p50Ms']),
    ),
  };
}

function publishTimes(result: RunResult): Figure {
  const { details, measures } = result;
  const figure = (name: string): string => formatMeasure(name, measures[name] ?? null);
  return {
    title: 'How long publishes take',
    caption: `Until w peers have stored it: median ${figure('publishes.p50Ms')}, 99th percentile ${figure('publishes.p99Ms')}; ${figure('publishes.storedShare')} of ${figure('publishes.count')} were stored, registrations among them.`,
    options: cumulative(
      [{ name: 'publishes', valuesMs: details.publishesMs, reached: 1, stroke: colour.first }],
      limitOf(result, ['publishes.p99Ms', 'publishes.p50Ms']),
    ),
  };
}

function hops({ details, nodes }: RunResult): Figure {
  const total = details.hops.reduce((sum, count) => sum + count, 0);
  const rows = details.hops.map((count, hop) => ({ hop, count, share: count / total }));
  const mean = rows.reduce((sum, { hop, share }) => sum + hop * share, 0);
  const limit = Math.log2(nodes) / 2;
  return {
    title: 'Hops to the record',
    caption: `Mean ${mean.toFixed(2)} over ${formatCount(total)} lookups that found it; half of log₂ ${formatCount(nodes)} is ${limit.toFixed(1)}. 0: the node that looked holds it itself.`,
    options: () => ({
      x: {
        label: 'hops',
        domain: Array.from({ length: Math.max(6, rows.length) }, (_, hop) => hop),
        type: 'band',
        padding: 0.25,
      },
      y: { label: 'share of lookups', tickFormat: '.0%', domain: [0, 1] },
      marks: [
        Plot.gridY(grid),
        Plot.barY(rows, { x: 'hop', y: 'share', fill: colour.first }),
        Plot.text(rows, {
          x: 'hop',
          y: 'share',
          text: ({ share }: (typeof rows)[number]) => formatShare(share),
          dy: -8,
          fill: 'currentColor',
        }),
        Plot.ruleY([0], { stroke: colour.soft }),
      ],
    }),
  };
}

interface Band {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly row: number;
}

/** The faults of the run, each with a row of its own where they overlap. */
function bandsOf({ parameters }: RunResult): Band[] {
  const bands: Band[] = [];
  for (const fault of parameters.faults) {
    const [from, to] = [fault.atSeconds, fault.atSeconds + fault.forSeconds];
    const beside = bands.filter((band) => band.from < to && from < band.to);
    let row = 0;
    while (beside.some((band) => band.row === row)) row++;
    bands.push({ from, to, name: fault.type, row });
  }
  return bands;
}

function bandMarks(bands: readonly Band[]): Plot.Markish[] {
  return [
    Plot.rect(bands, { x1: 'from', x2: 'to', fill: colour.band, stroke: colour.second, strokeOpacity: 0.6 }),
    ...bands.map(({ name, row, from, to }) =>
      Plot.text([name], {
        x: () => (from + to) / 2,
        // Above the plot, and those that overlap it above its floor.
        frameAnchor: row === 0 ? 'top' : 'bottom',
        dy: row === 0 ? -15 : 6 - row * 15,
        text: () => name,
        fill: colour.second,
        fontWeight: 600,
      }),
    ),
  ];
}

function success(result: RunResult): Figure {
  const { timeline } = result.details;
  const rows = timeline.lookups.flatMap((count, bucket) =>
    count === 0
      ? []
      : [{ seconds: (bucket + 0.5) * timeline.bucketSeconds, share: timeline.right[bucket]! / count }],
  );
  const worst = Math.min(...rows.map(({ share }) => share));
  const low = worst < 0.5 ? 0 : Math.min(0.9, Math.floor(worst * 20) / 20);
  const [right, all] = [timeline.right, timeline.lookups].map((counts) =>
    counts.reduce((sum, count) => sum + count, 0),
  );
  const bands = bandsOf(result);
  const faults =
    bands.length === 0 ? 'No faults.' : `Marked: ${bands.map((band) => bandText(band)).join('; ')}.`;
  const end = timeline.lookups.length * timeline.bucketSeconds;
  return {
    title: 'Lookups that were right, over time',
    caption: `${formatCount(right!)} of ${formatCount(all!)} (${formatShare(right! / all!)}), ${formatShare(worst)} in the worst ${timeline.bucketSeconds} s. ${faults}`,
    options: ({ isNarrow }) => ({
      x: { label: 'seconds since the load began', domain: [0, end], ticks: isNarrow ? 4 : 8 },
      y: { label: 'share', domain: [low, 1], tickFormat: '.0%', ticks: 5, insetTop: 4 },
      marks: [
        Plot.gridY(grid),
        ...bandMarks(bands),
        Plot.line(rows, { x: 'seconds', y: 'share', stroke: colour.first, strokeWidth: 2 }),
        Plot.dot(
          rows.filter(({ share }) => share < 1),
          { x: 'seconds', y: 'share', r: 3, fill: colour.first },
        ),
      ],
    }),
  };
}

function bandText({ name, from, to }: Band): string {
  return `${name} from ${formatCount(from)} s to ${formatCount(to)} s`;
}

function messages(result: RunResult): Figure {
  const { timeline } = result.details;
  const rows = timeline.messages.map((count, bucket) => ({
    from: bucket * timeline.bucketSeconds,
    to: (bucket + 1) * timeline.bucketSeconds,
    rate: count / timeline.bucketSeconds / result.nodes,
  }));
  const most = Math.max(...rows.map(({ rate }) => rate));
  return {
    title: 'Traffic over time',
    caption: `Messages that a node sends in a second: ${formatMeasure('traffic.messagesPerNodeSecond', result.measures['traffic.messagesPerNodeSecond'] ?? null)} on average, ${formatCount(most)} at the most.`,
    options: ({ isNarrow }) => ({
      x: { label: 'seconds since the load began', ticks: isNarrow ? 4 : 8 },
      y: { label: 'messages per node and second', ticks: 5 },
      marks: [
        Plot.gridY(grid),
        ...bandMarks(bandsOf(result)),
        Plot.rect(rows, { x1: 'from', x2: 'to', y1: () => 0, y2: 'rate', fill: colour.first, inset: 0 }),
        Plot.ruleY([0], { stroke: colour.soft }),
      ],
    }),
  };
}

function binsOf({ least, most, nodes }: Spread, scale: number) {
  const width = (most - least) / nodes.length;
  return nodes.map((count, bin) => ({
    from: (least + bin * width) * scale,
    // One value for all nodes is still to be seen.
    to: (width === 0 ? most * 1.01 + 1 : least + (bin + 1) * width) * scale,
    count,
  }));
}

function load(result: RunResult): Figure {
  const { sentMessages, receivedMessages } = result.details;
  const rows = [
    ...binsOf(sentMessages, 1).map((bin) => ({ ...bin, way: 'sent' })),
    ...binsOf(receivedMessages, 1).map((bin) => ({ ...bin, way: 'received' })),
  ];
  const words = ({ p50, most }: Spread): string => `median ${formatCount(p50)}, most ${formatCount(most)}`;
  return {
    title: 'Load of each node',
    caption: `Messages of a node in the whole run. Sent: ${words(sentMessages)}. Received: ${words(receivedMessages)}.`,
    tall: 1.25,
    options: ({ isNarrow }) => ({
      x: { label: 'messages', ticks: isNarrow ? 4 : 8, tickFormat: (count: number) => formatCount(count) },
      y: { label: 'nodes', ticks: 4 },
      fy: { label: null, domain: ['sent', 'received'], padding: 0.16 },
      marginRight: 66,
      marks: [
        Plot.gridY(grid),
        Plot.rect(rows, {
          x1: 'from',
          x2: 'to',
          y1: () => 0,
          y2: 'count',
          fy: 'way',
          fill: ({ way }: (typeof rows)[number]) => (way === 'sent' ? colour.first : colour.second),
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.ruleY([0], { stroke: colour.soft }),
      ],
      color: { type: 'identity' },
    }),
  };
}

function bytes(result: RunResult): Figure {
  const { sentBytes } = result.details;
  const rows = binsOf(sentBytes, 1 / 1000);
  return {
    title: 'Bytes of each node',
    caption: `What a node sends in the whole run: median ${formatBytes(sentBytes.p50)}, 99th percentile ${formatBytes(sentBytes.p99)}, most ${formatBytes(sentBytes.most)}.`,
    tall: 1.25,
    options: ({ isNarrow }) => ({
      x: {
        label: 'kilobytes sent',
        ticks: isNarrow ? 4 : 8,
        tickFormat: (count: number) => formatCount(count),
      },
      y: { label: 'nodes', ticks: 5 },
      marks: [
        Plot.gridY(grid),
        Plot.rect(rows, {
          x1: 'from',
          x2: 'to',
          y1: () => 0,
          y2: 'count',
          fill: colour.first,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.ruleY([0], { stroke: colour.soft }),
      ],
    }),
  };
}

function copies(result: RunResult): Figure {
  const { agents } = result.details.keySpace;
  const wanted = result.parameters.peer?.replication ?? peerConfigDefault.replication;
  const counts = agents.map((agent) => agent.copies).sort((left, right) => left - right);
  const fewest = counts[0]!;
  return {
    title: 'Copies of each agent, by its place',
    caption: `${formatCount(agents.length)} agents at the end of the run: fewest copies ${fewest}, median ${counts[Math.floor(counts.length / 2)]}, most ${counts.at(-1)}. The line: k = ${wanted}.`,
    options: ({ isNarrow }) => ({
      x: { label: 'place in the key space', domain: [0, 1], ticks: isNarrow ? 4 : 8 },
      y: { label: 'copies', domain: [0, Math.max(wanted, counts.at(-1)!) * 1.08], ticks: 5 },
      marks: [
        Plot.gridY(grid),
        Plot.ruleY([Math.min(wanted, result.nodes)], {
          stroke: colour.second,
          strokeWidth: 2,
          strokeDasharray: '6 4',
        }),
        Plot.dot(agents, { x: 'place', y: 'copies', r: 2.6, fill: colour.first, fillOpacity: 0.75 }),
        Plot.ruleY([0], { stroke: colour.soft }),
      ],
    }),
  };
}

function keySpace(result: RunResult): Figure {
  const { nodes, copies: held } = result.details.keySpace;
  const rows = held.flatMap((count, part) => {
    const place = { from: part / held.length, to: (part + 1) / held.length };
    return [
      { ...place, count, what: 'copies' },
      { ...place, count: nodes[part]!, what: 'nodes' },
    ];
  });
  const empty = nodes.filter((count) => count === 0).length;
  const series = (what: string) => rows.filter((row) => row.what === what);
  const greatest = Math.max(1, ...held);
  const nodesMost = Math.max(1, ...nodes);
  return {
    title: 'How copies lie over the key space',
    caption: `${formatCount(held.reduce((sum, count) => sum + count, 0))} copies on the nodes of ${held.length} equal parts; ${empty === 0 ? 'every part has a node' : `${empty} parts have no node`}. Bars: copies, at most ${formatCount(greatest)} in a part. Hanging from above: nodes, at most ${formatCount(nodesMost)}.`,
    options: ({ isNarrow }) => ({
      x: { label: 'place in the key space', domain: [0, 1], ticks: isNarrow ? 4 : 8 },
      y: { label: 'copies', domain: [0, greatest * 1.45], ticks: 5 },
      marks: [
        Plot.gridY(grid),
        Plot.rect(series('copies'), {
          x1: 'from',
          x2: 'to',
          y1: () => 0,
          y2: 'count',
          fill: colour.first,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.rect(series('nodes'), {
          x1: 'from',
          x2: 'to',
          y1: () => greatest * 1.45,
          y2: ({ count }: (typeof rows)[number]) => greatest * (1.45 - (0.35 * count) / nodesMost),
          fill: colour.second,
          fillOpacity: 0.8,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.ruleY([0], { stroke: colour.soft }),
      ],
    }),
  };
}
