/** Names: from a name to its agent, and the names of namespaces in custody. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toBase32 } from '../../core/bytes.ts';
import { type AgentId, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { isDnsName } from '../../core/name/label.ts';
import type { NameTarget } from '../../core/name/name-record.ts';
import { formatName, formatNamespace, parseLabel, parseNamespace } from '../../names/agent-name.ts';
import { zoneLabel, zoneText } from '../../names/dns/zone-text.ts';
import { createListing, pageMax } from '../../names/listing.ts';
import type { ResolvedName } from '../../names/name-types.ts';
import { NamesError } from '../../names/names-error.ts';
import type { WeftNode } from '../../node/node-types.ts';
import { ApiError } from '../api-error.ts';
import { readAccess } from '../authorise.ts';
import {
  type ListQuery,
  listAnswer,
  listQuery,
  type NameBody,
  type NameParams,
  type NameQuery,
  type NamespaceBody,
  nameAnswer,
  nameBody,
  nameParams,
  nameQuery,
  namespaceAnswer,
  namespaceBody,
  publishedAnswer,
} from '../name-answers.ts';
import { clientOf } from '../rate-limit.ts';
import { type AgentParams, agentParams } from '../schemas.ts';
import { timeView } from '../views.ts';

type Naming = Pick<WeftNode, 'names'>;

/** Adds them. @param isOwner true for a request with the token of this node */
export function addNameRoutes(
  app: FastifyInstance,
  node: Naming,
  isOwner: (request: FastifyRequest) => boolean,
): void {
  addResolveRoute(app, node);
  addListRoute(app, node, isOwner);
  addPublishRoutes(app, node);
  addNamespaceRoute(app, node);
}

function addResolveRoute(app: FastifyInstance, node: Naming): void {
  const schema = {
    querystring: nameQuery,
    response: nameAnswer,
    tags: ['names'],
    operationId: 'resolveName',
    summary: 'Resolve a name to an agent',
    description:
      'The owner of the namespace is found and has to say so itself, its record of the label is verified, and registries and DIDs that it names are asked next. `steps` tells each step.',
  };
  type Route = { Querystring: NameQuery };
  app.get<Route>('/v1/names/resolve', { schema, ...readAccess }, async ({ query }, reply) => {
    const { name, follow, dnssec, timeoutMs } = query;
    const found = await node.names.resolve(name, {
      follow: follow !== 'false',
      needsDnssec: dnssec === 'required',
      signal: signalOf(reply),
      ...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
    });
    reply.header('cache-control', 'no-store');
    return resolvedView(found);
  });
}

function addListRoute(
  app: FastifyInstance,
  node: Naming,
  isOwner: (request: FastifyRequest) => boolean,
): void {
  const list = createListing(() => performance.now());
  const schema = {
    querystring: listQuery,
    response: listAnswer,
    tags: ['names'],
    operationId: 'listNames',
    summary: 'List the names of a namespace in custody',
    description:
      'As its policy lets others: `open` 100 a page, `throttled` 10 a minute, `hidden` none. With the token of the node all of them. Storing peers list nothing.',
  };
  app.get<{ Querystring: ListQuery }>('/v1/names', { schema, ...readAccess }, async (request, reply) => {
    const { namespace: text, after = '', limit } = request.query;
    const namespace = ownNamespace(node, text);
    const { policy, claims } = node.names.profile(namespace);
    const { names, next } = list(node.names.list(namespace), {
      policy,
      isOwner: isOwner(request),
      client: clientOf(request.ip),
      after,
      limit: limit === undefined ? pageMax : Number(limit),
    });
    reply.header('cache-control', 'no-store');
    return {
      namespace: formatAgentId(namespace),
      policy,
      claims: [...claims],
      names: names.map(({ label, target, expiresAt }) => ({
        label,
        ...targetView(target),
        expiresAt: timeView(expiresAt),
      })),
      next,
    };
  });
}

