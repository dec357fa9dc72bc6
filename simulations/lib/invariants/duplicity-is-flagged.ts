/** Two events for one place in a key log are a fork: every live node says so within a bound, and says it of no other agent. */
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { createViolations, type Invariant } from './invariant.ts';

/** Of a network without faults, or whose faults are over. */
const withinMs = 10_000;

/** @param faultsOverMs when the last fault ends; asked at the end. */
export function duplicityIsFlagged(nowMs: () => number, faultsOverMs: () => number): Invariant {
  const violations = createViolations();
  const forks = new Map<string, { readonly timeMs: number; readonly flaggedAtMs: Map<number, number> }>();

  return {
    name: 'duplicity is detected by all within a bound',
    forked(agent) {
      forks.set(agentKey(agent.agentId), { timeMs: nowMs(), flaggedAtMs: new Map() });
    },
    changed({ index }, { agentId, change }) {
      if (change !== 'forked') return;
      const key = agentKey(agentId);
      const fork = forks.get(key);
      if (fork === undefined)
        violations.add(`node ${index} takes ${key.slice(0, 12)} for forked, which is not`);
      else if (!fork.flaggedAtMs.has(index)) fork.flaggedAtMs.set(index, nowMs());
    },
    ended({ nodes }) {
      for (const [key, { timeMs, flaggedAtMs }] of forks) {
        const dueMs = Math.max(timeMs, faultsOverMs()) + withinMs;
        if (nowMs() < dueMs) continue;
        for (const { index, isUp } of nodes) {
          if (isUp && (flaggedAtMs.get(index) ?? Number.POSITIVE_INFINITY) > dueMs)
            violations.add(`node ${index} does not flag ${key.slice(0, 12)} in time`);
        }
      }
    },
    violations: violations.all,
  };
}
