/** The shapes of requests and answers about names. */
import type { Static, TProperties, TSchema } from 'typebox';
import { nameClaimsMax, urlBytesMax } from '../core/limits.ts';
import { namePolicies } from '../core/name/name-record.ts';
import { Type } from '../facts/json-schema.ts';
import { pageMax } from '../names/listing.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const time = Type.String({ format: 'date-time' });
const agentId = Type.String({ pattern: '^nanda:[a-z2-7]{52}$' });
const timeoutMs = Type.Optional(
  Type.Integer({ minimum: 100, maximum: 120_000, description: 'How long to wait for the storing peers' }),
);
const policy = Type.Enum([...namePolicies], {
  description: 'Who may list the names: everybody, everybody a few a minute, nobody',
});

export const nameQuery = object({
  name: Type.String({
    minLength: 2,
    maxLength: 512,
    description: 'urn:agent:<namespace>:<label>, @<namespace>:<label>, @<namespace> or @<label>',
  }),
  follow: Type.Optional(
    Type.Enum(['true', 'false', ''], {
      description: 'Ask the registry of the namespace next; true when left out',
    }),
  ),
  dnssec: Type.Optional(
    Type.Enum(['required', 'any'], {
      description:
        '`required` refuses what rests on a zone that was not validated; `any` leaves it to the node',
    }),
  ),
  timeoutMs: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{2,4}$', description: 'How long each step may take, 100 to 99999' }),
  ),
});

export const listQuery = object({
  namespace: Type.String({
    minLength: 1,
    maxLength: 300,
    description: 'An agent id, or a DNS name or DID that a namespace in custody here says is its own',
  }),
  after: Type.Optional(Type.String({ maxLength: 63, description: 'Labels after this one' })),
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9][0-9]?|100)$', description: `1 to ${pageMax}; ${pageMax} when left out` }),
  ),
});

export const nameParams = object({
  id: Type.String({
    minLength: 1,
    maxLength: 80,
    description: 'The namespace: `nanda:` and 52 characters, or the same as a DID',
  }),
  label: Type.String({ minLength: 1, maxLength: 253 }),
});

const url = Type.String({ minLength: 1, maxLength: urlBytesMax });
const target = {
  agentId: Type.Optional(Type.String({ maxLength: 80, description: 'An agent of the index' })),
  registry: Type.Optional({
    ...url,
    description: 'A registry to be asked next: an API, a catalog or a card',
  }),
  did: Type.Optional({ ...url, description: 'A did:web or did:key' }),
};
export const nameBody = object({ ...target, timeoutMs });
export const namespaceBody = object({
  claims: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
      maxItems: nameClaimsMax,
      description: 'DNS names and DIDs that are its own; in place of those before',
    }),
  ),
  policy: Type.Optional(policy),
  /** Null: its own agent again. */
  target: Type.Optional(nullable(object(target))),
  timeoutMs,
});

const step = object(
  {
    kind: Type.Enum(['name', 'zone', 'claim', 'record', 'registry', 'did', 'agent']),
    text: Type.String({ description: 'What was done and found, for people' }),
    expiresAt: nullable(time),
  },
  'NameStep',
);

export const nameAnswer = {
  200: object({
    name: Type.String({ description: 'In its normal form' }),
    agentId: nullable(agentId),
    registry: nullable(Type.String({ description: 'Where the answer is, when it was not asked' })),
    did: nullable(Type.String({ description: 'The DID that the name led to' })),
    label: Type.Enum(['dnssec', 'dns', 'self'], {
      description:
        'What the namespace rests on: a zone that the resolver validated, a zone, or the key log of its agent',
    }),
    expiresAt: { ...time, description: 'When it has to be asked again' },
    steps: Type.Array(step),
  }),
};

export const listAnswer = {
  200: object({
    namespace: agentId,
    policy,
    claims: Type.Array(Type.String()),
    names: Type.Array(
      object({
        label: Type.String(),
        agentId: nullable(agentId),
        registry: nullable(Type.String()),
        did: nullable(Type.String()),
        expiresAt: time,
      }),
    ),
    next: nullable(Type.String({ description: '`after` of the next page' })),
  }),
};

const publish = object({
  holders: Type.Integer({ description: 'Storing peers that keep it' }),
  displaced: Type.Integer({ description: 'Those that have no room for it' }),
  asked: Type.Integer(),
  refusal: nullable(Type.String({ description: 'The most frequent reason of the others' })),
  isOvertaken: Type.Boolean({ description: 'A storing peer keeps a newer one: publish it again' }),
});
const published = {
  namespace: agentId,
  expiresAt: { ...time, description: 'When it ends unless the node signs it again' },
  publish,
};
export const publishedAnswer = {
  200: object({
    ...published,
    label: Type.String(),
    name: Type.String({ description: 'In its normal form' }),
  }),
};
export const namespaceAnswer = {
  200: object({
    ...published,
    policy,
    claims: Type.Array(Type.String()),
    zoneRecords: Type.Array(object({ name: Type.String(), text: Type.String() }), {
      description: 'TXT records that the zones of the claims need',
    }),
  }),
};

export type NameQuery = Static<typeof nameQuery>;
export type ListQuery = Static<typeof listQuery>;
export type NameParams = Static<typeof nameParams>;
export type NameBody = Static<typeof nameBody>;
export type NamespaceBody = Static<typeof namespaceBody>;
