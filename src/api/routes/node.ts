/** Routes about the node itself: status, peers, health, metrics, and bundles signed elsewhere. */
import type { FastifyInstance } from 'fastify';
import { bytesToHex } from '../../core/bytes.ts';
import { encodeState } from '../../core/record/agent-state.ts';
import type { PeerStatus, WeftNode } from '../../node/node-types.ts';
import {
  healthAnswer,
  keyspaceAnswer,
  metricsAnswer,
  peersAnswer,
  publishAnswer,
  samplesAnswer,
  statusAnswer,
  storeAnswer,
} from '../answers.ts';
import { ApiError } from '../api-error.ts';
import type { ApiMetrics } from '../api-metrics.ts';
import { openAccess, readAccess } from '../authorise.ts';
import {
  type PeersQuery,
  type PublishQuery,
  peersQuery,
  publishQuery,
  type SamplesQuery,
  samplesQuery,
} from '../schemas.ts';
import {
  keyspaceView,
  peerView,
  publishView,
  samplesView,
  stateView,
  statusView,
  storeView,
} from '../views.ts';

const tags = ['node'];
/** As many as the node keeps. */
const samplesKept = 720;

/** Adds them. Health and metrics need no token. */
export function addNodeRoutes(app: FastifyInstance, node: WeftNode, metrics: ApiMetrics): void {
  addHealthRoutes(app, node, metrics);
  addStatusRoutes(app, node);
  addPictureRoutes(app, node);
  addPublishRoute(app, node);
}

function addHealthRoutes(app: FastifyInstance, node: WeftNode, metrics: ApiMetrics): void {
  const health = { response: healthAnswer, tags };
  app.get(
    '/healthz',
    { schema: { ...health, operationId: 'health', summary: 'The process is alive' }, ...openAccess },
    async () => ({ status: 'ok' }),
  );
  app.get(
    '/readyz',
    { schema: { ...health, operationId: 'ready', summary: 'The node has joined and serves' }, ...openAccess },
    async () => {
      const { state } = await node.status();
      if (state !== 'ready') throw new ApiError('not-ready', `the node is ${state}`);
      return { status: 'ready' };
    },
  );
  const schema = { response: metricsAnswer, tags, operationId: 'metrics', summary: 'Metrics for Prometheus' };
  app.get('/metrics', { schema, ...openAccess }, async (_request, reply) => {
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return `${await node.metrics()}${await metrics.render()}`;
  });
}

function addStatusRoutes(app: FastifyInstance, node: WeftNode): void {
  const status = {
    response: statusAnswer,
    tags,
    operationId: 'status',
    summary: 'What this node is and how it fares',
  };
  app.get('/v1/status', { schema: status, ...readAccess }, async () => statusView(await node.status()));
  const peers = {
    querystring: peersQuery,
    response: peersAnswer,
    tags,
    operationId: 'peers',
    summary: 'The peers that this node knows',
  };
  app.get<{ Querystring: PeersQuery }>('/v1/peers', { schema: peers, ...readAccess }, async ({ query }) => ({
    peers: firstPeers(node.peers(), query.max).map(peerView),
  }));
  const store = { response: storeAnswer, tags, operationId: 'store', summary: 'How much this node keeps' };
  app.get('/v1/store', { schema: store, ...readAccess }, async () => storeView(await node.status()));
}

function firstPeers(peers: readonly PeerStatus[], max: string | undefined): readonly PeerStatus[] {
  if (max === undefined) return peers;
  const connectedFirst = [
    ...peers.filter(({ connected }) => connected),
    ...peers.filter(({ connected }) => !connected),
  ];
  return connectedFirst.slice(0, Number(max));
}

function addPictureRoutes(app: FastifyInstance, node: WeftNode): void {
  const keyspace = {
    response: keyspaceAnswer,
    tags,
    operationId: 'keyspace',
    summary: 'Where this node, its neighbours and its records stand in the key space',
  };
  app.get('/v1/keyspace', { schema: keyspace, ...readAccess }, async () => keyspaceView(node.keyspace()));
  const samples = {
    querystring: samplesQuery,
    response: samplesAnswer,
    tags,
    operationId: 'samples',
    summary: 'How the node fared in the last hour, every 5 s',
  };
  app.get<{ Querystring: SamplesQuery }>(
    '/v1/samples',
    { schema: samples, ...readAccess },
    async ({ query }) => samplesView(node.samples(), Number(query.points ?? samplesKept)),
  );
}

function addPublishRoute(app: FastifyInstance, node: WeftNode): void {
  const schema = {
    querystring: publishQuery,
    response: publishAnswer,
    tags: ['agents'],
    operationId: 'publishBundle',
    summary: 'Publish a bundle that was signed elsewhere',
    description: 'The body is the bundle as `application/cbor`: docs/protocol.md §2.',
    consumes: ['application/cbor'],
  };
  app.post<{ Querystring: PublishQuery }>('/v1/bundles', { schema }, async (request) => {
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
  });
}
