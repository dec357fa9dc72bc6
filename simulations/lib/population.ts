/** The agents of a run as their authors see them: who is there, what was acknowledged, whose turn a change may be. */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { rotationsBurst } from '../../src/core/limits.ts';
import type { Random } from '../../src/core/rng.ts';
import type { AgentAuthor, SimulatedAgent } from './agents.ts';
import { firstPlacedNumber, type PlacedAgents } from './placed-agents.ts';

export type Step = 'updated' | 'rotated' | 'ended';

export interface Population {
  /** A new agent. */
  born(nowSeconds: number): SimulatedAgent;
  /** Some agent that was acknowledged, ended ones too; undefined while there is none. */
  any(): SimulatedAgent | undefined;
  /** The first that was acknowledged. */
  first(): SimulatedAgent | undefined;
  /** The next state of some active agent that was not changed in this second, and that is fit for it; with no more rotations than gossip passes on at once. */
  next(
    step: Step,
    nowSeconds: number,
    isFit?: (agent: SimulatedAgent) => boolean,
  ): SimulatedAgent | undefined;
  /** Two next states of one agent for one place in its key log; it is not changed any more. */
  forked(nowSeconds: number): readonly [SimulatedAgent, SimulatedAgent] | undefined;
  acknowledged(agent: SimulatedAgent): void;
  /** Of those that were placed: asked for or changed so far. */
  readonly placedCount: number;
  /** Some state of it was. */
  isAcknowledged(agent: SimulatedAgent): boolean;
  readonly endedKeys: ReadonlySet<string>;
  readonly forkedKeys: ReadonlySet<string>;
}

/** Tries to find an agent that may be changed now. */
const triesMax = 20;

/** @param placed agents that are there from the beginning; null: none. */
export function createPopulation(
  author: AgentAuthor,
  random: Random,
  placed: PlacedAgents | null = null,
): Population {
  const agents: SimulatedAgent[] = [];
  /** When each was changed last, seconds; those that were placed are in it once they are. */
  const changedAt = new Map<number, number>();
  const placedByNumber = new Map<number, SimulatedAgent>();
  const known: number[] = [];
  const isKnown = new Set<number>();
  const endedKeys = new Set<string>();
  const forkedKeys = new Set<string>();

  function any(): SimulatedAgent | undefined {
    const count = known.length + (placed?.count ?? 0);
    if (count === 0) return undefined;
    const place = random.below(count);
    return place < known.length ? agents[known[place]!] : placedAgent(place - known.length);
  }

  function placedAgent(place: number): SimulatedAgent {
    const number = firstPlacedNumber + place;
    const before = placedByNumber.get(number);
    if (before !== undefined) return before;
    const agent = placed!.make(place);
    placedByNumber.set(number, agent);
    return agent;
  }

  function some(nowSeconds: number, isFit: (agent: SimulatedAgent) => boolean): SimulatedAgent | undefined {
    for (let attempt = 0; attempt < triesMax; attempt++) {
      const agent = any();
      if (agent === undefined) return undefined;
      if (agent.state.keyState.status !== 'active') continue;
      if ((changedAt.get(agent.number) ?? 0) >= nowSeconds) continue;
      if (forkedKeys.has(agentKey(agent.agentId)) || !isFit(agent)) continue;
      return agent;
    }
    return undefined;
  }

  function change(step: Step, agent: SimulatedAgent, nowSeconds: number): SimulatedAgent {
    const changed = author[step](agent, nowSeconds);
    if (placedByNumber.has(agent.number)) placedByNumber.set(agent.number, changed);
    else agents[agent.number] = changed;
    changedAt.set(agent.number, nowSeconds);
    if (step === 'ended') endedKeys.add(agentKey(changed.agentId));
    return changed;
  }

  return {
    born(nowSeconds) {
      const agent = author.born(agents.length, nowSeconds);
      agents.push(agent);
      changedAt.set(agent.number, nowSeconds);
      return agent;
    },
    any,
    first: () => agents[known[0] ?? -1],
    next(step, nowSeconds, isFit = () => true) {
      const isGossiped = ({ generation }: SimulatedAgent): boolean =>
        step !== 'rotated' || generation < rotationsBurst;
      const agent = some(nowSeconds, (one) => isGossiped(one) && isFit(one));
      return agent === undefined ? undefined : change(step, agent, nowSeconds);
    },
    forked(nowSeconds) {
      const agent = some(nowSeconds, () => true);
      if (agent === undefined) return undefined;
      forkedKeys.add(agentKey(agent.agentId));
      return [change('rotated', agent, nowSeconds), author.rival(agent, nowSeconds)];
    },
    acknowledged({ number }) {
      if (isKnown.has(number) || agents[number] === undefined) return;
      isKnown.add(number);
      known.push(number);
    },
    isAcknowledged: ({ number }) => isKnown.has(number),
    get placedCount() {
      return placedByNumber.size;
    },
    endedKeys,
    forkedKeys,
  };
}
