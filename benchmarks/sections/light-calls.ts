/** What the calls of a light node take through eight daemons: the first resolve, one of what is held, a hundred registers. */
import { median } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { withLightProcess } from './light-client.ts';

/** The section. */
export const lightCallsSection: Section = {
  name: 'calls',
  summary: 'first resolve, resolve of what is held, and 100 registers at once, through 8 daemons',
  run: runCalls,
};

const fleetAgents = 100;

function runCalls({ quick, progress }: RunSettings): Promise<SectionResult> {
  return withLightProcess(async (light, bootstrap) => {
    progress('calls: 8 daemons are up');
    const firstMs = await light.firstResolves({ bootstrap, count: quick ? 5 : 20 });
    const warmMicroseconds = await light.warmResolve({ bootstrap });
    const fleetMs: number[] = [];
    for (let round = 0; round < (quick ? 2 : 5); round++) {
      fleetMs.push(await light.fleet({ bootstrap, count: fleetAgents }));
    }
    const figures = {
      firstResolveMs: median(firstMs),
      firstResolveMsMax: Math.max(...firstMs),
      warmResolveMicroseconds: warmMicroseconds,
      registerMs: median(fleetMs),
      registerMsMax: Math.max(...fleetMs),
    };
    return {
      data: { nodes: firstMs.length, agents: fleetAgents, ...figures },
      measurements: {
        'calls/firstResolveMs': figures.firstResolveMsMax,
        'calls/warmResolveMicroseconds': figures.warmResolveMicroseconds,
        'calls/registerMs': figures.registerMsMax,
      },
      tables: [
        {
          title: 'A light node in a process of its own, 8 daemons on loopback',
          columns: ['what', 'median', 'worst', 'unit'],
          rows: [
            [
              'from createLightNode to the first record',
              formatNumber(figures.firstResolveMs),
              formatNumber(figures.firstResolveMsMax),
              'ms',
            ],
            ['resolve of what is held', formatNumber(warmMicroseconds), '-', 'µs'],
            [
              `${fleetAgents} agents registered at once`,
              formatNumber(figures.registerMs),
              formatNumber(figures.registerMsMax),
              'ms',
            ],
          ],
        },
      ],
      charts: [],
    };
  });
}
