/** Packages that ship no type declarations, behind the few types that the benchmarks use. */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** Loads a package without declarations; the caller states the part of its shape that it uses. */
export function loadUntyped<T>(name: string): T {
  return load(name) as T;
}

/** The part of sodium-native that the subjects use. */
export interface Sodium {
  crypto_sign_seed_keypair(publicKey: Buffer, secretKey: Buffer, seed: Buffer): void;
  crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean;
}

/** libsodium, in this thread. */
export function loadSodium(): Sodium {
  return loadUntyped<Sodium>('sodium-native');
}
