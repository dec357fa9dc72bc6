/** How long a revocation takes from the publisher's call to the event on each of 60 light nodes. */
import { summarize } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { withLightProcess } from './light-client.ts';

/** The section. */
export const lightHearingSection: Section = {
  name: 'hearing',
  summary: 'time from revoke to the event on each of 60 light nodes (20 with --quick), through 8 daemons',
  run: runHearing,
};

/** Few agents: gossip and three watched full nodes. Many: the shards are too many, and the watch alone is left. */
const agentsInUse = { few: 4, many: 40 } as const;

/** Before the measured ones, so that neither side compiles its code for the first time meanwhile. */
const warmUp = { nodes: 10, agents: 10 } as const;

function runHearing({ quick, progress }: RunSettings): Promise<SectionResult> {
  const nodes = quick ? 20 : 60;
  return withLightProcess(async (light, bootstrap) => {
    const rows: string[][] = [];
    const p99s: number[] = [];
    let lostInAll = 0;
    await light.hearing({ bootstrap, ...warmUp });
    for (const [name, agents] of Object.entries(agentsInUse)) {
      const { latenciesMs, lost } = await light.hearing({ bootstrap, nodes, agents });
      const summary = summarize(latenciesMs);
      if (summary === null) throw new Error('no light node heard of any revocation');
      progress(`hearing: ${nodes} light nodes with ${agents} agents in use`);
      p99s.push(summary.p99);
      lostInAll += lost;
      rows.push([
        `${name}: ${agents} agents in use`,
        ...[summary.p50, summary.p90, summary.p99, summary.max].map(formatNumber),
        String(lost),
      ]);
    }
    const p99Ms = Math.max(...p99s);
    return {
      data: { nodes, p99Ms: p99s, lost: lostInAll },
      // A revocation that never arrives has no time below any bound.
      measurements: { 'hearing/p99Ms': lostInAll === 0 ? p99Ms : Number.POSITIVE_INFINITY },
      tables: [
        {
          title: `Revocation: from the publisher's call to the event on each of ${nodes} light nodes of one process`,
          columns: ['agents', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'never heard'],
          rows,
        },
      ],
      charts: [],
    };
  });
}
