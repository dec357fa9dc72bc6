/**
 * H and H16 of the specification: SHA-256 over a domain string and parts, and its first 16 bytes (§0).
 * The function is fixed; who computes it is not: a host with a native SHA-256 may lend it (docs/decisions/0006).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from './bytes.ts';

const domainBytes = new Map<string, Uint8Array>();
const scratch = new Uint8Array(4096);
let sha256Of: (bytes: Uint8Array) => Uint8Array = sha256;

/** The UTF-8 bytes of a domain string; the set of domains is fixed by the protocol, so the map is bounded. */
export function domain(name: `weft/${string}`): Uint8Array {
  let bytes = domainBytes.get(name);
  if (bytes === undefined) {
    bytes = utf8ToBytes(name);
    domainBytes.set(name, bytes);
  }
  return bytes;
}

/** H: 32 bytes. */
export function digest(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256Of(parts.length === 1 ? parts[0]! : gather(parts));
}

/** The parts one after the other, in scratch bytes where they fit: hashing is synchronous and keeps nothing. */
function gather(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > scratch.length) return concatBytes(...parts);
  let offset = 0;
  for (const part of parts) {
    scratch.set(part, offset);
    offset += part.length;
  }
  return scratch.subarray(0, length);
}

/** H16: the first 16 bytes of H. */
export function digest16(...parts: readonly Uint8Array[]): Uint8Array {
  return digest(...parts).slice(0, 16);
}

/**
 * Lends the core a faster SHA-256 of the host's. It must return 32 fresh bytes.
 * @throws TypeError when it does not compute SHA-256.
 */
export function useNativeSha256(implementation: (bytes: Uint8Array) => Uint8Array): void {
  const sample = utf8ToBytes('weft/sha-256/1');
  const expected = sha256(sample);
  const found = implementation(sample);
  if (found.length !== expected.length || found.some((byte, index) => byte !== expected[index])) {
    throw new TypeError('that is not SHA-256');
  }
  sha256Of = implementation;
}
