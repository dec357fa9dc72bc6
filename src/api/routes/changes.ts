/** The live stream of changes: NDJSON, or server-sent events for who accepts those. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { parseAgentId } from '../../core/identity/agent-id.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { type ChangesQuery, changesQuery } from '../schemas.ts';
import { changeView, type JsonObject } from '../views.ts';

/** Shows readers that the stream lives, and lets a dead connection be noticed. */
const heartbeatMs = 15_000;
/** What a reader may leave unread; more, and it is dropped. */
const unreadBytesMax = 4 * 1024 * 1024;

/** Adds it: `{"type":"listening"}` first, so that a reader knows that nothing after it is missed. */
export function addChangeRoutes(
  app: FastifyInstance,
  node: WeftNode,
  onDefect: (error: unknown, route: string) => void,
): void {
  app.get<{ Querystring: ChangesQuery }>(
    '/v1/changes',
    { schema: { querystring: changesQuery } },
    async (request, reply) => {
      const { agent = [] } = request.query;
      const agents = [agent].flat().map(parseAgentId);
      const abort = new AbortController();
      const changes = node.changes({ signal: abort.signal, ...(agents.length > 0 && { agents }) });
      const isEvents = request.headers.accept?.includes('text/event-stream') ?? false;
      reply.hijack();
      const { raw } = reply;
      raw.once('close', () => abort.abort());
      raw.writeHead(200, {
        'content-type': isEvents ? 'text/event-stream' : 'application/x-ndjson',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const send = createSender(raw, isEvents);
      send({ type: 'listening' });
      const beat = setInterval(() => send({ type: 'heartbeat', timeMs: Date.now() }), heartbeatMs);
      try {
        for await (const change of changes) send(changeView(change));
      } catch (error) {
        // The answer has begun: its end is all that the reader can still be told.
        onDefect(error, 'GET /v1/changes');
      } finally {
        clearInterval(beat);
        raw.end();
      }
    },
  );
}

function createSender(raw: ServerResponse, isEvents: boolean): (item: JsonObject) => void {
  return (item) => {
    if (raw.writableLength > unreadBytesMax) raw.destroy();
    if (raw.destroyed) return;
    const text = JSON.stringify(item);
    raw.write(isEvents ? `event: ${String(item['type'])}\ndata: ${text}\n\n` : `${text}\n`);
  };
}
