/** The verifier contract against every verifier of Node, and both signers; the browser's runs in test/browser as well. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNativeSigner } from '../../src/adapters/native/native-signer.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import { createNobleVerifier } from '../../src/adapters/system/noble-verifier.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { verdictRuleContract, verifierContract } from './verifier-contract.ts';

const native = { createSigner: createNativeSigner };
verifierContract({ name: 'noble', create: createNobleVerifier, runs: 30, ...native });
verifierContract({ name: 'node-crypto', create: createNodeCryptoVerifier, runs: 100, ...native });
verifierContract({ name: 'sodium', create: () => createSodiumVerifier(), runs: 300, ...native });
verifierContract({
  name: 'sodium',
  create: () => createSodiumVerifier({ workers: 2 }),
  runs: 300,
  ...native,
});
verdictRuleContract();

describe('the signers', () => {
  it('signs the same bytes with either signer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 200 }),
        (seed, message) => {
          const [portable, native] = [createSigner(seed), createNativeSigner(seed)];
          expect(bytesToHex(native.publicKey)).toBe(bytesToHex(portable.publicKey));
          expect(bytesToHex(native.sign(message))).toBe(bytesToHex(portable.sign(message)));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('refuses a seed of another length', () => {
    expect(() => createSigner(new Uint8Array(31))).toThrow('32 bytes');
    expect(() => createNativeSigner(new Uint8Array(64))).toThrow('32 bytes');
  });
});
