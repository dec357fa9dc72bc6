/**
 * A status list as a credential (Bitstring Status List v1.0 §3.2): written, and read back after its proof was checked.
 * One issuer speaks of its own credentials alone; the list says for how long it may be kept.
 */
import type { ValidateFunction } from 'ajv';
import type { Static } from 'typebox';
import { bytesToHex, utf8FromBytes, utf8ToBytes } from '../core/bytes.ts';
import type { Signer } from '../core/ed25519.ts';
import { digest } from '../core/hash.ts';
import { type JsonObject, readJsonObject } from '../facts/bounded-json.ts';
import { credentialsContext } from '../facts/contexts.ts';
import {
  assertShape,
  createShapes,
  didSchema,
  instantOf,
  secondsOf,
  timeSchema,
} from '../facts/credential.ts';
import { addProof, canonicalJson, readProof } from '../facts/data-integrity.ts';
import { FactsError } from '../facts/facts-error.ts';
import { assertNotRevoked } from '../facts/issuer-keys.ts';
import { Type } from '../facts/json-schema.ts';
import type { StatusPurpose } from '../facts/status-entry.ts';
import { assertTimes } from '../facts/verify-facts.ts';
import { decodeBitstring, encodeBitstring } from './bitstring.ts';
import { ownIssuerOf } from './own-issuer.ts';
import {
  statusCredentialBytesMax,
  statusLivesPerTtl,
  statusTtlSecondsDefault,
  statusTtlSecondsMax,
} from './trust-limits.ts';
import type { CredentialContext } from './verify-credential.ts';

const listType = 'BitstringStatusListCredential';
const purpose = Type.String({ minLength: 1, maxLength: 64 });

/** The envelope, as it is read here. */
const statusListSchema = Type.Object({
  '@context': Type.Array(Type.Union([Type.String({ maxLength: 512 }), Type.Object({})]), {
    minItems: 1,
    maxItems: 8,
  }),
  id: Type.String({ format: 'uri', maxLength: 2048 }),
  type: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 2, maxItems: 8 }),
  issuer: Type.Union([didSchema, Type.Object({ id: didSchema })]),
  validFrom: timeSchema,
  validUntil: timeSchema,
  credentialSubject: Type.Object({
    id: Type.Optional(Type.String({ format: 'uri', maxLength: 2048 })),
    type: Type.Literal('BitstringStatusList'),
    statusPurpose: Type.Union([purpose, Type.Array(purpose, { minItems: 1, maxItems: 8 })]),
    encodedList: Type.String({ minLength: 2, maxLength: statusCredentialBytesMax }),
    ttl: Type.Optional(Type.Integer({ minimum: 0, description: 'Milliseconds' })),
  }),
  proof: Type.Unsafe<JsonObject | readonly JsonObject[]>({ type: ['object', 'array'] }),
});

/** One that was verified. */
export interface StatusList {
  readonly url: string;
  readonly issuer: string;
  readonly purposes: readonly string[];
  readonly bitstring: Uint8Array;
  /** Seconds since 1970. */
  readonly validFrom: number;
  /** It may be used until then: its ttl from now, and never past its end. */
  readonly freshUntil: number;
  readonly digest: string;
}

let check: ValidateFunction | null = null;

/** @param url where it was fetched from, which must be its id. @throws FactsError `bad-status`, and those of a credential */
export async function verifyStatusList(
  bytes: Uint8Array,
  url: string,
  context: Omit<CredentialContext, 'checkStatus'>,
): Promise<StatusList> {
  const document = parseList(bytes);
  check ??= createShapes().compile(statusListSchema);
  assertShape(check, document, 'bad-status');
  const { id, type, issuer, validFrom, validUntil, credentialSubject } = document as unknown as Static<
    typeof statusListSchema
  >;
  if (
    (document['@context'] as readonly unknown[])[0] !== credentialsContext ||
    !type.includes('VerifiableCredential')
  )
    throw new FactsError('bad-status', 'the list is no credential of VC 2.0');
  if (!type.includes(listType)) throw new FactsError('bad-status', `the list is no ${listType}`);
  if (id !== url)
    throw new FactsError('bad-status', `this is the list ${id}, not the one that was asked for`);
  const did = typeof issuer === 'string' ? issuer : issuer.id;
  const claim = readProof(document);
  const span = { validFrom: secondsOf(validFrom), validUntil: secondsOf(validUntil) };
  const { nowSeconds: now } = context;
  const created = assertTimes(span, claim, now);
  const { key, state } = await ownIssuerOf(did, claim.verificationMethod, { created, now }, context.resolve);
  const { message, signature } = claim;
  if (!context.check({ publicKey: key, message, signature }))
    throw new FactsError('bad-proof', 'the signature of the status list does not fit');
  const name = bytesToHex(digest(utf8ToBytes(canonicalJson(document))));
  assertNotRevoked(name, [state]);
  if (context.isRevoked?.(name, did) === true)
    throw new FactsError('revoked', 'this version of the status list is over');
  const ttl = Math.min((credentialSubject.ttl ?? statusTtlSecondsDefault * 1000) / 1000, statusTtlSecondsMax);
  return {
    url,
    issuer: did,
    purposes: [credentialSubject.statusPurpose].flat(),
    bitstring: decodeBitstring(credentialSubject.encodedList),
    validFrom: span.validFrom,
    freshUntil: Math.min(span.validUntil, now + ttl),
    digest: name,
  };
}

function parseList(bytes: Uint8Array): JsonObject {
  if (bytes.length > statusCredentialBytesMax)
    throw new FactsError('too-large', `a status list has at most ${statusCredentialBytesMax} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(utf8FromBytes(bytes));
  } catch {
    throw new FactsError('bad-status', 'the status list is not JSON in UTF-8');
  }
  return readJsonObject(value);
}

export interface StatusListDraft {
  readonly url: string;
  readonly issuer: string;
  readonly verificationMethod: string;
  readonly signer: Signer;
  readonly purpose: StatusPurpose;
  readonly bitstring: Uint8Array;
  readonly nowSeconds: number;
  readonly ttlSeconds?: number;
}

export interface SignedStatusList {
  /** Canonical JSON: what is served. */
  readonly text: string;
  readonly digest: string;
  readonly validUntil: number;
}

/** Signs a list that lives for two of its ttls. */
export function issueStatusList(draft: StatusListDraft): SignedStatusList {
  const { url, issuer, verificationMethod, signer, bitstring, nowSeconds } = draft;
  const ttlSeconds = draft.ttlSeconds ?? statusTtlSecondsDefault;
  const validUntil = nowSeconds + statusLivesPerTtl * ttlSeconds;
  const created = instantOf(nowSeconds);
  const unsecured: JsonObject = {
    '@context': [credentialsContext],
    id: url,
    type: ['VerifiableCredential', listType],
    issuer,
    validFrom: created,
    validUntil: instantOf(validUntil),
    credentialSubject: {
      id: `${url}#list`,
      type: 'BitstringStatusList',
      statusPurpose: draft.purpose,
      encodedList: encodeBitstring(bitstring),
      ttl: ttlSeconds * 1000,
    },
  };
  const text = canonicalJson(
    addProof(unsecured, { created, verificationMethod, proofPurpose: 'assertionMethod' }, signer),
  );
  return { text, digest: bytesToHex(digest(utf8ToBytes(text))), validUntil };
}
