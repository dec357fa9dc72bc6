/**
 * The API of a node over HTTP: reads for everybody or for holders of the token, writes and custody for them alone.
 * Decides what gets in and how errors look; the routes are in routes/. Every wait is bounded: headers, bodies, idle connections, their number (F13).
 */
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { WeftNode } from '../node/node-types.ts';
import { ApiError, type Problem, problemOf } from './api-error.ts';
import { type ApiMetrics, createApiMetrics } from './api-metrics.ts';
import { assertLoopbackName, createAccessCheck } from './authorise.ts';
import { createChangeHub } from './change-hub.ts';
import { addCors } from './cors.ts';
import { addReferenceRoutes, describeRoutes } from './openapi.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { answerBrokenRequest, apiErrorOf } from './request-errors.ts';
import { addAgentRoutes } from './routes/agents.ts';
import { addChangeRoutes } from './routes/changes.ts';
import { addDidRoutes } from './routes/did.ts';
import { addNodeRoutes } from './routes/node.ts';
import { addResolveRoutes } from './routes/resolve.ts';

/** A bundle has at most 48 KiB; JSON bodies are far smaller. */
const bodyBytesMax = 64 * 1024;
const headerBytesMax = 16 * 1024;
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
/** How often Node looks for requests that are too slow; its default of 30 s would keep them that much longer. */
const timeoutCheckIntervalMs = 1_000;
export interface ApiOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether other names than loopback ones may be used. */
  readonly remote: boolean;
  readonly token: string;
  readonly connectionsMax: number;
  /** Whether reads need no token; left out: they do. */
  readonly openReads?: boolean;
  /** Of each client address; left out: none. */
  readonly rateLimit?: RateLimit;
  /** Whose pages may call; left out: nobody's. */
  readonly corsOrigins?: readonly string[];
  /** Hears of failures that nobody planned, which callers see as `internal`. */
  readonly onDefect: (error: unknown, route: string) => void;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Opens the API over a node. @throws the listen error of node:net, such as EADDRINUSE. */
export async function startApi(node: WeftNode, options: ApiOptions): Promise<ApiServer> {
  const app = createApi(node, options);
  app.server.maxConnections = options.connectionsMax;
  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as { port: number };
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, port, stop: () => app.close() };
}

/** The API without a socket: routes, checks and errors. */
export function createApi(node: WeftNode, options: ApiOptions): FastifyInstance {
  const { openReads = false, rateLimit = { requestsPerSecond: 0, requestsBurst: 1 } } = options;
  const metrics = createApiMetrics();
  const app = createApp(options.onDefect, metrics, withoutPlaces);
  const hub = createChangeHub(node, (error) => options.onDefect(error, 'changes'));
  metrics.countStreams(hub.count);
  const checkRate = createRateLimit(rateLimit);
  const checkAccess = createAccessCheck(options.token, openReads);
  app.addHook('onRequest', async (request) => {
    checkRate(request);
    if (!options.remote) assertLoopbackName(request);
  });
  addCors(app, options.corsOrigins ?? []);
  app.addHook('onRequest', async (request) => checkAccess(request));
  app.addHook('onReady', async () => hub.start());
  app.addHook('preClose', async () => hub.stop());
  // A plugin of their own, for it is loaded after the one that describes them.
  app.register(async (scope) => {
    await describeRoutes(scope);
    addNodeRoutes(scope, node, metrics);
    addResolveRoutes(scope, node, openReads);
    addAgentRoutes(scope, node);
    addChangeRoutes(scope, hub, metrics);
    addDidRoutes(scope, node);
    addReferenceRoutes(scope);
  });
  return app;
}

/**
 * The routes about agents alone, for calls within this process: who holds the keys in a file of their own acts through
 * the same requests and errors as somebody whose keys a daemon holds.
 */
export function createAgentApi(
  agents: Pick<WeftNode, 'agents' | 'resolve'>,
  onDefect: ApiOptions['onDefect'],
): FastifyInstance {
  const app = createApp(onDefect, createApiMetrics(), (problem) => problem);
  addResolveRoutes(app, agents, false);
  addAgentRoutes(app, agents);
  return app;
}

/** A server with the bounds, the bodies and the errors of this API, and no routes. */
function createApp(
  onDefect: ApiOptions['onDefect'],
  metrics: ApiMetrics,
  shown: (problem: Problem) => Problem,
): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: timeoutCheckIntervalMs,
      maxHeaderSize: headerBytesMax,
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    clientErrorHandler: (error, socket) => {
      const problem = answerBrokenRequest(error, socket);
      if (problem !== null) metrics.refused(problem.code);
    },
    frameworkErrors: (error, _request, reply) => {
      const problem = problemOf(apiErrorOf(error));
      metrics.refused(problem.code);
      return sendProblem(reply as FastifyReply, problem);
    },
  });
  acceptBodies(app);
  // The schemas of answers describe them; an answer goes out as the route made it.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control') || reply.statusCode >= 400)
      reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
  });
  app.addHook('onResponse', async (request, reply) => {
    metrics.answered(request.routeOptions.url ?? 'none', reply.statusCode);
  });
  app.setErrorHandler((error, request, reply) => {
    const told = problemOf(apiErrorOf(error));
    const problem = shown(told);
    metrics.refused(problem.code);
    if (problem.status === 429) reply.header('retry-after', '1');
    if (problem.code === 'internal' || problem !== told)
      onDefect(error, `${request.method} ${request.routeOptions.url ?? ''}`);
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0]!.slice(0, 100);
    throw new ApiError('no-route', `there is no ${request.method} ${path}`);
  });
  return app;
}

/** JSON (as fastify reads it, prototype keys refused), CBOR as bytes, and nothing else; an empty body is an empty wish. */
function acceptBodies(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    ['application/cbor', 'application/octet-stream'],
    { parseAs: 'buffer' },
    (_request, body, done) => {
      done(null, body);
    },
  );
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.method !== 'GET') request.body = {};
  });
}

/** Files and addresses of the machine stand in the log, and are nobody else's business. */
function withoutPlaces(problem: Problem): Problem {
  const family = problem.type.split(':')[3];
  if (family === undefined || !['store', 'keystore', 'host', 'config'].includes(family)) return problem;
  const { data: _data, ...rest } = problem;
  return { ...rest, detail: `the node could not do it: ${problem.title}` };
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
