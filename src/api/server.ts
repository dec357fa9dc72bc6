/**
 * The API of a node over HTTP: reads for everybody or for holders of the token, writes and custody for them alone.
 * Decides what gets in and how errors look; the routes are in routes/.
 */
import type { FastifyInstance } from 'fastify';
import type { RequestTracing, WeftNode } from '../node/node-types.ts';
import { type ApiMetrics, createApiMetrics } from './api-metrics.ts';
import { assertLoopbackName, createAccessCheck, createOwnerCheck } from './authorise.ts';
import { type ApiServer, createBoundedApp, listenAt, type OnDefect, withoutPlaces } from './bounded-app.ts';
import { createChangeHub } from './change-hub.ts';
import { addCors } from './cors.ts';
import { addDashboardRoutes } from './dashboard.ts';
import { addReferenceRoutes, collectRoutes } from './openapi.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { addA2aRoutes } from './routes/a2a.ts';
import { addAdaptiveRoutes } from './routes/adaptive.ts';
import { addAgentRoutes } from './routes/agents.ts';
import { addArdRoutes } from './routes/ard.ts';
import { addAuditRoutes } from './routes/audit.ts';
import { addChangeRoutes } from './routes/changes.ts';
import { addContentRoutes } from './routes/contents.ts';
import { addDidRoutes } from './routes/did.ts';
import { addEndpointRoutes } from './routes/endpoint.ts';
import { addExportRoutes } from './routes/export.ts';
import { addFactsRoutes } from './routes/facts.ts';
import { addGrantRoutes } from './routes/grants.ts';
import { addNameRoutes } from './routes/names.ts';
import { addNodeRoutes } from './routes/node.ts';
import { addQueryRoutes } from './routes/query.ts';
import { addResolveRoutes } from './routes/resolve.ts';
import { addSearchRoutes } from './routes/search.ts';
import { addTrustRoutes } from './routes/trust.ts';
import { traceRequests } from './trace-requests.ts';

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
  /** Under which it is known outside, for links; left out or null: as each caller called it. */
  readonly publicUrl?: string | null;
  /** Whose facts and card stand at the well-known addresses; left out or null: those of the only one served. */
  readonly agent?: string | null;
  /** Whose pages may call; left out: nobody's. */
  readonly corsOrigins?: readonly string[];
  /** Left out: dist/dashboard of the package. */
  readonly dashboardFolder?: string;
  /** Where requests are counted, which `/metrics` shows; left out: its own. */
  readonly metrics?: ApiMetrics;
  /** Left out: requests are not traced. */
  readonly tracing?: RequestTracing;
  /** Hears of failures that nobody planned, which callers see as `internal`. */
  readonly onDefect: OnDefect;
}

export type { ApiServer } from './bounded-app.ts';

/** Opens the API over a node. @throws the listen error of node:net, such as EADDRINUSE. */
export async function startApi(node: WeftNode, options: ApiOptions): Promise<ApiServer> {
  return listenAt(createApi(node, options), options);
}

/** The API without a socket: routes, checks and errors. */
export function createApi(node: WeftNode, options: ApiOptions): FastifyInstance {
  const { openReads = false, rateLimit = { requestsPerSecond: 0, requestsBurst: 1 } } = options;
  const { metrics = createApiMetrics() } = options;
  const app = createBoundedApp({ onDefect: options.onDefect, metrics, shown: withoutPlaces });
  if (options.tracing !== undefined) traceRequests(app, options.tracing);
  const hub = createChangeHub(node, (error) => options.onDefect(error, 'changes'));
  metrics.countStreams(hub.count);
  const checkRate = createRateLimit(rateLimit);
  const checkAccess = createAccessCheck(options.token, openReads);
  app.addHook('onRequest', (request, _reply, done) => {
    checkRate(request);
    if (!options.remote) assertLoopbackName(request);
    done();
  });
  addCors(app, options.corsOrigins ?? []);
  app.addHook('onRequest', (request, _reply, done) => {
    checkAccess(request);
    done();
  });
  app.addHook('onReady', async () => hub.start());
  app.addHook('preClose', async () => hub.stop());
  const routes = collectRoutes(app);
  addNodeRoutes(app, node, metrics);
  addResolveRoutes(app, node, openReads);
  addAgentRoutes(app, node);
  addGrantRoutes(app, node);
  addSearchRoutes(app, node);
  addQueryRoutes(app, node);
  addNameRoutes(app, node, createOwnerCheck(options.token));
  addEndpointRoutes(app, node);
  addAdaptiveRoutes(app, node);
  addChangeRoutes(app, hub, metrics, options.connectionsMax);
  addDidRoutes(app, node);
  const { publicUrl = null, agent = null } = options;
  addFactsRoutes(app, node, { openReads, agent });
  addContentRoutes(app, node);
  addTrustRoutes(app, node, publicUrl);
  addA2aRoutes(app, node, { publicUrl, agent });
  addArdRoutes(app, node, publicUrl);
  addAuditRoutes(app, node, openReads);
  addExportRoutes(app, node);
  addReferenceRoutes(app, routes);
  addDashboardRoutes(app, options.dashboardFolder);
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
  const app = createBoundedApp({ onDefect, metrics: createApiMetrics() });
  addResolveRoutes(app, agents, false);
  addAgentRoutes(app, agents);
  addGrantRoutes(app, agents);
  return app;
}
