/** The shapes of requests to the control API. Unknown properties are refused: a typing mistake is not a wish. */
import type { Static, TProperties } from 'typebox';
import { fieldBits, rightBits } from '../core/identity/delegation.ts';
import { reasonCodes } from '../core/identity/reason-code.ts';
import { delegationSecondsMax, slotMax, urlBytesMax } from '../core/limits.ts';
import { Type } from '../facts/json-schema.ts';

function object<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

function hex(bytes: number, description = `${bytes} bytes in hexadecimal`) {
  return Type.String({ pattern: `^[0-9a-f]{${bytes * 2}}$`, description });
}

function nullable<Schema extends ReturnType<typeof Type.String>>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** Agents of one batch resolve. */
const batchAgentsMax = 100;

const url = nullable(Type.String({ minLength: 1, maxLength: urlBytesMax }));

/** How a change is published; on every call that changes something. */
const publishing = {
  acknowledgements: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 20, description: 'Peers to wait for' }),
  ),
  timeoutMs: Type.Optional(
    Type.Integer({ minimum: 100, maximum: 120_000, description: 'How long to wait for them' }),
  ),
};

const record = {
  primaryFactsUrl: Type.Optional(url),
  privateFactsUrl: Type.Optional(url),
  privateFactsDigest: Type.Optional(
    hex(16, '16 bytes in hexadecimal: the digest of a URL that the record does not show'),
  ),
  adaptiveResolverUrl: Type.Optional(url),
  ttlSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 172_800 })),
  validitySeconds: Type.Optional(Type.Integer({ minimum: 3600, maximum: 604_800 })),
};

const reason = Type.Optional(Type.Enum([...reasonCodes]));

const agent = Type.String({
  minLength: 1,
  maxLength: 80,
  description: '`nanda:` and 52 characters, or the same as a DID',
});

const timeoutText = Type.String({
  pattern: '^([1-9][0-9]{2,4}|1[01][0-9]{4}|120000)$',
  description: 'How long to wait, in milliseconds, 100 to 120000',
});

export const agentParams = object({ id: agent });
export const resolveQuery = object({
  /** Without a value it is a wish, too: `?fresh`. */
  fresh: Type.Optional(
    Type.Enum(['true', 'false', ''], {
      description: 'Ask the network even when the node has a record within its ttl',
    }),
  ),
  timeoutMs: Type.Optional(timeoutText),
  path: Type.Optional(
    Type.Enum(['direct', 'private'], {
      description:
        '`private`: each question goes sealed through a relay, so that nobody learns who asks for what',
    }),
  ),
});
const instant = Type.String({
  maxLength: 40,
  description: 'A time as `2026-01-31T12:00:00Z`, with another offset, or a day, which begins in UTC',
});
export const historyQuery = object({
  at: Type.Optional(instant),
  fresh: resolveQuery.properties.fresh,
  timeoutMs: resolveQuery.properties.timeoutMs,
});
export const batchBody = object({
  agents: Type.Array(agent, { minItems: 1, maxItems: batchAgentsMax }),
  fresh: Type.Optional(Type.Boolean()),
  timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 120_000 })),
});
export const didParams = object({ did: Type.String({ minLength: 1, maxLength: 200 }) });
export const didQuery = object({
  versionTime: Type.Optional(
    Type.String({ maxLength: 40, description: 'The document of that time, by the key history' }),
  ),
  versionId: Type.Optional(
    Type.String({ maxLength: 64, description: 'The document that this key event began' }),
  ),
  noCache: Type.Optional(Type.Enum(['true', 'false'])),
});
export const changesQuery = object({
  agent: Type.Optional(Type.Union([agent, Type.Array(agent, { maxItems: 64 })])),
  only: Type.Optional(
    Type.Enum(['revocations'], {
      description: 'Leave out changes of records: revocations and changes of keys alone',
    }),
  ),
});
export const peersQuery = object({
  max: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,3}$',
      description: 'At most so many, those that are connected before all others',
    }),
  ),
});
export const samplesQuery = object({
  points: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{0,3}$', description: 'At most so many samples; 720 are kept' }),
  ),
});
export const publishQuery = object({
  acknowledgements: Type.Optional(
    Type.String({ pattern: '^([1-9]|1[0-9]|20)$', description: 'Peers to wait for, 1 to 20' }),
  ),
  timeoutMs: Type.Optional(timeoutText),
});

export const registerBody = object({ ...record, ...publishing, ephemeral: Type.Optional(Type.Boolean()) });
export const updateBody = object({ ...record, ...publishing });
export const publishBody = object(publishing);
export const recoverBody = object({ ...publishing, recoverySeed: Type.Optional(hex(32)) });
export const delegateBody = object({
  ...publishing,
  audience: hex(32, 'The public key that receives the rights, in hexadecimal'),
  rights: Type.Array(Type.Enum(Object.keys(rightBits) as (keyof typeof rightBits)[]), {
    minItems: 1,
    maxItems: 5,
    uniqueItems: true,
  }),
  fields: Type.Array(Type.Enum(Object.keys(fieldBits) as (keyof typeof fieldBits)[]), {
    maxItems: 4,
    uniqueItems: true,
  }),
  slot: Type.Optional(Type.Integer({ minimum: 1, maximum: slotMax })),
  expiresInSeconds: Type.Integer({ minimum: 60, maximum: delegationSecondsMax }),
});
export const revokeBody = object({ ...publishing, reason });
export const revokeDelegationBody = object({
  ...publishing,
  reason,
  slot: Type.Optional(Type.Integer({ minimum: 1, maximum: slotMax })),
  hash: Type.Optional(hex(32)),
  grant: Type.Optional(
    Type.String({
      pattern: '^weft-grant:[A-Za-z0-9_-]{20,1366}$',
      description: 'The grant itself, as it travels',
    }),
  ),
});

export type AgentParams = Static<typeof agentParams>;
export type ResolveQuery = Static<typeof resolveQuery>;
export type HistoryQuery = Static<typeof historyQuery>;
export type BatchBody = Static<typeof batchBody>;
export type DidParams = Static<typeof didParams>;
export type DidQuery = Static<typeof didQuery>;
export type ChangesQuery = Static<typeof changesQuery>;
export type PeersQuery = Static<typeof peersQuery>;
export type SamplesQuery = Static<typeof samplesQuery>;
export type PublishQuery = Static<typeof publishQuery>;
export type RegisterBody = Static<typeof registerBody>;
export type UpdateBody = Static<typeof updateBody>;
export type PublishBody = Static<typeof publishBody>;
export type RecoverBody = Static<typeof recoverBody>;
export type DelegateBody = Static<typeof delegateBody>;
export type RevokeBody = Static<typeof revokeBody>;
export type RevokeDelegationBody = Static<typeof revokeDelegationBody>;
