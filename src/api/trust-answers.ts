/** The shapes of requests and answers about credentials, zones, status lists and other views of facts. */
import type { Static, TProperties } from 'typebox';
import { reasonCodes } from '../core/identity/reason-code.ts';
import { Type } from '../facts/json-schema.ts';
import { statusPurposes } from '../facts/status-entry.ts';
import { credentialSecondsMax, credentialSecondsMin, presentedMax } from '../trust/trust-limits.ts';

function object<Properties extends TProperties>(properties: Properties, title?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(title !== undefined && { title }) });
}

const digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the canonical credential' });
const serial = Type.String({
  pattern: '^[0-9a-f]{32}$',
  description: 'Its name at this node, over all its versions',
});
const either = Type.String({
  pattern: '^(?:[0-9a-f]{32}|[0-9a-f]{64})$',
  description: 'A serial, or the digest of a version',
});
const did = Type.String({ pattern: '^did:(nanda|key):[A-Za-z0-9]+$', maxLength: 256 });
const time = Type.String({ format: 'date-time' });
const document = Type.Object(
  {},
  { additionalProperties: true, description: 'A Verifiable Credential 2.0 with its proof' },
);
const agentText = Type.String({
  minLength: 1,
  maxLength: 80,
  description: '`nanda:` and 52 characters, or the same as a DID',
});
const nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

export const issuedParams = object({ id: agentText, name: either });
export const servedParams = object({ id: agentText, name: serial });
export const listParams = object({
  id: agentText,
  number: Type.String({ pattern: '^(0|[1-9][0-9]{0,3})$' }),
});
export const viewParams = object({
  id: agentText,
  view: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
});

export const issueBody = object({
  types: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 7 }),
  subject: did,
  claims: Type.Object({}, { additionalProperties: true, minProperties: 1 }),
  links: Type.Optional(
    Type.Array(object({ url: Type.String({ format: 'uri', maxLength: 2048 }), digest }), { maxItems: 16 }),
  ),
  validitySeconds: Type.Optional(
    Type.Integer({ minimum: credentialSecondsMin, maximum: credentialSecondsMax }),
  ),
  renews: Type.Optional(Type.Boolean({ description: 'Signed again before it ends, until it is revoked' })),
  status: Type.Optional(
    Type.Array(Type.Enum([...statusPurposes]), {
      maxItems: 2,
      uniqueItems: true,
      description: 'What it has a place in a status list for; default `["revocation"]`',
    }),
  ),
});
export const revokeCredentialsBody = object({
  credentials: Type.Array(either, { minItems: 1, maxItems: 1000 }),
  reason: Type.Optional(Type.Enum([...reasonCodes])),
});
export const suspendBody = object({ suspended: Type.Boolean() });
export const verifyBody = object({ credential: document });
export const checkBody = object({
  agent: agentText,
  zone: Type.Optional(Type.String({ maxLength: 128, description: 'A zone whose policy this node has' })),
  policy: Type.Optional(
    Type.Object({}, { additionalProperties: true, description: 'A zone policy: docs/trust.md' }),
  ),
  facts: Type.Optional(document),
  issuers: Type.Optional(
    Type.Array(did, { maxItems: 8, description: 'Who may have signed the facts beside the agent' }),
  ),
  credentials: Type.Optional(Type.Array(document, { maxItems: presentedMax })),
});
export const viewBody = object({
  facts: Type.Object({}, { additionalProperties: true, description: 'AgentFacts, without a proof' }),
  policy: Type.Object(
    {},
    { additionalProperties: true, description: 'A zone policy: who may read the view' },
  ),
});
export const presentationBody = Type.Object(
  {},
  {
    additionalProperties: true,
    description: 'A Verifiable Presentation 2.0, signed for this agent by whom its credentials speak of',
  },
);

const issued = object({
  ...{ serial, digest, types: Type.Array(Type.String()), subject: Type.String(), url: Type.String() },
  ...{
    validFrom: time,
    validUntil: time,
    renews: Type.Boolean(),
    hasStatus: Type.Boolean(),
    isSuspended: Type.Boolean(),
  },
  revoked: nullable(object({ at: time, reason: Type.String() })),
  credential: document,
});
const finding = object({
  ...{ digest: nullable(Type.String()), types: Type.Array(Type.String()) },
  ...{ issuer: nullable(Type.String()), subject: nullable(Type.String()), validUntil: nullable(time) },
  ...{ holds: Type.Boolean(), code: nullable(Type.String()), why: nullable(Type.String()) },
  path: nullable(Type.Array(Type.String())),
});
const verdict = object({
  ...{ agentId: agentText, zone: Type.String(), trusted: Type.Boolean(), validUntil: time },
  rules: Type.Array(
    object({
      ...{ rule: Type.String(), passed: Type.Boolean(), found: Type.String() },
      ...{ satisfy: nullable(Type.String()), by: Type.Array(digest) },
    }),
  ),
  credentials: Type.Array(finding),
  reputation: nullable(object({ score: Type.Number(), source: Type.String() })),
  issuers: Type.Array(Type.String()),
});
const view = object({ name: Type.String(), zone: Type.String(), changedAt: time, url: Type.String() });

export const issuedAnswer = { 200: issued, 201: issued };
export const issuedListAnswer = { 200: object({ agentId: agentText, credentials: Type.Array(issued) }) };
export const revokedAnswer = {
  200: object({
    revoked: Type.Array(serial),
    pushed: Type.Enum(['credential', 'list', 'none']),
    acknowledgements: Type.Integer(),
    lateSecondsMax: nullable(Type.Integer()),
  }),
};
export const verifiedAnswer = {
  200: object({
    ...{ valid: Type.Boolean(), digest, types: Type.Array(Type.String()), issuer: Type.String() },
    ...{ subject: Type.String(), verificationMethod: Type.String(), validFrom: time, validUntil: time },
    hasStatus: Type.Boolean(),
  }),
};
export const checkedAnswer = { 200: verdict };
export const zonesAnswer = {
  200: object({
    zones: Type.Array(
      object({ zone: Type.String(), roots: Type.Integer(), rules: Type.Array(Type.String()) }),
    ),
  }),
};
export const viewAnswer = { 200: view };
export const viewsAnswer = { 200: object({ agentId: agentText, views: Type.Array(view) }) };
export const viewRemovedAnswer = { 200: object({ agentId: agentText, removed: Type.Boolean() }) };
export const vcAnswer = {
  200: { description: 'The credential', content: { 'application/vc+json': { schema: document } } },
};

export type IssuedParams = Static<typeof issuedParams>;
export type ListParams = Static<typeof listParams>;
export type ViewParams = Static<typeof viewParams>;
export type IssueBody = Static<typeof issueBody>;
export type RevokeCredentialsBody = Static<typeof revokeCredentialsBody>;
export type SuspendBody = Static<typeof suspendBody>;
export type VerifyBody = Static<typeof verifyBody>;
export type CheckBody = Static<typeof checkBody>;
export type ViewBody = Static<typeof viewBody>;
