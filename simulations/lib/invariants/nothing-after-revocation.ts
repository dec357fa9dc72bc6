/** A node that has seen an agent's end never again gives out a record of it. */
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { createViolations, type Invariant } from './invariant.ts';

export function nothingAfterRevocation(): Invariant {
  const endedAt = new Map<number, Set<string>>();
  const violations = createViolations();
  return {
    name: 'nothing is accepted after its revocation was seen',
    changed({ index }, { agentId, change }) {
      if (change !== 'tombstoned') return;
      const seen = endedAt.get(index) ?? new Set();
      endedAt.set(index, seen.add(agentKey(agentId)));
    },
    resolved({ index }, { agentId, status }) {
      const key = agentKey(agentId);
      if (status !== 'tombstoned' && endedAt.get(index)?.has(key))
        violations.add(`node ${index} resolves ${key.slice(0, 12)} as ${status} after it saw its end`);
    },
    violations: violations.all,
  };
}
