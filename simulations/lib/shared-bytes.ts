/** Bytes that thousands of nodes store of one agent, kept once. Nobody writes into what is stored. */
import { bytesEqual } from '../../src/core/bytes.ts';

/** Versions of one agent's entry that are compared with: those of the last changes, in a few seconds each. */
const versionsMax = 8;

export interface SharedBytes {
  /** These bytes, or equal ones that somebody stored before under that key. */
  same(key: string, bytes: Uint8Array): Uint8Array;
}

export function createSharedBytes(): SharedBytes {
  const versionsByKey = new Map<string, Uint8Array[]>();
  return {
    same(key, bytes) {
      const versions = versionsByKey.get(key);
      if (versions === undefined) {
        versionsByKey.set(key, [bytes]);
        return bytes;
      }
      const known = versions.find((version) => version === bytes || bytesEqual(version, bytes));
      if (known !== undefined) return known;
      versions.unshift(bytes);
      versions.length = Math.min(versions.length, versionsMax);
      return bytes;
    },
  };
}
