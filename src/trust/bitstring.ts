/**
 * The bitstring of Bitstring Status List v1.0: its multibase form, read within bounds, and its bits.
 * Bit 0 is the left-most of the first byte (§3.2). The text is `u` and base64url without padding of the GZIP bytes.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { base64url } from 'multiformats/bases/base64';
import { FactsError } from '../facts/facts-error.ts';
import { statusBitsMax, statusBitsMin, statusCredentialBytesMax } from './trust-limits.ts';

/** All bits off. @param bits a multiple of 8 between the bounds */
export function createBitstring(bits: number = statusBitsMin): Uint8Array {
  if (bits % 8 !== 0 || bits < statusBitsMin || bits > statusBitsMax)
    throw new RangeError(`a status list has ${statusBitsMin} to ${statusBitsMax} bits`);
  return new Uint8Array(bits / 8);
}

export function hasBit(bitstring: Uint8Array, index: number): boolean {
  return ((bitstring[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

export function setBit(bitstring: Uint8Array, index: number, isOn: boolean): void {
  const mask = 0x80 >> (index & 7);
  const byte = bitstring[index >> 3] ?? 0;
  bitstring[index >> 3] = isOn ? byte | mask : byte & ~mask;
}

/** `encodedList` of a status list. */
export function encodeBitstring(bitstring: Uint8Array): string {
  return base64url.encode(gzipSync(bitstring));
}

/** The inverse, which never makes more than the largest list of it. @throws FactsError `bad-status` */
export function decodeBitstring(encoded: string): Uint8Array {
  if (encoded.length > statusCredentialBytesMax)
    throw new FactsError('bad-status', `encodedList has more than ${statusCredentialBytesMax} characters`);
  const bitstring = inflated(encoded);
  if (bitstring.length * 8 < statusBitsMin)
    throw new FactsError(
      'bad-status',
      `the list has ${bitstring.length} bytes, at least ${statusBitsMin / 8} are asked`,
    );
  return bitstring;
}

function inflated(encoded: string): Uint8Array {
  try {
    if (!/^u[A-Za-z0-9_-]+$/.test(encoded)) throw new TypeError('not base64url without padding');
    return new Uint8Array(gunzipSync(base64url.decode(encoded), { maxOutputLength: statusBitsMax / 8 }));
  } catch {
    throw new FactsError(
      'bad-status',
      `encodedList is no multibase base64url of GZIP bytes that hold at most ${statusBitsMax / 8} bytes`,
    );
  }
}
