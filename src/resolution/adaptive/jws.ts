/**
 * Statements that travel in headers and query answers: compact JWS (RFC 7515) with one algorithm, Ed25519, and explicit
 * types (RFC 8725 §3.11), so that none can pass for another. Checks form alone: who may sign is decided by who reads it.
 */
import { base64url } from 'multiformats/bases/base64';
import { utf8FromBytes, utf8ToBytes } from '../../core/bytes.ts';
import type { SignatureCheck, Signer } from '../../core/ed25519.ts';
import { signatureBytes } from '../../core/limits.ts';
import { type JsonObject, readJsonObject } from '../../facts/bounded-json.ts';
import { canonicalJson } from '../../facts/data-integrity.ts';
import { ResolutionError } from '../resolution-error.ts';

export type StatementType = 'weft-endpoint+jwt' | 'weft-route+jwt' | 'weft-load+jwt';

/** A statement taken apart. Nothing of it holds before its signature was checked by the key that `kid` names. */
export interface Statement {
  /** The DID URL of the key that claims to have signed. */
  readonly kid: string;
  readonly claims: JsonObject;
  /** Without the key. */
  readonly signed: Omit<SignatureCheck, 'publicKey'>;
}

export function signStatement(type: StatementType, kid: string, claims: JsonObject, signer: Signer): string {
  const header = encode(utf8ToBytes(canonicalJson({ alg: 'EdDSA', kid, typ: type })));
  const input = `${header}.${encode(utf8ToBytes(canonicalJson(claims)))}`;
  return `${input}.${encode(signer.sign(utf8ToBytes(input)))}`;
}

/** @throws ResolutionError `bad-token` for anything but one statement of that type */
export function readStatement(text: string, type: StatementType, bytesMax: number): Statement {
  if (text.length > bytesMax) throw bad(`has ${text.length} bytes, at most ${bytesMax} are taken`);
  const parts = text.split('.');
  if (parts.length !== 3) throw bad('is not a compact JWS');
  const [header, payload, signature] = parts as [string, string, string];
  const { alg, kid, typ, ...more } = objectOf(header);
  // Whatever else a header can hold (crit, jwk, x5u) changes who is believed.
  if (alg !== 'EdDSA' || typ !== type || typeof kid !== 'string' || Object.keys(more).length > 0)
    throw bad(`has another header than alg EdDSA, kid and typ ${type}`);
  const bytes = decode(signature);
  if (bytes.length !== signatureBytes) throw bad('has no signature of 64 bytes');
  return {
    kid,
    claims: objectOf(payload),
    signed: { message: utf8ToBytes(`${header}.${payload}`), signature: bytes },
  };
}

/** A text among the claims. @throws ResolutionError `bad-token` */
export function textClaim(claims: JsonObject, name: string, lengthMax: number): string {
  const value = claims[name];
  if (typeof value === 'string' && value !== '' && value.length <= lengthMax) return value;
  throw bad(`has no ${name}`);
}

/** A whole number of seconds since 1970. @throws ResolutionError `bad-token` */
export function secondsClaim(claims: JsonObject, name: string): number {
  const value = claims[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw bad(`has no ${name}`);
}

/** Bytes as they stand in identifiers of statements. */
export function encode(bytes: Uint8Array): string {
  return base64url.baseEncode(bytes);
}

/** One spelling of each statement: no padding, no bits that say nothing. */
function decode(text: string): Uint8Array {
  try {
    if (/^[A-Za-z0-9_-]+$/.test(text)) return base64url.baseDecode(text);
  } catch {
    // Not base64url: the same answer as for another alphabet.
  }
  throw bad('is not in base64url');
}

function objectOf(part: string): JsonObject {
  try {
    return readJsonObject(JSON.parse(utf8FromBytes(decode(part))));
  } catch {
    throw bad('does not hold a JSON object');
  }
}

function bad(what: string): ResolutionError {
  return new ResolutionError('bad-token', `the statement ${what}`);
}
