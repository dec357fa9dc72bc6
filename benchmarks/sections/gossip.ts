/** How long a rotation takes from the publisher's call to its acceptance on each other node, all on loopback. */
import { startNetworkProcess } from '../lib/network-client.ts';
import type { RecordCalls } from '../lib/network-process.ts';
import { summarize } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { secondsNow } from '../lib/weft-records.ts';

/** The section. */
export const gossipSection: Section = {
  name: 'gossip',
  summary: 'time from publish to acceptance on each of 60 nodes (8 with --quick)',
  run: runGossip,
};

/** Messages before the measured ones: the meshes of 16 topics form on heartbeats. */
const warmUpMessages = 5;

async function runGossip({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const nodes = quick ? 8 : 60;
  const messages = quick ? 20 : 60;
  const network = await startNetworkProcess<RecordCalls>('network-process.ts', nodes);
  try {
    progress(`gossip: ${nodes} nodes started in ${Math.round(network.startMs)} ms`);
    const bornSeconds = secondsNow();
    await network.call('register', { seed, bornSeconds, first: 0, count: warmUpMessages + messages });
    await network.call('gossip', { seed, bornSeconds, first: 0, count: warmUpMessages });
    const { latenciesMs, lost } = await network.call('gossip', {
      seed,
      bornSeconds,
      first: warmUpMessages,
      count: messages,
    });
    const summary = summarize(latenciesMs);
    if (summary === null) throw new Error('no node accepted any rotation');
    return {
      data: { nodes, messages, lost, startMs: network.startMs, latencyMs: { ...summary } },
      // A message that never arrives has no time below any bound.
      measurements: { [`gossip/${nodes}/p99Ms`]: lost === 0 ? summary.p99 : Number.POSITIVE_INFINITY },
      tables: [
        {
          title: `Gossip: ${messages} rotations, publish to acceptance on each of the other ${nodes - 1} nodes`,
          columns: ['what', 'ms'],
          rows: [
            ['p50', formatNumber(summary.p50)],
            ['p90', formatNumber(summary.p90)],
            ['p99', formatNumber(summary.p99)],
            ['max', formatNumber(summary.max)],
          ],
          notes: [`Never accepted: ${lost} of ${messages * (nodes - 1)}.`],
        },
      ],
      charts: [
        {
          title: `Gossip to all of ${nodes} nodes`,
          unit: 'ms',
          groups: ['p50', 'p90', 'p99', 'max'],
          series: [
            {
              name: 'weft',
              values: [summary.p50, summary.p90, summary.p99, summary.max],
              tails: [null, null, null, null],
            },
          ],
        },
      ],
    };
  } finally {
    await network.stop();
  }
}
