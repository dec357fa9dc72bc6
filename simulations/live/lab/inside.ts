/**
 * A live run within its namespaces: started by run-in-namespaces.ts under `unshare`, as the first process of its own. Takes
 * what to run as its argument, tells progress and outcome as lines of JSON, and ends with its input.
 */
import { createChance } from '../../lib/chance.ts';
import { startDaemonNetwork } from '../daemon-network.ts';
import type { LivePlan } from '../live-scenario.ts';
import { type LiveProgress, runLive } from '../run-live.ts';
import { openLab } from './lab.ts';
import { planLab } from './lab-plan.ts';

export interface InsideTask {
  readonly plan: LivePlan;
  readonly seed: number;
  /** delay.c, compiled. */
  readonly program: string;
  /** For data folders. */
  readonly directory: string;
}

const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

process.stdin.once('end', () => process.exit(1)).resume();
const { plan, seed, program, directory } = JSON.parse(process.argv[2]!) as InsideTask;
const { scenario, settings } = plan;
const chance = createChance(seed);
const { signal } = new AbortController();
const onProgress = (progress: LiveProgress): void => say({ progress });

try {
  const lab = await openLab(planLab(scenario, chance), program);
  const onStarted = (nodes: number): void =>
    onProgress({ phase: 'starting', detail: `${nodes} of ${scenario.nodes} daemons` });
  const parts = { nodes: scenario.nodes, chance, settings, signal, onStarted };
  const network = await startDaemonNetwork(parts, lab, directory);
  try {
    say({ outcome: await runLive(network, scenario, chance, { signal, onProgress }) });
  } finally {
    await network.close();
  }
} catch (error) {
  say({ failed: (error as Error).stack ?? String(error) });
}
process.stdin.pause();
