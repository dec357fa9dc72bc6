/** Other views of hosted facts: written by who holds the token, read by who shows a credential. */
import type { FastifyInstance } from 'fastify';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { presentationBytesMax } from '../../trust/trust-limits.ts';
import type { FactsView } from '../../trust/views/facts-views.ts';
import { openAccess } from '../authorise.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import {
  presentationBody,
  type ViewBody,
  type ViewParams,
  vcAnswer,
  viewAnswer,
  viewBody,
  viewParams,
  viewRemovedAnswer,
  viewsAnswer,
} from '../trust-answers.ts';
import { type JsonObject, timeView } from '../views.ts';
import { credentialType } from './facts.ts';

const tags = ['trust'];

/** Adds them. */
export function addViewRoutes(app: FastifyInstance, { trust }: Pick<WeftNode, 'trust'>): void {
  app.put<{ Params: ViewParams; Body: ViewBody }>(
    '/v1/agents/:id/views/:view',
    {
      bodyLimit: 2 * presentationBytesMax,
      schema: {
        ...{ params: viewParams, body: viewBody, response: viewAnswer, tags },
        operationId: 'putFactsView',
        summary: 'Facts of an agent for those whom a policy admits',
      },
    },
    async ({ params, body }) => {
      const agentId = parseAgentId(params.id);
      return viewOf(agentId, await (await trust.views()).put(agentId, { name: params.view, ...body }));
    },
  );
  app.get<{ Params: AgentParams }>(
    '/v1/agents/:id/views',
    {
      schema: {
        ...{ params: agentParams, response: viewsAnswer, tags },
        operationId: 'factsViews',
        summary: 'The views that there are of the facts of an agent',
      },
    },
    async ({ params }) => {
      const agentId = parseAgentId(params.id);
      const all = await (await trust.views()).list(agentId);
      return { agentId: formatAgentId(agentId), views: all.map((view) => viewOf(agentId, view)) };
    },
  );
  app.delete<{ Params: ViewParams }>(
    '/v1/agents/:id/views/:view',
    {
      schema: {
        ...{ params: viewParams, response: viewRemovedAnswer, tags },
        operationId: 'removeFactsView',
        summary: 'Remove a view',
      },
    },
    async ({ params }) => {
      const agentId = parseAgentId(params.id);
      return {
        agentId: formatAgentId(agentId),
        removed: await (await trust.views()).remove(agentId, params.view),
      };
    },
  );
  app.post<{ Params: ViewParams; Body: JsonObject }>(
    '/facts/:id/views/:view',
    {
      ...openAccess,
      bodyLimit: presentationBytesMax,
      schema: {
        ...{ params: viewParams, body: presentationBody, response: vcAnswer, tags },
        operationId: 'readFactsView',
        summary: 'A view of the facts of an agent, for the holder of a presentation that its policy admits',
        description:
          'The presentation names the DID of the agent as its domain, ends within five minutes, and counts once.',
      },
    },
    async ({ params, body }, reply) => {
      const views = await trust.views();
      const { credential } = await views.read(parseAgentId(params.id), params.view, body);
      reply.header('cache-control', 'no-store').type(credentialType).serializer(String);
      return reply.send(JSON.stringify(credential));
    },
  );
}

function viewOf(agentId: Uint8Array, { name, policy, changedAt }: FactsView): JsonObject {
  const url = `/facts/${formatAgentId(agentId)}/views/${name}`;
  return { name, zone: policy.zone, changedAt: timeView(changedAt), url };
}
