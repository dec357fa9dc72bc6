/**
 * How much one agent may make the network pass on: 3 rotations at once, then one an hour; 10 revocations a minute.
 * Only verified events count, so nobody can spend a victim's budget; recoveries, tombstones and proofs of duplicity are
 * exempt. Bounded: the least recently active agent is forgotten. Source: docs/protocol.md §5.
 */
import { revocationsPerMinute, rotationRefillSeconds, rotationsBurst } from '../limits.ts';
import type { ChangeKind } from '../peer/effects.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

const agentsMax = 16_384;

interface AgentBudget {
  readonly rotations: TokenBucket;
  readonly revocations: TokenBucket;
}

export interface GossipBudgets {
  /** Spends the budget for these verified changes if there is enough. */
  spend(agentKey: string, changes: readonly ChangeKind[], nowMs: number): boolean;
  /** When the agent has budget for either kind again, milliseconds since 1970. */
  readyAtMs(agentKey: string, nowMs: number): number;
}

export function createGossipBudgets(): GossipBudgets {
  const budgetByAgent = new Map<string, AgentBudget>();

  function budgetOf(agentKey: string): AgentBudget {
    const budget = budgetByAgent.get(agentKey) ?? {
      rotations: createTokenBucket({ burst: rotationsBurst, perSecond: 1 / rotationRefillSeconds }),
      revocations: createTokenBucket({ burst: revocationsPerMinute, perSecond: revocationsPerMinute / 60 }),
    };
    budgetByAgent.delete(agentKey);
    budgetByAgent.set(agentKey, budget);
    if (budgetByAgent.size > agentsMax) budgetByAgent.delete(budgetByAgent.keys().next().value!);
    return budget;
  }

  return {
    spend(agentKey, changes, nowMs) {
      if (changes.some((change) => change === 'recovered' || change === 'tombstoned' || change === 'forked'))
        return true;
      const budget = budgetOf(agentKey);
      if (changes.includes('rotated') && !budget.rotations.take(nowMs)) return false;
      const revokes = changes.includes('delegation-revoked') || changes.includes('credential-revoked');
      return !revokes || budget.revocations.take(nowMs);
    },
    readyAtMs(agentKey, nowMs) {
      const budget = budgetOf(agentKey);
      return Math.max(budget.rotations.readyAtMs(nowMs), budget.revocations.readyAtMs(nowMs));
    },
  };
}
