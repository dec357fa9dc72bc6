/** The tools that only read: what they ask the API, and how a model is told. Each takes checked input. */
import type { DaemonClient, JsonObject } from './daemon-client.ts';
import { ToolError } from './daemon-client.ts';
import {
  defaults,
  type ResolveInput,
  type RevocationInput,
  type SearchInput,
  type WatchInput,
} from './tool-schemas.ts';

interface PointerJson {
  readonly url: string | null;
  readonly blindedDigest: string | null;
}
/** What `GET /v1/agents/:id` answers, as far as it is read here. */
interface ResolutionJson {
  readonly status: string;
  readonly agentId: string;
  readonly responders: readonly string[];
  readonly holders: number;
  readonly cached: boolean;
  readonly keys: {
    readonly status: string;
    readonly sequence: number;
    readonly signingKey: string | null;
    readonly endReason: string | null;
  } | null;
  readonly record: {
    readonly fields: Readonly<Record<'primary' | 'private' | 'adaptive', PointerJson>> & {
      readonly ttl: { readonly seconds: number };
    };
    readonly issuedAt: string;
    readonly expiresAt: string;
  } | null;
  readonly delegations: readonly {
    readonly slot: number;
    readonly audience: string;
    readonly rights: readonly string[];
    readonly fields: readonly string[];
    readonly expiresAt: string;
  }[];
  readonly revocations: readonly {
    readonly kind: string;
    readonly target: string;
    readonly reason: string;
    readonly issuedAt: string;
  }[];
}

/** Where an agent is. A record that is not to be used is not shown. */
export async function resolveAgent(
  client: DaemonClient,
  { agent, fresh = false }: ResolveInput,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { status, agentId, keys, record, delegations, ...rest } = await resolve(client, agent, fresh, signal);
  const usable = status === 'ok';
  return {
    agentId,
    status,
    usable,
    record: usable && record !== null ? recordOf(record) : null,
    signingKey: usable ? (keys?.signingKey ?? null) : null,
    keyChanges: keys?.sequence ?? 0,
    delegates: usable
      ? delegations.map(({ slot, audience, rights, fields, expiresAt }) => ({
          slot,
          key: audience,
          rights,
          fields,
          expiresAt,
        }))
      : [],
    answeredBy: { peers: rest.responders.length, holders: rest.holders, fromCache: rest.cached },
  };
}

/** Whether an agent, a grant or a credential was revoked, asked of the network and not of a cache. */
export async function checkRevocation(
  client: DaemonClient,
  { agent, target }: RevocationInput,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { status, agentId, keys, revocations, responders } = await resolve(client, agent, true, signal);
  if (keys === null)
    throw new ToolError('not-found', `nobody that answered knows ${agentId}`, 'check the agent id');
  const revoked = keys.status === 'tombstoned';
  return {
    agentId,
    status,
    revoked,
    reason: keys.endReason,
    trustworthy: keys.status !== 'forked' && status !== 'rolled-back',
    // Nothing of an agent that has ended, or whose keys are in doubt, holds.
    targetRevoked:
      target === undefined
        ? null
        : keys.status !== 'active' || revocations.some((revocation) => revocation.target === target),
    revocations: revocations.map(({ kind, target: hash, reason, issuedAt }) => ({
      kind,
      target: hash,
      reason,
      issuedAt,
    })),
    peersAsked: responders.length,
  };
}

/** Agents by capability, words and what they are. With filters or words alone each is verified in its facts. */
export async function searchAgents(
  client: DaemonClient,
  input: SearchInput,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { capability, text, limit = defaults.results, verify = true, ...filters } = input;
  const hasFilters = Object.keys(filters).length > 0;
  if (capability === undefined && text === undefined && !hasFilters)
    throw new ToolError('bad-request', 'there is nothing to look for', 'give capability, text, or a filter');
  try {
    if (hasFilters || capability === undefined)
      return queriedOf(
        (await client.call('POST', '/v1/query', {
          body: {
            ...filters,
            ...(capability !== undefined && { skill: capability }),
            ...(text !== undefined && { text }),
            limit,
            verify,
          },
          signal,
        })) as unknown as QueryJson,
      );
    const query = new URLSearchParams({
      capability,
      ...(text !== undefined && { text }),
      limit: String(limit),
      verify: String(verify),
    });
    const answer = (await client.call('GET', `/v1/search?${query}`, { signal })) as unknown as SearchJson;
    const { overlay } = answer.horizon;
    return {
      results: answer.results.map(foundOf),
      complete: overlay?.isComplete ?? null,
      horizon: `${overlay?.responders ?? 0} peers responsible for the tag answered; facts that this node serves`,
    };
  } catch (error) {
    if (!(error instanceof ToolError) || error.code !== 'no-route') throw error;
    throw new ToolError('no-route', 'this daemon cannot search', 'update weft on its machine', {
      cause: error,
    });
  }
}

