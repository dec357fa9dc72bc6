/**
 * Credentials beside AgentFacts: audits, certifications, cross-signings, attestations, as W3C Verifiable Credentials 2.0.
 * One issuer and one subject, both `did:nanda` or `did:key`, one proof, both ends of validity. Decides shape and time's
 * form; who may say what is for a zone to judge.
 */
import type { ValidateFunction } from 'ajv';
import { base64url } from 'multiformats/bases/base64';
import type { Static } from 'typebox';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../core/bytes.ts';
import { digest } from '../core/hash.ts';
import { type JsonObject, type JsonValue, readJsonObject } from '../facts/bounded-json.ts';
import { assertContexts } from '../facts/contexts.ts';
import {
  assertShape,
  createShapes,
  didSchema,
  optionalMembers,
  secondsOf,
  timeSchema,
  wordsSchema,
} from '../facts/credential.ts';
import { canonicalJson } from '../facts/data-integrity.ts';
import { FactsError } from '../facts/facts-error.ts';
import { Type } from '../facts/json-schema.ts';
import { readStatusEntries, type StatusEntry } from '../facts/status-entry.ts';
import { credentialBytesMax, credentialSecondsMax } from './trust-limits.ts';

/** Terms of credentials, for readers that process JSON-LD. */
export const trustContext = { '@vocab': 'https://agentfacts.org/schema/v1#' } as const;
export const baseType = 'VerifiableCredential';
/** A root's word about another issuer. */
export const crossSigningType = 'CrossSigningCredential';

const subject = Type.Object({ id: didSchema }, { description: 'Whom it is about, with any claims' });

/** The envelope. */
const trustCredentialSchema = Type.Object(
  {
    '@context': Type.Array(Type.Union([Type.String({ format: 'uri', maxLength: 512 }), Type.Object({})]), {
      minItems: 1,
      maxItems: 8,
    }),
    id: Type.Optional(Type.String({ format: 'uri', maxLength: 2048 })),
    type: Type.Array(
      Type.String({ pattern: '^(?:[A-Z][A-Za-z0-9]*|[a-z][a-z0-9+.-]*:\\S+)$', maxLength: 256 }),
      {
        minItems: 2,
        maxItems: 8,
        uniqueItems: true,
      },
    ),
    issuer: Type.Union([
      didSchema,
      Type.Object({ id: didSchema, name: wordsSchema, description: wordsSchema }),
    ]),
    validFrom: timeSchema,
    validUntil: timeSchema,
    credentialSubject: Type.Union([subject, Type.Array(subject, { minItems: 1, maxItems: 1 })]),
    ...optionalMembers,
    proof: Type.Unsafe<JsonObject | readonly JsonObject[]>({ type: ['object', 'array'] }),
  },
  { title: 'TrustCredential' },
);

/** A credential whose shape was checked, and nothing else. */
export interface TrustCredential {
  readonly document: JsonObject;
  /** Without VerifiableCredential. */
  readonly types: readonly string[];
  /** DIDs. */
  readonly issuer: string;
  readonly subject: string;
  /** What is said of the subject, its id included. */
  readonly claims: JsonObject;
  /** Seconds since 1970. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly status: readonly StatusEntry[];
  /** Digests, hexadecimal, of what it refers to by hash. */
  readonly links: readonly string[];
  /** SHA-256 of the canonical document, proof included, hexadecimal: its name in revocations and links. */
  readonly digest: string;
}

let check: ValidateFunction | null = null;

/** @throws FactsError `not-json`, `too-large`, `bad-credential`, and those of readStatusEntries */
export function readTrustCredential(value: unknown): TrustCredential {
  const document = readJsonObject(value);
  const bytes = utf8ToBytes(canonicalJson(document));
  if (bytes.length > credentialBytesMax)
    throw new FactsError('too-large', `a credential has at most ${credentialBytesMax} bytes`, {
      found: bytes.length,
      most: credentialBytesMax,
    });
  check ??= createShapes().compile(trustCredentialSchema);
  assertShape(check, document, 'bad-credential');
  const { type, issuer, validFrom, validUntil, credentialSubject } = document as unknown as Static<
    typeof trustCredentialSchema
  >;
  assertContexts(document['@context']);
  if (!type.includes(baseType)) throw new FactsError('bad-credential', `type names ${baseType}`);
  const from = secondsOf(validFrom);
  const until = secondsOf(validUntil);
  if (until <= from || until - from > credentialSecondsMax)
    throw new FactsError(
      'bad-credential',
      `validUntil comes after validFrom, by at most ${credentialSecondsMax} seconds`,
    );
  const claims = (Array.isArray(credentialSubject)
    ? credentialSubject[0]
    : credentialSubject) as unknown as JsonObject;
  return {
    document,
    types: type.filter((name) => name !== baseType),
    issuer: typeof issuer === 'string' ? issuer : issuer.id,
    subject: claims['id'] as string,
    claims,
    validFrom: from,
    validUntil: until,
    status: readStatusEntries(document),
    links: linksOf(document),
    digest: bytesToHex(digest(bytes)),
  };
}

/** Multihash of SHA-256 with its length before it. */
const multihashStart = Uint8Array.of(0x12, 0x20);

/** A digest in hexadecimal as `digestMultibase` of VC 2.0 §5.3: base64url of its multihash. */
export function digestMultibaseOf(hex: string): string {
  return base64url.encode(concatBytes(multihashStart, hexToBytes(hex)));
}

/** The inverse, of SHA-256 alone; null for what is none. */
export function hexOfDigestMultibase(text: string): string | null {
  if (text.length !== 47) return null;
  try {
    const bytes = base64url.decode(text);
    const isSha256 = bytes.length === 34 && bytes[0] === 0x12 && bytes[1] === 0x20;
    return isSha256 ? bytesToHex(bytes.subarray(2)) : null;
  } catch {
    return null;
  }
}

/** VC 2.0 §5.3: what stands under relatedResource with a SHA-256 as digestMultibase. */
function linksOf(document: JsonObject): readonly string[] {
  const related = (document['relatedResource'] ?? []) as readonly JsonObject[];
  return related.flatMap(({ digestMultibase }: { readonly digestMultibase?: JsonValue }) => {
    const hex = typeof digestMultibase === 'string' ? hexOfDigestMultibase(digestMultibase) : null;
    return hex === null ? [] : [hex];
  });
}
