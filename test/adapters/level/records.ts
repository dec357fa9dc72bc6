/** Records that anybody can tell from their number: a reader needs no copy of what a writer wrote. */
import { createHash } from 'node:crypto';

/** The key of an agent's entry. */
export function keyOf(index: number): string {
  return `agent/${createHash('sha256').update(`key ${index}`).digest('hex')}`;
}

/** As long as a bundle with one inception; another version is another value. */
export function recordOf(index: number, version = 0): Uint8Array {
  const part = createHash('sha512').update(`value ${index} ${version}`).digest();
  return new Uint8Array(Buffer.concat(Array.from({ length: 8 }, () => part)).subarray(0, 492));
}
