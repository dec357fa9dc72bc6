/** A run of a second or less with something in every plot. */
import { type RunResult, runScenario } from '../../../simulations/lib/run-scenario.ts';
import type { Scenario } from '../../../simulations/lib/scenario.ts';

export const tinyScenario: Scenario = {
  title: 'a tiny network',
  nodes: 12,
  agents: 8,
  start: 'settled',
  network: { latency: 20, jitter: 0.1, loss: 0, uplinkBitsPerSecond: 1e9 },
  load: { seconds: 8, lookupsPerSecond: 6, updatesPerSecond: 1, rotationsPerSecond: 0, revocations: 3 },
  faults: [
    { type: 'partition', atSeconds: 1, forSeconds: 3, share: 0.3 },
    { type: 'loss', atSeconds: 2, forSeconds: 4, loss: 0.1 },
  ],
  settleSeconds: 2,
  thresholds: [
    { measure: 'lookups.rightShare', atLeast: 0.1 },
    { measure: 'lookups.maxMs', atMost: 1 },
  ],
};

let run: Promise<RunResult> | undefined;

/** The same for all tests of a file. */
export function tinyRun(): Promise<RunResult> {
  run ??= runScenario('tiny', tinyScenario, 11, () => {});
  return run;
}
