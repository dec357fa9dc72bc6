/** Byte strings: comparison, concatenation, text forms. Nothing here knows the protocol. */
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base32 } from 'multiformats/bases/base32';

export { hexToBytes, utf8ToBytes };

const hexDigitCodes = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Lower case hexadecimal. One flat string in one call: maps are keyed by it on every hot path. */
export function bytesToHex(bytes: Uint8Array): string {
  const codes: number[] = new Array(bytes.length * 2);
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    codes[index * 2] = hexDigitCodes[byte >> 4]!;
    codes[index * 2 + 1] = hexDigitCodes[byte & 15]!;
  }
  return bytes.length <= hexChunkBytes ? String.fromCharCode(...codes) : hexOfCodes(codes);
}

/** Arguments of one call are limited; long strings are put together from parts. */
const hexChunkBytes = 1024;

function hexOfCodes(codes: readonly number[]): string {
  let text = '';
  for (let start = 0; start < codes.length; start += 2 * hexChunkBytes) {
    text += String.fromCharCode(...codes.slice(start, start + 2 * hexChunkBytes));
  }
  return text;
}

/** The parts one after the other, in fresh bytes. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** These bytes, or a copy of a view: one that is kept keeps alive all that it is a view of, such as an encoder's pool. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** Same length and same bytes. Not constant time: nothing secret is compared here. */
export function bytesEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** Lexicographic order, a prefix before what it begins: negative, zero or positive. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** RFC 4648 base32, lower case, no padding. */
export function toBase32(bytes: Uint8Array): string {
  return base32.baseEncode(bytes);
}

/** The inverse of toBase32; throws SyntaxError on anything else. */
export function fromBase32(text: string): Uint8Array {
  const bytes = base32.baseDecode(text);
  if (base32.baseEncode(bytes) !== text) throw new SyntaxError('not canonical base32');
  return bytes;
}

const utf8Decoder = new (
  globalThis as unknown as {
    TextDecoder: new (label: string, options: object) => { decode(b: Uint8Array): string };
  }
).TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict UTF-8; throws TypeError on an invalid sequence. */
export function utf8FromBytes(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes);
}
