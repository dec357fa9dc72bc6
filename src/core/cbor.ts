/**
 * Deterministic CBOR (RFC 8949 §4.2.1), the only encoding on the wire and in the store.
 * Decides what is canonical; does not know any structure. A receiver requires encode(decode(x)) == x (§0).
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { bytesEqual } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** What may stand in a structure: no floats, tags, maps or undefined. Integers are safe and not negative. */
export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[];

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
};

/** Canonical bytes of a value. */
export function encodeCanonical(value: CborValue): Uint8Array {
  const bytes = encode(value, rfc8949EncodeOptions);
  // On Node the codec may give a Buffer, whose slice() is a view: callers are promised plain bytes.
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The one value that these bytes canonically encode.
 * @throws ProtocolError `too-large` over sizeBytesMax; `not-canonical` for anything that does not re-encode to itself.
 */
export function decodeCanonical(bytes: Uint8Array, sizeBytesMax: number): CborValue {
  if (bytes.length > sizeBytesMax) {
    throw new ProtocolError('too-large', `${bytes.length} bytes where at most ${sizeBytesMax} are allowed`, {
      sizeBytes: bytes.length,
      sizeBytesMax,
    });
  }
  let value: CborValue;
  try {
    value = decode(bytes, decodeOptions) as CborValue;
    if (bytesEqual(encode(value, rfc8949EncodeOptions), bytes)) return value;
  } catch (error) {
    throw new ProtocolError('not-canonical', `not deterministic CBOR: ${(error as Error).message}`);
  }
  throw new ProtocolError('not-canonical', 'not deterministic CBOR: it does not re-encode to the same bytes');
}
