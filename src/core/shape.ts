/** Readers of decoded CBOR: each returns the typed value or throws `wrong-shape` with the name of the field. */
import type { CborValue } from './cbor.ts';
import { ProtocolError } from './errors.ts';

function wrongShape(name: string, expected: string): ProtocolError {
  return new ProtocolError('wrong-shape', `${name}: expected ${expected}`, { field: name });
}

/** An array of exactly (number) or at most ({ max }) so many items. */
export function readArray(
  value: unknown,
  name: string,
  length: number | { max: number },
): readonly CborValue[] {
  const fits = (items: readonly unknown[]): boolean =>
    typeof length === 'number' ? items.length === length : items.length <= length.max;
  if (!Array.isArray(value) || !fits(value)) {
    throw wrongShape(
      name,
      typeof length === 'number' ? `an array of ${length}` : `an array of at most ${length.max}`,
    );
  }
  return value as readonly CborValue[];
}

/** A byte string of exactly (number) or at most ({ max }) so many bytes. */
export function readBytes(value: unknown, name: string, length: number | { max: number }): Uint8Array {
  const max = typeof length === 'number' ? length : length.max;
  if (
    !(value instanceof Uint8Array) ||
    value.length > max ||
    (typeof length === 'number' && value.length !== length)
  ) {
    throw wrongShape(name, `${typeof length === 'number' ? '' : 'at most '}${max} bytes`);
  }
  return value;
}

/** The same, or null. */
export function readOptionalBytes(value: unknown, name: string, length: number): Uint8Array | null {
  return value === null ? null : readBytes(value, name, length);
}

/** A whole number in min..max. */
export function readInteger(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw wrongShape(name, `a whole number in ${min}..${max}`);
  }
  return value;
}

/** Seconds since 1970, u32. */
export function readSeconds(value: unknown, name: string): number {
  return readInteger(value, name, 0, 0xffff_ffff);
}

/** A text of at most so many UTF-16 units; the caller bounds its bytes where that matters. */
export function readText(value: unknown, name: string, lengthMax: number): string {
  if (typeof value !== 'string' || value.length > lengthMax)
    throw wrongShape(name, `a text of at most ${lengthMax}`);
  return value;
}
