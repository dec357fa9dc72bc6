/** Routes about agents: resolving any, changing those whose keys this node holds. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { encodeState } from '../../core/record/agent-state.ts';
import type { PublishOptions, RecordDraft, ResolveOptions, WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import {
  type AgentParams,
  agentParams,
  type DelegateBody,
  delegateBody,
  type PublishBody,
  publishBody,
  type RecoverBody,
  type RegisterBody,
  type ResolveQuery,
  type RevokeBody,
  type RevokeDelegationBody,
  recoverBody,
  registerBody,
  resolveQuery,
  revokeBody,
  revokeDelegationBody,
  type UpdateBody,
  updateBody,
} from '../schemas.ts';
import { agentResultView, resolutionView } from '../views.ts';

/** What these routes need of a node. */
type Agents = Pick<WeftNode, 'agents' | 'resolve'>;

/** Adds them. */
export function addAgentRoutes(app: FastifyInstance, node: Agents): void {
  addReadRoutes(app, node);
  addRecordRoutes(app, node);
  addKeyRoutes(app, node);
  addDelegationRoutes(app, node);
}

function addReadRoutes(app: FastifyInstance, node: Agents): void {
  type Route = { Params: AgentParams; Querystring: ResolveQuery };
  const schema = { params: agentParams, querystring: resolveQuery };
  app.get('/v1/agents', async () => ({
    agents: (await node.agents.list()).map(({ agentId, roles }) => ({
      agentId: formatAgentId(agentId),
      roles,
    })),
  }));
  app.get<Route>('/v1/agents/:id', { schema }, async ({ params, query }, reply) =>
    resolutionView(await node.resolve(parseAgentId(params.id), resolveOptions(query, reply))),
  );
  app.get<Route>('/v1/agents/:id/bundle', { schema }, async ({ params, query }, reply) => {
    const { state, status } = await node.resolve(parseAgentId(params.id), resolveOptions(query, reply));
    if (state === null) throw new ApiError('no-record', 'the network knows nothing of this agent');
    reply.type('application/cbor').header('x-weft-status', status);
    return Buffer.from(encodeState(state));
  });
}

function addRecordRoutes(app: FastifyInstance, node: Agents): void {
  app.post<{ Body: RegisterBody }>(
    '/v1/agents',
    { schema: { body: registerBody } },
    async ({ body }, reply) => {
      const { ephemeral, ...said } = body;
      const draft = { ...draftOf(said), ...(ephemeral !== undefined && { ephemeral }) };
      const result = await node.agents.register(draft, publishOptions(body));
      reply.code(201).header('location', `/v1/agents/${formatAgentId(result.agentId)}`);
      return agentResultView(result);
    },
  );
  app.patch<{ Params: AgentParams; Body: UpdateBody }>(
    '/v1/agents/:id',
    { schema: { params: agentParams, body: updateBody } },
    async ({ params, body }) =>
      agentResultView(await node.agents.update(parseAgentId(params.id), draftOf(body), publishOptions(body))),
  );
}

function addKeyRoutes(app: FastifyInstance, node: Agents): void {
  const schema = { params: agentParams, body: publishBody };
  type Route = { Params: AgentParams; Body: PublishBody };
  app.post<Route>('/v1/agents/:id/refence', { schema }, async ({ params, body }) =>
    agentResultView(await node.agents.refence(parseAgentId(params.id), publishOptions(body))),
  );
  app.post<Route>('/v1/agents/:id/rotate', { schema }, async ({ params, body }) =>
    agentResultView(await node.agents.rotate(parseAgentId(params.id), publishOptions(body))),
  );
  app.post<{ Params: AgentParams; Body: RecoverBody }>(
    '/v1/agents/:id/recover',
    { schema: { params: agentParams, body: recoverBody } },
    async ({ params, body }) => {
      const { recoverySeed } = body;
      const seed = recoverySeed === undefined ? {} : { recoverySeed: hexToBytes(recoverySeed) };
      return agentResultView(
        await node.agents.recover(parseAgentId(params.id), { ...publishOptions(body), ...seed }),
      );
    },
  );
  app.post<{ Params: AgentParams; Body: RevokeBody }>(
    '/v1/agents/:id/revoke',
    { schema: { params: agentParams, body: revokeBody } },
    async ({ params, body }) => {
      const reason = body.reason ?? 'unspecified';
      return agentResultView(await node.agents.revoke(parseAgentId(params.id), reason, publishOptions(body)));
    },
  );
}

function addDelegationRoutes(app: FastifyInstance, node: Agents): void {
  app.post<{ Params: AgentParams; Body: DelegateBody }>(
    '/v1/agents/:id/delegate',
    { schema: { params: agentParams, body: delegateBody } },
    async ({ params, body }) => {
      const { acknowledgements: _w, timeoutMs: _timeout, audience, ...grant } = body;
      const wanted = { ...grant, audience: hexToBytes(audience) };
      const result = await node.agents.delegate(parseAgentId(params.id), wanted, publishOptions(body));
      return { ...agentResultView(result), slot: result.slot, delegation: bytesToHex(result.delegation) };
    },
  );
  app.post<{ Params: AgentParams }>(
    '/v1/agents/:id/delegate-key',
    { schema: { params: agentParams } },
    async ({ params }) => ({
      publicKey: bytesToHex(await node.agents.createDelegateKey(parseAgentId(params.id))),
    }),
  );
  app.post<{ Params: AgentParams; Body: RevokeDelegationBody }>(
    '/v1/agents/:id/revoke-delegation',
    { schema: { params: agentParams, body: revokeDelegationBody } },
    async ({ params, body }) => {
      const { slot, hash, reason = 'unspecified' } = body;
      if ((slot === undefined) === (hash === undefined))
        throw new ApiError('bad-request', 'give one of slot and hash');
      const which = slot === undefined ? { hash: hexToBytes(hash!) } : { slot };
      return agentResultView(
        await node.agents.revokeDelegation(parseAgentId(params.id), which, reason, publishOptions(body)),
      );
    },
  );
}

/** A reader that goes away ends the search. */
function resolveOptions(query: ResolveQuery, reply: FastifyReply): ResolveOptions {
  const abort = new AbortController();
  reply.raw.once('close', () => abort.abort());
  return {
    signal: abort.signal,
    ...(query.fresh !== undefined && { fresh: query.fresh === 'true' }),
    ...(query.timeoutMs !== undefined && { timeoutMs: Number(query.timeoutMs) }),
  };
}

function publishOptions({ acknowledgements, timeoutMs }: PublishBody): PublishOptions {
  return {
    ...(acknowledgements !== undefined && { acknowledgements }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

function draftOf(body: UpdateBody): RecordDraft {
  const { acknowledgements: _w, timeoutMs: _timeout, privateFactsDigest, ...draft } = body;
  if (privateFactsDigest === undefined) return draft;
  if (draft.privateFactsUrl !== undefined) {
    throw new ApiError('bad-request', 'give one of privateFactsUrl and privateFactsDigest');
  }
  return { ...draft, privateFactsUrl: hexToBytes(privateFactsDigest) };
}
