/** The shapes of requests and answers about endpoints and routing, and how they are shown. */
import type { Static, TProperties, TSchema } from 'typebox';
import { hexToBytes } from '../core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../core/identity/agent-id.ts';
import { Type } from '../facts/json-schema.ts';
import { type Routing, routingSchema } from '../resolution/adaptive/routing-schema.ts';
import { avoidedMax, shortTextMax } from '../resolution/resolution-limits.ts';
import {
  type EndpointAnswer,
  type EndpointRequest,
  endpointPaths,
  type LiveEndpoint,
} from '../resolution/resolution-types.ts';
import { traceStepSchema } from './answers.ts';
import { stepView } from './api-error.ts';
import { type JsonObject, timeView } from './views.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema);
const text = Type.String();
const time = Type.String({ format: 'date-time' });
const agentId = Type.String({ pattern: '^nanda:[a-z2-7]{52}$' });
const short = (description: string) => Type.String({ minLength: 1, maxLength: shortTextMax, description });
const url = Type.String({ minLength: 1, maxLength: 2048 });
const did = Type.String({ minLength: 1, maxLength: 256 });

const name = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'An agent id in either form, or a name such as `urn:agent:example.com:translator`',
});
const wish = {
  path: maybe(
    Type.Enum([...endpointPaths], {
      description:
        'direct: by public facts. private: by facts that the agent’s host does not see asked. adaptive: by the agent’s resolver',
    }),
  ),
  trust: maybe(short('A trust zone, by its name here: its policy must accept the facts')),
  region: maybe(short('Where the caller is, such as eu-west: the nearest endpoints come first')),
  skill: maybe(short('What is needed: the id of a skill, or the beginning of its path')),
  client: maybe(short('Who asks, as it will stand in tokens')),
};

export const endpointQuery = object({
  agent: name,
  ...wish,
  maxStalenessSeconds: maybe(
    Type.String({ pattern: '^[0-9]{1,9}$', description: 'Use nothing that was confirmed longer ago' }),
  ),
  timeoutMs: maybe(Type.String({ pattern: '^[1-9][0-9]{2,4}$', description: 'For all steps, 100 to 99999' })),
});
export const endpointBody = object({
  agent: name,
  ...wish,
  issuers: maybe(
    Type.Array(did, { maxItems: 8, description: 'Who may have signed the facts beside the agent' }),
  ),
  avoid: maybe(Type.Array(url, { maxItems: avoidedMax, description: 'Endpoints that have just failed' })),
  blinded: maybe(
    object(
      { url, salt: Type.String({ pattern: '^[0-9a-f]{32}$' }) },
      'What a reader of a blinded pointer got',
    ),
  ),
  maxStalenessSeconds: maybe(Type.Integer({ minimum: 0, maximum: 999_999_999 })),
  timeoutMs: maybe(Type.Integer({ minimum: 100, maximum: 99_999 })),
});

const endpoint = object({
  url: text,
  class: Type.Enum(['adaptive', 'rotating', 'static']),
  region: nullable(text),
  protocol: nullable(text),
  version: nullable(text),
  expiresAt: Type.String({ format: 'date-time', description: 'It may not be used longer' }),
  token: nullable(Type.String({ description: 'To be shown to the endpoint' })),
});

export const endpointAnswer = {
  200: object({
    agentId,
    did: text,
    name: nullable(text),
    path: Type.Enum([...endpointPaths], { description: 'The path that led there in the end' }),
    endpoints: Type.Array(endpoint, { description: 'The best first' }),
    facts: nullable(object({ label: text, version: text, issuer: text, digest: text, validUntil: time })),
    tookMs: Type.Number(),
    trace: Type.Array(traceStepSchema),
  }),
};

export const routeQuery = object({
  client: short('Who asks, as it will stand in the answer and its tokens'),
  nonce: short('New for each question'),
  skill: wish.skill,
  region: wish.region,
  /** Without a value it is a wish, too. */
  redirect: maybe(
    Type.Enum(['true', 'false', ''], {
      description: 'Send a 307 to the best endpoint; the route is a header',
    }),
  ),
});
export const routeAnswer = {
  200: {
    description: 'The signed route: a JWS of the type weft-route+jwt',
    content: { 'application/jwt': { schema: Type.String() } },
  },
  307: { description: 'The best endpoint, with the signed route in `weft-route`', type: 'null' },
};
/** Checked by what reads routings, which says more than a schema could. */
export const routingBody = routingSchema;
export const routingAnswer = {
  200: object({
    agentId,
    resolverPath: Type.String({ description: 'Where this node answers for the agent' }),
    routing: Type.Unsafe<JsonObject>({ type: 'object', title: 'Routing' }),
    loads: Type.Array(object({ url: text, load: nullable(Type.Number()) })),
  }),
};
export const routingRemovedAnswer = { 200: object({ agentId, removed: Type.Boolean() }) };
export const loadBody = object({
  report: Type.String({ minLength: 1, maxLength: 2048, description: 'A JWS of the type weft-load+jwt' }),
});
export const loadAnswer = {
  200: object({ accepted: Type.Boolean({ description: 'False for a report that says nothing new' }) }),
};

export type EndpointQuery = Static<typeof endpointQuery>;
export type EndpointBody = Static<typeof endpointBody>;
export type RouteQuery = Static<typeof routeQuery>;
export type LoadBody = Static<typeof loadBody>;

/** A request out of a query. */
export function wishOfQuery({
  agent: _agent,
  maxStalenessSeconds,
  timeoutMs,
  ...rest
}: EndpointQuery): EndpointRequest {
  return {
    ...rest,
    ...(maxStalenessSeconds !== undefined && { maxStalenessSeconds: Number(maxStalenessSeconds) }),
    ...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
  };
}

/** A request out of a body. */
export function wishOfBody({ agent: _agent, blinded, ...rest }: EndpointBody): EndpointRequest {
  return {
    ...rest,
    ...(blinded !== undefined && { blinded: { url: blinded.url, salt: hexToBytes(blinded.salt) } }),
  };
}

export function endpointView({
  agentId: id,
  name: asked,
  path,
  endpoints,
  facts,
  tookMs,
  trace,
}: EndpointAnswer): JsonObject {
  return {
    agentId: formatAgentId(id),
    did: formatAgentDid(id),
    name: asked,
    path,
    endpoints: endpoints.map(liveView),
    facts:
      facts === null
        ? null
        : {
            label: facts.facts.label,
            version: facts.facts.version,
            issuer: facts.issuer.did,
            digest: facts.digest,
            validUntil: timeView(facts.validUntil),
          },
    tookMs,
    trace: trace.map(stepView) as unknown as JsonObject[],
  };
}

export function routingView(
  id: Uint8Array,
  routing: Routing,
  loads: ReadonlyMap<string, number | null>,
): JsonObject {
  return {
    agentId: formatAgentId(id),
    resolverPath: `/adaptive/${formatAgentId(id)}`,
    routing: routing as unknown as JsonObject,
    loads: [...loads].map(([place, load]) => ({ url: place, load })),
  };
}

function liveView({ expiresAtMs, ...endpointOf }: LiveEndpoint): JsonObject {
  return { ...endpointOf, expiresAt: new Date(expiresAtMs).toISOString() };
}
