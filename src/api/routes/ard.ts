/**
 * The agents whose facts this node serves, as a registry of Agentic Resource Discovery (ARD 0.9): a catalog, ranked search,
 * counts, a list. It searches its own index alone, and says so: nothing is federated, nobody is referred to.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { agentKey } from '../../core/identity/agent-id.ts';
import type { HostedFacts } from '../../facts/host/hosted-facts.ts';
import type { WeftNode } from '../../node/node-types.ts';
import type { Problem } from '../api-error.ts';
import {
  catalogAnswer,
  type ExploreBody,
  exploreAnswer,
  exploreBody,
  type ListQuery,
  listAnswer,
  listQuery,
  pageSizeMax,
  type SearchBody,
  searchAnswer,
  searchBody,
} from '../ard/ard-schemas.ts';
import { catalogEntryOf, catalogOf } from '../ard/catalog-entry.ts';
import { countValues, type EntryFilter, fits } from '../ard/entry-filter.ts';
import { parseListFilter, parseOrder } from '../ard/list-expression.ts';
import { offsetOf, pageTokenOf } from '../ard/page-token.ts';
import { readAccess } from '../authorise.ts';
import { baseUrlOf } from '../base-url.ts';
import type { JsonObject } from '../views.ts';
import { sendTagged } from './facts.ts';

type Facts = Pick<WeftNode, 'facts'>;
const tags = ['standards'];
const searchPageSize = 10;
const listPageSize = 20;
const facetsDefault = 20;

/** Their codes for our statuses (appendix B). */
const ardCodes: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  429: 'RATE_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
};

/** Adds them. @param publicUrl under which this API is known outside; null: as it was called */
export function addArdRoutes(app: FastifyInstance, node: Facts, publicUrl: string | null): void {
  addCatalogRoute(app, node, publicUrl);
  addSearchRoute(app, node, publicUrl);
  addExploreRoute(app, node, publicUrl);
  addListRoute(app, node, publicUrl);
}

function addCatalogRoute(app: FastifyInstance, node: Facts, publicUrl: string | null): void {
  const schema = {
    response: catalogAnswer,
    tags,
    operationId: 'readCatalog',
    summary: 'The AI Catalog of this host: the agents whose facts it serves',
  };
  app.get('/.well-known/ai-catalog.json', { schema, ...readAccess }, async (request, reply) => {
    const catalog = catalogOf(await node.facts.list(), baseUrlOf(request, publicUrl));
    return sendTagged(request, reply, JSON.stringify(catalog), 'application/ai-catalog+json');
  });
}

function addSearchRoute(app: FastifyInstance, node: Facts, publicUrl: string | null): void {
  const schema = {
    body: searchBody,
    response: searchAnswer,
    tags,
    operationId: 'searchArd',
    summary: 'Search the agents of this host by words (ARD)',
    description: '`score` is relevance, 0 to 100; it says nothing of trust. Only this node is searched.',
  };
  app.post<{ Body: SearchBody }>(
    '/search',
    { schema, ...readAccess, onSend: addArdMembers },
    async (request) => {
      const { query, federation, pageSize = searchPageSize, pageToken } = request.body;
      const base = baseUrlOf(request, publicUrl);
      const offset = offsetOf(pageToken, query);
      const found = await matched(node, base, query.text, filterOf(query.filter));
      const page = found.slice(offset, offset + pageSize);
      const next = offset + page.length;
      return {
        results: page.map(({ entry, score }) => ({ ...entry, score, source: `${base}/` })),
        ...(federation === 'referrals' && { referrals: [] }),
        ...(next < found.length && { pageToken: pageTokenOf(next, query) }),
      };
    },
  );
}

function addExploreRoute(app: FastifyInstance, node: Facts, publicUrl: string | null): void {
  const schema = {
    body: exploreBody,
    response: exploreAnswer,
    tags,
    operationId: 'exploreArd',
    summary: 'Count the agents of this host by any field (ARD)',
  };
  app.post<{ Body: ExploreBody }>(
    '/explore',
    { schema, ...readAccess, onSend: addArdMembers },
    async (request) => {
      const { query = {}, resultType } = request.body;
      const base = baseUrlOf(request, publicUrl);
      const found = await matched(node, base, query.text ?? '', filterOf(query.filter));
      const entries = found.map(({ entry }) => entry);
      const facets = resultType.facets.map(({ field, limit = facetsDefault, minCount = 1 }) => {
        const counts = countValues(entries, field).filter(({ count }) => count >= minCount);
        const others = counts.slice(limit).reduce((sum, { count }) => sum + count, 0);
        return [
          field,
          { buckets: counts.slice(0, limit), ...(others > 0 && { otherCount: others }) },
        ] as const;
      });
      return { resultType: 'facets', facets: Object.fromEntries(facets) };
    },
  );
}

function addListRoute(app: FastifyInstance, node: Facts, publicUrl: string | null): void {
  const schema = {
    querystring: listQuery,
    response: listAnswer,
    tags,
    operationId: 'listArd',
    summary: 'List the agents of this host (ARD)',
  };
  app.get<{ Querystring: ListQuery }>(
    '/agents',
    { schema, ...readAccess, onSend: addArdMembers },
    async (request) => {
      const { filter = '', orderBy = 'identifier', pageSize, pageToken } = request.query;
      const test = parseListFilter(filter);
      const compare = parseOrder(orderBy);
      const question = { filter, orderBy };
      const offset = offsetOf(pageToken, question);
      const base = baseUrlOf(request, publicUrl);
      const entries = (await node.facts.list()).map((hosted) => catalogEntryOf(hosted, base));
      const all = entries.filter(test).sort(compare);
      const items = all.slice(offset, offset + Math.min(Number(pageSize ?? listPageSize), pageSizeMax));
      const next = offset + items.length;
      return {
        items,
        total: all.length,
        ...(next < all.length && { pageToken: pageTokenOf(next, question) }),
      };
    },
  );
}

interface Match {
  readonly entry: JsonObject;
  readonly score: number;
}

/** Every entry that text and filter admit, the best first. */
async function matched(node: Facts, base: string, text: string, filter: EntryFilter): Promise<Match[]> {
  const [all, hits] = await Promise.all([node.facts.list(), node.facts.search({ text, limit: Infinity })]);
  const hostedByKey = new Map<string, HostedFacts>(all.map((hosted) => [agentKey(hosted.agentId), hosted]));
  return hits.flatMap(({ agentId, score }) => {
    const hosted = hostedByKey.get(agentKey(agentId));
    if (hosted === undefined) return [];
    const entry = catalogEntryOf(hosted, base);
    return fits(entry, filter) ? [{ entry, score }] : [];
  });
}

function filterOf(given: Readonly<Record<string, string | string[]>> = {}): EntryFilter {
  return Object.fromEntries(Object.entries(given).map(([path, values]) => [path, [values].flat()]));
}

/** Gives the problem document of a refusal the two members that clients of ARD look for. */
function addArdMembers(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  const isProblem = reply.statusCode >= 400 && typeof payload === 'string';
  done(null, isProblem ? withArdMembers(payload) : payload);
}

function withArdMembers(payload: string): string {
  const problem = JSON.parse(payload) as Problem;
  const errorCode = ardCodes[problem.status] ?? problem.code.toUpperCase().replaceAll('-', '_');
  return JSON.stringify({ ...problem, errorCode, message: problem.detail });
}
