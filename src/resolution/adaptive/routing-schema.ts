/** The shape of what a resolver routes for one agent: its endpoints, the policies that are followed, how long answers stand. */
import type { Static } from 'typebox';
import { Type } from '../../facts/json-schema.ts';
import { routedEndpointsMax, routeEndpointsMax, shortTextMax, tokenSeconds } from '../resolution-limits.ts';

const policyNames = ['load', 'geo', 'capability', 'threat-shield'] as const;
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
