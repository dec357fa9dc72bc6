/**
 * What resolves have shown and the store does not have, for a full disk refuses it: nothing older is shown after it.
 * In memory only. Bounds: 1,024 agents, the longest unshown go first. Source: docs/protocol.md §4 (high-water mark).
 */
import { agentKey } from '../identity/agent-id.ts';
import { encodeState, joinStates } from '../record/agent-state.ts';
import { type CachedAgent, createCachedAgent } from './cached-agent.ts';

const agentsMax = 1_024;

export interface UnstoredAgents {
  has(key: string): boolean;
  /** What the store has, joined with what was shown of the agent. */
  beside(key: string, stored: CachedAgent | null, nowSeconds: number): CachedAgent | null;
  add(agent: CachedAgent): void;
  /** The store has it. */
  delete(key: string): void;
}

export function createUnstoredAgents(): UnstoredAgents {
  const agents = new Map<string, CachedAgent>();
  return {
    has: (key) => agents.has(key),
    beside: (key, stored, nowSeconds) => joinAgents(stored, agents.get(key) ?? null, nowSeconds),
    add(agent) {
      const key = agentKey(agent.state.agentId);
      agents.delete(key);
      agents.set(key, agent);
      if (agents.size > agentsMax) agents.delete(agents.keys().next().value!);
    },
    delete: (key) => void agents.delete(key),
  };
}

/** The very same as the first where the second adds nothing to it. */
export function joinAgents(
  stored: CachedAgent | null,
  seen: CachedAgent | null,
  nowSeconds: number,
): CachedAgent | null {
  if (stored === null || seen === null || stored === seen) return stored ?? seen;
  const { state, changed } = joinStates(stored.state, seen.state, nowSeconds);
  return changed ? createCachedAgent({ ...seen, state, bundle: encodeState(state) }) : stored;
}
