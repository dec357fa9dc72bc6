/** Routes about agents whose keys this node holds. */
import type { FastifyInstance } from 'fastify';
import { bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { parseGrant } from '../../core/identity/delegation-grant.ts';
import type { PublishOptions, RecordDraft, WeftNode, WhichGrant } from '../../node/node-types.ts';
import {
  agentListAnswer,
  delegateAnswer,
  delegateKeyAnswer,
  registerAnswer,
  writeAnswer,
} from '../answers.ts';
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
  type RevokeBody,
  type RevokeDelegationBody,
  recoverBody,
  registerBody,
  revokeBody,
  revokeDelegationBody,
  type UpdateBody,
  updateBody,
} from '../schemas.ts';
import { agentResultView } from '../views.ts';
import { placeOf } from './resolve.ts';

/** What these routes need of a node. */
type Agents = Pick<WeftNode, 'agents'>;

const tags = ['custody'];
/** Of every route that changes an agent. */
const write = { params: agentParams, response: writeAnswer, tags };

/** Adds them. All of them need the token. */
export function addAgentRoutes(app: FastifyInstance, node: Agents): void {
  addListRoute(app, node);
  addRecordRoutes(app, node);
  addKeyRoutes(app, node);
  addDelegationRoutes(app, node);
}

function addListRoute(app: FastifyInstance, node: Agents): void {
  const schema = {
    response: agentListAnswer,
    tags,
    operationId: 'listAgents',
    summary: 'Agents in custody, with the roles of the keys that are here',
  };
  app.get('/v1/agents', { schema }, async () => ({
    agents: (await node.agents.list()).map(({ agentId, roles }) => ({
      agentId: formatAgentId(agentId),
      roles,
    })),
  }));
}

function addRecordRoutes(app: FastifyInstance, node: Agents): void {
  app.post<{ Body: RegisterBody }>(
    '/v1/agents',
    {
      schema: {
        body: registerBody,
        response: registerAnswer,
        tags,
        operationId: 'registerAgent',
        summary: 'Register an agent whose keys this node keeps',
      },
    },
    async ({ body }, reply) => {
      const { ephemeral, ...said } = body;
      const draft = { ...draftOf(said), ...(ephemeral !== undefined && { ephemeral }) };
      const result = await node.agents.register(draft, publishOptions(body));
      reply.code(201).header('location', placeOf(result.agentId));
      return agentResultView(result);
    },
  );
  app.patch<{ Params: AgentParams; Body: UpdateBody }>(
    '/v1/agents/:id',
    {
      schema: {
        ...write,
        body: updateBody,
        operationId: 'updateAgent',
        summary: 'Change fields of a record',
      },
    },
    async ({ params, body }) =>
      agentResultView(await node.agents.update(parseAgentId(params.id), draftOf(body), publishOptions(body))),
  );
}

function addKeyRoutes(app: FastifyInstance, node: Agents): void {
  type Route = { Params: AgentParams; Body: PublishBody };
  app.post<Route>(
    '/v1/agents/:id/refence',
    {
      schema: {
        ...write,
        body: publishBody,
        operationId: 'refenceAgent',
        summary: 'Sign the merged record anew',
      },
    },
    async ({ params, body }) =>
      agentResultView(await node.agents.refence(parseAgentId(params.id), publishOptions(body))),
  );
  app.post<Route>(
    '/v1/agents/:id/rotate',
    { schema: { ...write, body: publishBody, operationId: 'rotateAgent', summary: 'Take new keys' } },
    async ({ params, body }) =>
      agentResultView(await node.agents.rotate(parseAgentId(params.id), publishOptions(body))),
  );
  app.post<{ Params: AgentParams; Body: RecoverBody }>(
    '/v1/agents/:id/recover',
    {
      schema: {
        ...write,
        body: recoverBody,
        operationId: 'recoverAgent',
        summary: 'Take new keys by the recovery key',
      },
    },
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
    {
      schema: { ...write, body: revokeBody, operationId: 'revokeAgent', summary: 'End the agent, for ever' },
    },
    async ({ params, body }) => {
      const reason = body.reason ?? 'unspecified';
      return agentResultView(await node.agents.revoke(parseAgentId(params.id), reason, publishOptions(body)));
    },
  );
}

function addDelegationRoutes(app: FastifyInstance, node: Agents): void {
  app.post<{ Params: AgentParams; Body: DelegateBody }>(
    '/v1/agents/:id/delegate',
    {
      schema: {
        ...write,
        body: delegateBody,
        response: delegateAnswer,
        operationId: 'delegate',
        summary: 'Grant rights to a key',
      },
    },
    async ({ params, body }) => {
      const { acknowledgements: _w, timeoutMs: _timeout, audience, ...grant } = body;
      const wanted = { ...grant, audience: hexToBytes(audience) };
      const result = await node.agents.delegate(parseAgentId(params.id), wanted, publishOptions(body));
      return { ...agentResultView(result), slot: result.slot, delegation: bytesToHex(result.delegation) };
    },
  );
  app.post<{ Params: AgentParams }>(
    '/v1/agents/:id/delegate-key',
    {
      schema: {
        params: agentParams,
        response: delegateKeyAnswer,
        tags,
        operationId: 'createDelegateKey',
        summary: 'Make a key here, to be named as the audience of a grant',
      },
    },
    async ({ params }) => ({
      publicKey: bytesToHex(await node.agents.createDelegateKey(parseAgentId(params.id))),
    }),
  );
  app.post<{ Params: AgentParams; Body: RevokeDelegationBody }>(
    '/v1/agents/:id/revoke-delegation',
    {
      schema: {
        ...write,
        body: revokeDelegationBody,
        operationId: 'revokeDelegation',
        summary: 'Take a grant back',
      },
    },
    async ({ params, body }) => {
      const { reason = 'unspecified' } = body;
      return agentResultView(
        await node.agents.revokeDelegation(
          parseAgentId(params.id),
          whichGrant(body),
          reason,
          publishOptions(body),
        ),
      );
    },
  );
}

function whichGrant({ slot, hash, grant }: RevokeDelegationBody): WhichGrant {
  if ([slot, hash, grant].filter((given) => given !== undefined).length !== 1)
    throw new ApiError('bad-request', 'give one of slot, hash and grant');
  if (slot !== undefined) return { slot };
  return hash !== undefined ? { hash: hexToBytes(hash) } : { grant: parseGrant(grant!) };
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
