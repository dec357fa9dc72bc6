/** Credentials: issued, served, revoked and suspended by who holds the token; status lists for everybody; verdicts of zones. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { VerifiedFacts, VerifyContext } from '../../facts/verify-facts.ts';
import type { WeftNode } from '../../node/node-types.ts';
import type { ZonePolicy } from '../../trust/zone-policy.ts';
import { ApiError } from '../api-error.ts';
import { openAccess, readAccess } from '../authorise.ts';
import { baseUrlOf } from '../base-url.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import {
  type CheckBody,
  checkBody,
  checkedAnswer,
  type IssueBody,
  type IssuedParams,
  issueBody,
  issuedAnswer,
  issuedListAnswer,
  issuedParams,
  type ListParams,
  listParams,
  type RevokeCredentialsBody,
  revokeCredentialsBody,
  revokedAnswer,
  type SuspendBody,
  servedParams,
  suspendBody,
  type VerifyBody,
  vcAnswer,
  verifiedAnswer,
  verifyBody,
  zonesAnswer,
} from '../trust-answers.ts';
import { issuedView, revokedView, verdictView, verifiedView } from '../trust-views.ts';
import { credentialType } from './facts.ts';
import { addViewRoutes } from './trust-views.ts';

type Trust = Pick<WeftNode, 'trust' | 'facts'>;
const tags = ['trust'];
/** Facts and what is shown with them. */
const checkBytesMax = 512 * 1024;

/** Adds them. */
export function addTrustRoutes(app: FastifyInstance, node: Trust, publicUrl: string | null): void {
  addIssueRoutes(app, node, publicUrl);
  addRevokeRoutes(app, node);
  addServedRoutes(app, node);
  addVerdictRoutes(app, node);
  addViewRoutes(app, node);
}

function addIssueRoutes(app: FastifyInstance, { trust }: Trust, publicUrl: string | null): void {
  app.post<{ Params: AgentParams; Body: IssueBody }>(
    '/v1/agents/:id/credentials',
    {
      schema: {
        ...{ params: agentParams, body: issueBody, response: issuedAnswer, tags },
        operationId: 'issueCredential',
        summary: 'Sign a credential about somebody with the key in custody, and serve it',
        description:
          'It gets a place in a status list of this node unless `status` is empty, and is found at its `url`, where one that `renews` is signed again before it ends.',
      },
    },
    async (request, reply) => {
      const issuer = await trust.issuer();
      const agentId = parseAgentId(request.params.id);
      const issued = await issuer.issue(agentId, request.body as never, baseUrlOf(request, publicUrl));
      reply.code(201).header('location', `/v1/agents/${formatAgentId(agentId)}/credentials/${issued.serial}`);
      return issuedView(issued);
    },
  );
  app.get<{ Params: AgentParams }>(
    '/v1/agents/:id/credentials',
    {
      schema: {
        ...{ params: agentParams, response: issuedListAnswer, tags },
        operationId: 'issuedCredentials',
        summary: 'The credentials that an agent has issued at this node',
      },
    },
    async ({ params }) => {
      const agentId = parseAgentId(params.id);
      const all = await (await trust.issuer()).list(agentId);
      return { agentId: formatAgentId(agentId), credentials: all.map(issuedView) };
    },
  );
  app.get<{ Params: IssuedParams }>(
    '/v1/agents/:id/credentials/:name',
    {
      schema: {
        ...{ params: issuedParams, response: issuedAnswer, tags },
        operationId: 'issuedCredential',
        summary: 'One of them, revoked or not',
      },
    },
    async ({ params }) => {
      const found = await (await trust.issuer()).find(parseAgentId(params.id), params.name);
      if (found === undefined) throw new ApiError('not-found', 'this node issued no such credential');
      return issuedView(found);
    },
  );
}

function addRevokeRoutes(app: FastifyInstance, { trust }: Trust): void {
  app.post<{ Params: AgentParams; Body: RevokeCredentialsBody }>(
    '/v1/agents/:id/credentials/revoke',
    {
      schema: {
        ...{ params: agentParams, body: revokeCredentialsBody, response: revokedAnswer, tags },
        operationId: 'revokeCredentials',
        summary: 'Revoke credentials for ever',
        description:
          'Durable in the status list first, then told to the network. `pushed` says how: each by name, or by ending the lists that readers hold, where there are many.',
      },
    },
    async ({ params, body }) => {
      const { credentials, reason = 'unspecified' } = body;
      return revokedView(await (await trust.issuer()).revoke(parseAgentId(params.id), credentials, reason));
    },
  );
  app.post<{ Params: IssuedParams; Body: SuspendBody }>(
    '/v1/agents/:id/credentials/:name/suspension',
    {
      schema: {
        ...{ params: issuedParams, body: suspendBody, response: issuedAnswer, tags },
        operationId: 'suspendCredential',
        summary: 'Suspend a credential for a while, or no longer',
      },
    },
    async ({ params, body }) =>
      issuedView(await (await trust.issuer()).suspend(parseAgentId(params.id), params.name, body.suspended)),
  );
}

