/** What each tool takes and gives, as JSON Schema; their descriptions are what a model knows of them. */
import { type Static, type TProperties, Type } from 'typebox';

function object<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

const nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

/** Agents of one `watch`, as many as one stream of the API takes. */
export const watchedAgentsMax = 64;
const watchSecondsMax = 120;
const watchSecondsDefault = 20;
const changesMax = 100;

const agent = Type.String({
  minLength: 52,
  maxLength: 62,
  pattern: '^((did:)?nanda:)?[a-z2-7]{52}$',
  description: 'Agent id: `nanda:` and 52 characters, or the same as a DID (`did:nanda:…`)',
});
const url = (description: string) => Type.String({ minLength: 1, maxLength: 255, description });
const status = Type.String({
  description:
    'ok: the record is verified and current. Anything else means: do not use the agent now. rekeyed: its keys changed and the new record is not here yet, try again shortly. expired: its record has ended. forked: its keys were used twice. tombstoned: it was revoked for good. rolled-back: the network shows less than was known before. not-found: nobody knows it.',
});

export const resolveInput = object({
  agent,
  fresh: Type.Optional(
    Type.Boolean({ description: 'Ask the network even when the node has a current answer; default false' }),
  ),
});
const delegate = object({
  slot: Type.Integer(),
  key: Type.String({ description: 'Public key that holds the rights, hexadecimal' }),
  rights: Type.Array(Type.String()),
  fields: Type.Array(Type.String()),
  expiresAt: Type.String(),
});
const record = object({
  primaryFactsUrl: nullable(Type.String({ description: 'Where the agent describes itself (AgentFacts)' })),
  privateFactsUrl: nullable(Type.String({ description: 'The same, at a place that does not track readers' })),
  privateFactsDigest: nullable(
    Type.String({ description: 'In place of a URL that the index does not show' }),
  ),
  adaptiveResolverUrl: nullable(
    Type.String({ description: 'Ask here for an endpoint that suits the caller' }),
  ),
  ttlSeconds: Type.Integer({ description: 'How long this answer may be kept' }),
  issuedAt: Type.String(),
  expiresAt: Type.String(),
});
export const resolveOutput = object({
  agentId: Type.String(),
  status,
  usable: Type.Boolean({ description: 'True only for status ok' }),
  record: nullable(record),
  signingKey: nullable(Type.String({ description: 'Ed25519 public key of now, hexadecimal' })),
  keyChanges: Type.Integer({ description: 'How often the keys were rotated or recovered' }),
  delegates: Type.Array(delegate),
  answeredBy: object({
    peers: Type.Integer({ description: 'Peers that answered' }),
    holders: Type.Integer({ description: 'Of them, those that hold the record' }),
    fromCache: Type.Boolean(),
  }),
});

export const searchInput = object({
  capability: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 80,
      description:
        'A tag as a path of 1 to 4 parts, or the beginning of tags: /translate or /translate/en-es',
    }),
  ),
  text: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Words in what agents say of themselves' }),
  ),
  modality: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'What it takes or gives: text, audio, image' }),
  ),
  language: Type.Optional(
    Type.String({ minLength: 1, maxLength: 35, description: 'A language that it speaks, such as es' }),
  ),
  region: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Where it is, such as eu' })),
  certifiedBy: Type.Optional(
    Type.String({
      pattern: '^did:(nanda|key):[A-Za-z0-9]+$',
      maxLength: 128,
      description: 'The DID of who must have certified it',
    }),
  ),
  minTrust: Type.Optional(
    Type.Enum(['hint', 'record', 'facts', 'issuer'], {
      description:
        'How much must stand behind it: record: it is there; facts: what it says of itself is signed and holds; issuer: certifiedBy vouches for it',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: 'Results; default 10' })),
  verify: Type.Optional(
    Type.Boolean({ description: 'Resolve each agent before the answer; default true, false is faster' }),
  ),
});
const found = object({
  agentId: Type.String(),
  name: nullable(Type.String()),
  description: nullable(Type.String({ description: 'In the words of its owner' })),
  tags: Type.Array(Type.String()),
  score: Type.Number({ description: 'How well it fits, 0 to 100; nothing about trust' }),
  source: Type.String({
    description:
      'facts: signed AgentFacts that the node serves. announcement: a hint, signed by the agent alone',
  }),
  verified: Type.Boolean({
    description:
      'Its record was resolved for this answer and counts now, and all that was asked for was checked',
  }),
  unchecked: Type.Array(Type.String(), {
    description: 'Of what was asked for, that which nobody could check, or that the agent only announced',
  }),
});
export const searchOutput = object({
  results: Type.Array(found),
  complete: nullable(
    Type.Boolean({
      description: 'The peers responsible for the tag answered, and had no more; null without one',
    }),
  ),
  horizon: Type.String({ description: 'How far was looked, in words' }),
});

