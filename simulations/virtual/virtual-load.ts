/**
 * What agents and readers do during a virtual run: agents are registered, change, rotate and end, two hands fork a few of
 * them, old and broken bundles are sent again, readers look up. An author tries again until its publish is stored, and
 * rotates no agent more often than gossip brings at once to all.
 */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { createAgentAuthor, type SimulatedAgent } from '../lib/agents.ts';
import type { Chance } from '../lib/chance.ts';
import type { Invariant } from '../lib/invariants/invariant.ts';
import { createPopulation, type Step } from '../lib/population.ts';
import type { Trace } from './trace.ts';
import type { VirtualNode } from './virtual-node.ts';

export interface VirtualLoad {
  register(agents: number, overMs: number): void;
  /** Load of a minute, for so long. */
  begin(durationMs: number): void;
  /** Publishes that are not stored yet. */
  readonly waiting: number;
  readonly counts: LoadCounts;
  /** Each agent, with what a resolve may say of it at the end. */
  expected(): readonly { readonly agent: SimulatedAgent; readonly statuses: readonly string[] }[];
  readonly endedKeys: ReadonlySet<string>;
  readonly forkedKeys: ReadonlySet<string>;
}

export interface LoadCounts {
  registered: number;
  updates: number;
  rotations: number;
  revocations: number;
  forks: number;
  replays: number;
  lookups: number;
  lookupsRight: number;
  /** Publishes that were not stored at the first attempt. */
  retries: number;
  /** Stale or bad bundles that a node did not take. */
  refused: number;
  /** Publishes that had to ask more peers than w and the spare one. */
  askedAgain: number;
  /** Calls that a crash ended. */
  aborted: number;
}

const perMinute = {
  updates: 24,
  rotations: 12,
  revocations: 4,
  forks: 2,
  replays: 8,
  broken: 4,
  lookups: 40,
};
const retryMs = 4_000;
const askedAtOnce = 6;

export interface LoadParts {
  readonly nodes: readonly VirtualNode[];
  readonly chance: Chance;
  readonly trace: Trace;
  readonly invariants: readonly Invariant[];
  nowMs(): number;
}

