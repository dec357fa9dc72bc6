/**
 * Signature checks of a simulated node: the verdict is that of the product's own verifier, taken once for each distinct
 * check and remembered, and the time it takes is that of a table, not of this machine.
 */
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import type { SignatureCheck } from '../../src/core/ed25519.ts';

/** Milliseconds of one core, as `npm run bench -- --only floors` prints them for two cores of an AMD EPYC. */
export const costsMs = { check: 0.04, admission: 0.031 } as const;

/** Distinct signatures of a long run; the oldest go first. */
const rememberedMax = 1_000_000;

export interface SignatureTable {
  verdicts(checks: readonly SignatureCheck[]): boolean[];
  /** What these checks cost a node, milliseconds; keys are looked at with the first signature of each. */
  costMs(checks: readonly SignatureCheck[]): number;
  close(): Promise<void>;
}

export function createSignatureTable(): SignatureTable {
  const verifier = createSodiumVerifier({ workers: 0 });
  const verdictByCheck = new Map<string, boolean>();

  function verdict(check: SignatureCheck): boolean {
    const key = `${latin1(check.signature)}${latin1(check.publicKey)}${latin1(check.message)}`;
    const known = verdictByCheck.get(key);
    if (known !== undefined) return known;
    const isValid = verifier.verify(check);
    if (verdictByCheck.size >= rememberedMax) verdictByCheck.delete(verdictByCheck.keys().next().value!);
    verdictByCheck.set(key, isValid);
    return isValid;
  }

  return {
    verdicts: (checks) => checks.map(verdict),
    costMs: (checks) => checks.length * costsMs.check + costsMs.admission,
    close: () => verifier.close(),
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
