/** The agents of a run as their authors see them: who is there, what was acknowledged, whose turn a change may be. */
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { Random } from '../../src/core/rng.ts';
import type { AgentAuthor, SimulatedAgent } from './agents.ts';

export type Step = 'updated' | 'rotated' | 'ended';

export interface Population {
  /** A new agent. */
  born(nowSeconds: number): SimulatedAgent;
  /** Some agent that was acknowledged, ended ones too; undefined while there is none. */
  any(): SimulatedAgent | undefined;
  /** The first that was acknowledged. */
  first(): SimulatedAgent | undefined;
  /** The next state of some active agent that was not changed in this second, and that is fit for it. */
  next(
    step: Step,
    nowSeconds: number,
    isFit?: (agent: SimulatedAgent) => boolean,
  ): SimulatedAgent | undefined;
  /** Two next states of one agent for one place in its key log; it is not changed any more. */
  forked(nowSeconds: number): readonly [SimulatedAgent, SimulatedAgent] | undefined;
  acknowledged(agent: SimulatedAgent): void;
  /** Some state of it was. */
  isAcknowledged(agent: SimulatedAgent): boolean;
  readonly endedKeys: ReadonlySet<string>;
  readonly forkedKeys: ReadonlySet<string>;
}

/** Tries to find an agent that may be changed now. */
const triesMax = 20;

export function createPopulation(author: AgentAuthor, random: Random): Population {
  const agents: SimulatedAgent[] = [];
  const changedAt: number[] = [];
  const known: number[] = [];
  const isKnown = new Set<number>();
  const endedKeys = new Set<string>();
  const forkedKeys = new Set<string>();

  function some(nowSeconds: number, isFit: (agent: SimulatedAgent) => boolean): SimulatedAgent | undefined {
    for (let attempt = 0; attempt < triesMax && known.length > 0; attempt++) {
      const number = known[random.below(known.length)]!;
      const agent = agents[number]!;
      if (agent.state.keyState.status !== 'active' || changedAt[number]! >= nowSeconds) continue;
      if (forkedKeys.has(agentKey(agent.agentId)) || !isFit(agent)) continue;
      return agent;
    }
    return undefined;
  }

  function change(step: Step, agent: SimulatedAgent, nowSeconds: number): SimulatedAgent {
    const changed = author[step](agent, nowSeconds);
    agents[agent.number] = changed;
    changedAt[agent.number] = nowSeconds;
    if (step === 'ended') endedKeys.add(agentKey(changed.agentId));
    return changed;
  }

  return {
    born(nowSeconds) {
      const agent = author.born(agents.length, nowSeconds);
      agents.push(agent);
      changedAt.push(nowSeconds);
      return agent;
    },
    any: () => (known.length === 0 ? undefined : agents[known[random.below(known.length)]!]),
    first: () => agents[known[0] ?? -1],
    next(step, nowSeconds, isFit = () => true) {
      const agent = some(nowSeconds, isFit);
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
    endedKeys,
    forkedKeys,
  };
}
