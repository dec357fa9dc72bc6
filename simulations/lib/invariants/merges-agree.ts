/** Whatever the replicas of an agent hold: joined in any order, and twice, it gives the same bytes. */
import { bytesToHex } from '../../../src/core/bytes.ts';
import { decodeEntry } from '../../../src/core/peer/entry.ts';
import { type AgentState, encodeState, joinStates } from '../../../src/core/record/agent-state.ts';
import { decodeState } from '../../../src/core/record/stored-state.ts';
import { createViolations, type Invariant } from './invariant.ts';

export type Join = (left: AgentState | null, right: AgentState) => AgentState;

/** @param join of the product, but in its own test. */
export function mergesAgree(nowSeconds: () => number, join: Join = joinAt(nowSeconds)): Invariant {
  const violations = createViolations();
  const joined = (states: readonly AgentState[]): string => {
    const all = states.reduce<AgentState | null>((sum, state) => join(sum, state), null);
    return bytesToHex(encodeState(all!));
  };
  return {
    name: 'merge results are equal on all replicas',
    ended({ nodes }) {
      const bundlesByAgent = new Map<string, Map<string, Uint8Array>>();
      for (const { isUp, store } of nodes) {
        if (!isUp) continue;
        for (const [key, bytes] of store) {
          const { bundle } = decodeEntry(bytes);
          const bundles = bundlesByAgent.get(key) ?? new Map<string, Uint8Array>();
          bundlesByAgent.set(key, bundles.set(bytesToHex(bundle), bundle));
        }
      }
      for (const [key, bundles] of bundlesByAgent) {
        if (bundles.size < 2) continue;
        const states = [...bundles.values()].map(decodeState);
        const forwards = joined(states);
        const orders = [states.toReversed(), [...states, ...states]];
        if (orders.some((order) => joined(order) !== forwards))
          violations.add(`what replicas hold of agent ${key.slice(0, 12)} gives several results`);
      }
    },
    violations: violations.all,
  };
}

function joinAt(nowSeconds: () => number): Join {
  return (left, right) => joinStates(left, right, nowSeconds()).state;
}
