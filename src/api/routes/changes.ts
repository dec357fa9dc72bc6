/** The live stream of changes: NDJSON, or server-sent events for who accepts those. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { parseAgentId } from '../../core/identity/agent-id.ts';
import { changesAnswer } from '../answers.ts';
import { ApiError } from '../api-error.ts';
import type { ApiMetrics } from '../api-metrics.ts';
import { readAccess } from '../authorise.ts';
import type { ChangeHub } from '../change-hub.ts';
import { isEventId } from '../kept-changes.ts';
import { type ChangesQuery, changesQuery } from '../schemas.ts';

/** What a reader may leave unread; more, and it is dropped. Frames are shared, so many slow readers cost little. */
const unreadBytesMax = 1024 * 1024;

/** How long a reader that is given what it missed may read nothing. */
const catchUpMsMax = 30_000;
/** Connections that streams leave to requests, so that who follows changes keeps nobody from asking. */
const requestShare = 1 / 16;

/**
 * Adds it: `{"type":"listening"}` first, so that a reader knows that nothing after it is missed.
 * @param connectionsMax of the server
 */
export function addChangeRoutes(
  app: FastifyInstance,
  hub: ChangeHub,
  metrics: ApiMetrics,
  connectionsMax: number,
): void {
  const streamsMax = Math.max(1, Math.floor(connectionsMax * (1 - requestShare)));
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
      if (hub.count() >= streamsMax)
        throw new ApiError('too-many-streams', `${streamsMax} streams of changes are open`);
      if (!hub.hasRoomFor(agents))
        throw new ApiError('too-many-streams', 'streams of changes name as many agents as may be watched');
      reply.hijack();
      const { raw } = reply;
      const { socket } = request.raw;
      // Bytes until the connection closes: a frame goes out as it is, to thousands of readers.
      raw.useChunkedEncodingByDefault = false;
      raw.shouldKeepAlive = false;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': isEvents ? 'text/event-stream' : 'application/x-ndjson',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      raw.flushHeaders();
      metrics.answered('GET /v1/changes', 200, null);
      const close = hub.open({
        format: isEvents ? 'events' : 'lines',
        agents,
        revocationsOnly: only === 'revocations',
        after,
        deliver(frame) {
          if (raw.destroyed || raw.writableEnded) return true;
          if (raw.writableLength > unreadBytesMax) {
            metrics.streamDropped();
            socket.destroy();
            return true;
          }
          // Past the response, whose bookkeeping of a write costs as much as the write, once it is its turn on the socket.
          return raw.socket === null ? raw.write(frame) : socket.write(frame);
        },
        drained: () => drained(socket, catchUpMsMax, metrics.streamDropped),
        onEnd: () => raw.end(),
      });
      raw.once('close', close);
      if (raw.destroyed) close();
    },
  );
}

/** Resolves when the socket takes more, or is closed; closes it when neither happens in time. */
function drained(socket: Socket, timeoutMs: number, onDropped: () => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      onDropped();
      socket.destroy();
    }, timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      socket.off('drain', end).off('close', end);
      resolve();
    };
    socket.on('drain', end).on('close', end);
    if (socket.destroyed || !socket.writableNeedDrain) end();
  });
}

function lastEventId(header: string | string[] | undefined): string | null {
  if (header === undefined || header === '') return null;
  if (typeof header === 'string' && isEventId(header)) return header;
  throw new ApiError('bad-request', 'Last-Event-ID is not an id of this stream');
}
