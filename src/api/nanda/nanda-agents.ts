/**
 * What the NANDA index does to agents, in terms of weft: a name is an agent in this daemon's custody, its `agent_url` the
 * record's primary facts, its `api_url` the adaptive resolver. Decides who may change what; the bodies are the routes'.
 */
import { agentKey, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { AgentState } from '../../core/record/agent-state.ts';
import { materialise } from '../../core/record/merge.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import type { NameBook, NamedAgent } from './name-book.ts';

/** What a lookup answers. */
export interface NandaAddress {
  readonly agentId: string;
  readonly agentUrl: string;
  readonly apiUrl: string | null;
}

export interface StatusUpdate {
  readonly alive?: boolean;
  readonly assigned_to?: string | null;
  readonly capabilities?: readonly string[];
  readonly tags?: readonly string[];
}

export interface NandaAgents {
  /** @param mayChange whether this caller may change a name that exists */
  register(name: string, agentUrl: string, apiUrl: string | null, mayChange: boolean): Promise<void>;
  /** By name, by the client that it is assigned to, or by `nanda:` id; null: not found. */
  lookUp(id: string): Promise<NandaAddress | null>;
  remove(name: string): Promise<void>;
  update(name: string, update: StatusUpdate): NamedAgent;
}

/** Those operations over a node. Changes of one name wait for one another. */
export function createNandaAgents(
  node: Pick<WeftNode, 'agents' | 'resolve'>,
  book: NameBook,
  nowMs: () => number = Date.now,
): NandaAgents {
  const turnByName = new Map<string, Promise<void>>();
  const now = (): string => new Date(nowMs()).toISOString();

  async function inTurn(name: string, task: () => Promise<void>): Promise<void> {
    const turn = (turnByName.get(name) ?? Promise.resolve()).then(task);
    const settled = turn.catch(() => {});
    turnByName.set(name, settled);
    try {
      await turn;
    } finally {
      if (turnByName.get(name) === settled) turnByName.delete(name);
    }
  }

  async function isInCustody(agentId: string): Promise<boolean> {
    const key = agentKey(parseAgentId(agentId));
    return (await node.agents.list()).some((agent) => agentKey(agent.agentId) === key);
  }

  async function registerNow(name: string, agentUrl: string, apiUrl: string | null, mayChange: boolean) {
    const known = book.get(name);
    const draft = { primaryFactsUrl: agentUrl, adaptiveResolverUrl: apiUrl };
    const agentId = known?.agentId ?? idOf(name);
    if (agentId !== null) {
      if (known?.agentUrl === agentUrl && known.apiUrl === apiUrl) return;
      if (!mayChange || !(await isInCustody(agentId)))
        throw new ApiError('not-yours', `Agent ${name} belongs to somebody else`);
      await node.agents.update(parseAgentId(agentId), draft);
      book.set({
        ...blank(name, now()),
        ...known,
        agentId,
        agentUrl,
        apiUrl,
        alive: false,
        lastUpdate: now(),
      });
      return;
    }
    book.assertRoom();
    const made = await node.agents.register(draft);
    book.set({ ...blank(name, now()), agentId: formatAgentId(made.agentId), agentUrl, apiUrl });
  }

  /** The truth is the record, wherever the name led. */
  async function addressOf(name: string, agentId: string): Promise<NandaAddress | null> {
    const { state, status } = await node.resolve(parseAgentId(agentId));
    if (status !== 'ok' || state === null) return null;
    const { primary, adaptive } = fieldsOf(state);
    return primary === null ? null : { agentId: name, agentUrl: primary, apiUrl: adaptive };
  }

  return {
    register: (name, agentUrl, apiUrl, mayChange) =>
      inTurn(name, () => registerNow(name, agentUrl, apiUrl, mayChange)),
    async lookUp(id) {
      const named = book.get(id) ?? book.all().find(({ assignedTo }) => assignedTo === id);
      if (named !== undefined) return addressOf(named.name, named.agentId);
      const agentId = idOf(id);
      return agentId === null ? null : addressOf(id, agentId);
    },
    remove: (name) =>
      inTurn(name, async () => {
        const known = book.get(name);
        if (known === undefined) return;
        await node.agents.revoke(parseAgentId(known.agentId), 'cessationOfOperation');
        book.delete(name);
      }),
    update(name, { alive, assigned_to: assignedTo, capabilities, tags }) {
      const known = book.get(name);
      if (known === undefined) throw new ApiError('not-found', 'Agent not found');
      const changed = {
        ...known,
        ...(alive !== undefined && { alive }),
        ...(assignedTo !== undefined && { assignedTo }),
        ...(capabilities !== undefined && { capabilities }),
        ...(tags !== undefined && { tags }),
        lastUpdate: now(),
      };
      book.set(changed);
      return changed;
    },
  };
}

function fieldsOf(state: AgentState) {
  const { fields } = materialise(state);
  const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { primary: textOf(fields.primary.value), adaptive: textOf(fields.adaptive.value) };
}

function idOf(text: string): string | null {
  if (!/^(did:)?nanda:/.test(text)) return null;
  return formatAgentId(parseAgentId(text));
}

function blank(name: string, lastUpdate: string): NamedAgent {
  return {
    name,
    agentId: '',
    agentUrl: '',
    apiUrl: null,
    alive: false,
    assignedTo: null,
    lastUpdate,
    capabilities: [],
    tags: [],
  };
}
