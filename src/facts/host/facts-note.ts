/**
 * One hosted credential in the node's store, under `facts/<agent key>`.
 * Wire (store only): dCBOR [1, signed here 0 or 1, published at, validity of what is signed here, canonical JSON as text].
 */
import { utf8FromBytes, utf8ToBytes } from '../../core/bytes.ts';
import { decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { agentIdFromKey } from '../../core/identity/agent-id.ts';
import { readArray, readBytes, readInteger, readSeconds } from '../../core/shape.ts';
import type { AgentFacts } from '../agent-facts.ts';
import type { JsonObject } from '../bounded-json.ts';
import { factsBytesMax, validitySecondsMax } from '../facts-limits.ts';

export const factsPrefix = 'facts/';
const noteBytesMax = factsBytesMax + 64;

export interface FactsNote {
  readonly isSignedHere: boolean;
  readonly publishedAt: number;
  /** Of a credential that is signed here again; else 0. */
  readonly validitySeconds: number;
  readonly text: string;
}

/** What a verified credential says, read back without asking again. */
export interface ReadBack {
  readonly credential: JsonObject;
  readonly facts: AgentFacts;
  readonly issuer: string;
  readonly verificationMethod: string;
  readonly created: string;
  readonly validFrom: string;
  readonly validUntil: string;
}

export function encodeNote({ isSignedHere, publishedAt, validitySeconds, text }: FactsNote): Uint8Array {
  return encodeCanonical([1, isSignedHere ? 1 : 0, publishedAt, validitySeconds, utf8ToBytes(text)]);
}

/** @throws ProtocolError; the store's checksum makes that a defect rather than damage. */
export function decodeNote(bytes: Uint8Array): FactsNote {
  const [version, isSignedHere, publishedAt, validitySeconds, text] = readArray(
    decodeCanonical(bytes, noteBytesMax),
    'facts',
    5,
  );
  readInteger(version, 'version', 1, 1);
  return {
    isSignedHere: readInteger(isSignedHere, 'signed here', 0, 1) === 1,
    publishedAt: readSeconds(publishedAt, 'published at'),
    validitySeconds: readInteger(validitySeconds, 'validity', 0, validitySecondsMax),
    text: utf8FromBytes(readBytes(text, 'text', { max: factsBytesMax })),
  };
}

/** The credential of a note: it was verified before it was written. */
export function readBack({ text }: FactsNote): ReadBack {
  const credential = JSON.parse(text) as JsonObject;
  const issuer = credential['issuer'] as string | { readonly id: string };
  const given = credential['proof'] as unknown as JsonObject | readonly JsonObject[];
  const proof = (Array.isArray(given) ? given[0] : given) as JsonObject;
  return {
    credential,
    facts: credential['credentialSubject'] as unknown as AgentFacts,
    issuer: typeof issuer === 'string' ? issuer : issuer.id,
    verificationMethod: proof['verificationMethod'] as string,
    created: proof['created'] as string,
    validFrom: credential['validFrom'] as string,
    validUntil: credential['validUntil'] as string,
  };
}

/** The key of the store. */
export function placeOf(agentKey: string): string {
  return factsPrefix + agentKey;
}

/** The inverse; null for a key of something else. */
export function agentOfPlace(place: string): Uint8Array | null {
  const key = place.slice(factsPrefix.length);
  return /^[0-9a-f]{64}$/.test(key) ? agentIdFromKey(key) : null;
}