export function createVirtualLoad(parts: LoadParts): VirtualLoad {
  const { nodes, chance, trace, invariants, nowMs } = parts;
  const random = chance.stream('load');
  const author = createAgentAuthor(chance);
  const population = createPopulation(author, chance.stream('population'));
  const newest = new Map<number, SimulatedAgent>();
  const victims: SimulatedAgent[] = [];
  const outdated: SimulatedAgent[] = [];
  const forkedKeys = new Set<string>();
  const counts: LoadCounts = {
    registered: 0,
    updates: 0,
    rotations: 0,
    revocations: 0,
    forks: 0,
    replays: 0,
    lookups: 0,
    lookupsRight: 0,
    retries: 0,
    refused: 0,
    askedAgain: 0,
    aborted: 0,
  };
  let waiting = 0;
  const nowSeconds = (): number => Math.floor(nowMs() / 1000);

  /** One that is up. */
  function someNode(): VirtualNode | undefined {
    const up = nodes.filter(({ isUp }) => isUp);
    return up[random.below(up.length)];
  }

  /** Calls the task with some node that is up; its own failure is the call's end by a crash. */
  function atSomeNode(task: (node: VirtualNode) => Promise<void>): void {
    const node = someNode();
    if (node === undefined) return;
    task(node).catch((error: unknown) => {
      counts.aborted++;
      trace.tell(node.name, `gave up a call: ${(error as Error).message}`);
    });
  }

  function publish(agent: SimulatedAgent, kind: string): void {
    for (const invariant of invariants) invariant.authored?.(agent);
    newest.set(agent.number, agent);
    waiting++;
    attempt(agent, kind, 1);
  }

  /** Until it is stored, or something newer of the agent took its place. */
  function attempt(agent: SimulatedAgent, kind: string, count: number): void {
    let isDone = false;
    const again = (): void => {
      if (isDone) return;
      if (newest.get(agent.number) !== agent) {
        waiting--;
        return;
      }
      setTimeout(() => {
        counts.retries++;
        attempt(agent, kind, count + 1);
      }, retryMs);
    };
    const node = someNode();
    if (node === undefined) {
      again();
      return;
    }
    node.node
      .publish(agent.bundle)
      .then(({ status, acknowledgements, asked }) => {
        trace.tell(node.name, `${kind} of agent ${agent.number}: ${status}, ${acknowledgements} of ${asked}`);
        if (asked > askedAtOnce) counts.askedAgain++;
        if (status !== 'stored') return again();
        isDone = true;
        waiting--;
        if (forkedKeys.has(agentKey(agent.agentId))) return;
        if (agent.number < firstVictim) population.acknowledged(agent);
        for (const invariant of invariants) invariant.acknowledged?.(agent);
      })
      .catch((error: unknown) => {
        counts.aborted++;
        trace.tell(node.name, `${kind} of agent ${agent.number}: ${(error as Error).message}`);
        again();
      });
  }

  function change(step: Step): void {
    const before = new Map([...newest].map(([number, agent]) => [number, agent]));
    const changed = population.next(step, nowSeconds());
    if (changed === undefined) return;
    if (step === 'updated') counts.updates++;
    else if (step === 'rotated') counts.rotations++;
    else counts.revocations++;
    const old = before.get(changed.number);
    if (old !== undefined && step !== 'updated') outdated.push(old);
    publish(changed, step);
  }

  /** Two rotations of one state, at two nodes, some seconds apart at most. */
  function fork(): void {
    const victim = victims.shift();
    if (victim === undefined) return;
    counts.forks++;
    forkedKeys.add(agentKey(victim.agentId));
    for (const hand of ['rotated', 'rival'] as const) {
      const branch = author[hand](victim, nowSeconds());
      for (const invariant of invariants) invariant.authored?.(branch);
      waiting++;
      setTimeout(() => branchOut(branch, hand), random.below(3_000));
    }
  }

  /** Until some peer has it; what is forked is stale at once. */
  function branchOut(branch: SimulatedAgent, hand: string): void {
    const again = (): void => {
      setTimeout(() => {
        counts.retries++;
        branchOut(branch, hand);
      }, retryMs);
    };
    const node = someNode();
    if (node === undefined) {
      again();
      return;
    }
    node.node.publish(branch.bundle).then(
      ({ status }) => {
        trace.tell(node.name, `a fork of agent ${branch.number} (${hand}): ${status}`);
        if (status === 'failed' || status === 'refused') again();
        else waiting--;
      },
      (error: unknown) => {
        counts.aborted++;
        trace.tell(node.name, `a fork of agent ${branch.number} (${hand}): ${(error as Error).message}`);
        again();
      },
    );
  }

  /** What is sent without hope: an old state, or one with a bit that is not its author's. */
  function send(bundle: Uint8Array, what: string): void {
    atSomeNode(async (node) => {
      const outcome = await node.node.publish(bundle).then(
        ({ status }) => status,
        (error: Error) => error.message,
      );
      if (outcome !== 'stored' && outcome !== 'partial' && outcome !== 'failed') counts.refused++;
      trace.tell(node.name, `${what}: ${outcome}`);
    });
  }

  function replay(): void {
    const old = outdated[random.below(outdated.length)];
    if (old === undefined) return;
    counts.replays++;
    send(old.bundle, `an old state of agent ${old.number}`);
  }

  function breakOne(): void {
    const agent = population.any();
    if (agent === undefined) return;
    const bundle = agent.bundle.slice();
    const place = random.below(bundle.length);
    bundle[place]! ^= 1 << random.below(8);
    send(bundle, `a broken state of agent ${agent.number}`);
  }

  function lookUp(): void {
    const agent = population.any();
    if (agent === undefined) return;
    const fresh = random.next() < 0.5;
    atSomeNode(async (node) => {
      const resolution = await node.node.resolve(agent.agentId, { fresh });
      counts.lookups++;
      if (['ok', 'rekeyed', 'tombstoned'].includes(resolution.status)) counts.lookupsRight++;
      else trace.tell(node.name, `finds agent ${agent.number} ${resolution.status}`);
      trace.note(`${node.name} resolves ${agent.number} ${resolution.status} ${resolution.holders}`);
      for (const invariant of invariants) invariant.resolved?.(node, resolution);
    });
  }

  /** So many times, spread evenly but for chance. */
  function spread(count: number, overMs: number, task: () => void): void {
    for (let index = 0; index < count; index++) {
      setTimeout(task, Math.floor(((index + random.next()) / count) * overMs));
    }
  }

  return {
    register(agents, overMs) {
      spread(agents, overMs, () => {
        const agent = population.born(nowSeconds());
        counts.registered++;
        publish(agent, 'registration');
      });
      let number = firstVictim;
      spread(Math.ceil(agents / 6), overMs, () => {
        const victim = author.born(number++, nowSeconds());
        victims.push(victim);
        publish(victim, 'registration');
      });
    },
    begin(durationMs) {
      const times = (rate: number): number => Math.ceil((rate * durationMs) / 60_000);
      spread(times(perMinute.updates), durationMs, () => change('updated'));
      spread(times(perMinute.rotations), durationMs, () => change('rotated'));
      spread(times(perMinute.revocations), durationMs, () => change('ended'));
      spread(Math.min(victims.length, times(perMinute.forks)), durationMs, fork);
      spread(times(perMinute.replays), durationMs, replay);
      spread(times(perMinute.broken), durationMs, breakOne);
      spread(times(perMinute.lookups), durationMs, lookUp);
    },
    get waiting() {
      return waiting;
    },
    counts,
    expected: () =>
      [...newest.values()].map((agent) => {
        const key = agentKey(agent.agentId);
        if (forkedKeys.has(key)) return { agent, statuses: ['forked'] };
        if (population.endedKeys.has(key)) return { agent, statuses: ['tombstoned'] };
        return { agent, statuses: ['ok', 'rekeyed'] };
      }),
    endedKeys: population.endedKeys,
    forkedKeys,
  };
}

/** Agents that will be forked have numbers of their own: the population does not change them. */
const firstVictim = 1_000_000;
