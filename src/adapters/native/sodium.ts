/** The part of sodium-native (libsodium) that signing and verifying use, with types: the package carries none. */
import { createRequire } from 'node:module';

export interface SodiumSigning {
  readonly crypto_sign_PUBLICKEYBYTES: number;
  readonly crypto_sign_SECRETKEYBYTES: number;
  readonly crypto_sign_BYTES: number;
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  /** Throws unless the signature has 64 bytes or more and the key 32. */
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /** Canonical, on the curve, not small order, torsion free. Throws unless the point has 32 bytes. */
  crypto_core_ed25519_is_valid_point(point: Uint8Array): boolean;
}

/** libsodium; loading it throws where no prebuilt addon fits the machine. */
export const sodium = createRequire(import.meta.url)('sodium-native') as SodiumSigning;
