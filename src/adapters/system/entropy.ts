/** Random bytes of the platform (Web Crypto). Runs in Node and in browsers. */
import type { Entropy } from '../../ports/entropy.ts';

/** getRandomValues refuses more at once. */
const chunkBytes = 65_536;

export function createSystemEntropy(): Entropy {
  return {
    randomBytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += chunkBytes) {
        globalThis.crypto.getRandomValues(bytes.subarray(at, at + chunkBytes));
      }
      return bytes;
    },
  };
}
