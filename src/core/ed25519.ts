/**
 * The one verification rule (§1): key and R canonical, in the prime-order subgroup, not small order; S < L; the
 * cofactorless equation. Decides which keys and signatures the protocol accepts and signs by the same rule; does not
 * cache, batch or use threads: that is behind ports/verifier. Source: RFC 8032; Chalkias, Garillot, Nikolaenko,
 * "Taming the many EdDSAs" (2020).
 */
import { getPublicKey, hashes, Point, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesEqual } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { keyBytes, signatureBytes } from './limits.ts';

hashes.sha512 = sha512;

/** One signature that is owed a verdict: a 32-byte key, the exact bytes that were signed, a 64-byte signature. */
export interface SignatureCheck {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Whoever holds a secret key: signs without showing it. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes, deterministic (RFC 8032). */
  sign(message: Uint8Array): Uint8Array;
}

/** L, the order of the base point. */
const groupOrder = Point.CURVE().n;

/** Canonical encoding of the identity point: the only small-order R that satisfies the equation for an admitted key. */
const identityEncoding = Point.ZERO.toBytes();

/** Key admission: canonical, on the curve, not small order, torsion free. Uncached: 2 to 4 ms. Never throws. */
export function isAdmissiblePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== keyBytes) return false;
  try {
    const point = Point.fromBytes(publicKey);
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false;
  }
}

/**
 * The verdict for a key that isAdmissiblePublicKey admits. Never throws.
 * Encodes [S]B − [k]A and compares it with R's bytes, as OpenSSL does: for a torsion-free A the difference is
 * canonical and in the prime-order subgroup, so nothing else has to be asked of R but that it is not the identity.
 */
export function verifyAdmitted(check: SignatureCheck): boolean {
  const { publicKey, message, signature } = check;
  if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false;
  const encodedR = signature.subarray(0, 32);
  const scalar = littleEndianInteger(signature.subarray(32));
  if (scalar >= groupOrder || isIdentityEncoding(encodedR)) return false;
  try {
    const challenge = littleEndianInteger(
      sha512.create().update(encodedR).update(publicKey).update(message).digest(),
    );
    const keyMultiple = Point.fromBytes(publicKey).multiply(challenge % groupOrder, false);
    return bytesEqual(Point.BASE.multiply(scalar, false).subtract(keyMultiple).toBytes(), encodedR);
  } catch {
    return false;
  }
}

/** True for the 32 bytes that encode the identity: as R they are small order, which the rule refuses. */
export function isIdentityEncoding(encodedPoint: Uint8Array): boolean {
  return bytesEqual(encodedPoint, identityEncoding);
}

/** A signer over a 32-byte seed (RFC 8032's secret key). Throws `bad-argument` for another length. */
export function createSigner(seed: Uint8Array): Signer {
  if (seed.length !== keyBytes) {
    throw new ProtocolError('bad-argument', `a signing seed has ${keyBytes} bytes, not ${seed.length}`);
  }
  const secret = Uint8Array.from(seed);
  return { publicKey: getPublicKey(secret), sign: (message) => sign(message, secret) };
}

function littleEndianInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index]!);
  return value;
}
