/** H and H16 of the specification: SHA-256 over a domain string and parts, and its first 16 bytes (§0). */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from './bytes.ts';

const domainBytes = new Map<string, Uint8Array>();

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
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** H16: the first 16 bytes of H. */
export function digest16(...parts: readonly Uint8Array[]): Uint8Array {
  return digest(...parts).slice(0, 16);
}
