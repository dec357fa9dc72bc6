/** How long a daemon takes from the start of its process to its API, and to its first answer from the network. */
import { setTimeout as delay } from 'node:timers/promises';
import { startDaemon } from '../lib/daemon-client.ts';
import { startNetworkProcess } from '../lib/network-client.ts';
import type { RecordCalls, RecordRange } from '../lib/network-process.ts';
import { median } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { createBenchmarkAgent, secondsNow } from '../lib/weft-records.ts';

/** The section. */
export const startupSection: Section = {
  name: 'startup',
  summary: 'from the start of a daemon process to its API and to its first resolve',
  run: runStartup,
};

const networkNodes = 5;
const firstResolveMsMax = 30_000;

interface Start {
  readonly readyMs: number;
  readonly resolveMs: number;
}

async function runStartup({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const count = quick ? 2 : 10;
  const network = await startNetworkProcess<RecordCalls>('network-process.ts', networkNodes);
  try {
    const bootstrap = await network.call('addresses', undefined);
    const born = { seed, bornSeconds: secondsNow() };
    await network.call('register', { ...born, first: 0, count });
    const starts: Start[] = [];
    for (let record = 0; record < count; record++) starts.push(await measureStart(bootstrap, born, record));
    progress(`startup: ${count} daemons started`);
    const of = (pick: (start: Start) => number): number => median(starts.map(pick));
    const figures = {
      readyMs: of((start) => start.readyMs),
      firstResolveMs: of((start) => start.resolveMs),
    };
    return {
      data: { networkNodes, daemons: count, ...figures },
      measurements: { 'startup/firstResolveMs': figures.firstResolveMs },
      tables: [
        {
          title: `Start of a daemon that joins ${networkNodes} nodes, median of ${count}`,
          columns: ['from the start of the process until', 'ms'],
          rows: [
            ['it listens and its API says ready', formatNumber(figures.readyMs)],
            ['it has resolved an agent of the network', formatNumber(figures.firstResolveMs)],
          ],
        },
      ],
      charts: [],
    };
  } finally {
    await network.stop();
  }
}

async function measureStart(
  bootstrap: readonly string[],
  { seed, bornSeconds }: Pick<RecordRange, 'seed' | 'bornSeconds'>,
  record: number,
): Promise<Start> {
  const { agentId } = createBenchmarkAgent(seed, record, bornSeconds).state;
  const beganMs = performance.now();
  const daemon = await startDaemon(bootstrap);
  try {
    while (!(await daemon.finds(agentId))) {
      if (performance.now() - beganMs > firstResolveMsMax)
        throw new Error('a daemon found no agent of the network');
      await delay(5);
    }
    return { readyMs: daemon.readyMs, resolveMs: performance.now() - beganMs };
  } finally {
    await daemon.stop();
  }
}
