/**
 * The container of secret keys: JSON, so that an operator sees what it is, with everything but the secret in clear and
 * authenticated. docs/decisions/0003-key-files.md.
 *
 * | field | what |
 * |---|---|
 * | format, version | `weft-keys`, 1 |
 * | purpose | `keystore` (holds nothing: it proves the passphrase), `node`, `agent`, `export` |
 * | subject | the agent's id in text, or null |
 * | kdf | scrypt with cost (N), blockSize (r), parallelization (p) and salt; null: not encrypted |
 * | nonce | 24 bytes of XChaCha20-Poly1305; empty when not encrypted |
 * | sealed | the ciphertext with its tag, or the plain content; its associated data is the JSON of the fields above |
 * | checksum | first 8 bytes of SHA-256 over the fields above and `sealed`: tells damage from a wrong passphrase |
 */
import { createHash, randomBytes } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { KeystoreError } from '../../ports/keystore.ts';
import type { KeyDerivation, KeyDeriver } from './key-file-derivation.ts';

export type KeyFilePurpose = 'keystore' | 'node' | 'agent' | 'export';

/** What is inside, and the clear fields that are bound to it. */
export interface KeyFileContent {
  readonly purpose: KeyFilePurpose;
  readonly subject: string | null;
  readonly content: Uint8Array;
}

interface Header {
  readonly format: 'weft-keys';
  readonly version: 1;
  readonly purpose: KeyFilePurpose;
  readonly subject: string | null;
  readonly kdf: KeyDerivation | null;
  readonly nonce: string;
}

const format = 'weft-keys';
const version = 1;
const nonceBytes = 24;
const checksumBytes = 8;
const purposes: readonly unknown[] = ['keystore', 'node', 'agent', 'export'] satisfies KeyFilePurpose[];

/** The text of a file. Without a deriver the content is not encrypted: then the mode of the file alone protects it. */
export async function sealKeyFile(file: KeyFileContent, deriver: KeyDeriver | null): Promise<string> {
  const { purpose, subject, content } = file;
  const derived = deriver === null ? null : await deriver.forWriting();
  const nonce = derived === null ? Buffer.alloc(0) : randomBytes(nonceBytes);
  const header: Header = {
    format,
    version,
    purpose,
    subject,
    kdf: derived?.derivation ?? null,
    nonce: nonce.toString('hex'),
  };
  const associated = associatedData(header);
  const sealed =
    derived === null ? content : xchacha20poly1305(derived.key, nonce, associated).encrypt(content);
  const text = Buffer.from(sealed).toString('base64');
  return `${JSON.stringify({ ...header, sealed: text, checksum: checksum(associated, text) }, null, 2)}\n`;
}

/**
 * The inverse; `path` is for the messages.
 * @throws KeystoreError `damaged`, `wrong-version`, `wrong-passphrase`, `no-passphrase`, `not-encrypted`.
 */
export async function openKeyFile(
  path: string,
  text: string,
  deriver: KeyDeriver | null,
): Promise<KeyFileContent> {
  const { header, sealed } = readContainer(path, text);
  const { purpose, subject, kdf, nonce } = header;
  const bytes = Buffer.from(sealed, 'base64');
  if (kdf === null) {
    if (deriver === null) return { purpose, subject, content: new Uint8Array(bytes) };
    throw new KeystoreError(
      'not-encrypted',
      `${path} is not encrypted and a passphrase was given: leave it out (keystore.protection "none")`,
    );
  }
  if (deriver === null) throw new KeystoreError('no-passphrase', `${path} is encrypted: give its passphrase`);
  const key = await deriver.forReading(kdf);
  try {
    const content = xchacha20poly1305(key, Buffer.from(nonce, 'hex'), associatedData(header)).decrypt(bytes);
    return { purpose, subject, content };
  } catch (error) {
    throw new KeystoreError('wrong-passphrase', `${path} does not open with this passphrase: try another`, {
      cause: error,
    });
  }
}

function readContainer(path: string, text: string): { header: Header; sealed: string } {
  const value = parseObject(text);
  if (value?.['format'] !== format) throw damaged(path, 'it is no key file of weft');
  if (value['version'] !== version) {
    throw new KeystoreError(
      'wrong-version',
      `${path} is a key file of version ${JSON.stringify(value['version'])}, and this release reads ${version}: ` +
        'use the release that wrote it',
    );
  }
  const { purpose, subject, kdf, nonce, sealed, checksum: expected } = value;
  if (
    !purposes.includes(purpose) ||
    !(subject === null || typeof subject === 'string') ||
    typeof nonce !== 'string' ||
    typeof sealed !== 'string'
  ) {
    throw damaged(path, 'a field is missing');
  }
  const derivation = kdf === null ? null : readDerivation(kdf);
  const header: Header = {
    format,
    version,
    purpose: purpose as KeyFilePurpose,
    subject,
    kdf: derivation ?? null,
    nonce,
  };
  if (derivation === undefined || checksum(associatedData(header), sealed) !== expected) {
    throw damaged(path, 'its checksum does not hold');
  }
  if (derivation !== null && nonce.length !== 2 * nonceBytes) throw damaged(path, 'its nonce is too short');
  return { header, sealed };
}

/** Undefined for anything else; bounded, so that a file cannot ask for all memory. */
function readDerivation(value: unknown): KeyDerivation | undefined {
  const { name, cost, blockSize, parallelization, salt } = (value ?? {}) as Record<string, unknown>;
  const isBounded = (number: unknown, max: number): number is number =>
    typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= max;
  const isPowerOfTwo = isBounded(cost, 2 ** 20) && cost >= 2 && Number.isInteger(Math.log2(cost));
  if (name !== 'scrypt' || !isPowerOfTwo || !isBounded(blockSize, 32) || !isBounded(parallelization, 16)) {
    return undefined;
  }
  if (typeof salt !== 'string' || !/^[0-9a-f]{32,128}$/.test(salt)) return undefined;
  return { name, cost, blockSize, parallelization, salt };
}

/** Field by field, so that the order and the spaces in the file do not matter. */
function associatedData({ format, version, purpose, subject, kdf, nonce }: Header): Buffer {
  const parameters = kdf && [kdf.name, kdf.cost, kdf.blockSize, kdf.parallelization, kdf.salt];
  return Buffer.from(JSON.stringify([format, version, purpose, subject, parameters, nonce]));
}

function checksum(associated: Buffer, sealed: string): string {
  const digest = createHash('sha256').update(associated).update(sealed).digest();
  return digest.toString('hex', 0, checksumBytes);
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** The one thing to do about lost keys. */
export function damaged(path: string, what: string): KeystoreError {
  return new KeystoreError(
    'damaged',
    `${path} is damaged: ${what}; put back a copy of it, or recover the agent with its recovery key`,
  );
}
