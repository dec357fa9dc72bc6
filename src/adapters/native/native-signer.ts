/** Signing with libsodium: some 20,000 signatures a second, the same bytes as core/ed25519's signer. */
import type { Signer } from '../../core/ed25519.ts';
import { ProtocolError } from '../../core/errors.ts';
import { keyBytes } from '../../core/limits.ts';
import { sodium } from './sodium.ts';

/** A signer over a 32-byte seed (RFC 8032's secret key). Throws `bad-argument` for another length. */
export function createNativeSigner(seed: Uint8Array): Signer {
  if (seed.length !== keyBytes) {
    throw new ProtocolError('bad-argument', `a signing seed has ${keyBytes} bytes, not ${seed.length}`);
  }
  const publicKey = new Uint8Array(sodium.crypto_sign_PUBLICKEYBYTES);
  const secretKey = new Uint8Array(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return {
    publicKey,
    sign(message) {
      const signature = new Uint8Array(sodium.crypto_sign_BYTES);
      sodium.crypto_sign_detached(signature, message, secretKey);
      return signature;
    },
  };
}
