/**
 * The audit log: as a tiled transparency log that clients of such logs read (C2SP tlog-tiles), and as proofs for those who
 * ask for one agent.
 */
import type { FastifyInstance } from 'fastify';
import { AuditError } from '../../audit/audit-error.ts';
import type { KnownLog } from '../../audit/exchange/known-logs.ts';
import type { LoggedEntry } from '../../audit/log/audit-log.ts';
import type { Checkpoint } from '../../audit/note/checkpoint.ts';
import { parseLogName } from '../../audit/note/log-name.ts';
import { formatVerifierKey } from '../../audit/note/signed-note.ts';
import { proofJson } from '../../audit/proof/proof-file.ts';
import { parseTilePath, tileWidth } from '../../audit/tile/tile-path.ts';
import { bytesToHex } from '../../core/bytes.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { WeftNode } from '../../node/node-types.ts';
import {
  type ConsistencyBody,
  checkpointAnswer,
  consistencyAnswer,
  consistencyBody,
  type EntriesQuery,
  entriesAnswer,
  entriesQuery,
  inclusionAnswer,
  knownLogAnswer,
  knownLogsAnswer,
  logAnswer,
  type PeerParams,
  peerParams,
  type ViewQuery,
  viewQuery,
} from '../audit-answers.ts';
import { readAccess } from '../authorise.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import { type JsonObject, timeView } from '../views.ts';

type Audited = Pick<WeftNode, 'audit'>;
const tags = ['audit'];
const options = { ...readAccess };
const entriesDefault = 100;
/** What is full never changes. */
const immutableSeconds = 31_536_000;

/** Adds them. @param openReads whether caches on the way may keep tiles for everybody */
export function addAuditRoutes(app: FastifyInstance, node: Audited, openReads: boolean): void {
  addTileRoutes(app, node, openReads ? 'public' : 'private');
  addLogRoutes(app, node);
  addProofRoutes(app, node);
  addKnownLogRoutes(app, node);
}

function addTileRoutes(app: FastifyInstance, { audit }: Audited, scope: string): void {
  const checkpoint = {
    response: checkpointAnswer,
    tags,
    operationId: 'auditCheckpoint',
    summary: 'The signed checkpoint of the audit log of this node',
    description:
      'https://c2sp.org/tlog-checkpoint. The tiles are at `/audit/tile/<L>/<N>[.p/<W>]` and `/audit/tile/entries/<N>[.p/<W>]`: https://c2sp.org/tlog-tiles.',
  };
  app.get('/audit/checkpoint', { schema: checkpoint, ...options }, async (_request, reply) => {
    const { note } = await audit.checkpoint();
    return reply
      .type('text/plain; charset=utf-8')
      .header('cache-control', 'no-cache')
      .serializer(String)
      .send(note);
  });
  // Its path has no fixed number of parts, which OpenAPI cannot say.
  const tile = { hide: true };
  app.get<{ Params: { '*': string } }>(
    '/audit/tile/*',
    { schema: tile, ...options },
    async ({ params }, reply) => {
      const path = `tile/${params['*']}`;
      const place = parseTilePath(path);
      if (place === null) throw new AuditError('no-such-tile', 'that is no path of a tile');
      const bytes = await audit.tile(place);
      const kept = place.width === tileWidth ? `max-age=${immutableSeconds}, immutable` : 'max-age=3600';
      return reply
        .type('application/octet-stream')
        .header('cache-control', `${scope}, ${kept}`)
        .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
  );
}

function addLogRoutes(app: FastifyInstance, { audit }: Audited): void {
  const log = {
    response: logAnswer,
    tags,
    operationId: 'auditLog',
    summary: 'The audit log of this node: its name, size and root, and the key that signs it',
  };
  app.get('/v1/audit', { schema: log, ...options }, async () => {
    const checkpoint = await audit.checkpoint();
    const verifierKey = formatVerifierKey(parseLogName(checkpoint.origin).key);
    return { ...headView(checkpoint), verifierKey };
  });
  const entries = {
    querystring: entriesQuery,
    response: entriesAnswer,
    tags,
    operationId: 'auditEntries',
    summary: 'What this node has accepted, in order',
  };
  app.get<{ Querystring: EntriesQuery }>(
    '/v1/audit/entries',
    { schema: entries, ...options },
    async ({ query }) => {
      const { size } = await audit.checkpoint();
      const limit = Number(query.limit ?? entriesDefault);
      const from = Number(query.from ?? Math.max(0, size - limit));
      return { size, entries: (await audit.entries(from, limit)).map(entryView) };
    },
  );
}

function addProofRoutes(app: FastifyInstance, { audit }: Audited): void {
  const inclusion = {
    params: agentParams,
    querystring: viewQuery,
    response: inclusionAnswer,
    tags,
    operationId: 'auditAgent',
    summary: 'A proof of what this log, or that of a peer, has of an agent',
    description: 'A file that anybody verifies without a network: `weft audit verify`.',
  };
  app.get<{ Params: AgentParams; Querystring: ViewQuery }>(
    '/v1/audit/agents/:id',
    { schema: inclusion, ...options },
    async ({ params, query }) => {
      const agentId = parseAgentId(params.id);
      const { peer } = query;
      return proofJson(peer === undefined ? await audit.prove(agentId) : await audit.proveOf(peer, agentId));
    },
  );
  const consistency = {
    body: consistencyBody,
    response: consistencyAnswer,
    tags,
    operationId: 'auditConsistency',
    summary: 'A proof that the log continues an earlier checkpoint of its own',
  };
  app.post<{ Body: ConsistencyBody }>(
    '/v1/audit/consistency',
    { schema: consistency, ...options },
    async ({ body }) => proofJson(await audit.continuation(body.checkpoint)),
  );
}

function addKnownLogRoutes(app: FastifyInstance, { audit }: Audited): void {
  const all = {
    response: knownLogsAnswer,
    tags,
    operationId: 'auditLogs',
    summary: 'The logs of other nodes, as far as this one has heard of them',
  };
  app.get('/v1/audit/logs', { schema: all, ...options }, async () => ({
    logs: (await audit.knownLogs()).map(knownLogView),
  }));
  const one = {
    params: peerParams,
    response: knownLogAnswer,
    tags,
    operationId: 'auditPeerLog',
    summary: 'Asks a peer for its checkpoint, and holds it against what was known',
  };
  app.get<{ Params: PeerParams }>('/v1/audit/logs/:peer', { schema: one, ...options }, async ({ params }) =>
    knownLogView(await audit.look(params.peer)),
  );
}

function headView({ peer, origin, size, root, note }: Checkpoint): JsonObject {
  return { peer, origin, size, root: bytesToHex(root), checkpoint: note };
}

function entryView({ index, seenAt, agentId, kind, hash }: LoggedEntry): JsonObject {
  return { index, seenAt: timeView(seenAt), agentId: formatAgentId(agentId), kind, hash: bytesToHex(hash) };
}

function knownLogView({ believed, waiting, state, heardAtMs, renewals, fork }: KnownLog): JsonObject {
  return {
    ...headView(believed),
    state,
    waiting: waiting?.note ?? null,
    heardAt: new Date(heardAtMs).toISOString(),
    renewals,
    fork: fork === null ? null : (proofJson(fork) as unknown as JsonObject),
  };
}
