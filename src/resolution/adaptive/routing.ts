/** What a resolver routes for one agent: its endpoints, the policies that are followed, how long answers stand. */
import { Ajv, type ValidateFunction } from 'ajv';
import { type Static, Type } from 'typebox';
import { readJsonObject } from '../../facts/bounded-json.ts';
import { parseMultikey } from '../../facts/multikey.ts';
import { ResolutionError } from '../resolution-error.ts';
import { routedEndpointsMax, routeEndpointsMax, shortTextMax, tokenSeconds } from '../resolution-limits.ts';
import { normalUrl } from './endpoint-token.ts';

export const policyNames = ['load', 'geo', 'capability', 'threat-shield'] as const;
export type PolicyName = (typeof policyNames)[number];

const text = (description: string) => Type.String({ minLength: 1, maxLength: shortTextMax, description });

const endpoint = Type.Object(
  {
    url: Type.String({ pattern: '^(https?|wss?)://', maxLength: 2048 }),
    region: Type.Optional(text('Where it stands, from the general to the special, such as eu-west-1')),
    skills: Type.Optional(
      Type.Array(text('A skill of the facts'), { maxItems: 64, description: 'Left out: all of them' }),
    ),
    version: Type.Optional(text('Which version of the agent runs there')),
    protocol: Type.Optional(text('What is spoken there, such as JSONRPC')),
    key: Type.Optional(
      Type.String({
        pattern: '^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$',
        description: 'The key that signs its reports of load; left out: it reports none',
      }),
    ),
  },
  { additionalProperties: false },
);

export const routingSchema = Type.Object(
  {
    endpoints: Type.Array(endpoint, { minItems: 1, maxItems: routedEndpointsMax }),
    policies: Type.Optional(Type.Array(Type.Enum([...policyNames]), { maxItems: 4, uniqueItems: true })),
    ttlSeconds: Type.Optional(
      Type.Integer({ minimum: tokenSeconds.min, maximum: tokenSeconds.max, description: 'Of each answer' }),
    ),
    fallback: Type.Optional(
      Type.Array(Type.Enum(['rotating', 'static']), {
        maxItems: 2,
        uniqueItems: true,
        description: 'Endpoints of the facts to be used where these cannot; none: nothing else may be',
      }),
    ),
    answers: Type.Optional(
      Type.Integer({ minimum: 1, maximum: routeEndpointsMax, description: 'Endpoints of one answer' }),
    ),
    shield: Type.Optional(
      Type.Object(
        {
          endpoints: Type.Integer({
            minimum: 1,
            maximum: routedEndpointsMax,
            description: 'How many of them one client ever sees',
          }),
          requestsPerMinute: Type.Integer({ minimum: 1, maximum: 60_000 }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { title: 'Routing', additionalProperties: false },
);
export type RoutingDraft = Static<typeof routingSchema>;
export type RoutedPlace = RoutingDraft['endpoints'][number];

/** With every choice made. */
export interface Routing {
  readonly endpoints: readonly RoutedPlace[];
  readonly policies: readonly PolicyName[];
  readonly ttlSeconds: number;
  readonly fallback: readonly ('rotating' | 'static')[];
  readonly answers: number;
  readonly shield: { readonly endpoints: number; readonly requestsPerMinute: number };
}

let check: ValidateFunction | null = null;

/** @throws ResolutionError `bad-routing` */
export function readRouting(value: unknown): Routing {
  const draft = draftOf(value);
  const urls = draft.endpoints.map(({ url }) => normalUrl(url));
  if (new Set(urls).size < urls.length) throw bad('an endpoint stands there twice');
  const keys = draft.endpoints.flatMap(({ key }) => key ?? []);
  if (keys.some((key) => parseMultikey(key) === null)) throw bad('a key is not one of Ed25519');
  return {
    endpoints: draft.endpoints.map((place, index) => ({ ...place, url: urls[index]! })),
    policies: draft.policies ?? ['capability', 'geo', 'load'],
    ttlSeconds: draft.ttlSeconds ?? tokenSeconds.default,
    fallback: draft.fallback ?? ['rotating', 'static'],
    answers: draft.answers ?? 2,
    shield: draft.shield ?? { endpoints: 2, requestsPerMinute: 60 },
  };
}

function draftOf(value: unknown): RoutingDraft {
  let object: unknown;
  try {
    object = readJsonObject(value);
  } catch (error) {
    throw bad((error as Error).message);
  }
  check ??= new Ajv({ strict: false }).compile(routingSchema);
  if (check(object)) return object as RoutingDraft;
  const [error] = check.errors ?? [];
  throw bad(`${error?.instancePath || '/'} ${error?.message ?? 'does not fit the schema'}`);
}

function bad(what: string): ResolutionError {
  return new ResolutionError('bad-routing', `the routing cannot be followed: ${what}`);
}
