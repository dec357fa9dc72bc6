/** What a light node sends and receives while its program does nothing. */
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { startLightProcess, withDaemons } from './light-client.ts';

/** The section. */
export const lightIdleSection: Section = {
  name: 'idle',
  summary: 'bytes on the wire of an idle light node, over 5 minutes (30 s with --quick), 8 daemons',
  run: runIdle,
};

/** A join and what it leads to is over by then. */
const settleSeconds = 30;
const agentsHeld = [0, 3] as const;

function runIdle({ quick, progress }: RunSettings): Promise<SectionResult> {
  const seconds = quick ? 30 : 300;
  return withDaemons(async (bootstrap) => {
    progress(`idle: measuring for ${settleSeconds + seconds} s`);
    const outcomes = await Promise.all(
      agentsHeld.map(async (agents) => {
        const light = await startLightProcess(`an idle node with ${agents} agents`);
        try {
          return { agents, ...(await light.idle({ bootstrap, settleSeconds, seconds, agents })) };
        } finally {
          await light.close();
        }
      }),
    );
    return {
      data: { seconds, nodes: outcomes },
      measurements: {
        'idle/bytesPerSecond': Math.max(...outcomes.map(({ bytesPerSecond }) => bytesPerSecond)),
      },
      tables: [
        {
          title: `An idle light node, both directions, encryption and multiplexing included, averaged over ${seconds} s`,
          columns: ['agents held', 'B/s', 'connections', `bytes in the first ${settleSeconds} s`],
          rows: outcomes.map(({ agents, bytesPerSecond, connections, joinBytes }) => [
            String(agents),
            formatNumber(bytesPerSecond),
            String(connections),
            String(joinBytes),
          ]),
          notes: quick ? ['With --quick over 30 s: the rarer rounds may lie outside.'] : [],
        },
      ],
      charts: [],
    };
  });
}
