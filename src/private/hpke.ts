/**
 * Hybrid Public Key Encryption in base mode, one message a context: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
 * ChaCha20Poly1305. Held by the test vectors of the standard. Source: RFC 9180, §4 and §5.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '../core/bytes.ts';
import type { KeyAgreement } from '../ports/key-agreement.ts';

/** What both sides of one message have. */
export interface HpkeContext {
  seal(text: Uint8Array, associated: Uint8Array): Uint8Array;
  /** null when it was not sealed in this context. */
  open(sealed: Uint8Array, associated: Uint8Array): Uint8Array | null;
  /** A secret of this context for another use. */
  exportSecret(label: Uint8Array, length: number): Uint8Array;
}

const kemSuite = concatBytes(utf8ToBytes('KEM'), Uint8Array.of(0x00, 0x20));
const suite = concatBytes(utf8ToBytes('HPKE'), Uint8Array.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x03));
const version = utf8ToBytes('HPKE-v1');
const nothing = new Uint8Array(0);
const hashBytes = 32;
const keyBytes = 32;
const nonceBytes = 12;

/** The sender's side. @param secret 32 fresh random bytes. null for a public key with which nothing can be shared. */
export function setupSender(
  agreement: KeyAgreement,
  publicKey: Uint8Array,
  info: Uint8Array,
  secret: Uint8Array,
): { readonly encapsulated: Uint8Array; readonly context: HpkeContext } | null {
  const encapsulated = agreement.publicKey(secret);
  const shared = agreement.agree(secret, publicKey);
  if (shared === null) return null;
  return { encapsulated, context: contextOf(sharedSecretOf(shared, encapsulated, publicKey), info) };
}

/** The receiver's side; null for an encapsulated key with which nothing can be shared. */
export function setupReceiver(
  agreement: KeyAgreement,
  keys: { readonly secret: Uint8Array; readonly publicKey: Uint8Array },
  info: Uint8Array,
  encapsulated: Uint8Array,
): HpkeContext | null {
  const shared = agreement.agree(keys.secret, encapsulated);
  return shared === null ? null : contextOf(sharedSecretOf(shared, encapsulated, keys.publicKey), info);
}

function sharedSecretOf(agreed: Uint8Array, encapsulated: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const secret = labeledExtract(kemSuite, nothing, 'eae_prk', agreed);
  return labeledExpand(kemSuite, secret, 'shared_secret', concatBytes(encapsulated, publicKey), hashBytes);
}

function contextOf(sharedSecret: Uint8Array, info: Uint8Array): HpkeContext {
  const schedule = concatBytes(
    Uint8Array.of(0),
    labeledExtract(suite, nothing, 'psk_id_hash', nothing),
    labeledExtract(suite, nothing, 'info_hash', info),
  );
  const secret = labeledExtract(suite, sharedSecret, 'secret', nothing);
  const key = labeledExpand(suite, secret, 'key', schedule, keyBytes);
  // The nonce of the first message, and there is no other.
  const nonce = labeledExpand(suite, secret, 'base_nonce', schedule, nonceBytes);
  const exporter = labeledExpand(suite, secret, 'exp', schedule, hashBytes);
  return {
    seal: (text, associated) => chacha20poly1305(key, nonce, associated).encrypt(text),
    open: (sealed, associated) => openWith(key, nonce, associated, sealed),
    exportSecret: (label, length) => labeledExpand(suite, exporter, 'sec', label, length),
  };
}

/** The text, or null when key, nonce or bytes are not those that sealed it. */
export function openWith(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | null {
  try {
    return chacha20poly1305(key, nonce, associated).decrypt(sealed);
  } catch {
    return null;
  }
}

function labeledExtract(id: Uint8Array, salt: Uint8Array, label: string, secret: Uint8Array): Uint8Array {
  return extract(sha256, concatBytes(version, id, utf8ToBytes(label), secret), salt);
}

function labeledExpand(
  id: Uint8Array,
  secret: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const head = Uint8Array.of(length >>> 8, length & 0xff);
  return expand(sha256, secret, concatBytes(head, version, id, utf8ToBytes(label), info), length);
}
