/**
 * One agent as the store holds it: the joined bundle with what only this node knows about it.
 * Wire (store only): dCBOR [1, flags, learnedAt, expiresAt, mark est32 or null, mark iat, bundle bstr].
 * flags: 1 = this node is a storing peer of the record. Source: docs/protocol.md §4 (high-water mark).
 */
import { ownBytes } from '../bytes.ts';
import { decodeCanonical, encodeCanonical } from '../cbor.ts';
import { bundleBytesMax, digestBytes } from '../limits.ts';
import { remembered, remembersResults } from '../remembered.ts';
import { readArray, readBytes, readInteger, readOptionalBytes, readSeconds } from '../shape.ts';

/** The newest fence this node has ever accepted: an establishment and an iat (§4). It outlives the record itself. */
export interface HighWaterMark {
  readonly establishment: Uint8Array;
  readonly issuedAt: number;
}

export interface AgentEntry {
  readonly isHeld: boolean;
  /** When this node first accepted the current head of the key log, seconds. */
  readonly learnedAt: number;
  /** When the record's validity ends, seconds; 0 without a record. */
  readonly expiresAt: number;
  readonly mark: HighWaterMark | null;
  readonly bundle: Uint8Array;
}

const entryOverheadBytes = 128;

export function encodeEntry({ bundle, isHeld, learnedAt, expiresAt, mark }: AgentEntry): Uint8Array {
  return encodeAround(bundle, isHeld, learnedAt, expiresAt, mark?.establishment ?? null, mark?.issuedAt ?? 0);
}

const encodeAround = remembered(
  (
    bundle: Uint8Array,
    isHeld: boolean,
    learnedAt: number,
    expiresAt: number,
    establishment: Uint8Array | null,
    issuedAt: number,
  ) => {
    const bytes = encodeCanonical([1, isHeld ? 1 : 0, learnedAt, expiresAt, establishment, issuedAt, bundle]);
    // What is remembered must not keep the pool of an encoder alive; what a node writes is gone at once.
    return remembersResults() ? ownBytes(bytes) : bytes;
  },
);

/** Whether the node stores the record for others, of bytes that `encodeEntry` made: behind the array's head and the version. */
export function isHeldEntry(bytes: Uint8Array): boolean {
  return bytes[2] === 1;
}

/** @throws ProtocolError; the store's checksum makes that a defect rather than an attack. */
export const decodeEntry = remembered((bytes: Uint8Array): AgentEntry => {
  const [version, flags, learnedAt, expiresAt, establishment, issuedAt, bundle] = readArray(
    decodeCanonical(bytes, bundleBytesMax + entryOverheadBytes),
    'entry',
    7,
  );
  readInteger(version, 'version', 1, 1);
  const markEstablishment = readOptionalBytes(establishment, 'mark', digestBytes);
  const markIssuedAt = readSeconds(issuedAt, 'mark iat');
  return {
    isHeld: readInteger(flags, 'flags', 0, 1) === 1,
    learnedAt: readSeconds(learnedAt, 'learnedAt'),
    expiresAt: readInteger(expiresAt, 'expiresAt', 0, 2 ** 33),
    mark: markEstablishment === null ? null : { establishment: markEstablishment, issuedAt: markIssuedAt },
    bundle: readBytes(bundle, 'bundle', { max: bundleBytesMax }),
  };
});
