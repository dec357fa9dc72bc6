/** One run of a scenario: agents are registered, load and faults go their way, and at the end it is judged. */
import { cpuUsage, resourceUsage } from 'node:process';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import type { PeerConfig } from '../../src/core/peer/peer-config.ts';
import { createAgentAuthor, type SimulatedAgent } from './agents.ts';
import { type Adversary, createAdversary } from './attack/adversary.ts';
import { createBudgetWatch } from './budget-watch.ts';
import { normal } from './chance.ts';
import { planFaults } from './fault-plan.ts';
import { allInvariants } from './invariants/all.ts';
import type { Invariant } from './invariants/invariant.ts';
import { createLifetimes } from './lifetimes.ts';
import { createMeasures, type Measures, type RunDetails } from './measures.ts';
import { natMeasures } from './nat-measures.ts';
import { createPlacedAgents } from './placed-agents.ts';
import { createPopulation, type Step } from './population.ts';
import type { Scenario } from './scenario.ts';
import { createSpecialLoad, planJoinStorm } from './special-load.ts';
import { createDividedWorld } from './threads/divided-world.ts';
import { createWorld, type World, type WorldListeners, type WorldSettings } from './world.ts';

export interface RunProgress {
  readonly phase: 'joining' | 'registering' | 'load' | 'settling';
  readonly share: number;
  /** Of virtual time, since the run began. */
  readonly virtualSeconds: number;
  readonly events: number;
  readonly messages: number;
  readonly lookups: number;
  readonly right: number;
  readonly faults: readonly string[];
}

/** Of the result as a file; a reader refuses others. */
export const resultFormat = 'weft-simulation/1';

export interface RunResult {
  readonly format: typeof resultFormat;
  /** Every threshold and every invariant held. */
  readonly ok: boolean;
  readonly scenario: string;
  readonly seed: number;
  readonly nodes: number;
  readonly traceHash: string;
  readonly virtualSeconds: number;
  /** What it took on this machine; beside the trace hash and the thresholds, which do not depend on it. */
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** The most that the process has had resident so far. */
  readonly peakBytes: number;
  readonly events: number;
  readonly thresholds: readonly {
    readonly name: string;
    readonly value: number | null;
    readonly limit: number;
    readonly comparison: 'at-most' | 'at-least';
    readonly ok: boolean;
  }[];
  readonly invariants: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly violations: readonly string[];
  }[];
  readonly measures: Readonly<Record<string, number | null>>;
  /** The scenario as it was run. */
  readonly parameters: Scenario;
  readonly details: RunDetails;
}

const registrationsPerSecond = 200;
/** After the last registration, for copies beyond w. */
const registeredSeconds = 5;
/** After the last dial of a join storm. */
const joinedSeconds = 5;
const stepMs = 500;

