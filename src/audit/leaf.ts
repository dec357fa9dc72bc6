/**
 * What one entry of the log says: this node accepted this key event or revocation of this agent at this time.
 *
 * Wire: dCBOR [1, aid 32, kind 0..5, hash 32, first seen at], 76 to 78 bytes; its RFC 9162 leaf hash stands in the tree.
 * The hash is the digest of the key event or of the revocation (docs/protocol.md, Appendix B); the kinds in the order of
 * their numbers are those of `acceptedKinds`. Source: docs/protocol.md §9.
 */
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import { digestBytes } from '../core/limits.ts';
import { type AcceptedEvent, acceptedKinds } from '../core/record/accepted.ts';
import { readArray, readBytes, readInteger, readSeconds } from '../core/shape.ts';

export interface LogLeaf extends AcceptedEvent {
  /** Seconds since 1970, by the clock of the node whose log it is. */
  readonly seenAt: number;
}

export const leafBytesMax = 96;
const leafVersion = 1;
/** Behind the heads of the array, of the version and of the byte string. */
const agentIdOffset = 4;

export function encodeLeaf({ agentId, kind, hash, seenAt }: LogLeaf): Uint8Array {
  return encodeCanonical([leafVersion, agentId, acceptedKinds.indexOf(kind), hash, seenAt]);
}

/** The agent of an entry that encodeLeaf made, a view: without decoding the rest. */
export function agentIdInLeaf(leaf: Uint8Array): Uint8Array {
  return leaf.subarray(agentIdOffset, agentIdOffset + digestBytes);
}

/** @throws ProtocolError `too-large`, `not-canonical`, `wrong-shape`. */
export function decodeLeaf(bytes: Uint8Array): LogLeaf {
  const [version, agentId, kind, hash, seenAt] = readArray(
    decodeCanonical(bytes, leafBytesMax),
    'log entry',
    5,
  );
  readInteger(version, 'version', leafVersion, leafVersion);
  return {
    agentId: readBytes(agentId, 'aid', digestBytes),
    kind: acceptedKinds[readInteger(kind, 'kind', 0, acceptedKinds.length - 1)]!,
    hash: readBytes(hash, 'hash', digestBytes),
    seenAt: readSeconds(seenAt, 'first seen at'),
  };
}
