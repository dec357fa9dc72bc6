/** Facts in the overlay: brought there and kept by whoever holds the token, read by everybody who may read. */
import type { FastifyInstance } from 'fastify';
import { bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { contentOfUrl } from '../../core/content/content.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import { readAccess } from '../authorise.ts';
import {
  type ContentParams,
  type ContentQuery,
  contentParams,
  contentQuery,
  credentialAnswer,
  type OverlayQuery,
  overlayFactsAnswer,
  overlayQuery,
  removedAnswer,
} from '../facts-answers.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import { type JsonObject, timeView } from '../views.ts';
import { credentialType } from './facts.ts';
import { signalOf } from './resolve.ts';

type Contents = Pick<WeftNode, 'overlayFacts' | 'fetchFacts' | 'fetchFactsPrivately'>;
type OverlayFacts = Awaited<ReturnType<Contents['overlayFacts']['publish']>>;
const tags = ['facts'];

/** Adds them. */
export function addContentRoutes(app: FastifyInstance, node: Contents): void {
  addKeepRoutes(app, node);
  app.get<{ Params: ContentParams; Querystring: ContentQuery }>(
    '/v1/contents/:digest',
    {
      ...readAccess,
      schema: {
        params: contentParams,
        querystring: contentQuery,
        tags,
        response: credentialAnswer,
        operationId: 'readContent',
        summary: 'Facts in the overlay, by their SHA-256 or CID',
        description:
          'The bytes have that hash; whether their signature holds is for the reader to verify. With `path=private` nobody learns who asks.',
      },
    },
    async ({ params, query }, reply) => {
      const digest = digestOf(params.digest);
      const { path, timeoutMs } = query;
      const fetch = path === 'private' ? node.fetchFactsPrivately : node.fetchFacts;
      const signal = signalOf(reply);
      const bytes = await fetch(digest, {
        signal,
        ...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
      });
      if (bytes === null) throw new ApiError('no-content', 'none of its storing peers holds it');
      return reply.type(credentialType).serializer(String).send(Buffer.from(bytes).toString('utf8'));
    },
  );
}

function addKeepRoutes(app: FastifyInstance, node: Contents): void {
  app.put<{ Params: AgentParams; Querystring: OverlayQuery }>(
    '/v1/agents/:id/facts/overlay',
    {
      schema: {
        params: agentParams,
        querystring: overlayQuery,
        tags,
        response: overlayFactsAnswer,
        operationId: 'keepFactsInOverlay',
        summary: 'Bring the facts that this node serves of an agent into the overlay, and keep them there',
        description:
          'They are sent again each hour, and the new ones after they were signed anew. The record of an agent in custody is changed so that its private facts point there.',
      },
    },
    async ({ params, query }) =>
      overlayView(await node.overlayFacts.publish(parseAgentId(params.id), query.pointer ?? 'plain')),
  );
  app.delete<{ Params: AgentParams }>(
    '/v1/agents/:id/facts/overlay',
    {
      schema: {
        params: agentParams,
        tags,
        response: removedAnswer,
        operationId: 'releaseFactsFromOverlay',
        summary: 'Keep the facts of an agent in the overlay no longer: they go within a day',
      },
    },
    async ({ params }) => {
      const agentId = parseAgentId(params.id);
      return { agentId: formatAgentId(agentId), removed: await node.overlayFacts.release(agentId) };
    },
  );
}

function digestOf(text: string): Uint8Array {
  const digest = /^[0-9a-f]{64}$/.test(text) ? hexToBytes(text) : contentOfUrl(`ipfs://${text}`);
  if (digest !== null) return digest;
  throw new ApiError('bad-request', 'content is named by its SHA-256 in hexadecimal, or by its CID');
}

function overlayView(facts: OverlayFacts): JsonObject {
  const { agentId, digest, validUntil, salt, ...rest } = facts;
  return {
    agentId: formatAgentId(agentId),
    digest: bytesToHex(digest),
    validUntil: timeView(validUntil),
    salt: salt === null ? null : bytesToHex(salt),
    ...rest,
  };
}
