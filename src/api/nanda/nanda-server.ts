/**
 * The interface of the NANDA index, version 1, on a port of its own: the same paths and bodies, so that its clients find
 * agents of weft, and register some, without knowing it. Its clients present no token: from loopback they may change the
 * names of this daemon, from elsewhere only add some.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { isLoopback } from '../../config/load-config.ts';
import { urlBytesMax } from '../../core/limits.ts';
import { Type } from '../../facts/json-schema.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import { type ApiMetrics, createApiMetrics, metricsOfInterface } from '../api-metrics.ts';
import { assertLoopbackName, createTokenCheck } from '../authorise.ts';
import { type ApiServer, createBoundedApp, listenAt, type OnDefect, withoutPlaces } from '../bounded-app.ts';
import { createRateLimit, type RateLimit } from '../rate-limit.ts';
import { type NameBook, type NamedAgent, openNameBook } from './name-book.ts';
import { createNandaAgents, type NandaAgents } from './nanda-agents.ts';

/**
 * A name may be whatever a client calls its agent, as long as a URL can say it: no control characters, no half of a
 * surrogate pair, not `.` or `..`.
 */
const name = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: '^(?!\\.{1,2}$)[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$',
});
/** Says which agent of weft a name stands for; the bodies have no place for it. */
const agentHeader = 'x-weft-agent';
/** Of a name as it stands in a path, percent-encoded: the router's bound. */
const pathNameMax = 200;
const url = Type.String({ minLength: 1, maxLength: urlBytesMax });
const words = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 });
/** Other properties are left alone, as the index itself does. */
const registerBody = Type.Object({
  agent_id: Type.Optional(name),
  agent_url: Type.Optional(url),
  api_url: Type.Optional(Type.Union([url, Type.Null()])),
});
const statusBody = Type.Object({
  alive: Type.Optional(Type.Boolean()),
  assigned_to: Type.Optional(Type.Union([name, Type.Null()])),
  capabilities: Type.Optional(words),
  tags: Type.Optional(words),
});
const text = Type.Optional(Type.String({ maxLength: 256 }));
const searchQuery = Type.Object({ q: text, capabilities: text, tags: text });
const idParams = Type.Object({ id: name });

type Id = { Params: Static<typeof idParams> };

export interface NandaOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly remote: boolean;
  readonly connectionsMax: number;
  /** Holders of it may change names from anywhere. */
  readonly token: string;
  readonly rateLimit?: RateLimit;
  /** Where the names are kept. */
  readonly file: string;
  /** Of the API, to count there; left out: nobody sees them. */
  readonly metrics?: ApiMetrics;
  readonly onDefect: OnDefect;
}

