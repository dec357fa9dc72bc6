/** From a name or an id to endpoints that are alive, with the trace of how they were found. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { WeftNode } from '../../node/node-types.ts';
import type { EndpointRequest } from '../../resolution/resolution-types.ts';
import { readAccess } from '../authorise.ts';
import {
  type EndpointBody,
  type EndpointQuery,
  endpointAnswer,
  endpointBody,
  endpointQuery,
  endpointView,
  wishOfBody,
  wishOfQuery,
} from '../endpoint-answers.ts';
import type { JsonObject } from '../views.ts';

const shared = {
  response: endpointAnswer,
  tags: ['agents'],
  description:
    'Name → id → record → facts → endpoint, each step verified by this node and kept no longer than what stands above it. `trace` says of each step what was asked, of whom, how long it took, what proves it and until when it holds; a refusal has it too.',
};

/** Adds them. */
export function addEndpointRoutes(app: FastifyInstance, node: Pick<WeftNode, 'endpoints'>): void {
  async function answer(agent: string, request: EndpointRequest, reply: FastifyReply): Promise<JsonObject> {
    const abort = new AbortController();
    // A reader that goes away ends the search.
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) abort.abort();
    });
    reply.header('cache-control', 'no-store');
    return endpointView(await node.endpoints.resolve(agent, { ...request, signal: abort.signal }));
  }

  app.get<{ Querystring: EndpointQuery }>(
    '/v1/endpoint',
    {
      ...readAccess,
      schema: {
        ...shared,
        querystring: endpointQuery,
        operationId: 'resolveEndpoint',
        summary: 'Where an agent can be called now',
      },
    },
    async ({ query }, reply) => answer(query.agent, wishOfQuery(query), reply),
  );
  app.post<{ Body: EndpointBody }>(
    '/v1/endpoint',
    {
      ...readAccess,
      schema: {
        ...shared,
        body: endpointBody,
        operationId: 'resolveEndpointWith',
        summary: 'Where an agent can be called now, with all that can be asked for',
      },
    },
    async ({ body }, reply) => answer(body.agent, wishOfBody(body), reply),
  );
}
