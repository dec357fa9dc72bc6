/**
 * What the NANDA index does to agents, in terms of weft: a name is an agent in this daemon's custody, its `agent_url` the
 * record's primary facts, its `api_url` the adaptive resolver. Decides who may change what; the bodies are the routes'.
 */
import { type AgentId, agentKey, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { AgentState } from '../../core/record/agent-state.ts';
import { materialise } from '../../core/record/merge.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import { lookUpError } from '../error-table.ts';
import { assertRoom, type NameBook, type NamedAgent } from './name-book.ts';

/** What a lookup answers. */
export interface NandaAddress {
  /** As it was asked for, or the name that a client leads to. */
  readonly name: string;
  /** `nanda:` text. */
  readonly agentId: string;
  readonly agentUrl: string;
  readonly apiUrl: string | null;
}

export interface Registration {
  readonly name: string;
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
  /**
   * @param mayChange whether this caller may change a name that exists
   * @returns the agent behind the name, as `nanda:` text
   * @throws ApiError `not-yours`, `too-many-names`, `names-not-kept`, and what custody throws
   */
  register(registration: Registration, mayChange: boolean): Promise<string>;
  /** By name, by the client that it is assigned to, or by `nanda:` id; null: not found. */
  lookUp(id: string): Promise<NandaAddress | null>;
  /** Ends the agent and forgets the name; false: there is none. */
  remove(name: string): Promise<boolean>;
  /** Null: no such name. */
  update(name: string, update: StatusUpdate): Promise<NamedAgent | null>;
}

/** Those operations over a node. Changes of one name wait for one another. */
export function createNandaAgents(
  node: Pick<WeftNode, 'agents' | 'resolve'>,
  book: NameBook,
  nowMs: () => number = Date.now,
): NandaAgents {
  const inTurn = createTurns();
  /** Names that are about to come into the book. */
  let arriving = 0;
  const now = (): string => new Date(nowMs()).toISOString();

  async function isInCustody(agentId: AgentId): Promise<boolean> {
    const key = agentKey(agentId);
    return (await node.agents.list()).some((agent) => agentKey(agent.agentId) === key);
  }

  async function hasEnded(agentId: AgentId): Promise<boolean> {
    return (await node.resolve(agentId)).status === 'tombstoned';
  }

  async function addNew(given: Registration): Promise<string> {
    const { agentId } = await node.agents.register(draftOf(given));
    const id = formatAgentId(agentId);
    try {
      await book.set({ ...blank, ...given, agentId: id, lastUpdate: now() });
      return id;
    } catch (error) {
      // Nobody would ever find it; who asked is told of the first failure.
      await node.agents.revoke(agentId, 'cessationOfOperation').catch(() => {});
      throw error;
    }
  }

  async function registerNow(given: Registration, mayChange: boolean): Promise<string> {
    const known = book.get(given.name);
    const agentId = known === undefined ? idOf(given.name) : parseAgentId(known.agentId);
    if (agentId === null) return addNew(given);
    if (!mayChange) {
      if (known !== undefined && isSame(given, known)) return known.agentId;
      throw notYours(given.name);
    }
    const { status, state } = await node.resolve(agentId);
    // Its controller ended it elsewhere; the name is free for a new one.
    if (known !== undefined && status === 'tombstoned') return addNew(given);
    // The record may have been changed elsewhere, too: what it says counts, not what was said here before.
    const isSaid = status === 'ok' && state !== null && isSame(given, fieldsOf(state));
    if (!isSaid || known === undefined) {
      if (!(await isInCustody(agentId))) throw notYours(given.name);
      await node.agents.update(agentId, draftOf(given));
    }
    const id = formatAgentId(agentId);
    await book.set({ ...blank, ...known, ...given, agentId: id, alive: false, lastUpdate: now() });
    return id;
  }

  async function registerInTurn(given: Registration, mayChange: boolean): Promise<string> {
    if (book.get(given.name) !== undefined) return registerNow(given, mayChange);
    assertRoom(book.size + arriving);
    arriving++;
    try {
      return await registerNow(given, mayChange);
    } finally {
      arriving--;
    }
  }

  /** The truth is the record, wherever the name led. */
  async function addressOf(name: string, agentId: AgentId): Promise<NandaAddress | null> {
    const { state, status } = await node.resolve(agentId);
    if (status !== 'ok' || state === null) return null;
    const { agentUrl, apiUrl } = fieldsOf(state);
    return agentUrl === null ? null : { name, agentId: formatAgentId(agentId), agentUrl, apiUrl };
  }

  async function removeNow(name: string): Promise<boolean> {
    const known = book.get(name);
    if (known === undefined) return false;
    try {
      await node.agents.revoke(parseAgentId(known.agentId), 'cessationOfOperation');
    } catch (error) {
      // Ended already, or its keys were taken away: there is nothing left here but the name.
      const code = lookUpError(error)?.code ?? '';
      const isGone = code === 'not-custodial' || (await hasEnded(parseAgentId(known.agentId)));
      if (!isGone) throw error;
    }
    await book.delete(name);
    return true;
  }

  async function updateNow(name: string, update: StatusUpdate): Promise<NamedAgent | null> {
    const known = book.get(name);
    if (known === undefined) return null;
    const { assigned_to: assignedTo, ...rest } = update;
    const changed = {
      ...known,
      ...rest,
      ...(assignedTo !== undefined && { assignedTo }),
      lastUpdate: now(),
    };
    await book.set(changed);
    return changed;
  }

  return {
    register: (given, mayChange) => inTurn(given.name, () => registerInTurn(given, mayChange)),
    async lookUp(id) {
      const named = book.get(id) ?? book.all().find(({ assignedTo }) => assignedTo === id);
      if (named !== undefined) return addressOf(named.name, parseAgentId(named.agentId));
      const agentId = isWritten(id) ? idOf(id) : null;
      return agentId === null ? null : addressOf(id, agentId);
    },
    remove: (name) => inTurn(name, () => removeNow(name)),
    update: (name, update) => inTurn(name, () => updateNow(name, update)),
  };
}

/** Tasks of one name, one after the other. */
function createTurns(): <Value>(name: string, task: () => Promise<Value>) => Promise<Value> {
  const turnByName = new Map<string, Promise<unknown>>();
  return async (name, task) => {
    const turn = (turnByName.get(name) ?? Promise.resolve()).then(task);
    const settled = turn.catch(() => {});
    turnByName.set(name, settled);
    try {
      return await turn;
    } finally {
      if (turnByName.get(name) === settled) turnByName.delete(name);
    }
  };
}

const blank = { apiUrl: null, alive: false, assignedTo: null, capabilities: [], tags: [] } as const;

function draftOf({ agentUrl, apiUrl }: Registration) {
  return { primaryFactsUrl: agentUrl, adaptiveResolverUrl: apiUrl };
}

interface Urls {
  readonly agentUrl: string | null;
  readonly apiUrl: string | null;
}

function isSame(one: Urls, other: Urls): boolean {
  return one.agentUrl === other.agentUrl && one.apiUrl === other.apiUrl;
}

function fieldsOf(state: AgentState): Urls {
  const { fields } = materialise(state);
  const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { agentUrl: textOf(fields.primary.value), apiUrl: textOf(fields.adaptive.value) };
}

/** Null for a name that is none of the ids. @throws ProtocolError `bad-argument` for one that wants to be */
function idOf(name: string): AgentId | null {
  return /^(did:)?nanda:/.test(name) ? parseAgentId(name) : null;
}

function isWritten(id: string): boolean {
  return /^(did:)?nanda:[a-z2-7]{52}$/.test(id);
}

function notYours(name: string): ApiError {
  return new ApiError('not-yours', `Agent ${name} belongs to somebody else`);
}
