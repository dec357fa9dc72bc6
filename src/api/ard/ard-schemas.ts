/** Requests and answers of ARD 0.9, as its OpenAPI document has them, with bounds. */
import type { Static, TProperties } from 'typebox';
import { searchTextMax } from '../../facts/facts-limits.ts';
import { Type } from '../../facts/json-schema.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

export const pageSizeMax = 100;
const value = Type.String({ maxLength: 512 });
const filter = Type.Record(
  Type.String({ pattern: '^[A-Za-z@][A-Za-z0-9_.:@-]{0,127}$' }),
  Type.Union([value, Type.Array(value, { maxItems: 32 })]),
  { maxProperties: 16, additionalProperties: false },
);
const text = Type.String({ maxLength: searchTextMax, description: 'What is needed, in words' });
const pageToken = Type.Optional(Type.String({ maxLength: 200 }));

export const searchBody = object({
  query: object({ text, filter: Type.Optional(filter) }),
  federation: Type.Optional(
    Type.Enum(['auto', 'referrals', 'none'], {
      description: 'This registry answers from its own index alone',
    }),
  ),
  pageSize: Type.Optional(Type.Integer({ minimum: 1, maximum: pageSizeMax })),
  pageToken,
});
export const exploreBody = object({
  query: Type.Optional(object({ text: Type.Optional(text), filter: Type.Optional(filter) })),
  resultType: object({
    facets: Type.Array(
      object({
        field: Type.String({ pattern: '^[A-Za-z@][A-Za-z0-9_.:@-]{0,127}$' }),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
        minCount: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
      }),
      { minItems: 1, maxItems: 16 },
    ),
  }),
});
export const listQuery = object({
  filter: Type.Optional(
    Type.String({ maxLength: 2000, description: "type = 'a,b' AND updatedAfter > '2026-01-01'" }),
  ),
  orderBy: Type.Optional(Type.String({ maxLength: 200, description: 'displayName, updatedAt DESC' })),
  pageSize: Type.Optional(Type.String({ pattern: '^([1-9]|[1-9][0-9]|100)$' })),
  pageToken,
});

const link = Type.String({ format: 'uri' });
const entryProperties = {
  identifier: Type.String({ pattern: '^urn:air:[a-zA-Z0-9.-]+(:[a-zA-Z0-9._-]+)+$' }),
  displayName: Type.String(),
  type: Type.String(),
  url: link,
  description: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.String())),
  capabilities: Type.Optional(Type.Array(Type.String())),
  representativeQueries: Type.Optional(Type.Array(Type.String(), { minItems: 2, maxItems: 5 })),
  version: Type.Optional(Type.String()),
  updatedAt: Type.Optional(Type.String({ format: 'date-time' })),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  trustManifest: Type.Optional(
    object({
      identity: Type.String(),
      identityType: Type.Enum(['did']),
      attestations: Type.Array(
        object({ type: Type.String(), uri: link, mediaType: Type.String(), digest: Type.String() }),
      ),
    }),
  ),
};
const catalogEntry = object(entryProperties, 'CatalogEntry');
const referral = object({
  identifier: Type.String(),
  displayName: Type.String(),
  type: Type.String(),
  url: link,
});
const bucket = object({ value: Type.String(), count: Type.Integer() });

export const catalogAnswer = {
  200: {
    description: 'The catalog',
    content: {
      'application/ai-catalog+json': {
        schema: object({
          specVersion: Type.Enum(['1.0']),
          host: object({ displayName: Type.String() }),
          entries: Type.Array(catalogEntry),
        }),
      },
    },
  },
};
export const searchAnswer = {
  200: object({
    results: Type.Array(
      object({
        ...entryProperties,
        score: Type.Integer({ minimum: 0, maximum: 100, description: 'Relevance; nothing about trust' }),
        source: link,
      }),
    ),
    referrals: Type.Optional(Type.Array(referral)),
    pageToken: Type.Optional(Type.String()),
  }),
};
export const exploreAnswer = {
  200: object({
    resultType: Type.Enum(['facets']),
    facets: Type.Record(
      Type.String(),
      object({ buckets: Type.Array(bucket), otherCount: Type.Optional(Type.Integer()) }),
    ),
  }),
};
export const listAnswer = {
  200: object({
    items: Type.Array(catalogEntry),
    total: Type.Integer(),
    pageToken: Type.Optional(Type.String()),
  }),
};

export type SearchBody = Static<typeof searchBody>;
export type ExploreBody = Static<typeof exploreBody>;
export type ListQuery = Static<typeof listQuery>;