/** Runs it in virtual time. The result depends on scenario and seed alone, but for what it took on this machine. */
export async function runScenario(
  name: string,
  scenario: Scenario,
  seed: number,
  onProgress: (progress: RunProgress) => Promise<void> | void,
): Promise<RunResult> {
  const beganMs = performance.now();
  const cpuBefore = cpuUsage();
  const measures = createMeasures(
    () => world.queue.nowMs,
    () => faultsOverMs,
  );
  const adversary = createAdversary(scenario, seed);
  const world = worldOf(
    scenario,
    {
      nodes: scenario.nodes + adversary.lateNames.length,
      lateNames: adversary.lateNames,
      seed,
      network: scenario.network,
      peer: peerConfigOf(scenario),
      gossip: scenario.gossip ?? {},
      start: scenario.start,
    },
    {
      changed(node, change) {
        if (adversary.isSybil(node.index)) return;
        measures.changed(node.index, change);
        for (const invariant of watching.changed) invariant.changed!(node, change);
      },
      alarmed: (_node, alarm) => measures.count(`alarms.${alarm}`),
      counted(metric, value, node, label) {
        measures.counted(metric, value);
        for (const invariant of watching.counted) invariant.counted!(node, metric, label);
      },
    },
  );
  const startMs = world.queue.nowMs;
  let faultsOverMs = startMs;
  const invariants = allInvariants({
    config: world.config,
    canFill: scenario.faults.some(({ type }) => type === 'full-disks'),
    nowMs: () => world.queue.nowMs,
    faultsOverMs: () => faultsOverMs,
  });
  /** Of what happens most, those that hear of it. */
  const watching = {
    changed: invariants.filter(({ changed }) => changed !== undefined),
    counted: invariants.filter(({ counted }) => counted !== undefined),
  };
  const watchBudgets = createBudgetWatch(world);
  const run = createLoad(world, scenario, { invariants, measures, adversary });
  const pass = async (phase: RunProgress['phase'], seconds: number, faults = (): readonly string[] => []) => {
    const endMs = world.queue.nowMs + seconds * 1000;
    const fromMs = world.queue.nowMs;
    while (world.queue.nowMs < endMs) {
      world.run(Math.min(stepMs, endMs - world.queue.nowMs));
      const share = (world.queue.nowMs - fromMs) / (endMs - fromMs);
      measures.passed(world);
      const watched = watchBudgets().filter(({ index }) => !adversary.isSybil(index));
      for (const invariant of invariants) invariant.passed?.(watched);
      await onProgress({
        phase,
        share,
        virtualSeconds: (world.queue.nowMs - startMs) / 1000,
        events: world.events,
        messages: world.network.messages.count,
        ...measures.soFar,
        faults: faults(),
      });
    }
  };
  adversary.enter(world);
  if (scenario.joinSeconds !== undefined) {
    planJoinStorm(world, scenario.joinSeconds, world.chance.stream('joining'));
    await pass('joining', scenario.joinSeconds + joinedSeconds);
  }
  await pass('registering', run.register());
  const faults = planFaults(world, scenario, world.chance.stream('faults'));
  faultsOverMs = world.queue.nowMs + faults.endSeconds * 1000;
  const loadSeconds = Math.max(scenario.load.seconds, faults.endSeconds);
  measures.begin(world, loadSeconds + scenario.settleSeconds, adversary.honest(world).length);
  run.load();
  await pass('load', loadSeconds, faults.active);
  await pass('settling', scenario.settleSeconds);
  for (const invariant of invariants) invariant.ended?.({ nodes: adversary.honest(world) });
  const values = {
    ...measures.values(world),
    ...run.specialValues(),
    ...natMeasures(world),
    ...adversary.values(),
  };
  const details = measures.details(world);
  await world.close();
  const judged = {
    thresholds: judge(scenario, values),
    invariants: invariants.map(({ name: rule, violations }) => ({
      name: rule,
      ok: violations.length === 0,
      violations,
    })),
  };
  return {
    format: resultFormat,
    ok: [...judged.thresholds, ...judged.invariants].every(({ ok }) => ok),
    scenario: name,
    seed,
    nodes: scenario.nodes,
    traceHash: world.traceHash(),
    virtualSeconds: (world.queue.nowMs - startMs) / 1000,
    wallSeconds: (performance.now() - beganMs) / 1000,
    cpuSeconds: cpuSecondsSince(cpuBefore),
    peakBytes: resourceUsage().maxRSS * 1024,
    events: world.events,
    ...judged,
    measures: values,
    parameters: scenario,
    details,
  };
}

function worldOf({ threads }: Scenario, settings: WorldSettings, listeners: WorldListeners): World {
  return threads === undefined
    ? createWorld(settings, listeners)
    : createDividedWorld(settings, threads, listeners);
}

/** Of all threads, the collector's too. */
function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = cpuUsage(before);
  return (user + system) / 1e6;
}

function peerConfigOf({ peer = {} }: Scenario): Partial<PeerConfig> {
  const { syncIntervalSeconds, handOverSeconds, ...same } = peer;
  return {
    ...same,
    ...(syncIntervalSeconds === undefined ? {} : { syncIntervalMs: syncIntervalSeconds * 1000 }),
    ...(handOverSeconds === undefined ? {} : { handOverIntervalMs: handOverSeconds * 1000 }),
  };
}

function judge(scenario: Scenario, values: Readonly<Record<string, number | null>>): RunResult['thresholds'] {
  return scenario.thresholds.map(({ measure, atMost, atLeast }) => {
    const value = values[measure] ?? null;
    const limit = atMost ?? atLeast ?? Number.NaN;
    const comparison = atMost === undefined ? 'at-least' : 'at-most';
    const holds = value !== null && (comparison === 'at-most' ? value <= limit : value >= limit);
    return { name: measure, value, limit, comparison, ok: holds };
  });
}

