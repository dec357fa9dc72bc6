/** Queries for agents: by skill, modality, language, region, certification and trust, verified before they are answered. */
import type { FastifyInstance } from 'fastify';
import { parseTag } from '../../core/capability/tag.ts';
import { formatAgentDid, formatAgentId } from '../../core/identity/agent-id.ts';
import type { WeftNode } from '../../node/node-types.ts';
import type { AgentQuery, QueryAnswer, QueryResult } from '../../query/query-types.ts';
import { ApiError } from '../api-error.ts';
import { type QueryBody, queryAnswer, queryBody } from '../query-answers.ts';
import { type JsonObject, timeMsView, timeView } from '../views.ts';

const limitDefault = 20;
const timeoutMsDefault = 10_000;

/** Adds it. It needs the token: a node that is asked fetches from where strangers point. */
export function addQueryRoutes(app: FastifyInstance, node: Pick<WeftNode, 'query' | 'trust'>): void {
  const schema = {
    body: queryBody,
    response: queryAnswer,
    tags: ['agents'],
    operationId: 'queryAgents',
    summary: 'Find agents by what they are, verified before they are answered',
    description:
      'Candidates come from the overlay, from the facts that this node serves, and from what it has seen in passing. Each is resolved, its facts are found (here, or fetched past the guard) and verified, and each filter comes out as match, announced or unchecked. `horizon` says how far was looked.',
  };
  app.post<{ Body: QueryBody }>('/v1/query', { schema }, async ({ body }, reply) => {
    const abort = new AbortController();
    // A reader that goes away ends the query.
    reply.raw.once('close', () => abort.abort());
    const query = await queryOf(node, body, abort.signal);
    reply.header('cache-control', 'no-store');
    return answerView(await node.query(query));
  });
}

async function queryOf(
  node: Pick<WeftNode, 'trust'>,
  body: QueryBody,
  signal: AbortSignal,
): Promise<AgentQuery> {
  const { skill, policy, limit, timeoutMs, verify, fetch, strict, ...rest } = body;
  const criteria = [
    skill,
    rest.text,
    rest.modality,
    rest.language,
    rest.region,
    rest.certifiedBy,
    rest.minTrust,
  ];
  if (criteria.every((one) => one === undefined))
    throw new ApiError('bad-request', 'there is nothing to look for: give skill, text, or a filter');
  if ((rest.minTrust === 'zone') !== (policy !== undefined || rest.zone !== undefined))
    throw new ApiError('bad-request', 'minTrust zone comes with a zone or a policy, and they with it');
  if (rest.zone !== undefined) {
    const { zoneNamed } = await import('../../trust/zone-folder.ts');
    zoneNamed(await node.trust.zones(), rest.zone);
  }
  const zone =
    policy === undefined
      ? {}
      : { policy: (await import('../../trust/zone-policy.ts')).readZonePolicy(policy) };
  return {
    ...rest,
    ...zone,
    ...(skill !== undefined && { skill: parseTag(skill) }),
    limit: limit ?? limitDefault,
    timeoutMs: timeoutMs ?? timeoutMsDefault,
    verify: verify ?? true,
    fetch: fetch ?? true,
    strict: strict ?? false,
    signal,
  };
}

function answerView({ results, horizon }: QueryAnswer): JsonObject {
  const { overlay, seen, ...rest } = horizon;
  const { sinceMs, ...counts } = seen;
  return {
    results: results.map(resultView),
    horizon: {
      overlay: overlay === null ? null : { ...overlay },
      seen: { ...counts, since: sinceMs === null ? null : timeMsView(sinceMs) },
      ...rest,
    },
  };
}

function resultView({ agentId, expiresAtSeconds, filters, sources, tags, ...rest }: QueryResult): JsonObject {
  return {
    agentId: formatAgentId(agentId),
    did: formatAgentDid(agentId),
    ...rest,
    tags: [...tags],
    sources: [...sources],
    filters: { ...filters },
    expiresAt: expiresAtSeconds === null ? null : timeView(expiresAtSeconds),
  };
}
