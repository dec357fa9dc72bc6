/** What agents and readers do in a live run: the load of the scenario at the hours of the wall, through nodes picked by the seed. */
import { runInLanes } from '../../benchmarks/lib/lanes.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { Random } from '../../src/core/rng.ts';
import { createAgentAuthor, type SimulatedAgent } from '../lib/agents.ts';
import type { Chance } from '../lib/chance.ts';
import { createPopulation, type Step } from '../lib/population.ts';
import type { Scenario } from '../lib/scenario.ts';
import type { LiveMeasures } from './live-measures.ts';
import type { LiveNetwork, LiveNode, NodeRun } from './live-network.ts';
import type { Timeline } from './timeline.ts';

/** Registrations under way at a time; how fast they go is not measured. */
const registeredAtOnce = 4;
const registerAttempts = 5;
const pickTries = 50;

export interface LiveLoad {
  /** Until every agent is registered. @throws Error when an agent cannot be. */
  register(): Promise<void>;
  /** Plans it all from now on. */
  begin(): void;
}

export function createLiveLoad(parts: {
  readonly network: LiveNetwork;
  readonly scenario: Scenario;
  readonly chance: Chance;
  readonly timeline: Timeline;
  readonly measures: LiveMeasures;
  readonly signal: AbortSignal;
}): LiveLoad {
  const { network, scenario, chance, timeline, measures, signal } = parts;
  const random = chance.stream('load');
  const population = createPopulation(createAgentAuthor(chance), chance.stream('population'));
  const nowSeconds = (): number => Math.floor(Date.now() / 1000);
  /** Keys of agents whose authors do not know yet what became of their last write, and wait with the next. */
  const beingWritten = new Set<string>();
  const isAnswered = ({ agentId }: SimulatedAgent): boolean => !beingWritten.has(agentKey(agentId));

  async function publish(agent: SimulatedAgent, kind: 'registration' | Step): Promise<void> {
    if (kind === 'ended') measures.revoked(agent);
    beingWritten.add(agentKey(agent.agentId));
    const { isDone, status, tookMs } = await timed(someNode(network, random), (run) =>
      run.publish(agent.bundle),
    );
    beingWritten.delete(agentKey(agent.agentId));
    if (!isDone) return measures.aborted();
    measures.published(status, tookMs);
    if (status === 'stored') population.acknowledged(agent);
  }

  /** On a busy machine peers are late with what they acknowledge: a few attempts, each through another node. */
  async function registerOne(): Promise<void> {
    const agent = population.born(nowSeconds());
    for (let attempt = 0; attempt < registerAttempts; attempt++) {
      signal.throwIfAborted();
      await publish(agent, 'registration');
      if (population.isAcknowledged(agent)) return;
    }
    throw new Error(`an agent could not be registered in ${registerAttempts} attempts`);
  }

  async function resolve(agent = population.any()): Promise<void> {
    if (agent === undefined) return;
    const { isDone, status, tookMs } = await timed(someNode(network, random), (run) =>
      run.resolve(agent.agentId),
    );
    if (!isDone) return measures.aborted();
    measures.resolved(status, tookMs, population.endedKeys.has(agentKey(agent.agentId)));
  }

  async function change(step: Step): Promise<void> {
    const changed = population.next(step, nowSeconds(), isAnswered);
    if (changed !== undefined) await publish(changed, step);
  }

  /** So many times, spread over the seconds evenly but for chance. */
  function spread(count: number, task: () => Promise<void>): void {
    for (let index = 0; index < count; index++) {
      timeline.at(((index + random.next()) / count) * scenario.load.seconds * 1000, task);
    }
  }

  return {
    register: () => runInLanes(scenario.agents, registeredAtOnce, registerOne),
    begin() {
      const { seconds, lookupsPerSecond, updatesPerSecond, rotationsPerSecond, revocations } = scenario.load;
      const hotLookups = (scenario.load.hotLookupsPerSecond ?? 0) * seconds;
      spread(Math.round(hotLookups), () => resolve(population.first()));
      spread(Math.round(lookupsPerSecond * seconds), () => resolve());
      spread(Math.round(updatesPerSecond * seconds), () => change('updated'));
      spread(Math.round(rotationsPerSecond * seconds), () => change('rotated'));
      spread(revocations, () => change('ended'));
    },
  };
}

/** Some node that is up; after a few tries anybody. */
function someNode({ nodes }: LiveNetwork, random: Random): LiveNode {
  for (let attempt = 0; ; attempt++) {
    const node = nodes[random.below(nodes.length)]!;
    if (node.isUp || attempt > pickTries) return node;
  }
}

/** The status, or the code of the failure, and its time; not done when the node went down meanwhile. */
async function timed(
  node: LiveNode,
  call: (run: NodeRun) => Promise<string>,
): Promise<{ readonly isDone: boolean; readonly status: string; readonly tookMs: number }> {
  if (!node.isUp) return { isDone: false, status: '', tookMs: 0 };
  const fromMs = performance.now();
  const { run } = node;
  const status = await call(run).catch((error: unknown) =>
    String((error as { code?: unknown }).code ?? error),
  );
  // A crash ends what is under way.
  const isDone = node.isUp && node.run === run;
  return { isDone, status, tookMs: performance.now() - fromMs };
}
