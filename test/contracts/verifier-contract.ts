/**
 * The contract of ports/verifier, run against every implementation: the same verdict on every case (§1). Web standard but
 * for reading the vectors: it also runs in a page.
 */
import { readFileSync } from 'node:fs';
import { Point, verify as verifyWithNoble } from '@noble/ed25519';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { hexToBytes } from '../../src/core/bytes.ts';
import {
  createSigner,
  isAdmissiblePublicKey,
  type SignatureCheck,
  type Signer,
  verifyAdmitted,
} from '../../src/core/ed25519.ts';
import type { Verifier } from '../../src/ports/verifier.ts';

interface SignatureVector {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}

function load<Content>(name: string): Content {
  return JSON.parse(
    readFileSync(new URL(`../vectors/ed25519/${name}.json`, import.meta.url), 'utf8'),
  ) as Content;
}

const speccheck = load<{ signatures: SignatureVector[] }>('speccheck').signatures;
const odd = load<{ signatures: SignatureVector[] }>('signatures').signatures;
const keys = load<{ keys: { name: string; publicKey: string; admissible: boolean }[] }>('keys').keys;

function toCheck(vector: SignatureVector): SignatureCheck {
  return {
    publicKey: hexToBytes(vector.publicKey),
    message: hexToBytes(vector.message),
    signature: hexToBytes(vector.signature),
  };
}

function expectVerdicts(vectors: readonly SignatureVector[], verdicts: readonly boolean[]): void {
  const wrong = vectors.filter((vector, index) => verdicts[index] !== vector.valid);
  expect(wrong.map((vector) => vector.name)).toEqual([]);
  expect(verdicts.length).toBe(vectors.length);
}

/** Valid signatures and the same with one bit flipped somewhere. */
const bentSignatures = (signerOf: (seed: Uint8Array) => Signer) =>
  fc
    .record({
      seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      message: fc.uint8Array({ maxLength: 300 }),
      flip: fc.option(
        fc.record({ part: fc.constantFrom('publicKey', 'message', 'signature'), bit: fc.nat() }),
      ),
    })
    .map(({ seed, message, flip }) => {
      const signer = signerOf(seed);
      const check = {
        publicKey: Uint8Array.from(signer.publicKey),
        message,
        signature: signer.sign(message),
      };
      const target = flip === null ? null : check[flip.part as keyof SignatureCheck];
      if (flip === null || target === null || target.length === 0) return { check, valid: true };
      const bit = flip.bit % (target.length * 8);
      const bent = Uint8Array.from(target);
      bent[bit >> 3]! ^= 1 << (bit & 7);
      return { check: { ...check, [flip.part]: bent }, valid: false };
    });

export interface VerifierSubject {
  readonly name: string;
  readonly create: () => Verifier;
  /** Random signatures. */
  readonly runs: number;
  readonly createSigner: (seed: Uint8Array) => Signer;
}

export function verifierContract({ name, create, runs, createSigner: signerOf }: VerifierSubject): void {
  describe(`verifier contract: ${name}`, () => {
    const verifier = create();
    afterAll(() => verifier.close());

    it('has a name for logs', () => expect(verifier.name).toBe(name));

    it('§1: gives the verdict of the rule on the 12 ed25519-speccheck cases', async () => {
      expect(speccheck.length).toBe(12);
      expectVerdicts(
        speccheck,
        speccheck.map((vector) => verifier.verify(toCheck(vector))),
      );
      expectVerdicts(speccheck, await verifier.verifyAll(speccheck.map(toCheck)));
    });

    it('§1: gives the verdict of the rule on mixed-order, small-order and non-canonical signatures and keys', async () => {
      expect(odd.length).toBeGreaterThan(90);
      expectVerdicts(
        odd,
        odd.map((vector) => verifier.verify(toCheck(vector))),
      );
      expectVerdicts(odd, await verifier.verifyAll(odd.map(toCheck)));
    });

    it('§1: admits exactly the keys that are canonical, in the prime-order subgroup and not small order', () => {
      const wrong = keys.filter(
        (key) => verifier.isAdmissibleKey(hexToBytes(key.publicKey)) !== key.admissible,
      );
      expect(wrong.map((key) => key.name)).toEqual([]);
    });

    it('answers alike the second time, when the key is known', () => {
      for (const vector of [...odd.slice(0, 30), ...speccheck]) {
        expect(verifier.verify(toCheck(vector))).toBe(verifier.verify(toCheck(vector)));
      }
    });

    it('accepts what a signer signs and refuses it with any bit flipped', () => {
      fc.assert(
        fc.property(bentSignatures(signerOf), ({ check, valid }) => {
          expect(verifier.verify(check)).toBe(valid);
        }),
        { numRuns: runs },
      );
    });

    it('answers batches in the order given, whatever their size and however many are under way', async () => {
      const signer = createSigner(new Uint8Array(32).fill(7));
      const sizes = name === 'noble' ? [0, 1, 9] : [0, 1, 3, 5, 63, 64, 65, 500];
      const batches = sizes.map((size) =>
        Array.from({ length: size }, (_, index) => {
          const message = new Uint8Array(1 + (index % 50)).fill(index);
          const signature = signer.sign(message);
          if (index % 3 === 0) signature[index % 64]! ^= 1;
          return { publicKey: signer.publicKey, message, signature };
        }),
      );
      const answers = await Promise.all(batches.map((checks) => verifier.verifyAll(checks)));
      for (const [place, verdicts] of answers.entries()) {
        expect(verdicts).toEqual(batches[place]!.map((_, index) => index % 3 !== 0));
      }
    });

    it('rejects batches after close', async () => {
      const other = create();
      await other.close();
      await expect(other.verifyAll([toCheck(odd[0]!)])).rejects.toThrow('closed');
    });
  });
}

export function verdictRuleContract(): void {
  describe('the rule itself (§1)', () => {
    it('§1: is the same set as zip215: false with a torsion-free R that is not the identity', () => {
      for (const vector of [...odd, ...speccheck]) {
        const { publicKey, message, signature } = toCheck(vector);
        if (signature.length !== 64 || !isAdmissiblePublicKey(publicKey)) continue;
        let torsionFree = false;
        try {
          const point = Point.fromBytes(signature.subarray(0, 32));
          torsionFree = point.isTorsionFree() && !point.is0();
        } catch {
          torsionFree = false;
        }
        const expected = torsionFree && verifyWithNoble(signature, message, publicKey, { zip215: false });
        expect({ name: vector.name, valid: verifyAdmitted(toCheck(vector)) }).toEqual({
          name: vector.name,
          valid: expected,
        });
      }
    });
  });
}
