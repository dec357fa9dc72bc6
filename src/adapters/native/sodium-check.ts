/** One check by libsodium, on whatever thread calls. */
import type { SignatureCheck } from '../../core/ed25519.ts';
import { keyBytes, signatureBytes } from '../../core/limits.ts';
import { sodium } from './sodium.ts';

/*
 * libsodium sees copies in these bytes, never the caller's arrays: a small array that native code has looked at gets an
 * ArrayBuffer of its own and keeps it, 300 bytes for 32, and keys and signatures are kept with the states they prove.
 */
const publicKeyCopy = new Uint8Array(keyBytes);
const signatureCopy = new Uint8Array(signatureBytes);
const messageCopy = new Uint8Array(1024);

/** Key admission (§1), uncached: 0.04 ms. */
export function isValidKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== keyBytes) return false;
  publicKeyCopy.set(publicKey);
  return sodium.crypto_core_ed25519_is_valid_point(publicKeyCopy);
}

/**
 * The verdict for an admitted key: libsodium refuses small-order R and S ≥ L, and compares the encoding of R.
 * @throws where the key has not 32 bytes.
 */
export function isValidSignature({ publicKey, message, signature }: SignatureCheck): boolean {
  if (signature.length !== signatureBytes) return false;
  if (publicKey.length !== keyBytes) throw new TypeError('an Ed25519 key has 32 bytes');
  publicKeyCopy.set(publicKey);
  signatureCopy.set(signature);
  return sodium.crypto_sign_verify_detached(signatureCopy, copyOfMessage(message), publicKeyCopy);
}

/** Longer ones are no part of what is kept. */
function copyOfMessage(message: Uint8Array): Uint8Array {
  if (message.length > messageCopy.length) return message;
  messageCopy.set(message);
  return messageCopy.subarray(0, message.length);
}
