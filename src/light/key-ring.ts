/** The keys that a light node was given, in memory. Bounded by the agents that it keeps alive. */
import type { Signer } from '../core/ed25519.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { AgentSecrets, CustodyKeys } from '../custody/custody-types.ts';
import type { KeyRole } from '../ports/keystore.ts';

export interface KeyRing extends CustodyKeys<Signer> {
  has(agentId: AgentId): boolean;
  agentIds(): readonly AgentId[];
  /** Forgets the keys of that agent. */
  remove(agentId: AgentId): void;
}

interface Held {
  readonly agentId: AgentId;
  used: AgentSecrets<Signer>;
  staged: AgentSecrets<Signer>;
}

/** With the agent's own key, or as its delegate. */
function isWriter(held: Held | undefined): boolean {
  return held !== undefined && (held.used.signing ?? held.used.delegate) !== undefined;
}

export function createKeyRing(): KeyRing {
  const heldByAgent = new Map<string, Held>();

  function held(agentId: AgentId): Held {
    const key = agentKey(agentId);
    const known = heldByAgent.get(key) ?? { agentId, used: {}, staged: {} };
    heldByAgent.set(key, known);
    return known;
  }

  return {
    has: (agentId) => isWriter(heldByAgent.get(agentKey(agentId))),
    agentIds: () => [...heldByAgent.values()].filter(isWriter).map(({ agentId }) => agentId),
    remove: (agentId) => void heldByAgent.delete(agentKey(agentId)),
    list: async () =>
      [...heldByAgent.values()].map(({ agentId, used }) => ({
        agentId,
        roles: Object.keys(used) as KeyRole[],
      })),
    read: async (agentId) => heldByAgent.get(agentKey(agentId))?.used ?? {},
    async add(agentId, secrets) {
      const one = held(agentId);
      one.used = { ...one.used, ...secrets };
    },
    async stage(agentId, secrets) {
      held(agentId).staged = secrets;
    },
    readStaged: async (agentId) => heldByAgent.get(agentKey(agentId))?.staged ?? {},
    async promote(agentId) {
      const one = heldByAgent.get(agentKey(agentId));
      if (one === undefined) return;
      one.used = { ...one.used, ...one.staged };
      one.staged = {};
    },
    async discardStaged(agentId) {
      const one = heldByAgent.get(agentKey(agentId));
      if (one === undefined) return;
      one.staged = {};
      if (Object.keys(one.used).length === 0) heldByAgent.delete(agentKey(agentId));
    },
  };
}
