/** Search by capability and by words, and what agents in custody announce. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { parseTag } from '../../core/capability/tag.ts';
import {
  type AgentId,
  agentKey,
  formatAgentDid,
  formatAgentId,
  parseAgentId,
} from '../../core/identity/agent-id.ts';
import type { FoundCapabilities, WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import { readAccess } from '../authorise.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import {
  type CapabilitiesBody,
  capabilitiesAnswer,
  capabilitiesBody,
  type SearchQuery,
  searchAnswer,
  searchQuery,
} from '../search-answers.ts';
import { timeView } from '../views.ts';

type Searching = Pick<WeftNode, 'capabilities' | 'facts' | 'resolve'>;

/** One row of an answer. */
interface Found {
  readonly agentId: AgentId;
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly score: number;
  readonly source: 'announcement' | 'facts';
  readonly verified: boolean;
  readonly expiresAtSeconds: number | null;
}

interface Wish {
  /** In its normal form. */
  readonly tag: string | null;
  readonly text: string | null;
  readonly limit: number;
  readonly verify: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const limitDefault = 20;
const timeoutMsDefault = 5_000;
/** Resolves under way at once for one search. */
const resolvesMax = 16;

/** Adds them. */
export function addSearchRoutes(app: FastifyInstance, node: Searching): void {
  addSearchRoute(app, node);
  addAnnounceRoute(app, node);
}

function addSearchRoute(app: FastifyInstance, node: Searching): void {
  const schema = {
    querystring: searchQuery,
    response: searchAnswer,
    tags: ['agents'],
    operationId: 'searchAgents',
    summary: 'Find agents by what they can do',
    description:
      'By capability through the overlay and in the AgentFacts that this node serves; by words in those facts, and in announced tags beside a capability. `horizon` says how far was looked. Announcements are hints: `?verify` resolves each agent first. Agents that are known to have ended are never shown.',
  };
  app.get<{ Querystring: SearchQuery }>('/v1/search', { schema, ...readAccess }, async ({ query }, reply) => {
    const wish = wishOf(query, reply);
    const [overlay, hosted] = await Promise.all([searchOverlay(node, wish), searchFacts(node, wish)]);
    const announced = overlay === null ? [] : announcedRows(overlay, wish);
    const results = bestFirst([...hosted, ...announced]).slice(0, wish.limit);
    reply.header('cache-control', 'no-store');
    return {
      results: results.map(foundView),
      horizon: {
        overlay: overlay === null ? null : horizonView(overlay, wish.tag!),
        facts: 'hosted' as const,
      },
    };
  });
}

function addAnnounceRoute(app: FastifyInstance, node: Searching): void {
  const schema = {
    params: agentParams,
    body: capabilitiesBody,
    response: capabilitiesAnswer,
    tags: ['custody'],
    operationId: 'announceCapabilities',
    summary: 'Announce what an agent can do, and keep it announced',
  };
  type Route = { Params: AgentParams; Body: CapabilitiesBody };
  app.put<Route>('/v1/agents/:id/capabilities', { schema }, async ({ params, body }) => {
    const { tags, timeoutMs } = body;
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    const said = await node.capabilities.announce(parseAgentId(params.id), tags, options);
    return {
      agentId: formatAgentId(said.agentId),
      tags: [...said.tags],
      expiresAt: said.tags.length === 0 ? null : timeView(said.expiresAtSeconds),
      announce: said.announce,
    };
  });
}

function wishOf({ capability, text, limit, verify, timeoutMs }: SearchQuery, reply: FastifyReply): Wish {
  if (capability === undefined && text === undefined)
    throw new ApiError('bad-request', 'there is nothing to look for: give capability, text, or both');
  const abort = new AbortController();
  // A reader that goes away ends the search.
  reply.raw.once('close', () => abort.abort());
  return {
    tag: capability === undefined ? null : parseTag(capability),
    text: text ?? null,
    limit: limit === undefined ? limitDefault : Number(limit),
    verify: verify !== undefined && verify !== 'false',
    timeoutMs: timeoutMs === undefined ? timeoutMsDefault : Number(timeoutMs),
    signal: abort.signal,
  };
}

async function searchOverlay(
  node: Searching,
  { tag, limit, verify, timeoutMs, signal }: Wish,
): Promise<FoundCapabilities | null> {
  return tag === null ? null : node.capabilities.search({ tag, limit, verify, timeoutMs, signal });
}

/** Of the facts that this node serves; those of agents that have ended are left out. */
async function searchFacts(
  node: Searching,
  { tag, text, limit, verify, timeoutMs, signal }: Wish,
): Promise<Found[]> {
  const hits = await node.facts.search({
    ...(text !== null && { text }),
    ...(tag !== null && { tags: [tag] }),
    limit,
  });
  const rows = hits.map((hit): Found => {
    const { agentId, name, description, tags, score } = hit;
    return {
      agentId,
      name,
      description,
      tags,
      score,
      source: 'facts',
      verified: false,
      expiresAtSeconds: null,
    };
  });
  if (!verify) return rows;
  const checked: Found[] = [];
  for (let start = 0; start < rows.length; start += resolvesMax) {
    const batch = rows.slice(start, start + resolvesMax).map(async (row) => {
      const { status } = await node.resolve(row.agentId, { timeoutMs, signal });
      return status === 'tombstoned' || status === 'forked' ? [] : [{ ...row, verified: status === 'ok' }];
    });
    checked.push(...(await Promise.all(batch)).flat());
  }
  return checked;
}

/** With words: of those that announced the tag, whose tags have every word. */
function announcedRows({ results }: FoundCapabilities, { text }: Wish): Found[] {
  const words = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return results
    .filter(({ tags }) => words.every((word) => tags.some((tag) => tag.includes(word))))
    .map((row) => ({ ...row, name: null, description: null }));
}

/** Each agent once, its facts before its hint. */
function bestFirst(rows: readonly Found[]): Found[] {
  const byAgent = new Map<string, Found>();
  for (const row of rows) {
    const key = agentKey(row.agentId);
    if (!byAgent.has(key)) byAgent.set(key, row);
  }
  return [...byAgent.values()].sort((left, right) => right.score - left.score);
}

function horizonView({ asked, responders, isComplete }: FoundCapabilities, tag: string) {
  return { tag, asked, responders, isComplete };
}

function foundView({ agentId, name, description, tags, score, source, verified, expiresAtSeconds }: Found) {
  return {
    agentId: formatAgentId(agentId),
    did: formatAgentDid(agentId),
    name,
    description,
    tags: [...tags],
    score,
    source,
    verified,
    expiresAt: expiresAtSeconds === null ? null : timeView(expiresAtSeconds),
  };
}
