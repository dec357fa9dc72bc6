/** Resolves of agents that a node has never heard of: a light node beside a full node, in the same network. */
import { startNetworkProcess } from '../lib/network-client.ts';
import type { RecordCalls } from '../lib/network-process.ts';
import { quantile, summarize } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { createBenchmarkAgent, secondsNow } from '../lib/weft-records.ts';
import { nodeKinds, startLightProcess } from './light-client.ts';

/** The section. */
export const lightColdSection: Section = {
  name: 'cold',
  summary: 'cold resolve of a light node beside that of a full node, among 60 full nodes (40 with --quick)',
  run: runCold,
};

/** Resolves that a node does before the measured ones. */
const warmUps = 50;

async function runCold({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const nodes = quick ? 40 : 60;
  const count = quick ? 150 : 300;
  const network = await startNetworkProcess<RecordCalls>('network-process.ts', nodes);
  const process = await startLightProcess('a reader');
  try {
    const bootstrap = await network.call('addresses', undefined);
    const born = { seed, bornSeconds: secondsNow() };
    await network.call('register', { ...born, first: 0, count: warmUps + count });
    progress(`cold: ${nodes} full nodes hold ${count} agents`);
    const agentIds = Array.from(
      { length: warmUps + count },
      (_, record) => createBenchmarkAgent(seed, record, born.bornSeconds).state.agentId,
    );
    const p50ByKind: Record<string, number> = {};
    const rows: string[][] = [];
    const outcomes = await process.coldResolves({ bootstrap, agentIds, warmUps });
    for (const kind of nodeKinds) {
      const { timesMs, heldHere } = outcomes[kind];
      const summary = summarize(timesMs);
      if (summary === null) throw new Error(`the ${kind} node resolved nothing that it did not store`);
      p50ByKind[kind] = quantile(timesMs, 0.5);
      rows.push([
        `${kind} node`,
        formatNumber(summary.p50),
        formatNumber(summary.p99),
        String(timesMs.length),
        String(heldHere),
      ]);
    }
    return {
      data: { nodes, agents: count, p50Ms: p50ByKind },
      measurements: { 'cold/lightP50Ms': p50ByKind['light']!, 'cold/fullP50Ms': p50ByKind['full']! },
      tables: [
        {
          title: `Cold resolve among ${nodes} full nodes, one call at a time`,
          columns: ['who', 'p50 ms', 'p99 ms', 'samples', 'stored by itself'],
          rows,
        },
      ],
      charts: [],
    };
  } finally {
    await process.close();
    await network.stop();
  }
}
