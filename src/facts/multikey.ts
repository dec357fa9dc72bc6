/** An Ed25519 public key as a Multikey (`z6Mk…`): multicodec `ed25519-pub`, base58btc. */
import { base58btc } from 'multiformats/bases/base58';
import { concatBytes } from '../core/bytes.ts';
import { keyBytes } from '../core/limits.ts';

const ed25519Codec = Uint8Array.of(0xed, 0x01);
/** Of 34 bytes in base58btc, with the `z` before them. */
const multikeyLength = 48;

/** The multibase form of an Ed25519 public key. */
export function multikeyOf(publicKey: Uint8Array): string {
  return base58btc.encode(concatBytes(ed25519Codec, publicKey));
}

/** The key of a multibase text; null when it is none of this kind. */
export function parseMultikey(text: string): Uint8Array | null {
  if (text.length !== multikeyLength) return null;
  try {
    const bytes = base58btc.decode(text);
    const isEd25519 = bytes[0] === ed25519Codec[0] && bytes[1] === ed25519Codec[1];
    return isEd25519 && bytes.length === keyBytes + ed25519Codec.length ? bytes.slice(2) : null;
  } catch {
    return null;
  }
}
