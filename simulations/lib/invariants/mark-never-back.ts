/** What a node has resolved once it never resolves older, under the same keys. */
import { bytesToHex } from '../../../src/core/bytes.ts';
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { createViolations, type Invariant } from './invariant.ts';

export function markNeverBack(): Invariant {
  const issuedAtByView = new Map<string, number>();
  const violations = createViolations();
  return {
    name: 'the high-water mark never moves back',
    resolved({ index }, { agentId, state, status }) {
      if (status !== 'ok' || state?.addr == null) return;
      const view = `${index} ${agentKey(agentId)} ${bytesToHex(state.keyState.establishment)}`;
      const { issuedAt } = state.addr;
      const before = issuedAtByView.get(view) ?? 0;
      if (issuedAt < before)
        violations.add(`node ${index} resolves a record of ${issuedAt} after one of ${before}`);
      issuedAtByView.set(view, Math.max(before, issuedAt));
    },
    violations: violations.all,
  };
}
