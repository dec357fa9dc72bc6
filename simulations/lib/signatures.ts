/**
 * Signature checks of a simulated node: the verdict is that of the product's own verifier, taken once for each distinct
 * check and remembered, and the time it takes is that of a table, not of this machine.
 */
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import { bytesEqual } from '../../src/core/bytes.ts';
import type { SignatureCheck } from '../../src/core/ed25519.ts';

/** Milliseconds of one core, as `npm run bench -- --only floors` prints them for two cores of an AMD EPYC. */
export const costsMs = { check: 0.04, admission: 0.031 } as const;

/** Distinct signatures of a long run; the oldest go first. */
const rememberedMax = 1_000_000;

export interface SignatureTable {
  verdicts(checks: readonly SignatureCheck[]): readonly boolean[];
  /** What these checks cost a node, milliseconds, which is added to `spent`; keys are looked at with the first signature of each. */
  costMs(checks: readonly SignatureCheck[]): number;
  /** So far, of all nodes: checks, and the milliseconds of a core that they cost. */
  readonly spent: { checks: number; ms: number };
  close(): Promise<void>;
}

export function createSignatureTable(): SignatureTable {
  const verifier = createSodiumVerifier({ workers: 0 });
  /** By the first bytes of the signature: another check under them is made anew. */
  const known = new Map<number, { readonly check: SignatureCheck; readonly isValid: boolean }>();

  /** Of checks that thousands of nodes owe, as they are made once for all of them. */
  const verdictsByChecks = new WeakMap<readonly SignatureCheck[], boolean[]>();
  const spent = { checks: 0, ms: 0 };

  function verdict(check: SignatureCheck): boolean {
    const key = firstBytes(check.signature);
    const before = known.get(key);
    if (
      before !== undefined &&
      bytesEqual(before.check.signature, check.signature) &&
      bytesEqual(before.check.message, check.message) &&
      bytesEqual(before.check.publicKey, check.publicKey)
    )
      return before.isValid;
    const isValid = verifier.verify(check);
    if (known.size >= rememberedMax) known.delete(known.keys().next().value!);
    known.set(key, { check, isValid });
    return isValid;
  }

  return {
    verdicts(checks) {
      let verdicts = verdictsByChecks.get(checks);
      if (verdicts === undefined) {
        verdicts = checks.map(verdict);
        verdictsByChecks.set(checks, verdicts);
      }
      return verdicts;
    },
    costMs(checks) {
      const ms = checks.length * costsMs.check + costsMs.admission;
      spent.checks += checks.length;
      spent.ms += ms;
      return ms;
    },
    spent,
    close: () => verifier.close(),
  };
}

/** Six of them, as a number. */
function firstBytes(signature: Uint8Array): number {
  let value = 0;
  for (let index = 0; index < 6; index++) value = value * 256 + signature[index]!;
  return value;
}