/** Opens it over a node. @throws ApiError `bad-names-file`; the listen error of node:net, such as EADDRINUSE. */
export async function startNandaIndex(node: WeftNode, options: NandaOptions): Promise<ApiServer> {
  const app = await createNandaIndex(node, options);
  try {
    return await listenAt(app, options);
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** The interface without a socket; closing it closes the file of the names. @throws ApiError `bad-names-file` */
export async function createNandaIndex(node: WeftNode, options: NandaOptions): Promise<FastifyInstance> {
  const book = await openNameBook(options.file);
  const app = createBoundedApp({
    onDefect: options.onDefect,
    metrics: metricsOfInterface(options.metrics ?? createApiMetrics(), 'nanda'),
    // What is not shown as it is, is logged: why a name was not kept belongs there.
    shown: (problem) => (problem.code === 'names-not-kept' ? { ...problem } : withoutPlaces(problem)),
    sendProblem: (reply, { status, detail }) => sendError(reply, status, detail),
  });
  const checkRate = createRateLimit(options.rateLimit ?? { requestsPerSecond: 0, requestsBurst: 1 });
  app.addHook('onRequest', async (request) => {
    checkRate(request);
    if (!options.remote) assertLoopbackName(request);
  });
  app.addHook('onClose', () => book.close());
  const agents = createNandaAgents(node, book);
  const mayChange = createChangeCheck(options.token);
  addLookupRoutes(app, agents, book);
  addListRoutes(app, book);
  addWriteRoutes(app, agents, book, mayChange);
  return app;
}

function addLookupRoutes(app: FastifyInstance, agents: NandaAgents, book: NameBook): void {
  const schema = { params: idParams };
  app.get<Id>('/lookup/:id', { schema }, async ({ params: { id } }, reply) => {
    const found = await agents.lookUp(id);
    if (found === null) return sendError(reply, 404, `ID '${id}' not found`);
    reply.header(agentHeader, found.agentId);
    return { agent_id: found.name, agent_url: found.agentUrl, api_url: found.apiUrl };
  });
  app.get<Id>('/status/:id', { schema }, async ({ params: { id } }, reply) => {
    const found = book.get(id);
    if (found === undefined) return sendError(reply, 404, `ID '${id}' not found`);
    return reply.type('application/json; charset=utf-8').send(String(found.alive));
  });
  app.get<Id>('/sender/:id', { schema }, async ({ params: { id } }, reply) => {
    const found = book.get(id);
    return found === undefined
      ? sendError(reply, 400, 'Unassigned agent')
      : { sender_name: found.assignedTo };
  });
  app.get<Id>('/agents/:id', { schema }, async ({ params: { id } }, reply) => {
    const found = book.get(id);
    if (found === undefined) return sendError(reply, 404, 'Agent not found');
    reply.header(agentHeader, found.agentId);
    return payloadOf(found);
  });
}

function addListRoutes(app: FastifyInstance, book: NameBook): void {
  const clientsOf = (): Set<string> =>
    new Set(book.all().flatMap(({ assignedTo }) => (assignedTo === null ? [] : [assignedTo])));
  // Clients ask for it again and again: ten thousand names are a megabyte.
  let listed = { version: -1, text: '' };
  app.get('/list', async (_request, reply) => {
    if (listed.version !== book.version) {
      const urlByName = Object.fromEntries(book.all().map((agent) => [agent.name, agent.agentUrl]));
      listed = { version: book.version, text: JSON.stringify(urlByName) };
    }
    return reply.type('application/json; charset=utf-8').send(listed.text);
  });
  app.get('/clients', async () => Object.fromEntries([...clientsOf()].map((client) => [client, 'alive'])));
  app.get('/stats', async () => ({
    total_agents: book.size,
    alive_agents: book.all().filter(({ alive }) => alive).length,
    total_clients: clientsOf().size,
  }));
  app.get('/health', async () => ({ status: 'ok', mongo: false }));
  app.get<{ Querystring: Static<typeof searchQuery> }>(
    '/search',
    { schema: { querystring: searchQuery } },
    async ({ query: { q = '', capabilities = '', tags = '' } }) => {
      const wanted = q.trim().toLowerCase();
      const fits = (agent: NamedAgent): boolean =>
        agent.name.toLowerCase().includes(wanted) &&
        hasOneOf(agent.capabilities, capabilities) &&
        hasOneOf(agent.tags, tags);
      return book.all().filter(fits).map(payloadOf);
    },
  );
}

function addWriteRoutes(
  app: FastifyInstance,
  agents: NandaAgents,
  book: NameBook,
  mayChange: (request: FastifyRequest) => boolean,
): void {
  app.post<{ Body: Static<typeof registerBody> }>(
    '/register',
    { schema: { body: registerBody } },
    async (request, reply) => {
      const { agent_id: id, agent_url: agentUrl, api_url: apiUrl = null } = request.body;
      if (id === undefined || agentUrl === undefined)
        return sendError(reply, 400, 'Missing agent_id or agent_url');
      assertReachable(id);
      const agentId = await agents.register({ name: id, agentUrl, apiUrl }, mayChange(request));
      reply.header(agentHeader, agentId);
      return { message: `Agent ${id} registered successfully`, status: 'success' };
    },
  );
  app.delete<Id>('/agents/:id', { schema: { params: idParams } }, async (request, reply) => {
    const { id } = request.params;
    if (book.get(id) !== undefined) assertMayChange(mayChange(request), id);
    const isRemoved = await agents.remove(id);
    return isRemoved ? { status: 'deleted', agent_id: id } : sendError(reply, 404, 'Agent not found');
  });
  app.put<Id & { Body: Static<typeof statusBody> }>(
    '/agents/:id/status',
    { schema: { params: idParams, body: statusBody } },
    async (request, reply) => {
      const { id } = request.params;
      if (book.get(id) !== undefined) assertMayChange(mayChange(request), id);
      const { alive, assigned_to, capabilities, tags } = request.body;
      const updated = await agents.update(id, {
        ...(alive !== undefined && { alive }),
        ...(assigned_to !== undefined && { assigned_to }),
        ...(capabilities !== undefined && { capabilities }),
        ...(tags !== undefined && { tags }),
      });
      return updated === null
        ? sendError(reply, 404, 'Agent not found')
        : { status: 'updated', agent: payloadOf(updated) };
    },
  );
}

function createChangeCheck(token: string): (request: FastifyRequest) => boolean {
  const checkToken = createTokenCheck(token);
  return (request) => {
    const isHere = isLoopback(request.ip.replace(/^::ffff:/, ''));
    // A page whose name was pointed at this machine comes from here, too, but under that name.
    if (isHere && passes(() => assertLoopbackName(request))) return true;
    return passes(() => checkToken(request));
  };
}

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** The path of a request takes no more; a name that nobody can ask for is no use. */
function assertReachable(id: string): void {
  if (encodeURIComponent(id).length > pathNameMax)
    throw new ApiError('bad-request', `agent_id is longer than ${pathNameMax} characters in a path`);
}

function assertMayChange(isAllowed: boolean, id: string): void {
  if (!isAllowed) throw new ApiError('not-yours', `Agent ${id} belongs to somebody else`);
}

function hasOneOf(has: readonly string[], list: string): boolean {
  const wanted = list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return wanted.length === 0 || wanted.some((word) => has.includes(word));
}

function payloadOf(agent: NamedAgent) {
  return {
    agent_id: agent.name,
    agent_url: agent.agentUrl,
    api_url: agent.apiUrl,
    alive: agent.alive,
    assigned_to: agent.assignedTo,
    last_update: agent.lastUpdate,
    capabilities: agent.capabilities,
    tags: agent.tags,
  };
}

function sendError(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify({ error }));
}
