/**
 * A server with the bounds of this project and no routes: every wait is bounded, headers, bodies, connections and their
 * number (F13), bodies are JSON or CBOR, and every error goes out in one form.
 */
import type { IncomingMessage } from 'node:http';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { ApiError, type Problem, problemOf } from './api-error.ts';
import type { ApiMetrics } from './api-metrics.ts';
import { boundConnections } from './connection-bound.ts';
import { lateCompilers } from './late-compilers.ts';
import { answerBrokenRequest, apiErrorOf } from './request-errors.ts';

/** A bundle has at most 48 KiB; JSON bodies are far smaller. */
const bodyBytesMax = 64 * 1024;
const headerBytesMax = 16 * 1024;
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
/** Nothing read or written while a request is under way: longer than any call may take (120 s). */
const standstillMs = 150_000;
/** How often Node looks for requests that are too slow; its default of 30 s would keep them that much longer. */
const timeoutCheckIntervalMs = 1_000;
/** Hears of failures whose reason callers are not told. */
export type OnDefect = (error: unknown, route: string) => void;

export interface BoundedAppOptions {
  readonly onDefect: OnDefect;
  readonly metrics: ApiMetrics;
  /** What callers are told of a problem; left out: all of it. */
  readonly shown?: (problem: Problem) => Problem;
  /** How a problem goes out; left out: as RFC 9457 has it. */
  readonly sendProblem?: (reply: FastifyReply, problem: Problem) => FastifyReply;
}

/** A server that listens. */
export interface ApiServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

const metricsByApp = new WeakMap<FastifyInstance, ApiMetrics>();

/** Opens it on an address. @throws the listen error of node:net, such as EADDRINUSE. */
export async function listenAt(
  app: FastifyInstance,
  address: { readonly host: string; readonly port: number; readonly connectionsMax: number },
): Promise<ApiServer> {
  const metrics = metricsByApp.get(app)!;
  metrics.countConnections(boundConnections(app.server, address.connectionsMax, metrics.connectionClosed));
  // One server, which is the bounded one: for this name fastify would open a second, for IPv6.
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  await app.listen({ host, port: address.port });
  const { port } = app.server.address() as { port: number };
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port, stop: () => app.close() };
}

/** The server, before it has routes. */
export function createBoundedApp({
  onDefect,
  metrics,
  shown = (problem) => problem,
  sendProblem = sendAsDocument,
}: BoundedAppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: standstillMs,
    keepAliveTimeout: idleTimeoutMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: timeoutCheckIntervalMs,
      maxHeaderSize: headerBytesMax,
      // Said by a hook below, in the form of every other refusal.
      requireHostHeader: false,
    },
    schemaController: { compilersFactory: lateCompilers },
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
  metricsByApp.set(app, metrics);
  app.addHook('onRequest', (request, _reply, done) => {
    assertOneTarget(request.raw);
    done();
  });
  acceptBodies(app);
  // The schemas of answers describe them; an answer goes out as the route made it.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  // Callbacks: a promise for each hook is a part of what a cached resolve costs.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (!reply.hasHeader('cache-control') || reply.statusCode >= 400)
      reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url, method } = request.routeOptions;
    const route = url === undefined ? 'none' : `${method} ${url}`;
    metrics.answered(route, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const told = problemOf(apiErrorOf(error));
    const problem = shown(told);
    metrics.refused(problem.code);
    if (problem.status === 429) reply.header('retry-after', '1');
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="weft"');
    if (problem.code === 'internal' || problem !== told)
      onDefect(error, `${request.method} ${request.routeOptions.url ?? ''}`);
    return sendProblem(reply, problem);
  });
  answerUnknownRoutes(app);
  return app;
}

/** A path that has other methods says which; every other is not there. */
function answerUnknownRoutes(app: FastifyInstance): void {
  const methodsByPattern = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const known = methodsByPattern.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    methodsByPattern.set(url, known);
    for (const one of [method].flat()) known.methods.add(one);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    const wanted = `${request.method} ${path.slice(0, 100)}`;
    const fitting = [...methodsByPattern.values()].filter(({ pattern }) => pattern.test(path));
    const methods = new Set(fitting.flatMap((one) => [...one.methods]));
    if (methods.size === 0) throw new ApiError('no-route', `there is no ${wanted}`);
    const allowed = [...methods].sort().join(', ');
    reply.header('allow', allowed);
    throw new ApiError('wrong-method', `there is no ${wanted}, but ${allowed}`);
  });
}

/** `/v1/agents/:id` as a pattern of paths. */
function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[^\w-]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}

/**
 * RFC 9112 §3.2: a request is for a path (or a URL, as proxies are asked); one of HTTP/1.1 has one Host, and none has
 * two, of which others on the way may choose the other.
 */
function assertOneTarget({ url = '', rawHeaders, httpVersion }: IncomingMessage): void {
  if (!/^(\/|https?:\/\/)/.test(url)) throw new ApiError('bad-request', 'the target of a request is a path');
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0'))
    throw new ApiError('bad-request', `a request has one Host header, not ${hosts}`);
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
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.method !== 'GET') request.body = {};
    done();
  });
}

/** Files and addresses of the machine stand in the log, and are nobody else's business. */
export function withoutPlaces(problem: Problem): Problem {
  const family = problem.type.split(':')[3];
  if (family === undefined || !['store', 'keystore', 'host', 'config'].includes(family)) return problem;
  const { data: _data, ...rest } = problem;
  return { ...rest, detail: `the node could not do it: ${problem.title}` };
}

function sendAsDocument(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
