/** One span for each request of the API: a caller's trace goes on through this node. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestSpan, RequestTracing } from '../node/node-types.ts';

/** Asked all the time and of no interest; and what never ends. */
const untraced: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics', '/v1/changes']);

/** Adds the hooks; call it before other hooks, so that refusals have a span, too. */
export function traceRequests(app: FastifyInstance, tracing: RequestTracing): void {
  const spanByRequest = new WeakMap<FastifyRequest, RequestSpan>();
  app.addHook('onRequest', (request, _reply, done) => {
    const { url, method } = request.routeOptions;
    const route = url ?? 'none';
    if (untraced.has(route)) {
      done();
      return;
    }
    const { traceparent, tracestate } = request.headers;
    const name = url === undefined ? request.method : `${method} ${url}`;
    const span = tracing.beginRequest(
      name,
      { 'http.request.method': request.method, 'http.route': route },
      { traceparent: oneOf(traceparent), tracestate: oneOf(tracestate) },
    );
    spanByRequest.set(request, span);
    done();
  });
  // After the body, whose arrival belongs to no span.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = spanByRequest.get(request);
    if (span === undefined) done();
    else span.run(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const span = spanByRequest.get(request);
    span?.describe({ 'http.response.status_code': reply.statusCode });
    if (reply.statusCode >= 500) span?.fail(String(reply.statusCode));
    span?.end();
    done();
  });
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
