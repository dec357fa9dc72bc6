/** AgentFacts: published here by whoever holds the token, read by everybody who may read. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatAgentDid, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { ttlOf } from '../../facts/agent-facts.ts';
import { tagsOf } from '../../facts/facts-summary.ts';
import type { HostedFacts } from '../../facts/host/hosted-facts.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import { readAccess } from '../authorise.ts';
import {
  credentialAnswer,
  factsBody,
  hostedAnswer,
  type PublishFactsQuery,
  publishFactsQuery,
  removedAnswer,
  type WellKnownQuery,
  wellKnownFactsAnswer,
  wellKnownQuery,
} from '../facts-answers.ts';
import { isKnown } from '../freshness.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import { type JsonObject, timeView } from '../views.ts';

type Facts = Pick<WeftNode, 'facts'>;
const tags = ['facts'];
export const credentialType = 'application/vc+json';

/** Where the facts of an agent are served. */
export function factsPath(agentId: Uint8Array): string {
  return `/facts/${formatAgentId(agentId)}`;
}

export interface FactsSettings {
  /** Whether caches on the way may keep the answers for everybody. */
  readonly openReads: boolean;
  /** Whose facts stand at the well-known address; null: those of the only one. */
  readonly agent: string | null;
}

/** Adds them. */
export function addFactsRoutes(app: FastifyInstance, node: Facts, settings: FactsSettings): void {
  app.addContentTypeParser(
    credentialType,
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error') as never,
  );
  addPublishRoutes(app, node);
  addReadRoutes(app, node, settings);
}

function addPublishRoutes(app: FastifyInstance, node: Facts): void {
  const write = { params: agentParams, tags, consumes: ['application/json', credentialType] };
  // The body is read by readFacts and readCredential, whose refusals say where and why.
  const unchecked = { validatorCompiler: () => () => true };
  type Route = { Params: AgentParams; Querystring: PublishFactsQuery; Body: JsonObject };
  app.put<Route>(
    '/v1/agents/:id/facts',
    {
      ...unchecked,
      schema: {
        ...write,
        querystring: publishFactsQuery,
        body: factsBody,
        response: hostedAnswer,
        operationId: 'publishFacts',
        summary: 'Serve the facts of an agent from now on',
        description:
          'A credential (with a `proof`) is verified; `issuer` names who may have signed it beside the agent. Facts without a proof are signed here, with the key in custody, and again before they end.',
      },
    },
    async ({ params, query, body }) => {
      const agentId = parseAgentId(params.id);
      const { issuers, validitySeconds } = readQuery(query);
      const isSigned = Object.hasOwn(Object(body), 'proof');
      const hosted = isSigned
        ? await node.facts.publish(agentId, body, issuers)
        : await node.facts.publishOwn(agentId, body, validitySeconds);
      return hostedView(hosted);
    },
  );
  app.post<Route>(
    '/v1/agents/:id/facts/sign',
    {
      ...unchecked,
      schema: {
        ...write,
        querystring: publishFactsQuery,
        body: factsBody,
        response: credentialAnswer,
        operationId: 'signFacts',
        summary: 'Sign facts with the key in custody, and keep nothing',
      },
    },
    async ({ params, query, body }, reply) => {
      const { validitySeconds } = readQuery(query);
      reply.type(credentialType);
      return node.facts.sign(parseAgentId(params.id), body, validitySeconds);
    },
  );
  app.delete<{ Params: AgentParams }>(
    '/v1/agents/:id/facts',
    {
      schema: {
        params: agentParams,
        tags,
        response: removedAnswer,
        operationId: 'removeFacts',
        summary: 'Serve the facts of an agent no more',
      },
    },
    async ({ params }) => {
      const agentId = parseAgentId(params.id);
      return { agentId: formatAgentId(agentId), removed: await node.facts.remove(agentId) };
    },
  );
}

function addReadRoutes(app: FastifyInstance, node: Facts, { openReads, agent: ours }: FactsSettings): void {
  app.get<{ Params: AgentParams }>(
    '/facts/:id',
    {
      ...readAccess,
      schema: {
        params: agentParams,
        tags,
        response: credentialAnswer,
        operationId: 'readFacts',
        summary: 'The facts of an agent that this node serves',
        description: 'What a record of the index points to. Readers verify it for themselves.',
      },
    },
    async (request, reply) =>
      sendFacts(request, reply, await node.facts.read(parseAgentId(request.params.id)), openReads),
  );
  app.get<{ Querystring: WellKnownQuery }>(
    '/.well-known/agent-facts',
    {
      ...readAccess,
      schema: {
        querystring: wellKnownQuery,
        tags,
        response: wellKnownFactsAnswer,
        operationId: 'wellKnownFacts',
        summary: 'The facts of the agent of this host, or a list of them',
      },
    },
    async (request, reply) => {
      const agent = request.query.agent ?? ours;
      if (agent !== null)
        return sendFacts(request, reply, await node.facts.read(parseAgentId(agent)), openReads);
      const all = await node.facts.list();
      if (all.length === 1)
        return sendFacts(request, reply, await node.facts.read(all[0]!.agentId), openReads);
      return sendTagged(request, reply, JSON.stringify({ agents: all.map(listedView) }));
    },
  );
}

function sendFacts(
  request: FastifyRequest,
  reply: FastifyReply,
  hosted: HostedFacts,
  openReads: boolean,
): FastifyReply {
  const etag = `"${hosted.digest}"`;
  const rest = hosted.validUntil - Math.floor(Date.now() / 1000);
  const seconds = Math.max(0, Math.min(ttlOf(hosted.facts), rest));
  const scope = openReads ? 'public' : 'private';
  reply.header('etag', etag).header('cache-control', `${scope}, max-age=${seconds}, must-revalidate`);
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(credentialType).serializer(String).send(hosted.text);
}

/** A text with a tag of its bytes, to be asked for again each time. */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
  contentType = 'application/json; charset=utf-8',
): FastifyReply {
  const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(contentType).serializer(String).send(text);
}

function readQuery({ issuer, validitySeconds }: PublishFactsQuery): {
  readonly issuers: readonly string[];
  readonly validitySeconds: number | undefined;
} {
  const issuers = issuer === undefined ? [] : [issuer].flat();
  const isList = issuers.length <= 8 && issuers.every((one) => typeof one === 'string' && one.length <= 256);
  if (!isList) throw new ApiError('bad-request', 'issuer is a DID, up to 8 times');
  if (validitySeconds === undefined) return { issuers, validitySeconds };
  if (!/^[1-9][0-9]{0,8}$/.test(String(validitySeconds)))
    throw new ApiError('bad-request', 'validitySeconds is a whole number');
  return { issuers, validitySeconds: Number(validitySeconds) };
}

function hostedView(hosted: HostedFacts): JsonObject {
  return {
    agentId: formatAgentId(hosted.agentId),
    issuer: hosted.issuer,
    validFrom: timeView(hosted.validFrom),
    validUntil: timeView(hosted.validUntil),
    publishedAt: timeView(hosted.publishedAt),
    isSignedHere: hosted.isSignedHere,
    digest: hosted.digest,
    url: factsPath(hosted.agentId),
  };
}

function listedView({ agentId, facts, validUntil }: HostedFacts): JsonObject {
  return {
    agentId: formatAgentId(agentId),
    did: formatAgentDid(agentId),
    label: facts.label,
    description: facts.description,
    tags: tagsOf(facts),
    validUntil: timeView(validUntil),
    url: factsPath(agentId),
  };
}
