/** The operations on agents' keys, over whatever keeps the keyrings; one at a time, so that none overwrites another. */
import { type AgentId, agentIdFromKey, agentKey } from '../../core/identity/agent-id.ts';
import type { AgentKeys, AgentSeeds, KeyRole } from '../../ports/keystore.ts';
import { type AgentKeyring, assertSeeds, emptyKeyring, keyRoles, rolesIn } from './key-file-seeds.ts';

/** Where keyrings are kept; agents are named by their key in hexadecimal. */
export interface KeyringFiles {
  agents(): Promise<readonly string[]>;
  load(agent: string): Promise<AgentKeyring | null>;
  /** Durable when it resolves. */
  save(agent: string, keyring: AgentKeyring): Promise<void>;
  remove(agent: string): Promise<void>;
}

export function createAgentKeys(files: KeyringFiles): AgentKeys {
  let last: Promise<unknown> = Promise.resolve();
  /** Roles in use of the agents whose files were read, so that a list opens each once; bounded by the files. */
  const rolesByAgent = new Map<string, readonly KeyRole[]>();

  function alone<Value>(task: () => Promise<Value>): Promise<Value> {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  }

  function change(agentId: AgentId, next: (held: AgentKeyring) => AgentKeyring): Promise<void> {
    const agent = agentKey(agentId);
    return alone(async () => {
      const keyring = next((await files.load(agent)) ?? emptyKeyring);
      const isEmpty = [...rolesIn(keyring.inUse), ...rolesIn(keyring.staged)].length === 0;
      rolesByAgent.delete(agent);
      await (isEmpty ? files.remove(agent) : files.save(agent, keyring));
    });
  }

  async function read(agentId: AgentId): Promise<AgentKeyring> {
    return alone(async () => (await files.load(agentKey(agentId))) ?? emptyKeyring);
  }

  return {
    list: () =>
      alone(async () => {
        const found = [];
        for (const agent of [...(await files.agents())].sort()) {
          const roles = rolesByAgent.get(agent) ?? rolesIn((await files.load(agent))?.inUse ?? {});
          rolesByAgent.set(agent, roles);
          if (roles.length > 0) found.push({ agentId: agentIdFromKey(agent), roles });
        }
        return found;
      }),
    read: async (agentId) => (await read(agentId)).inUse,
    readStaged: async (agentId) => (await read(agentId)).staged,
    async add(agentId, seeds) {
      assertSeeds(seeds);
      await change(agentId, ({ inUse, staged }) => ({ inUse: { ...inUse, ...copy(seeds) }, staged }));
    },
    async stage(agentId, seeds) {
      assertSeeds(seeds);
      await change(agentId, ({ inUse }) => ({ inUse, staged: copy(seeds) }));
    },
    promote: (agentId) =>
      change(agentId, ({ inUse, staged }) => ({ inUse: { ...inUse, ...staged }, staged: {} })),
    discardStaged: (agentId) => change(agentId, ({ inUse }) => ({ inUse, staged: {} })),
    remove: (agentId, roles) =>
      change(agentId, ({ inUse, staged }) => {
        if (roles === undefined) return emptyKeyring;
        const kept = keyRoles.filter((role) => inUse[role] !== undefined && !roles.includes(role));
        return { inUse: Object.fromEntries(kept.map((role) => [role, inUse[role]!])), staged };
      }),
  };
}

/** The caller may wipe its seeds afterwards. */
function copy(seeds: AgentSeeds): AgentSeeds {
  return Object.fromEntries(rolesIn(seeds).map((role) => [role, seeds[role]!.slice()]));
}
