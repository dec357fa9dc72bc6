/** End to end: from a name that nobody here has heard of to a verified endpoint. */
import { startNetworkProcess } from '../lib/network-client.ts';
import type { ResolutionCalls } from '../lib/resolution-process.ts';
import { summarize } from '../lib/statistics.ts';
import type { MeasuredSection, RunSettings, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { measuredTarget } from '../lib/targets.ts';

/** The section. */
export const trustResolution: MeasuredSection = {
  section: {
    name: 'resolution',
    summary: 'name → verified endpoint, everything cold, in a network of 20 nodes',
    run: runResolution,
  },
  targets: [
    measuredTarget(
      'name → verified endpoint, all cold, 20 nodes, p50',
      'resolution/p50Ms',
      'below',
      25,
      'ms',
    ),
    measuredTarget(
      'name → verified endpoint, all cold, 20 nodes, p99',
      'resolution/p99Ms',
      'below',
      150,
      'ms',
    ),
  ],
};

const nodes = 20;
/** Calls that are not timed: the first ones load code. */
const warmUps = 20;

async function runResolution({ quick, progress }: RunSettings): Promise<SectionResult> {
  const agents = warmUps + (quick ? 100 : 400);
  const network = await startNetworkProcess<ResolutionCalls>('resolution-process.ts', nodes);
  try {
    progress(`resolution: ${nodes} nodes started in ${Math.round(network.startMs)} ms`);
    await network.call('publish', agents);
    progress(`resolution: ${agents} agents have names, facts and resolvers`);
    const { coldMs, stepMs, keptMs, wrong } = await network.call('ask', warmUps);
    const rows: string[][] = [];
    const summaryOf = (name: string, timesMs: readonly number[]) => {
      const summary = summarize(timesMs);
      if (summary === null) throw new Error(`nothing was measured: ${name}`);
      const { p50, p90, p99, max, samples } = summary;
      rows.push([name, ...[p50, p90, p99, max].map(formatNumber), String(samples)]);
      return summary;
    };
    const direct = summaryOf('by the facts', coldMs.direct);
    const adaptive = summaryOf('by the adaptive resolver', coldMs.adaptive);
    const all = summaryOf('both', [...coldMs.direct, ...coldMs.adaptive]);
    const kept = summaryOf('again, from what is kept', keptMs);
    const steps = Object.entries(stepMs).map(([step, timesMs]) => [step, ...quantilesOf(timesMs)]);
    // An answer that leads elsewhere has no time below any bound.
    const counted = (value: number): number => (wrong === 0 ? value : Number.POSITIVE_INFINITY);
    return {
      data: {
        ...{ nodes, agents, wrong },
        ...{ direct: { ...direct }, adaptive: { ...adaptive }, all: { ...all }, kept: { ...kept } },
      },
      measurements: { 'resolution/p50Ms': counted(all.p50), 'resolution/p99Ms': counted(all.p99) },
      tables: [
        {
          title: `From a name to a verified endpoint in ${nodes} nodes on loopback, one call at a time`,
          columns: ['how', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'samples'],
          rows,
          notes: [
            'Cold: the reader stores nothing and has heard neither of the name, nor of its namespace, nor of the agent. Each call resolves namespace, name and record in the overlay, fetches the facts or asks the resolver over a new connection, and checks every signature.',
          ],
        },
        {
          title: 'The steps of the cold calls',
          columns: ['step', 'p50 ms', 'p99 ms', 'samples'],
          rows: steps,
        },
      ],
      charts: [],
    };
  } finally {
    await network.stop();
  }
}

function quantilesOf(timesMs: readonly number[]): string[] {
  const summary = summarize(timesMs);
  return summary === null
    ? ['-', '-', '0']
    : [formatNumber(summary.p50), formatNumber(summary.p99), String(summary.samples)];
}
