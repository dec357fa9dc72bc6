/**
 * ports/verifier over node:crypto (OpenSSL): no addon, batches on libuv's thread pool. OpenSSL's own checks are S < L and
 * the cofactorless equation by the encoding of R; key admission, which it lacks, is the core's.
 */
import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { bytesToHex } from '../../core/bytes.ts';
import { isAdmissiblePublicKey, isIdentityEncoding, type SignatureCheck } from '../../core/ed25519.ts';
import { signatureBytes } from '../../core/limits.ts';
import { createRecentMap } from '../../core/recent-map.ts';
import type { Verifier } from '../../ports/verifier.ts';

const admittedKeysMax = 100_000;
/** A KeyObject is about 1 KiB outside the heap, and importing one costs half a verification. */
const keyObjectsMax = 4096;

/** SubjectPublicKeyInfo of Ed25519 before the 32 bytes of the key (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** A verifier over node:crypto. */
export function createNodeCryptoVerifier(): Verifier {
  const admittedKeys = createRecentMap<true>(admittedKeysMax);
  const keyObjects = createRecentMap<KeyObject>(keyObjectsMax);
  let closed = false;

  function isAdmissibleKey(publicKey: Uint8Array): boolean {
    const key = bytesToHex(publicKey);
    if (admittedKeys.get(key)) return true;
    const admissible = isAdmissiblePublicKey(publicKey);
    if (admissible) admittedKeys.set(key, true);
    return admissible;
  }

  /** Null when the check fails before any signature is computed. */
  function prepare({ publicKey, signature }: SignatureCheck): KeyObject | null {
    if (signature.length !== signatureBytes || isIdentityEncoding(signature.subarray(0, 32))) return null;
    if (!isAdmissibleKey(publicKey)) return null;
    const key = bytesToHex(publicKey);
    const known = keyObjects.get(key);
    if (known !== undefined) return known;
    const keyObject = createPublicKey({
      key: Buffer.concat([spkiPrefix, publicKey]),
      format: 'der',
      type: 'spki',
    });
    keyObjects.set(key, keyObject);
    return keyObject;
  }

  function verify(check: SignatureCheck): boolean {
    const keyObject = prepare(check);
    return keyObject !== null && verifySignature(null, check.message, keyObject, check.signature);
  }

  function verifyOnPool(check: SignatureCheck): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const keyObject = prepare(check);
      if (keyObject === null) return resolve(false);
      verifySignature(null, check.message, keyObject, check.signature, (error, verdict) => {
        if (closed) reject(new Error('the verifier is closed'));
        else resolve(error === null && verdict);
      });
    });
  }

  return {
    name: 'node-crypto',
    isAdmissibleKey,
    verify,
    async verifyAll(checks) {
      if (closed) throw new Error('the verifier is closed');
      return await Promise.all(checks.map(verifyOnPool));
    },
    async close() {
      closed = true;
    },
  };
}