interface SearchJson {
  readonly results: readonly FoundJson[];
  readonly horizon: {
    readonly overlay: { readonly responders: number; readonly isComplete: boolean } | null;
  };
}
interface FoundJson {
  readonly agentId: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly score: number;
  readonly source: string;
  readonly verified: boolean;
}
interface QueryJson {
  readonly results: readonly (Omit<FoundJson, 'source' | 'verified'> & {
    readonly mark: string;
    readonly factsFrom: string | null;
    readonly filters: Readonly<Record<string, string>>;
  })[];
  readonly horizon: {
    readonly overlay: { readonly responders: number; readonly isComplete: boolean } | null;
    readonly seen: { readonly agents: number; readonly facts: number };
    readonly candidates: number;
    readonly checked: number;
  };
}

/** What a model chooses by; the rest stands in the facts. */
function foundOf({ agentId, name, description, tags, score, source, verified }: FoundJson): JsonObject {
  return { agentId, name, description, tags, score, source, verified, unchecked: [] };
}

function queriedOf({ results, horizon: { overlay, seen, candidates, checked } }: QueryJson): JsonObject {
  const asked = overlay === null ? '' : `; ${overlay.responders} peers responsible for the tag answered`;
  return {
    results: results.map(({ agentId, name, description, tags, score, mark, factsFrom, filters }) => ({
      ...{ agentId, name, description, tags, score },
      source: factsFrom === null ? 'announcement' : 'facts',
      verified: mark === 'verified',
      unchecked: Object.keys(filters).filter((filter) => filters[filter] !== 'match'),
    })),
    complete: overlay?.isComplete ?? null,
    horizon: `${checked} of ${candidates} candidates looked at${asked}; words are looked for in the facts that this node serves and in ${seen.agents} agents that it has seen, ${seen.facts} of them with facts`,
  };
}

/** Waits for the next changes of some agents, and no longer than was asked for. */
export async function watchAgents(
  client: DaemonClient,
  input: WatchInput,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { agents, onlyRevocations = false, after = null } = input;
  const wanted = input.changes ?? defaults.changes;
  const limit = AbortSignal.timeout((input.timeoutSeconds ?? defaults.watchSeconds) * 1000);
  const query = new URLSearchParams(agents.map((agent) => ['agent', agent]));
  if (onlyRevocations) query.set('only', 'revocations');
  const changes: JsonObject[] = [];
  let last = after;
  let missed = false;
  let isListening = false;
  try {
    const stream = client.changes(`/v1/changes?${query}`, after, AbortSignal.any([signal, limit]));
    for await (const { id, data } of stream) {
      isListening = true;
      if (id !== null) last = id;
      if (data['type'] === 'gap') missed = true;
      if (data['type'] !== 'change') continue;
      const { agentId, change, acceptedAt } = data;
      changes.push({ agentId, change, acceptedAt, id });
      if (changes.length === wanted) break;
    }
  } catch (error) {
    // The caller's own time limit is no error, once somebody listened for it.
    if (!limit.aborted || signal.aborted || !isListening) throw error;
  }
  return { changes, ended: changes.length === wanted ? 'changes' : 'timeout', missed, last };
}

async function resolve(
  client: DaemonClient,
  agent: string,
  fresh: boolean,
  signal: AbortSignal,
): Promise<ResolutionJson> {
  const path = `/v1/agents/${encodeURIComponent(agent)}${fresh ? '?fresh=true' : ''}`;
  return (await client.call('GET', path, { signal })) as unknown as ResolutionJson;
}

function recordOf({ fields, issuedAt, expiresAt }: NonNullable<ResolutionJson['record']>): JsonObject {
  return {
    primaryFactsUrl: fields.primary.url,
    privateFactsUrl: fields.private.url,
    privateFactsDigest: fields.private.blindedDigest,
    adaptiveResolverUrl: fields.adaptive.url,
    ttlSeconds: fields.ttl.seconds,
    issuedAt,
    expiresAt,
  };
}
