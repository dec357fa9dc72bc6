/**
 * The control API: HTTP over a running node, on loopback, for the holders of its token. Decides what gets in and how
 * errors look; the routes are in routes/. Every wait is bounded: headers, bodies, idle connections, their number (F13).
 */
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { WeftNode } from '../node/node-types.ts';
import { ApiError, type Problem, problemOf } from './api-error.ts';
import { type ApiMetrics, createApiMetrics } from './api-metrics.ts';
import { assertLoopbackName, createTokenCheck } from './authorise.ts';
import { answerBrokenRequest, apiErrorOf } from './request-errors.ts';
import { addAgentRoutes } from './routes/agents.ts';
import { addChangeRoutes } from './routes/changes.ts';
import { addNodeRoutes } from './routes/node.ts';

/** A bundle has at most 48 KiB; JSON bodies are far smaller. */
const bodyBytesMax = 64 * 1024;
const headerBytesMax = 16 * 1024;
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
/** How often Node looks for requests that are too slow; its default of 30 s would keep them that much longer. */
const timeoutCheckIntervalMs = 1_000;
/** Routes without a token, by the route that was matched: a path can be spelt in many ways. */
const openRoutes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

export interface ApiOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether other names than loopback ones may be used. */
  readonly remote: boolean;
  readonly token: string;
  readonly connectionsMax: number;
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
  const metrics = createApiMetrics();
  const app = createApp(options.onDefect, metrics);
  const checkToken = createTokenCheck(options.token);
  app.addHook('onRequest', async (request) => {
    if (!options.remote) assertLoopbackName(request);
    if (!openRoutes.has(request.routeOptions.url ?? '')) checkToken(request);
  });
  addNodeRoutes(app, node, metrics);
  addAgentRoutes(app, node);
  addChangeRoutes(app, node, options.onDefect);
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
  const app = createApp(onDefect, createApiMetrics());
  addAgentRoutes(app, agents);
  return app;
}

/** A server with the bounds, the bodies and the errors of this API, and no routes. */
function createApp(onDefect: ApiOptions['onDefect'], metrics: ApiMetrics): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
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
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  app.addHook('onResponse', async (request, reply) => {
    metrics.answered(request.routeOptions.url ?? 'none', reply.statusCode);
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(apiErrorOf(error));
    metrics.refused(problem.code);
    if (problem.code === 'internal') onDefect(error, `${request.method} ${request.routeOptions.url ?? ''}`);
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

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
