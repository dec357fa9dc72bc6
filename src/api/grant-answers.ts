/** The shapes of requests and answers about grants that travel by hand. */
import type { Static, TProperties, TSchema } from 'typebox';
import { rightBits } from '../core/identity/delegation.ts';
import { reasonCodes } from '../core/identity/reason-code.ts';
import { delegationSecondsMax } from '../core/limits.ts';
import { Type } from '../facts/json-schema.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const hex32 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const time = Type.String({ format: 'date-time' });
const text = Type.String();
const agentId = Type.String({ pattern: '^nanda:[a-z2-7]{52}$' });
const rightNames = Object.keys(rightBits) as (keyof typeof rightBits)[];
const handRights = rightNames.filter((right) => right !== 'op' && right !== 'publish');

const grantText = Type.String({
  pattern: '^weft-grant:[A-Za-z0-9_-]{20,1366}$',
  description: 'A grant as it travels: the chain of its tokens',
});
const timeoutMs = Type.Optional(
  Type.Integer({ minimum: 100, maximum: 120_000, description: 'How long to wait for the network' }),
);
const seconds = Type.Integer({ minimum: 1, maximum: delegationSecondsMax });

export const grantBody = object({
  audience: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{64}$',
      description:
        'The public key that receives the rights. Left out: a new key, whose seed is in the answer and nowhere else',
    }),
  ),
  rights: Type.Array(Type.Enum(handRights), {
    minItems: 1,
    maxItems: handRights.length,
    uniqueItems: true,
    description:
      'sub: grant on; revoke: revoke credentials; facts: sign AgentFacts. op and publish take a slot: /delegate',
  }),
  expiresInSeconds: seconds,
  under: Type.Optional(grantText),
  timeoutMs,
});
export const keepBody = object({ grant: grantText, timeoutMs });
export const renewBody = object({ grant: grantText, expiresInSeconds: seconds, timeoutMs });
export const verifyGrantBody = object({
  grant: grantText,
  right: Type.Optional(Type.Enum(rightNames, { description: 'A right that it must give' })),
  fresh: Type.Optional(Type.Boolean({ description: 'Ask the network in any case' })),
  timeoutMs,
});
export const revokeCredentialBody = object({
  digest: Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: 'Of the credential, as `weft facts verify` says it',
  }),
  expiresAt: Type.String({
    format: 'date-time',
    maxLength: 40,
    description: 'When the credential ends by itself',
  }),
  reason: Type.Optional(Type.Enum([...reasonCodes])),
  acknowledgements: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 20, description: 'Peers to wait for' }),
  ),
  timeoutMs,
});

const token = {
  hash: hex32,
  issuer: Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: 'The agent id at depth 1, else the hash of the grant above',
  }),
  slot: Type.Integer(),
  audience: hex32,
  rights: Type.Array(text),
  fields: Type.Array(text),
  depth: Type.Integer(),
  notBefore: time,
  expiresAt: time,
};
const judged = {
  standing: nullable(
    Type.Enum(['holds', 'void', 'revoked', 'expired', 'not-yet-valid'], {
      description: 'void: the keys of the agent were rotated since',
    }),
  ),
  isInherited: Type.Optional(Type.Boolean({ description: 'It falls only because one above it does' })),
  revoked: Type.Optional(
    nullable(
      object({
        at: time,
        reason: text,
        depth: Type.Integer({
          description: 'Who revoked it: 0 the controller, else the delegate of that depth',
        }),
      }),
    ),
  ),
};

const issued = { agentId, grant: grantText, ...token };
export const grantAnswer = {
  201: object({
    ...issued,
    key: nullable(
      object({
        publicKey: hex32,
        seed: Type.String({
          pattern: '^[0-9a-f]{64}$',
          description: 'The secret key; the node does not keep it',
        }),
      }),
    ),
  }),
};
export const keptAnswer = {
  200: object({
    ...issued,
    isHeld: Type.Boolean({ description: 'The delegate key of this node is its holder' }),
  }),
};
export const renewedAnswer = { 201: object(issued) };
export const treeAnswer = {
  200: object({
    agentId,
    status: Type.Enum(['active', 'forked', 'tombstoned']),
    establishment: hex32,
    grants: Type.Array(
      object({
        ...token,
        ...judged,
        parent: nullable(hex32),
        source: Type.Enum(['record', 'kept', 'revocation'], {
          description:
            'Where it is known from: the record of the agent, what this node issued or was given, or the proof of a revocation',
        }),
        isHeld: Type.Boolean({ description: 'The delegate key of this node is its holder' }),
      }),
      { description: 'Parents before their children' },
    ),
    revokedUnknown: Type.Array(object({ hash: hex32, reason: text, at: time, expiresAt: time }), {
      description: 'Revoked by the controller, and not known here otherwise',
    }),
  }),
};
export const verdictAnswer = {
  200: object({
    holds: Type.Boolean(),
    code: nullable(text),
    reason: nullable(text),
    agentId,
    agentStatus: text,
    ...token,
    grant: grantText,
    chain: Type.Array(object({ ...token, ...judged })),
  }),
};

export type GrantBody = Static<typeof grantBody>;
export type KeepBody = Static<typeof keepBody>;
export type RenewBody = Static<typeof renewBody>;
export type VerifyGrantBody = Static<typeof verifyGrantBody>;
export type RevokeCredentialBody = Static<typeof revokeCredentialBody>;
