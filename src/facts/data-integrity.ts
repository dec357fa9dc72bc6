/**
 * W3C Data Integrity with the cryptosuite `eddsa-jcs-2022`: which bytes a proof signs, and the proof around a signature.
 * Knows nothing of what a document says, of who may sign it, or of time.
 *
 * Signed: SHA-256(JCS(proof without its value)) ‖ SHA-256(JCS(document without its proof)).
 * Source: W3C Recommendation "Data Integrity EdDSA Cryptosuites v1.0", §3.3; RFC 8785.
 */
import canonicalize from 'canonicalize';
import { base58btc } from 'multiformats/bases/base58';
import { concatBytes, utf8ToBytes } from '../core/bytes.ts';
import type { Signer } from '../core/ed25519.ts';
import { digest } from '../core/hash.ts';
import { signatureBytes } from '../core/limits.ts';
import type { JsonObject, JsonValue } from './bounded-json.ts';
import { FactsError } from './facts-error.ts';

export const cryptosuite = 'eddsa-jcs-2022';
const proofType = 'DataIntegrityProof';
/** 64 bytes in base58btc have at most 88 characters. */
const proofValueLengthMax = 89;

/** What a proof says about itself. */
export interface ProofOptions {
  /** ISO 8601. */
  readonly created: string;
  readonly verificationMethod: string;
  readonly proofPurpose: 'assertionMethod' | 'authentication';
  /** ISO 8601. */
  readonly expires?: string;
  /** For whom it is, and what that reader or the signer drew. */
  readonly domain?: string;
  readonly challenge?: string;
}

/** What a proof claims, and the bytes that it must have signed. */
export interface ProofClaim {
  readonly created: string | null;
  readonly expires: string | null;
  readonly verificationMethod: string;
  readonly proofPurpose: string;
  /** 64 bytes. */
  readonly message: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** RFC 8785. @throws FactsError `not-json` for what JSON cannot say */
export function canonicalJson(value: JsonValue): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch {
    // Half a surrogate pair, or a number that JSON has not.
  }
  if (text === undefined) throw new FactsError('not-json', 'the document has no canonical form');
  return text;
}

/** The document with a proof of that signer. A document that has one already gets this one in its place. */
export function addProof(document: JsonObject, options: ProofOptions, signer: Signer): JsonObject {
  const { proof: _previous, ...unsecured } = document;
  const context = unsecured['@context'];
  const config: JsonObject = {
    type: proofType,
    cryptosuite,
    ...options,
    ...(context !== undefined && { '@context': context }),
  };
  const signature = signer.sign(hashData(config, unsecured));
  return { ...unsecured, proof: { ...config, proofValue: base58btc.encode(signature) } };
}

/** The bytes that are signed: the digests of the proof's options and of the document, in this order. */
export function hashData(proofConfig: JsonObject, unsecured: JsonObject): Uint8Array {
  return concatBytes(
    digest(utf8ToBytes(canonicalJson(proofConfig))),
    digest(utf8ToBytes(canonicalJson(unsecured))),
  );
}

/** Takes a secured document apart. @throws FactsError `unsupported-proof`, `bad-proof` for a malformed one */
export function readProof(document: JsonObject): ProofClaim {
  const { proof: given, ...unsecured } = document;
  const proof = Array.isArray(given) && given.length === 1 ? (given[0] as JsonValue) : given;
  if (!isObject(proof)) throw new FactsError('unsupported-proof', 'the document needs exactly one proof');
  const { proofValue, ...config } = proof;
  if (config['type'] !== proofType || config['cryptosuite'] !== cryptosuite)
    throw new FactsError(
      'unsupported-proof',
      `only proofs of the cryptosuite ${cryptosuite} are checked here`,
    );
  if (config['previousProof'] !== undefined)
    throw new FactsError('unsupported-proof', 'chains of proofs are not checked here');
  return {
    created: optionalText(config, 'created'),
    expires: optionalText(config, 'expires'),
    verificationMethod: text(config, 'verificationMethod'),
    proofPurpose: text(config, 'proofPurpose'),
    message: hashData(config, withContextOf(config, unsecured)),
    signature: signatureOf(proofValue),
  };
}

/** §3.3.2: the contexts that were signed stand first in the document, and only they are hashed. */
function withContextOf(config: JsonObject, unsecured: JsonObject): JsonObject {
  const signed = config['@context'];
  if (signed === undefined) return unsecured;
  const wanted = listOf(signed);
  const found = listOf(unsecured['@context'] ?? []);
  const isPrefix = wanted.every(
    (context, index) => found[index] !== undefined && canonicalJson(context) === canonicalJson(found[index]),
  );
  if (!isPrefix) throw new FactsError('bad-proof', 'the contexts are not those that were signed');
  return { ...unsecured, '@context': signed };
}

function signatureOf(proofValue: JsonValue | undefined): Uint8Array {
  if (typeof proofValue === 'string' && proofValue.length <= proofValueLengthMax) {
    try {
      const signature = base58btc.decode(proofValue);
      if (signature.length === signatureBytes) return signature;
    } catch {
      // Not base58btc: the same answer as for a wrong length.
    }
  }
  throw new FactsError('bad-proof', 'proofValue is not a signature of 64 bytes in base58btc');
}

function text(config: JsonObject, name: string): string {
  const value = config[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new FactsError('bad-proof', `the proof has no ${name}`, { member: name });
}

function optionalText(config: JsonObject, name: string): string | null {
  return config[name] === undefined ? null : text(config, name);
}

function listOf(value: JsonValue): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
