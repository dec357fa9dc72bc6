/**
 * ports/verifier in pure JavaScript, for browsers and for machines without the native addon: about 200 checks a second.
 * Runs on the calling thread and yields between checks of a batch.
 */
import { bytesToHex } from '../../core/bytes.ts';
import { isAdmissiblePublicKey, type SignatureCheck, verifyAdmitted } from '../../core/ed25519.ts';
import { createRecentMap } from '../../core/recent-map.ts';
import type { Verifier } from '../../ports/verifier.ts';

/** Admitted keys that are remembered: an admission costs as much as a verification. */
const admittedKeysMax = 100_000;

/** A verifier over @noble/ed25519. */
export function createNobleVerifier(): Verifier {
  const admittedKeys = createRecentMap<true>(admittedKeysMax);
  let closed = false;

  function isAdmissibleKey(publicKey: Uint8Array): boolean {
    const key = bytesToHex(publicKey);
    if (admittedKeys.get(key)) return true;
    const admissible = isAdmissiblePublicKey(publicKey);
    if (admissible) admittedKeys.set(key, true);
    return admissible;
  }

  function verify(check: SignatureCheck): boolean {
    return isAdmissibleKey(check.publicKey) && verifyAdmitted(check);
  }

  return {
    name: 'noble',
    isAdmissibleKey,
    verify,
    async verifyAll(checks) {
      const verdicts: boolean[] = [];
      for (const check of checks) {
        if (closed) throw new Error('the verifier is closed');
        if (verdicts.length > 0) await nextTask();
        verdicts.push(verify(check));
      }
      return verdicts;
    },
    async close() {
      closed = true;
    },
  };
}

/** Lets the page or the event loop do its other work. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
