/** Key admission by libsodium with its cache, shared by the calling thread and what the workers report. */
import { keyBytes } from '../../core/limits.ts';
import { createKeySet } from './key-set.ts';
import { isValidKey } from './sodium-check.ts';

/** Remembered admissions: 4 MB when all are taken. */
const admittedKeysMax = 2 ** 17;

export interface KeyAdmission {
  isKnown(publicKey: Uint8Array): boolean;
  /** Only keys that isValidKey: they have 32 bytes. */
  remember(publicKey: Uint8Array): void;
  isAdmissible(publicKey: Uint8Array): boolean;
}

/** An empty cache. */
export function createKeyAdmission(): KeyAdmission {
  const admitted = createKeySet(admittedKeysMax);
  const isKnown = (publicKey: Uint8Array): boolean =>
    publicKey.length === keyBytes && admitted.has(publicKey);
  return {
    isKnown,
    remember: admitted.add,
    isAdmissible(publicKey) {
      if (isKnown(publicKey)) return true;
      if (!isValidKey(publicKey)) return false;
      admitted.add(publicKey);
      return true;
    },
  };
}
