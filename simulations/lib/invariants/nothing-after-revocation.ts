/**
 * A node that has seen an agent's end never again gives out or accepts a record of it, and one that has seen a key
 * replaced never again gives out what that key signed.
 */
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import type { AgentState } from '../../../src/core/record/agent-state.ts';
import { createNodeBytes, type NodeBytes } from '../node-bytes.ts';
import { createViolations, type Invariant, type WatchedNode } from './invariant.ts';

/** In place of the number of keys that were replaced. */
const hasEnded = 255;

export function nothingAfterRevocation(): Invariant {
  /** By agent and node: how many times it saw the agent's key replaced; a byte each, for there are many pairs. */
  const seenByAgent = new Map<string, NodeBytes>();
  const violations = createViolations();

  function see(key: string, node: number, what: number): void {
    const seen = seenByAgent.get(key) ?? createNodeBytes();
    seen.set(node, Math.max(seen.get(node), what));
    seenByAgent.set(key, seen);
  }

  function check(
    { index }: Pick<WatchedNode, 'index'>,
    key: string,
    state: AgentState | null,
    did: string,
  ): void {
    const before = seenByAgent.get(key)?.get(index) ?? 0;
    if (before === hasEnded) violations.add(`node ${index} ${did} ${key.slice(0, 12)} after it saw its end`);
    else if (state?.addr != null && state.keyState.sequence < before)
      violations.add(`node ${index} ${did} ${key.slice(0, 12)} under a key that it saw replaced`);
  }

  return {
    name: 'nothing is accepted after its revocation was seen',
    changed(node, { agentId, change, state }) {
      const key = agentKey(agentId);
      if (change === 'tombstoned') see(key, node.index, hasEnded);
      else if (state.keyState.status !== 'tombstoned') {
        check(node, key, state, 'accepts a change of');
        if (change === 'rotated') see(key, node.index, state.keyState.sequence);
      }
    },
    resolved(node, { agentId, state, status }) {
      if (status !== 'tombstoned') check(node, agentKey(agentId), state, `resolves as ${status}`);
    },
    violations: violations.all,
  };
}
