/** Routes about the node itself: status, peers, health, metrics, and bundles signed elsewhere. */
import type { FastifyInstance } from 'fastify';
import { bytesToHex } from '../../core/bytes.ts';
import { encodeState } from '../../core/record/agent-state.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import type { ApiMetrics } from '../api-metrics.ts';
import { type PublishQuery, publishQuery } from '../schemas.ts';
import { publishView, stateView, statusView } from '../views.ts';

/** Adds them. Health and metrics need no token. */
export function addNodeRoutes(app: FastifyInstance, node: WeftNode, metrics: ApiMetrics): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    const { state } = await node.status();
    if (state !== 'ready') throw new ApiError('not-ready', `the node is ${state}`);
    return { status: 'ready' };
  });
  app.get('/metrics', async (_request, reply) => {
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return `${await node.metrics()}${await metrics.render()}`;
  });
  app.get('/v1/status', async () => statusView(await node.status()));
  app.get('/v1/peers', async () => ({ peers: node.peers() }));
  app.post<{ Querystring: PublishQuery }>(
    '/v1/bundles',
    { schema: { querystring: publishQuery } },
    async (request) => {
      if (!(request.body instanceof Uint8Array))
        throw new ApiError('wrong-media-type', 'a bundle is sent as application/cbor');
      const { acknowledgements, timeoutMs } = request.query;
      const result = await node.publish(request.body, {
        ...(acknowledgements !== undefined && { acknowledgements: Number(acknowledgements) }),
        ...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
      });
      const { state } = result;
      const known = state === null ? {} : { state: stateView(state), bundle: bytesToHex(encodeState(state)) };
      return { publish: publishView(result), state: null, bundle: null, ...known };
    },
  );
}
