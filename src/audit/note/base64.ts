/** Standard base64 with padding (RFC 4648 §4), in its one form: notes and proof files must not have two spellings. */
import { base64pad } from 'multiformats/bases/base64';

export function toBase64(bytes: Uint8Array): string {
  return base64pad.baseEncode(bytes);
}

/** Null for what is not exactly what toBase64 writes. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    const bytes = base64pad.baseDecode(text);
    return toBase64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
