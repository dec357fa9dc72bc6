/**
 * What is true of each agent when somebody asks: the newest that was acknowledged to its author. Tells a wrong answer from
 * none; an answer is also right while what came after it is on its way to the storing peers.
 */
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../../src/core/peer/effects.ts';
import type { AgentState } from '../../../src/core/record/agent-state.ts';
import type { SimulatedAgent } from '../agents.ts';

/** From the acknowledgement by w peers to the copies at the rest of the k. */
const onItsWayMs = 2_000;

interface Acknowledged {
  readonly atMs: number;
  readonly state: AgentState;
}

export interface Truth {
  acknowledged(agent: SimulatedAgent, nowMs: number): void;
  /** A record as of now that had been replaced, or whose agent had ended, before it was asked for. */
  isWrong(resolution: Resolution, askedAtMs: number): boolean;
}

export function createTruth(): Truth {
  const historyByAgent = new Map<string, Acknowledged[]>();
  return {
    acknowledged({ agentId, state }, nowMs) {
      const key = agentKey(agentId);
      const history = historyByAgent.get(key);
      if (history === undefined) historyByAgent.set(key, [{ atMs: nowMs, state }]);
      else history.push({ atMs: nowMs, state });
    },
    isWrong({ agentId, status, state }, askedAtMs) {
      if (status !== 'ok' || state === null) return false;
      const history = historyByAgent.get(agentKey(agentId)) ?? [];
      return history.some((one) => one.atMs + onItsWayMs <= askedAtMs && isLater(one.state, state));
    },
  };
}

/** Whether the first came after the second. */
function isLater(left: AgentState, right: AgentState): boolean {
  if (left.keyState.sequence !== right.keyState.sequence)
    return left.keyState.sequence > right.keyState.sequence;
  return (left.addr?.issuedAt ?? 0) > (right.addr?.issuedAt ?? 0);
}
