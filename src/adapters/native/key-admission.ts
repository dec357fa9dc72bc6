/** Key admission by libsodium with its cache, shared by the calling thread and what the workers report. */
import { createRecentMap } from '../../core/recent-map.ts';
import { isValidKey } from './sodium-check.ts';

/** Remembered admissions: 100,000 keys are about 10 MB. */
const admittedKeysMax = 100_000;

export interface KeyAdmission {
  isKnown(publicKey: Uint8Array): boolean;
  remember(publicKey: Uint8Array): void;
  isAdmissible(publicKey: Uint8Array): boolean;
}

/** An empty cache. */
export function createKeyAdmission(): KeyAdmission {
  const admittedKeys = createRecentMap<true>(admittedKeysMax);
  const keyOf = (bytes: Uint8Array): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const isKnown = (publicKey: Uint8Array): boolean => admittedKeys.get(keyOf(publicKey)) === true;
  const remember = (publicKey: Uint8Array): void => admittedKeys.set(keyOf(publicKey), true);
  return {
    isKnown,
    remember,
    isAdmissible(publicKey) {
      if (isKnown(publicKey)) return true;
      if (!isValidKey(publicKey)) return false;
      remember(publicKey);
      return true;
    },
  };
}
