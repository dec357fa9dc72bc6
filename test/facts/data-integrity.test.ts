/** eddsa-jcs-2022 gives the bytes of the W3C's published vectors. */
import { readFileSync } from 'node:fs';
import { base58btc } from 'multiformats/bases/base58';
import { describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { bytesToHex, utf8ToBytes } from '../../src/core/bytes.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { digest } from '../../src/core/hash.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import {
  addProof,
  canonicalJson,
  hashData,
  type ProofOptions,
  readProof,
} from '../../src/facts/data-integrity.ts';
import { multikeyOf, parseMultikey } from '../../src/facts/multikey.ts';

const vector = JSON.parse(
  readFileSync(new URL('../vectors/w3c/eddsa-jcs-2022.json', import.meta.url), 'utf8'),
) as {
  readonly publicKeyMultibase: string;
  readonly secretKeyMultibase: string;
  readonly document: JsonObject;
  readonly canonicalDocument: string;
  readonly documentHash: string;
  readonly proofOptions: ProofOptions;
  readonly canonicalProofOptions: string;
  readonly proofOptionsHash: string;
  readonly signature: string;
  readonly proofValue: string;
};
/** Multicodec `ed25519-priv`: two bytes, then the seed. */
const signer = createSigner(base58btc.decode(vector.secretKeyMultibase).slice(2));
const config: JsonObject = {
  type: 'DataIntegrityProof',
  cryptosuite: 'eddsa-jcs-2022',
  ...vector.proofOptions,
  '@context': vector.document['@context']!,
};
const sha256 = (text: string): string => bytesToHex(digest(utf8ToBytes(text)));

describe('eddsa-jcs-2022', () => {
  it('has the key pair of the vectors', () => {
    expect(multikeyOf(signer.publicKey)).toBe(vector.publicKeyMultibase);
    expect(parseMultikey(vector.publicKeyMultibase)).toEqual(signer.publicKey);
  });

  it('canonicalises and hashes document and options as the vectors do', () => {
    expect(canonicalJson(vector.document)).toBe(vector.canonicalDocument);
    expect(sha256(canonicalJson(vector.document))).toBe(vector.documentHash);
    expect(canonicalJson(config)).toBe(vector.canonicalProofOptions);
    expect(sha256(canonicalJson(config))).toBe(vector.proofOptionsHash);
    expect(bytesToHex(hashData(config, vector.document))).toBe(vector.proofOptionsHash + vector.documentHash);
  });

  it('signs byte for byte as the vectors do, and reads that back', () => {
    const secured = addProof(vector.document, vector.proofOptions, signer);
    expect(secured).toEqual({ ...vector.document, proof: { ...config, proofValue: vector.proofValue } });
    const claim = readProof(secured);
    expect(bytesToHex(claim.signature)).toBe(vector.signature);
    expect(createNodeCryptoVerifier().verify({ ...claim, publicKey: signer.publicKey })).toBe(true);
  });

  it('takes contexts that were added after those that were signed, and no others (§3.3.2)', () => {
    const secured = addProof(vector.document, vector.proofOptions, signer);
    const contexts = vector.document['@context'] as readonly string[];
    const signedMessage = bytesToHex(readProof(secured).message);
    const more = { ...secured, '@context': [...contexts, 'https://more.example/v1'] };
    expect(bytesToHex(readProof(more).message)).toBe(signedMessage);
    const swapped = { ...secured, '@context': [...contexts].reverse() };
    expect(() => readProof(swapped)).toThrow('contexts');
    expect(() => readProof({ ...secured, '@context': contexts.slice(0, 1) })).toThrow('contexts');
  });

  it.each<[string, (proof: JsonObject) => unknown]>([
    ['unsupported-proof', () => undefined],
    ['unsupported-proof', () => []],
    ['unsupported-proof', (proof) => [proof, proof]],
    ['unsupported-proof', (proof) => ({ ...proof, cryptosuite: 'eddsa-rdfc-2022' })],
    ['unsupported-proof', (proof) => ({ ...proof, type: 'Ed25519Signature2020' })],
    ['unsupported-proof', (proof) => ({ ...proof, previousProof: 'urn:uuid:1' })],
    ['bad-proof', (proof) => ({ ...proof, proofValue: proof['proofValue']?.toString().slice(1) })],
    ['bad-proof', (proof) => ({ ...proof, proofValue: 'z0OIl' })],
    ['bad-proof', (proof) => ({ ...proof, proofValue: `z${'1'.repeat(100_000)}` })],
    ['bad-proof', (proof) => ({ ...proof, proofValue: 7 })],
    ['bad-proof', (proof) => ({ ...proof, verificationMethod: '' })],
    ['bad-proof', (proof) => ({ ...proof, proofPurpose: null })],
    ['bad-proof', (proof) => ({ ...proof, created: 1 })],
  ])('refuses as %s what is no such proof', (code, change) => {
    const secured = addProof(vector.document, vector.proofOptions, signer);
    const proof = change(secured['proof'] as JsonObject);
    expect(() => readProof({ ...secured, proof } as JsonObject)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['z6Mk', 'not a key', `z${'6'.repeat(47)}`, vector.secretKeyMultibase])(
    'does not take %s for a public key',
    (text) => {
      expect(parseMultikey(text)).toBeNull();
    },
  );
});
