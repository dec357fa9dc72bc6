/** The shapes of requests and answers about AgentFacts, agent cards and catalogs. */
import type { Static, TProperties } from 'typebox';
import { agentFactsSchema } from '../facts/agent-facts.ts';
import { validitySecondsMax, validitySecondsMin } from '../facts/facts-limits.ts';
import { Type } from '../facts/json-schema.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const agent = Type.String({
  minLength: 1,
  maxLength: 80,
  description: '`nanda:` and 52 characters, or the same as a DID',
});
const did = Type.String({ minLength: 1, maxLength: 256 });
const time = Type.String({ format: 'date-time' });
const credential = Type.Object(
  {},
  {
    title: 'AgentFactsCredential',
    description: 'AgentFacts as a Verifiable Credential 2.0 with a proof of eddsa-jcs-2022',
    additionalProperties: true,
  },
);

export const publishFactsQuery = object({
  issuer: Type.Optional(Type.Union([did, Type.Array(did, { maxItems: 8 })])),
  validitySeconds: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,8}$',
      description: `Of facts that are signed here: ${validitySecondsMin} to ${validitySecondsMax}`,
    }),
  ),
});
/** Checked by what reads facts, which says more than a schema could. */
export const factsBody = Type.Union([
  Type.Object({}, { additionalProperties: true, description: 'A signed credential: it has a `proof`' }),
  agentFactsSchema,
]);
export const wellKnownQuery = object({ agent: Type.Optional(agent) });

const hosted = object({
  agentId: agent,
  issuer: Type.String(),
  validFrom: time,
  validUntil: time,
  publishedAt: time,
  isSignedHere: Type.Boolean(),
  digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  url: Type.String({ description: 'Where it is served' }),
});
export const contentParams = object({
  digest: Type.String({ minLength: 59, maxLength: 64, description: 'Its SHA-256, or its CID' }),
});
export const contentQuery = object({
  path: Type.Optional(Type.Enum(['direct', 'private'])),
  timeoutMs: Type.Optional(Type.String({ pattern: '^([1-9][0-9]{2,4}|1[01][0-9]{4}|120000)$' })),
});
export const overlayQuery = object({
  pointer: Type.Optional(
    Type.Enum(['none', 'plain', 'blinded'], {
      description: 'How the record leads there; `plain` when left out',
    }),
  ),
});
const overlayFacts = object({
  agentId: agent,
  digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  url: Type.String({ description: 'What leads there: `ipfs://` and a CID' }),
  validUntil: time,
  pointer: Type.Enum(['none', 'plain', 'blinded']),
  salt: Type.Union([Type.String({ pattern: '^[0-9a-f]{32}$' }), Type.Null()], {
    description: 'Of a blinded pointer: readers need it beside the URL',
  }),
  isPointed: Type.Boolean({ description: 'Whether the record points there: the keys may be elsewhere' }),
  holders: Type.Integer(),
  asked: Type.Integer(),
  refusal: Type.Union([Type.String(), Type.Null()]),
});
export const overlayFactsAnswer = { 200: overlayFacts };
const removed = object({ agentId: agent, removed: Type.Boolean() });
const listed = object({
  agentId: agent,
  did: Type.String(),
  label: Type.String(),
  description: Type.String(),
  tags: Type.Array(Type.String()),
  validUntil: time,
  url: Type.String(),
});

export const hostedAnswer = { 200: hosted };
export const removedAnswer = { 200: removed };
export const credentialAnswer = {
  200: { description: 'The credential', content: { 'application/vc+json': { schema: credential } } },
};
export const wellKnownFactsAnswer = {
  200: {
    description: 'The facts of the agent named, or of the only one; else a list of all',
    content: {
      'application/vc+json': { schema: credential },
      'application/json': { schema: object({ agents: Type.Array(listed) }) },
    },
  },
};

const card = Type.Object(
  { name: Type.String(), description: Type.String(), version: Type.String() },
  { title: 'AgentCard', description: 'An agent card of A2A 1.0', additionalProperties: true },
);
export const cardAnswer = {
  200: { description: 'The card', content: { 'application/json': { schema: card } } },
};
export const keySetAnswer = {
  200: {
    description: 'A JSON Web Key Set',
    content: {
      'application/jwk-set+json': {
        schema: object({ keys: Type.Array(Type.Record(Type.String(), Type.String())) }),
      },
    },
  },
};

export type ContentParams = Static<typeof contentParams>;
export type ContentQuery = Static<typeof contentQuery>;
export type OverlayQuery = Static<typeof overlayQuery>;
export type PublishFactsQuery = Static<typeof publishFactsQuery>;
export type WellKnownQuery = Static<typeof wellKnownQuery>;
