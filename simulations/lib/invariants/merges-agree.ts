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
      // Nodes that hold the same share its bytes, so that few entries of many are looked into.
      const entriesByAgent = new Map<string, Set<Uint8Array>>();
      for (const { isUp, store } of nodes) {
        if (!isUp) continue;
        for (const [key, bytes] of store) {
          const entries = entriesByAgent.get(key);
          if (entries === undefined) entriesByAgent.set(key, new Set([bytes]));
          else entries.add(bytes);
        }
      }
      for (const [key, entries] of entriesByAgent) {
        const bundles = new Map<string, Uint8Array>();
        for (const bytes of entries) {
          const { bundle } = decodeEntry(bytes);
          bundles.set(bytesToHex(bundle), bundle);
        }
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