/** Who does what when; nothing here looks at what comes of it but `measures` and the invariants. */
function createLoad(
  world: World,
  scenario: Scenario,
  parts: { invariants: readonly Invariant[]; measures: Measures; adversary: Adversary },
) {
  const { invariants, measures, adversary } = parts;
  const { queue, chance, nodes } = world;
  const random = chance.stream('load');
  const author = createAgentAuthor(chance);
  const placed =
    scenario.placedAgents === undefined
      ? null
      : createPlacedAgents({
          ...{ count: scenario.placedAgents, world, author, chance },
          onMade(agent) {
            for (const invariant of invariants) {
              invariant.authored?.(agent);
              invariant.acknowledged?.(agent);
            }
          },
        });
  const population = createPopulation(author, chance.stream('population'), placed);
  const nowSeconds = (): number => Math.floor(queue.nowMs / 1000);
  /** Keys of agents whose authors do not know yet what became of their last write, and wait with the next; for ever, where the node crashed. */
  const beingWritten = new Set<string>();
  const isAnswered = ({ agentId }: SimulatedAgent): boolean => !beingWritten.has(agentKey(agentId));
  if (scenario.clockSkewSeconds !== undefined) {
    for (const node of nodes) node.clockSkewMs = normal(random) * scenario.clockSkewSeconds * 1000;
  }

  /** Some honest node that is up; after a few tries anybody of them. */
  function someNode() {
    const honest = adversary.honest(world);
    for (let attempt = 0; ; attempt++) {
      const node = honest[random.below(honest.length)]!;
      if (node.isUp || attempt > 50) return node;
    }
  }

  function publish(agent: SimulatedAgent, kind: 'registration' | Step): void {
    for (const invariant of invariants) invariant.authored?.(agent);
    if (kind === 'ended') measures.revoked(agent);
    beingWritten.add(agentKey(agent.agentId));
    const fromMs = queue.nowMs;
    someNode().publish(agent.bundle, (result) => {
      measures.published(kind, result, queue.nowMs - fromMs);
      beingWritten.delete(agentKey(agent.agentId));
      if (result.status !== 'stored') return;
      adversary.acknowledged(agent, queue.nowMs);
      population.acknowledged(agent);
      for (const invariant of invariants) invariant.acknowledged?.(agent);
    });
  }

  function resolve(agent = population.any(), onResolved: (resolution: Resolution) => void = () => {}): void {
    if (agent === undefined) return;
    const node = someNode();
    const fromMs = queue.nowMs;
    node.resolve(agent.agentId, (resolution) => {
      const key = agentKey(agent.agentId);
      const end = population.endedKeys.has(key) ? 'tombstoned' : 'forked';
      const isOver = end === 'tombstoned' || population.forkedKeys.has(key);
      measures.resolved(
        resolution,
        queue.nowMs - fromMs,
        isOver ? end : null,
        adversary.isWrong(resolution, fromMs),
      );
      for (const invariant of invariants) invariant.resolved?.(node, resolution);
      onResolved(resolution);
    });
  }

  /** Two hands of its controller replace one key, each with another. */
  function fork(): void {
    const forked = population.forked(nowSeconds());
    if (forked === undefined) return;
    measures.forked(forked[0]);
    for (const invariant of invariants) invariant.forked?.(forked[0]);
    for (const one of forked) publish(one, 'rotated');
  }

  /** So many times, spread over the seconds evenly but for chance. */
  function spread(count: number, seconds: number, task: () => void): void {
    for (let index = 0; index < count; index++) {
      queue.at(queue.nowMs + ((index + random.next()) / count) * seconds * 1000, task);
    }
  }

  const special = createSpecialLoad({
    ...{ world, scenario, author, someNode, resolve, spread },
    random: chance.stream('special load'),
    hotAgent: population.first,
    publish: (agent) => publish(agent, 'updated'),
  });

  const lifetimes = createLifetimes({
    ...{ world, scenario, author, resolve, publish, spread },
    random: chance.stream('lifetimes'),
  });

  adversary.join({
    ...{ world, author, publish },
    resolved: (node, resolution) => {
      for (const invariant of invariants) invariant.resolved?.(node, resolution);
    },
  });

  return {
    specialValues: () => ({
      ...special.values(),
      ...lifetimes.values(),
      ...(placed !== null && { 'placed.askedCount': population.placedCount }),
    }),
    /** Returns how many seconds it takes. */
    register(): number {
      const seconds = Math.max(1, scenario.agents / registrationsPerSecond);
      lifetimes.register(seconds);
      if (adversary.victim !== null) publish(adversary.victim, 'registration');
      if (scenario.load.lifetimes !== undefined) return seconds + registeredSeconds;
      spread(scenario.agents, seconds, () => {
        const agent = population.born(nowSeconds());
        special.born(agent);
        publish(agent, 'registration');
      });
      return seconds + registeredSeconds;
    },
    load(): void {
      const { seconds, lookupsPerSecond, updatesPerSecond, rotationsPerSecond, revocations } = scenario.load;
      const step = (kind: Step) => (): void => {
        const changed = population.next(kind, nowSeconds(), isAnswered);
        if (changed === undefined) return;
        if (kind !== 'updated') special.replaced(changed.number);
        publish(changed, kind);
      };
      special.begin();
      lifetimes.begin();
      adversary.begin(world);
      spread(Math.round(lookupsPerSecond * seconds), seconds, () => resolve());
      spread(Math.round(updatesPerSecond * seconds), seconds, step('updated'));
      spread(Math.round(rotationsPerSecond * seconds), seconds, step('rotated'));
      spread(revocations, seconds, step('ended'));
      spread(scenario.load.forks ?? 0, seconds, fork);
    },
  };
}
