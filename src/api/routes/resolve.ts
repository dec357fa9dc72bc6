/** Routes that read the index: one agent, many at once, its bundle, its key history. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import { encodeState } from '../../core/record/agent-state.ts';
import type { ResolveOptions, WeftNode } from '../../node/node-types.ts';
import { batchAnswer, bundleAnswer, historyAnswer, resolveAnswer } from '../answers.ts';
import { ApiError, problemOf } from '../api-error.ts';
import { readAccess } from '../authorise.ts';
import { createFreshness, isKnown } from '../freshness.ts';
import { historyView } from '../history.ts';
import {
  type AgentParams,
  agentParams,
  type BatchBody,
  batchBody,
  type HistoryQuery,
  historyQuery,
  type ResolveQuery,
  resolveQuery,
} from '../schemas.ts';
import { resolutionText } from '../views.ts';

type Resolving = Pick<WeftNode, 'resolve'> & Partial<Pick<WeftNode, 'resolvePrivately'>>;
type ResolveRoute = { Params: AgentParams; Querystring: ResolveQuery };

/** Resolves of one batch that are under way at once. */
const batchInFlightMax = 16;
const tags = ['agents'];

/** Adds them. @param openReads whether caches on the way may keep the answers for everybody */
export function addResolveRoutes(app: FastifyInstance, node: Resolving, openReads: boolean): void {
  addOneRoute(app, node, openReads);
  addBundleRoute(app, node);
  addHistoryRoute(app, node);
  addBatchRoute(app, node);
}

function addOneRoute(app: FastifyInstance, node: Resolving, openReads: boolean): void {
  const freshness = createFreshness(openReads);
  const schema = {
    params: agentParams,
    querystring: resolveQuery,
    response: resolveAnswer,
    tags,
    operationId: 'resolveAgent',
    summary: 'Resolve an agent',
    description:
      'An answer about an agent is a 200, whatever its `status`. `ETag` and `If-None-Match` save the body; `Cache-Control` ends with the ttl of the record.',
  };
  app.get<ResolveRoute>('/v1/agents/:id', { schema, ...readAccess }, async (request, reply) => {
    const resolution = await resolveOne(node, request, reply);
    const { etag, cacheControl } = freshness(resolution);
    reply.header('cache-control', cacheControl);
    if (etag !== null) reply.header('etag', etag);
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(resolutionText(resolution));
  });
}

function addBundleRoute(app: FastifyInstance, node: Resolving): void {
  const schema = {
    params: agentParams,
    querystring: resolveQuery,
    response: bundleAnswer,
    tags,
    operationId: 'readBundle',
    summary: 'The joined state of an agent as canonical bytes',
    description: 'For who checks it themselves: docs/protocol.md §2. The verdict stands in `x-weft-status`.',
  };
  app.get<ResolveRoute>('/v1/agents/:id/bundle', { schema, ...readAccess }, async (request, reply) => {
    const { state, status } = await resolveOne(node, request, reply);
    if (state === null) throw new ApiError('no-record', 'the network knows nothing of this agent');
    reply.type('application/cbor').header('x-weft-status', status);
    return Buffer.from(encodeState(state));
  });
}

function addHistoryRoute(app: FastifyInstance, node: Resolving): void {
  type Route = { Params: AgentParams; Querystring: HistoryQuery };
  const schema = {
    params: agentParams,
    querystring: historyQuery,
    response: historyAnswer,
    tags,
    operationId: 'readHistory',
    summary: 'The key log of an agent, and the key of a time',
    description:
      'Every event of the log that stands, with the signing key that it set and from when to when; `?at=` says which key was valid then. The times are those that the controllers stated.',
  };
  app.get<Route>('/v1/agents/:id/history', { schema, ...readAccess }, async (request, reply) => {
    const { at } = request.query;
    const atSeconds = at === undefined ? null : secondsOf(at);
    const { state } = await resolveOne(node, request, reply);
    if (state === null) throw new ApiError('no-record', 'the network knows nothing of this agent');
    return historyView(state.keyState, atSeconds);
  });
}

function addBatchRoute(app: FastifyInstance, node: Resolving): void {
  const schema = {
    body: batchBody,
    response: batchAnswer,
    tags,
    operationId: 'resolveAgents',
    summary: 'Resolve many agents at once',
    description: 'Results stand in the order of the agents; one that fails has a `problem` in its place.',
  };
  app.post<{ Body: BatchBody }>('/v1/resolve', { schema, ...readAccess }, async ({ body }, reply) => {
    const { agents, fresh, timeoutMs } = body;
    const options = {
      signal: signalOf(reply),
      ...(fresh !== undefined && { fresh }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    const results = await inTurns(agents.map((agent) => () => batchResult(node, agent, options)));
    return reply.type('application/json; charset=utf-8').send(`{"results":[${results.join(',')}]}`);
  });
}

async function batchResult(node: Resolving, agent: string, options: ResolveOptions): Promise<string> {
  try {
    return resolutionText(await node.resolve(parseAgentId(agent), options));
  } catch (error) {
    const problem = problemOf(error);
    // A defect is reported as one, and not hidden in a list.
    if (problem.code === 'internal') throw error;
    return JSON.stringify({ agentId: agent, problem });
  }
}

/** All results in order, a few tasks at a time. */
async function inTurns<Value>(tasks: readonly (() => Promise<Value>)[]): Promise<Value[]> {
  const results: Value[] = [];
  let next = 0;
  async function work(): Promise<void> {
    while (next < tasks.length) {
      const index = next++;
      results[index] = await tasks[index]!();
    }
  }
  await Promise.all(Array.from({ length: Math.min(batchInFlightMax, tasks.length) }, work));
  return results;
}

async function resolveOne(
  node: Resolving,
  { params, query }: FastifyRequest<{ Params: AgentParams; Querystring: ResolveQuery }>,
  reply: FastifyReply,
): Promise<Resolution> {
  const { fresh, timeoutMs, path } = query;
  const options = {
    signal: signalOf(reply),
    ...(fresh !== undefined && { fresh: fresh !== 'false' }),
    ...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
  };
  const agentId = parseAgentId(params.id);
  if (path !== 'private') return node.resolve(agentId, options);
  if (node.resolvePrivately === undefined)
    throw new ApiError('bad-request', 'only a daemon resolves in private: call without --keys');
  return node.resolvePrivately(agentId, options);
}

/** A reader that goes away ends the search. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    // After every answer, too, where there is nothing to end, and an abort costs more than the rest of the answer.
    if (!reply.raw.writableFinished) abort.abort();
  });
  return abort.signal;
}

/** RFC 3339 to the second or finer, or a day. Anything looser means different times to different readers. */
const timePattern = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?$/;

function secondsOf(time: string): number {
  const [, day] = timePattern.exec(time) ?? [];
  const milliseconds = day === undefined ? Number.NaN : Date.parse(time);
  if (day === undefined || Number.isNaN(milliseconds) || !isDay(day))
    throw new ApiError('bad-request', `"${time}" is not a time such as 2026-01-31T12:00:00Z`);
  return Math.floor(milliseconds / 1000);
}

/** The engine takes the 30th of February for a day of March. */
function isDay(day: string): boolean {
  const begin = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(begin.getTime()) && begin.toISOString().startsWith(day);
}

/** The place of an agent in this API. */
export function placeOf(agentId: Uint8Array): string {
  return `/v1/agents/${formatAgentId(agentId)}`;
}
