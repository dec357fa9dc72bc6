/** Grants that travel by hand: issued, kept, shown as a tree, judged, renewed; and what the right `revoke` is for. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { bytesEqual, bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { createSigner } from '../../core/ed25519.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { rightsOf } from '../../core/identity/delegation.ts';
import { createGrant, formatGrant, type Grant, parseGrant } from '../../core/identity/delegation-grant.ts';
import { keyBytes } from '../../core/limits.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { writeAnswer } from '../answers.ts';
import { ApiError } from '../api-error.ts';
import { readAccess } from '../authorise.ts';
import {
  type GrantBody,
  grantAnswer,
  grantBody,
  type KeepBody,
  keepBody,
  keptAnswer,
  type RenewBody,
  type RevokeCredentialBody,
  renewBody,
  renewedAnswer,
  revokeCredentialBody,
  treeAnswer,
  type VerifyGrantBody,
  verdictAnswer,
  verifyGrantBody,
} from '../grant-answers.ts';
import { grantTree } from '../grant-tree.ts';
import { judgeGrant } from '../grant-verdict.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import { agentResultView, delegationView, type JsonObject } from '../views.ts';

type Grants = Pick<WeftNode, 'agents' | 'resolve'>;

const tags = ['custody'];

/** Adds them. */
export function addGrantRoutes(app: FastifyInstance, node: Grants): void {
  addIssueRoutes(app, node);
  addKeepRoutes(app, node);
  addVerifyRoute(app, node);
  addCredentialRoute(app, node);
}

function addIssueRoutes(app: FastifyInstance, node: Grants): void {
  const write = { params: agentParams, tags };
  app.post<{ Params: AgentParams; Body: GrantBody }>(
    '/v1/agents/:id/grants',
    {
      schema: {
        ...write,
        body: grantBody,
        response: grantAnswer,
        operationId: 'issueGrant',
        summary: 'Grant rights that need no slot, as a text to pass on',
        description:
          'Signed by the controller, or by the delegate key of this node below the grant that it holds. Nothing is published. Without an audience it is made for a helper: the answer has a new key.',
      },
    },
    async ({ params, body }, reply) => {
      const { under, audience, timeoutMs, ...wish } = body;
      const seed = audience === undefined ? new Uint8Array(randomBytes(keyBytes)) : null;
      const publicKey = seed === null ? hexToBytes(audience!) : createSigner(seed).publicKey;
      const parent = under === undefined ? {} : { under: parseGrant(under) };
      const grant = await node.agents.grant(
        parseAgentId(params.id),
        { ...wish, ...parent, audience: publicKey },
        timing(timeoutMs),
      );
      reply.code(201);
      const key = seed === null ? null : { publicKey: bytesToHex(publicKey), seed: bytesToHex(seed) };
      return { ...grantView(grant), key };
    },
  );
  app.post<{ Params: AgentParams; Body: RenewBody }>(
    '/v1/agents/:id/grants/renew',
    {
      schema: {
        ...write,
        body: renewBody,
        response: renewedAnswer,
        operationId: 'renewGrant',
        summary: 'The same grant again, for a new time',
        description:
          'To the same key with the same rights, below the same grants. The old one ends when it ended.',
      },
    },
    async ({ params, body }, reply) => {
      const old = ofAgent(params.id, parseGrant(body.grant));
      const above = old.chain.slice(0, -1);
      const { audience, rights } = old.token;
      const parent = above.length === 0 ? {} : { under: createGrant(above) };
      const wish = { audience, rights: rightsOf(rights), expiresInSeconds: body.expiresInSeconds, ...parent };
      reply.code(201);
      return grantView(await node.agents.grant(old.agentId, wish, timing(body.timeoutMs)));
    },
  );
}

function addKeepRoutes(app: FastifyInstance, node: Grants): void {
  app.put<{ Params: AgentParams; Body: KeepBody }>(
    '/v1/agents/:id/grants',
    {
      schema: {
        params: agentParams,
        body: keepBody,
        response: keptAnswer,
        tags,
        operationId: 'keepGrant',
        summary: 'Keep a grant that was received: to act under it, or to see it in the tree',
      },
    },
    async ({ params, body }) => {
      const given = ofAgent(params.id, parseGrant(body.grant));
      const { grant, isHeld } = await node.agents.keepGrant(given, timing(body.timeoutMs));
      return { ...grantView(grant), isHeld };
    },
  );
  app.get<{ Params: AgentParams }>(
    '/v1/agents/:id/grants',
    {
      schema: {
        params: agentParams,
        response: treeAnswer,
        tags,
        operationId: 'listGrants',
        summary: 'Grants over an agent, as far as this node knows them',
      },
    },
    async ({ params }) => {
      const agentId = parseAgentId(params.id);
      const { state } = await node.resolve(agentId);
      if (state === null)
        throw new ApiError('not-found', `nobody that answered knows ${formatAgentId(agentId)}`);
      return grantTree(state, await node.agents.grants(agentId), Math.floor(Date.now() / 1000));
    },
  );
}

function addVerifyRoute(app: FastifyInstance, node: Grants): void {
  app.post<{ Body: VerifyGrantBody }>(
    '/v1/grants/verify',
    {
      ...readAccess,
      schema: {
        body: verifyGrantBody,
        response: verdictAnswer,
        tags: ['agents'],
        operationId: 'verifyGrant',
        summary: 'Whether a grant holds now',
        description:
          'Chain, rights, time, signatures, and no revocation of any token of it. A 200 whatever the verdict in `holds`.',
      },
    },
    async ({ body }) => {
      const { grant, right, fresh = false, timeoutMs } = body;
      const nowSeconds = Math.floor(Date.now() / 1000);
      const options = { fresh, ...timing(timeoutMs) };
      const wanted = right === undefined ? {} : { right };
      return judgeGrant(parseGrant(grant), { resolve: node.resolve, options, nowSeconds, ...wanted });
    },
  );
}

function addCredentialRoute(app: FastifyInstance, node: Grants): void {
  app.post<{ Params: AgentParams; Body: RevokeCredentialBody }>(
    '/v1/agents/:id/revoke-credential',
    {
      schema: {
        params: agentParams,
        body: revokeCredentialBody,
        response: writeAnswer,
        tags,
        operationId: 'revokeCredential',
        summary: 'Take back a credential that the agent issued',
        description:
          'By the controller, or under a grant with `revoke` that this node holds. Gossip brings it to every node.',
      },
    },
    async ({ params, body }) => {
      const { digest, expiresAt, reason = 'unspecified', acknowledgements, timeoutMs } = body;
      const credential = {
        digest: hexToBytes(digest),
        expiresAtSeconds: Math.floor(Date.parse(expiresAt) / 1000),
      };
      const options = { ...timing(timeoutMs), ...(acknowledgements !== undefined && { acknowledgements }) };
      return agentResultView(
        await node.agents.revokeCredential(parseAgentId(params.id), credential, reason, options),
      );
    },
  );
}

/** A grant as it is passed on, with what it says. */
function grantView(grant: Grant): JsonObject {
  return {
    agentId: formatAgentId(grant.agentId),
    grant: formatGrant(grant),
    ...delegationView(grant.token),
  };
}

function ofAgent(text: string, grant: Grant): Grant {
  if (bytesEqual(parseAgentId(text), grant.agentId)) return grant;
  throw new ApiError('bad-request', 'the grant is one of another agent');
}

function timing(timeoutMs: number | undefined): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}
