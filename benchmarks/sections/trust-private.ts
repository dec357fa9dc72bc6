/** The private path beside the direct one, in turns: what it adds that nobody learns who asks for what. */
import { startNetworkProcess } from '../lib/network-client.ts';
import type { PrivateCalls } from '../lib/private-process.ts';
import { summarize } from '../lib/statistics.ts';
import type { MeasuredSection, RunSettings, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { measuredTarget } from '../lib/targets.ts';

/** The section. */
export const trustPrivate: MeasuredSection = {
  section: {
    name: 'private',
    summary: 'resolves and facts in the open and in private, in turns, in a network of 24 nodes',
    run: runPrivate,
  },
  targets: [
    measuredTarget(
      'private path: what it adds to a cold resolve, p50 (the paper: 30 to 60 ms)',
      'private/addedResolveP50Ms',
      'at-most',
      60,
      'ms',
    ),
    measuredTarget(
      'private path: what it adds from an id to verified facts, p50',
      'private/addedFactsP50Ms',
      'at-most',
      60,
      'ms',
    ),
  ],
};

/** More than the 20 that store each record. */
const nodes = 24;
/** Calls of each kind that are not timed. */
const warmUps = 20;

async function runPrivate({ quick, progress }: RunSettings): Promise<SectionResult> {
  const agents = quick ? 240 : 640;
  const network = await startNetworkProcess<PrivateCalls>('private-process.ts', nodes);
  try {
    progress(`private: ${nodes} nodes started in ${Math.round(network.startMs)} ms`);
    await network.call('publish', agents);
    progress(`private: ${agents} agents have facts in the overlay`);
    const { resolve, facts, relayed, privateCalls, wrong } = await network.call('ask', warmUps);
    const rows: string[][] = [];
    const summaryOf = (name: string, timesMs: readonly number[]) => {
      const summary = summarize(timesMs);
      if (summary === null) throw new Error(`nothing was measured: ${name}`);
      const { p50, p90, p99, max, samples } = summary;
      rows.push([name, ...[p50, p90, p99, max].map(formatNumber), String(samples)]);
      return summary;
    };
    const resolved = summaryOf('resolve, direct', resolve.directMs);
    const inPrivate = summaryOf('resolve, private', resolve.privateMs);
    const read = summaryOf('verified facts, direct', facts.directMs);
    const readInPrivate = summaryOf('verified facts, private', facts.privateMs);
    const added = (quantile: 'p50' | 'p99') => ({
      resolve: inPrivate[quantile] - resolved[quantile],
      facts: readInPrivate[quantile] - read[quantile],
    });
    // An answer that lacks what is there has no time below any bound.
    const counted = (value: number): number => (wrong === 0 ? value : Number.POSITIVE_INFINITY);
    return {
      data: {
        ...{ nodes, agents, wrong, relayed, privateCalls },
        resolve: { direct: { ...resolved }, private: { ...inPrivate } },
        facts: { direct: { ...read }, private: { ...readInPrivate } },
      },
      measurements: {
        'private/addedResolveP50Ms': counted(added('p50').resolve),
        'private/addedResolveP99Ms': counted(added('p99').resolve),
        'private/addedFactsP50Ms': counted(added('p50').facts),
        'private/addedFactsP99Ms': counted(added('p99').facts),
      },
      tables: [
        {
          title: `In the open and in private, in turns, in ${nodes} nodes on loopback, one cold call at a time`,
          columns: ['what', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'samples'],
          rows,
          notes: [
            `Added: resolve p50 ${formatNumber(added('p50').resolve)} ms, p99 ${formatNumber(added('p99').resolve)} ms; facts p50 ${formatNumber(added('p50').facts)} ms, p99 ${formatNumber(added('p99').facts)} ms. A private call took ${formatNumber(relayed / privateCalls)} relayed questions. On loopback this is work; on the Internet each question also takes the way to a relay and back.`,
          ],
        },
      ],
      charts: [],
    };
  } finally {
    await network.stop();
  }
}