function addServedRoutes(app: FastifyInstance, { trust }: Trust): void {
  app.get<{ Params: IssuedParams }>(
    '/credentials/:id/:name',
    {
      ...readAccess,
      schema: {
        ...{ params: servedParams, response: vcAnswer, tags },
        operationId: 'readCredential',
        summary: 'A credential that this node has issued, as it is now',
      },
    },
    async ({ params }, reply) => {
      const issued = await (await trust.issuer()).read(parseAgentId(params.id), params.name);
      return sendCredential(reply, JSON.stringify(issued.document));
    },
  );
  app.get<{ Params: ListParams }>(
    '/status/:id/:number',
    {
      ...openAccess,
      schema: {
        ...{ params: listParams, response: vcAnswer, tags },
        operationId: 'readStatusList',
        summary: 'A status list (Bitstring Status List 1.0) of credentials issued here',
      },
    },
    async ({ params }, reply) => {
      const served = await (await trust.issuer()).statusList(parseAgentId(params.id), Number(params.number));
      return sendCredential(reply, served.text);
    },
  );
}

/** Nobody on the way keeps it: a revocation is told by it. */
function sendCredential(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('cache-control', 'no-cache').type(credentialType).serializer(String).send(text);
}

function addVerdictRoutes(app: FastifyInstance, { trust, facts }: Trust): void {
  app.post<{ Body: VerifyBody }>(
    '/v1/trust/verify',
    {
      schema: {
        ...{ body: verifyBody, response: verifiedAnswer, tags },
        operationId: 'verifyCredential',
        summary: 'Verify a credential, hold it and listen to its issuer',
        description:
          'Its status list is fetched past the guard of this node. It says that the issuer stands by it now, not that it is to be trusted.',
      },
    },
    async ({ body }) => verifiedView(await (await trust.verifier()).accept(body.credential)),
  );
  app.post<{ Body: CheckBody }>(
    '/v1/trust/check',
    {
      bodyLimit: checkBytesMax,
      schema: {
        ...{ body: checkBody, response: checkedAnswer, tags },
        operationId: 'checkTrust',
        summary: 'What a zone makes of an agent, with what failed and what would satisfy it',
      },
    },
    async ({ body }) => {
      const agentId = parseAgentId(body.agent);
      const policy = await policyOf(trust, body);
      const verifier = await trust.verifier();
      const given = body.facts ?? (await hostedFacts(facts, agentId));
      const verified =
        given === null
          ? null
          : await verifiedFacts(given, {
              ...verifier.context(),
              subject: agentId,
              issuers: body.issuers ?? [],
            });
      const verdict = await verifier.judge(
        policy,
        agentId,
        verified,
        body.credentials ?? [],
        await trust.reputation(),
      );
      return verdictView(verdict);
    },
  );
  app.get(
    '/v1/trust/zones',
    {
      schema: {
        ...{ response: zonesAnswer, tags },
        operationId: 'trustZones',
        summary: 'The zones whose policies this node has',
      },
    },
    async () => {
      const zones = [...(await trust.zones()).values()];
      return {
        zones: zones.map(({ zone, roots, rules }) => ({
          zone,
          roots: roots.length,
          rules: rules.map(({ id }) => id),
        })),
      };
    },
  );
}

async function policyOf(trust: WeftNode['trust'], { zone, policy }: CheckBody): Promise<ZonePolicy> {
  if ((zone === undefined) === (policy === undefined))
    throw new ApiError('bad-request', 'name a zone that this node knows, or give a policy');
  if (policy !== undefined) {
    const { readZonePolicy } = await import('../../trust/zone-policy.ts');
    return readZonePolicy(policy);
  }
  const { zoneNamed } = await import('../../trust/zone-folder.ts');
  return zoneNamed(await trust.zones(), zone!);
}

/** What this node serves of the agent, when it does. */
async function hostedFacts(facts: WeftNode['facts'], agentId: Uint8Array): Promise<unknown> {
  const found = (await facts.list()).find((one) => formatAgentId(one.agentId) === formatAgentId(agentId));
  return found === undefined ? null : found.credential;
}

/** Facts that do not hold are as if there were none: the verdict says so. */
async function verifiedFacts(given: unknown, context: VerifyContext): Promise<VerifiedFacts | null> {
  const { verifyFacts } = await import('../../facts/verify-facts.ts');
  try {
    return await verifyFacts(given, context);
  } catch (error) {
    if (error instanceof Error && error.name === 'FactsError') return null;
    throw error;
  }
}
