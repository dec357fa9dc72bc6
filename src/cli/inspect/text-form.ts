/** How bytes were written down: as they are, or as hexadecimal, base32 or base64 text. */
import { fromBase32, hexToBytes } from '../../core/bytes.ts';

export type TextForm = 'binary' | 'hex' | 'base32' | 'base64';

export interface ReadBytes {
  readonly form: TextForm;
  readonly bytes: Uint8Array;
}

/** Every reading of an input; the bytes themselves are the only one of what is not text. */
export function readingsOf(input: Uint8Array): readonly ReadBytes[] {
  const binary: ReadBytes = { form: 'binary', bytes: input };
  if (input.length === 0 || input.some((byte) => byte > 0x7e || (byte < 0x20 && !isSpace(byte))))
    return [binary];
  const text = Buffer.from(input).toString('latin1').replace(/\s+/g, '');
  return [
    ...(/^([0-9a-f]{2})+$/i.test(text)
      ? [{ form: 'hex' as const, bytes: hexToBytes(text.toLowerCase()) }]
      : []),
    ...readBase32(text),
    ...(/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
      ? [{ form: 'base64' as const, bytes: decodeBase64(text) }]
      : []),
    binary,
  ];
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function readBase32(text: string): readonly ReadBytes[] {
  try {
    return [{ form: 'base32', bytes: fromBase32(text) }];
  } catch {
    // Not base32, or not in its one canonical spelling: another form, then.
    return [];
  }
}

function decodeBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
