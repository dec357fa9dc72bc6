/** The live stream of changes: NDJSON, or server-sent events for who accepts those. */
import type { FastifyInstance } from 'fastify';
import { parseAgentId } from '../../core/identity/agent-id.ts';
import { changesAnswer } from '../answers.ts';
import { ApiError } from '../api-error.ts';
import type { ApiMetrics } from '../api-metrics.ts';
import { readAccess } from '../authorise.ts';
import { type ChangeHub, isEventId } from '../change-hub.ts';
import { type ChangesQuery, changesQuery } from '../schemas.ts';

/** What a reader may leave unread; more, and it is dropped. Frames are shared, so many slow readers cost little. */
const unreadBytesMax = 1024 * 1024;

/** Adds it: `{"type":"listening"}` first, so that a reader knows that nothing after it is missed. */
export function addChangeRoutes(app: FastifyInstance, hub: ChangeHub, metrics: ApiMetrics): void {
  const schema = {
    querystring: changesQuery,
    response: changesAnswer,
    tags: ['changes'],
    operationId: 'followChanges',
    summary: 'Follow changes as this node accepts them',
    description:
      'Server-sent events for `Accept: text/event-stream`, else one JSON object a line. `listening` comes first, then a `change` for each change, and a `heartbeat` every 15 s. A reader that comes back with `Last-Event-ID` is given what it missed, after a `gap` where some of it is no longer kept.',
  };
  app.get<{ Querystring: ChangesQuery }>(
    '/v1/changes',
    { schema, exposeHeadRoute: false, ...readAccess },
    (request, reply) => {
      const { agent = [], only } = request.query;
      const agents = [agent].flat().map(parseAgentId);
      const after = lastEventId(request.headers['last-event-id']);
      const isEvents = request.headers.accept?.includes('text/event-stream') ?? false;
      reply.hijack();
      const { raw } = reply;
      // Bytes until the connection closes: a frame goes out as it is, to thousands of readers in one turn.
      raw.useChunkedEncodingByDefault = false;
      raw.shouldKeepAlive = false;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': isEvents ? 'text/event-stream' : 'application/x-ndjson',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const close = hub.open({
        format: isEvents ? 'events' : 'lines',
        agents,
        revocationsOnly: only === 'revocations',
        after,
        deliver(frame) {
          if (raw.destroyed || raw.writableEnded) return;
          if (raw.writableLength > unreadBytesMax) {
            metrics.streamDropped();
            raw.destroy();
          } else raw.write(frame);
        },
        onEnd: () => raw.end(),
      });
      raw.once('close', close);
      if (raw.destroyed) close();
    },
  );
}

function lastEventId(header: string | string[] | undefined): string | null {
  if (header === undefined || header === '') return null;
  if (typeof header === 'string' && isEventId(header)) return header;
  throw new ApiError('bad-request', 'Last-Event-ID is not an id of this stream');
}
