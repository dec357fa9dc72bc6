/**
 * The X25519 keys that belong to a peer's Ed25519 key (RFC 7748, §4.1): a question is sealed to whoever has the peer id,
 * and no round trip asks for a key. One secret for a signature and for this KEM is sound (Thormarker, ePrint 2021/509).
 */
import { etc, Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { base58btc } from 'multiformats/bases/base58';
import { keyBytes } from '../core/limits.ts';
import { createRecentMap } from '../core/recent-map.ts';

/** A peer id of an Ed25519 key: identity multihash of 36 bytes, the protobuf of a public key of type 1 with 32 bytes. */
const peerHead = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const fieldPrime = Point.CURVE().p;
const agreementKeys = createRecentMap<Uint8Array>(4096);

/** The key that a question to this peer is sealed to; null for a peer id that has none. */
export function agreementKeyOf(peer: string): Uint8Array | null {
  const known = agreementKeys.get(peer);
  if (known !== undefined) return known;
  const key = montgomeryOf(peer);
  if (key !== null) agreementKeys.set(peer, key);
  return key;
}

/** The secret of a node's seed: its Ed25519 scalar, before X25519 clamps it. */
export function agreementSecretOf(seed: Uint8Array): Uint8Array {
  return sha512(seed).slice(0, keyBytes);
}

/** u = (1 + y) / (1 - y) */
function montgomeryOf(peer: string): Uint8Array | null {
  try {
    const bytes = base58btc.baseDecode(peer);
    const isEd25519 =
      bytes.length === peerHead.length + keyBytes && peerHead.every((byte, index) => bytes[index] === byte);
    if (!isEd25519) return null;
    const point = Point.fromBytes(bytes.slice(peerHead.length));
    if (point.isSmallOrder()) return null;
    const { y } = point.toAffine();
    const u = etc.mod((1n + y) * etc.invert(etc.mod(1n - y, fieldPrime), fieldPrime), fieldPrime);
    return littleEndian(u);
  } catch {
    return null; // not base58, or no point
  }
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(keyBytes);
  let rest = value;
  for (let index = 0; index < keyBytes; index++) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