export const revocationInput = object({
  agent,
  target: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'Also ask about one grant or credential, by its hash (64 hexadecimal digits)',
    }),
  ),
});
export const revocationOutput = object({
  agentId: Type.String(),
  status,
  revoked: Type.Boolean({ description: 'The agent itself was ended, for good' }),
  reason: nullable(Type.String()),
  trustworthy: Type.Boolean({
    description: 'False when its keys are in doubt: forked, or answers roll back',
  }),
  targetRevoked: nullable(
    Type.Boolean({
      description:
        'About `target`; false says that nobody revoked it, not that it is valid. Null when none was given',
    }),
  ),
  revocations: Type.Array(
    object({
      kind: Type.String({ description: 'delegation or credential' }),
      target: Type.String(),
      reason: Type.String(),
      issuedAt: Type.String(),
    }),
  ),
  peersAsked: Type.Integer(),
});

export const watchInput = object({
  agents: Type.Array(agent, { minItems: 1, maxItems: watchedAgentsMax, description: 'Whom to watch' }),
  timeoutSeconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: watchSecondsMax,
      description: `How long to wait for a change; default ${watchSecondsDefault}`,
    }),
  ),
  changes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: changesMax, description: 'Return after so many; default 1' }),
  ),
  onlyRevocations: Type.Optional(
    Type.Boolean({ description: 'Leave out changes of records: revocations and changes of keys alone' }),
  ),
  after: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{12}-(0|[1-9][0-9]{0,14})$',
      description: '`last` of an earlier watch: nothing between the two is missed',
    }),
  ),
});
export const watchOutput = object({
  changes: Type.Array(
    object({
      agentId: Type.String(),
      change: Type.String({
        description:
          'changed, rotated, recovered, tombstoned (revoked for good), forked, delegation-revoked or credential-revoked',
      }),
      acceptedAt: Type.String(),
      id: Type.String(),
    }),
  ),
  ended: Type.Enum(['changes', 'timeout'], {
    description: 'Why the wait is over; timeout: nothing, or not enough, happened',
  }),
  missed: Type.Boolean({ description: 'Changes after `after` are no longer kept: resolve the agents anew' }),
  last: nullable(Type.String({ description: 'Give it as `after` to go on' })),
});

export const registerInput = object({
  primaryFactsUrl: url('Where the agent describes itself (AgentFacts): https, ipfs, ipns or did'),
  privateFactsUrl: Type.Optional(url('The same facts, at a place that does not track readers')),
  adaptiveResolverUrl: Type.Optional(url('Where callers ask for an endpoint that suits them')),
  ttlSeconds: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 172_800, description: 'How long answers may be kept' }),
  ),
  capabilities: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 80 }), {
      maxItems: 4,
      description: 'What it can do, as tags such as /translate/en-es, by which search_agents finds it',
    }),
  ),
});
export const registerOutput = object({
  agentId: Type.String(),
  capabilities: Type.Array(Type.String(), { description: 'Tags that are announced' }),
  warning: nullable(
    Type.String({
      description: 'Why its capabilities are not announced; the agent is registered all the same',
    }),
  ),
  peersHolding: Type.Integer({ description: 'Peers that hold the record now' }),
  peersAsked: Type.Integer(),
  expiresAt: nullable(Type.String({ description: 'The node signs it anew before' })),
});

export const defaults = { watchSeconds: watchSecondsDefault, changes: 1, results: 10 } as const;

export type ResolveInput = Static<typeof resolveInput>;
export type SearchInput = Static<typeof searchInput>;
export type RevocationInput = Static<typeof revocationInput>;
export type WatchInput = Static<typeof watchInput>;
export type RegisterInput = Static<typeof registerInput>;
