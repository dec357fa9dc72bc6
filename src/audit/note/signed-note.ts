/**
 * Signed notes (C2SP signed-note): a text that ends in a line feed, an empty line, and lines `— <key name> <base64>` of a
 * key id of four bytes and a signature. Only Ed25519 (type 1) is verified; other signatures may stand beside it.
 */
import { bytesEqual, concatBytes, utf8ToBytes } from '../../core/bytes.ts';
import type { SignatureCheck, Signer } from '../../core/ed25519.ts';
import { digest } from '../../core/hash.ts';

import { AuditError } from '../audit-error.ts';
import { fromBase64, toBase64 } from './base64.ts';

/** Whose signatures count: a name and an Ed25519 key. */
export interface NoteKey {
  readonly name: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** With its last line feed: what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Sixteen signatures of the largest kind fit in. */
const noteCharactersMax = 128 * 1024;
const signaturesMax = 64;
const keyIdBytes = 4;
const ed25519Type = 1;
const signatureLine = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
/** Every control character but the line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids exactly these
const control = /[\u0000-\u0009\u000b-\u001f]/;

/** The first four bytes of SHA-256 over name, line feed, type and key. */
export function noteKeyId({ name, publicKey }: NoteKey): Uint8Array {
  return digest(utf8ToBytes(`${name}\n`), Uint8Array.of(ed25519Type), publicKey).slice(0, keyIdBytes);
}

/** As other tools want it: `<name>+<key id>+<type and key>`. */
export function formatVerifierKey(key: NoteKey): string {
  const id = [...noteKeyId(key)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${key.name}+${id}+${toBase64(concatBytes(Uint8Array.of(ed25519Type), key.publicKey))}`;
}

/** @param text ends in a line feed. */
export function signNote(text: string, name: string, signer: Signer): string {
  const keyId = noteKeyId({ name, publicKey: signer.publicKey });
  return `${text}\n— ${name} ${toBase64(concatBytes(keyId, signer.sign(utf8ToBytes(text))))}\n`;
}

/** Its parts; nothing is verified. @throws AuditError `bad-note`. */
export function parseNote(note: string): Note {
  const refuse = (why: string): never => {
    throw new AuditError('bad-note', `not a signed note: ${why}`);
  };
  if (note.length > noteCharactersMax) refuse('too long');
  if (control.test(note) || !note.isWellFormed()) refuse('control characters, or no Unicode');
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) refuse('no empty line before the signatures');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > signaturesMax) refuse('too many signatures');
  const signatures = lines.map((line): NoteSignature => {
    const [, name, encoded] = signatureLine.exec(line) ?? [];
    const bytes = encoded === undefined ? null : fromBase64(encoded);
    if (name === undefined || bytes === null || bytes.length <= keyIdBytes)
      return refuse('a signature line is not one');
    return { name, keyId: bytes.subarray(0, keyIdBytes), signature: bytes.subarray(keyIdBytes) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** What must hold for the note to be signed by that key; null when that key signed nothing here. */
export function noteCheck(note: Note, key: NoteKey): SignatureCheck | null {
  const keyId = noteKeyId(key);
  const own = note.signatures.find((one) => one.name === key.name && bytesEqual(one.keyId, keyId));
  if (own === undefined) return null;
  return { publicKey: key.publicKey, message: utf8ToBytes(note.text), signature: own.signature };
}