function addPublishRoutes(app: FastifyInstance, node: Naming): void {
  const shared = { params: nameParams, response: publishedAnswer, tags: ['names'] };
  type Route = { Params: NameParams; Body: NameBody };
  app.put<Route>(
    '/v1/agents/:id/names/:label',
    {
      schema: {
        ...shared,
        body: nameBody,
        operationId: 'publishName',
        summary: 'Say what a label of a namespace in custody stands for, and keep it alive',
      },
    },
    async ({ params, body }) => {
      const label = parseLabel(params.label);
      const { timeoutMs, ...wish } = body;
      const options = timeoutMs === undefined ? {} : { timeoutMs };
      const target = readTarget(wish);
      return publishedView(await node.names.publish(parseAgentId(params.id), label, target, options));
    },
  );
  app.delete<{ Params: NameParams }>(
    '/v1/agents/:id/names/:label',
    {
      schema: {
        ...shared,
        operationId: 'withdrawName',
        summary: 'Withdraw a name, so that it stays withdrawn',
      },
    },
    async ({ params }) =>
      publishedView(await node.names.withdraw(parseAgentId(params.id), parseLabel(params.label))),
  );
}

function addNamespaceRoute(app: FastifyInstance, node: Naming): void {
  const schema = {
    params: agentParams,
    body: namespaceBody,
    response: namespaceAnswer,
    tags: ['names'],
    operationId: 'describeNamespace',
    summary: 'Say what a namespace in custody is: its zones, who may list its names, its registry',
  };
  type Route = { Params: AgentParams; Body: NamespaceBody };
  app.put<Route>('/v1/agents/:id/namespace', { schema }, async ({ params, body }) => {
    const { claims, policy, target, timeoutMs } = body;
    const namespace = parseAgentId(params.id);
    const said = await node.names.describe(
      namespace,
      {
        ...(claims !== undefined && { claims: claims.map(readClaim) }),
        ...(policy !== undefined && { policy }),
        ...(target !== undefined && { target: target === null ? null : readTarget(target as NameBody) }),
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
    const profile = node.names.profile(namespace);
    return {
      namespace: formatAgentId(namespace),
      expiresAt: timeView(said.record.expiresAt),
      publish: said.publish,
      policy: profile.policy,
      claims: [...profile.claims],
      zoneRecords: profile.claims
        .filter(isDnsName)
        .map((claim) => ({ name: `${zoneLabel}.${claim}`, text: zoneText(toBase32(namespace)) })),
    };
  });
}

/** @throws NamesError `bad-name` */
function readClaim(text: string): string {
  const namespace = parseNamespace(text);
  if (namespace.kind === 'dns' || namespace.kind === 'did') return formatNamespace(namespace);
  throw new NamesError('bad-name', 'a namespace claims DNS names and DIDs');
}

/** @throws ApiError `bad-request` unless it is one of them */
function readTarget({ agentId, registry, did }: Omit<NameBody, 'timeoutMs'>): NameTarget {
  const given = [agentId, registry, did].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new ApiError('bad-request', 'a name leads to one of agentId, registry and did');
  if (agentId !== undefined) return { agentId: parseAgentId(agentId) };
  if (registry !== undefined) return { url: registry };
  return { url: readClaim(did!) };
}

/** @throws NamesError `bad-name`, `no-such-name` */
function ownNamespace({ names }: Naming, text: string): AgentId {
  const namespace = parseNamespace(text);
  if (namespace.kind === 'agent') return namespace.agentId;
  const claimed = names.claimants(formatNamespace(namespace));
  if (claimed[0] !== undefined) return claimed[0];
  throw new NamesError('no-such-name', 'no namespace in custody here says that it is that');
}

function targetView(target: NameTarget) {
  if ('agentId' in target) return { agentId: formatAgentId(target.agentId), registry: null, did: null };
  const isDid = target.url.startsWith('did:');
  return { agentId: null, registry: isDid ? null : target.url, did: isDid ? target.url : null };
}

function resolvedView({ name, agentId, registry, did, label, expiresAt, steps }: ResolvedName) {
  return {
    name,
    agentId: agentId === null ? null : formatAgentId(agentId),
    registry,
    did,
    label,
    expiresAt: timeView(expiresAt),
    steps: steps.map((step) => ({
      kind: step.kind,
      text: step.text,
      expiresAt: step.expiresAt === null ? null : timeView(step.expiresAt),
    })),
  };
}

function publishedView({
  namespace,
  label,
  record,
  publish,
}: Awaited<ReturnType<WeftNode['names']['publish']>>) {
  return {
    namespace: formatAgentId(namespace),
    label,
    name: formatName({ namespace: { kind: 'agent', agentId: namespace }, label }),
    expiresAt: timeView(record.expiresAt),
    publish,
  };
}

/** A reader that goes away ends the call. */
function signalOf(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  return abort.signal;
}
