/** This node as the adaptive resolver of agents: routes for whoever asks, reports of their endpoints, routing by who holds the token. */
import type { FastifyInstance } from 'fastify';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { WeftNode } from '../../node/node-types.ts';
import type { AdaptiveResolver } from '../../resolution/adaptive/adaptive-resolver.ts';
import { ResolutionError } from '../../resolution/resolution-error.ts';
import { openAccess } from '../authorise.ts';
import {
  type LoadBody,
  loadAnswer,
  loadBody,
  type RouteQuery,
  routeAnswer,
  routeQuery,
  routingAnswer,
  routingBody,
  routingRemovedAnswer,
  routingView,
} from '../endpoint-answers.ts';
import { clientOf } from '../rate-limit.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import type { JsonObject } from '../views.ts';

type Adaptive = Pick<WeftNode, 'adaptive'>;
const tags = ['agents'];
const custody = ['custody'];

/** Adds them. */
export function addAdaptiveRoutes(app: FastifyInstance, node: Adaptive): void {
  addRouteRoute(app, node);
  addLoadRoute(app, node);
  addRoutingRoutes(app, node);
}

function addRouteRoute(app: FastifyInstance, node: Adaptive): void {
  type Route = { Params: AgentParams; Querystring: RouteQuery };
  const schema = {
    params: agentParams,
    querystring: routeQuery,
    response: routeAnswer,
    tags,
    operationId: 'routeAgent',
    summary: 'The adaptive resolver of an agent: an endpoint for this caller, for 30 to 60 seconds',
    description:
      'Signed by the agent, bound to `client` and `nonce`: its ttl, its endpoints with a token for each, and what to fall back to.',
  };
  app.get<Route>('/adaptive/:id', { schema, ...openAccess }, async ({ params, query, ip }, reply) => {
    const { client, nonce, skill = null, region = null, redirect } = query;
    const question = { client, nonce, skill, region, address: clientOf(ip) };
    const { text, route } = await resolverOf(node).answer(parseAgentId(params.id), question);
    const [best] = route.endpoints;
    reply.header('cache-control', 'no-store');
    if (redirect !== undefined && redirect !== 'false') {
      if (best === undefined) throw new ResolutionError('no-endpoint', 'no endpoint fits');
      return reply.header('weft-route', text).header('location', best.url).code(307).send();
    }
    return reply.type('application/jwt').serializer(String).send(text);
  });
}

function addLoadRoute(app: FastifyInstance, node: Adaptive): void {
  const schema = {
    params: agentParams,
    body: loadBody,
    response: loadAnswer,
    tags,
    operationId: 'reportLoad',
    summary: 'How busy an endpoint is, signed by the key that the routing names for it',
  };
  app.post<{ Params: AgentParams; Body: LoadBody }>(
    '/adaptive/:id/load',
    { schema, ...openAccess },
    async ({ params, body }) => ({
      accepted: await resolverOf(node).report(parseAgentId(params.id), body.report),
    }),
  );
}

function addRoutingRoutes(app: FastifyInstance, node: Adaptive): void {
  const shared = { params: agentParams, tags: custody };
  async function shown(id: string): Promise<JsonObject> {
    const resolver = resolverOf(node);
    const agentId = parseAgentId(id);
    return routingView(agentId, await resolver.routing(agentId), await resolver.loads(agentId));
  }
  app.get<{ Params: AgentParams }>(
    '/v1/agents/:id/routing',
    {
      schema: {
        ...shared,
        response: routingAnswer,
        operationId: 'readRouting',
        summary: 'How an agent is routed here',
      },
    },
    ({ params }) => shown(params.id),
  );
  app.put<{ Params: AgentParams; Body: unknown }>(
    '/v1/agents/:id/routing',
    {
      // The body is read by readRouting, whose refusals say where and why.
      validatorCompiler: () => () => true,
      schema: {
        ...shared,
        body: routingBody,
        response: routingAnswer,
        operationId: 'setRouting',
        summary: 'Route an agent from now on, as its adaptive resolver',
        description:
          'The key of the agent, or that of a delegate with the right `facts`, must be in the custody of this node. Then let the record point here: `adaptiveResolverUrl`.',
      },
    },
    async ({ params, body }) => {
      await resolverOf(node).setRouting(parseAgentId(params.id), body);
      return shown(params.id);
    },
  );
  app.delete<{ Params: AgentParams }>(
    '/v1/agents/:id/routing',
    {
      schema: {
        ...shared,
        response: routingRemovedAnswer,
        operationId: 'removeRouting',
        summary: 'Route an agent no more',
      },
    },
    async ({ params }) => {
      const agentId = parseAgentId(params.id);
      return { agentId: formatAgentId(agentId), removed: await resolverOf(node).removeRouting(agentId) };
    },
  );
}

/** @throws ResolutionError `adaptive-off` */
function resolverOf({ adaptive }: Adaptive): AdaptiveResolver {
  if (adaptive !== null) return adaptive;
  throw new ResolutionError('adaptive-off', 'this node is no adaptive resolver');
}
