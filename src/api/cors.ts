/** Which web pages may call: those of the origins in the settings, by default none. */
import type { FastifyInstance } from 'fastify';

const preflightSeconds = '600';
const allowedHeaders = 'authorization, content-type, if-none-match, last-event-id, traceparent, tracestate';

/** Adds the answers to preflights and the headers for pages of these origins; nothing at all for the others. */
export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-expose-headers', 'etag, location, retry-after, x-weft-status');
    if (request.method !== 'OPTIONS') return;
    reply
      .header('access-control-allow-methods', 'GET, POST, PATCH, PUT')
      .header('access-control-allow-headers', allowedHeaders)
      .header('access-control-max-age', preflightSeconds)
      .code(204);
    return reply.send();
  });
}
