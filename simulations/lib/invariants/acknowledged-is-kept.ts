/** Every record that was acknowledged is held by live nodes at the end, or one that came after it is. */
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { decodeEntry } from '../../../src/core/peer/entry.ts';
import { decodeState } from '../../../src/core/record/stored-state.ts';
import { stateExpiresAt } from '../../../src/core/resolve/verdict.ts';
import type { SimulatedAgent } from '../agents.ts';
import { createViolations, type Invariant, type WatchedNode } from './invariant.ts';

/** @param nowSeconds whoever is past its validity may be forgotten; left out: nobody is. */
export function acknowledgedIsKept(nowSeconds = (): number => 0): Invariant {
  const newest = new Map<string, SimulatedAgent>();
  const violations = createViolations();

  /** True when that state is what was acknowledged or later. */
  function isKept(nodes: readonly WatchedNode[], key: string, { state }: SimulatedAgent): boolean {
    return nodes.some((node) => {
      const bytes = node.isUp ? node.store.get(key) : undefined;
      if (bytes === undefined) return false;
      const held = decodeState(decodeEntry(bytes).bundle);
      // Its end or its freezing stands above all that it was.
      if (held.keyState.status !== 'active') return true;
      if (held.keyState.sequence !== state.keyState.sequence)
        return held.keyState.sequence > state.keyState.sequence;
      if (state.keyState.status !== 'active') return false;
      return state.addr === null || (held.addr !== null && held.addr.issuedAt >= state.addr.issuedAt);
    });
  }

  return {
    name: 'every acknowledged record is kept or superseded',
    acknowledged(agent) {
      newest.set(agentKey(agent.agentId), agent);
    },
    ended(world) {
      for (const [key, agent] of newest) {
        const isOver = agent.state.addr !== null && stateExpiresAt(agent.state) <= nowSeconds();
        if (!isOver && !isKept(world.nodes, key, agent))
          violations.add(`nobody holds agent ${agent.number} as it was acknowledged`);
      }
    },
    violations: violations.all,
  };
}
