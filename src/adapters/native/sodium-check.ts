/** One check by libsodium, on whatever thread calls. */
import type { SignatureCheck } from '../../core/ed25519.ts';
import { keyBytes, signatureBytes } from '../../core/limits.ts';
import { sodium } from './sodium.ts';

/** Key admission (§1), uncached: 0.04 ms. */
export function isValidKey(publicKey: Uint8Array): boolean {
  return publicKey.length === keyBytes && sodium.crypto_core_ed25519_is_valid_point(publicKey);
}

/** The verdict for an admitted key: libsodium refuses small-order R and S ≥ L, and compares the encoding of R. */
export function isValidSignature({ publicKey, message, signature }: SignatureCheck): boolean {
  if (signature.length !== signatureBytes) return false;
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}
