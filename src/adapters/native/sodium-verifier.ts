/**
 * ports/verifier over libsodium: the node's own. Key admission, one check, and batches, which worker threads share with
 * the calling thread (verify-queue). Without workers a batch is verified at once and in order.
 */
import type { SignatureCheck } from '../../core/ed25519.ts';
import type { Verifier } from '../../ports/verifier.ts';
import { createKeyAdmission } from './key-admission.ts';
import { isValidSignature } from './sodium-check.ts';
import { createVerifyPool } from './verify-pool.ts';
import { createVerifyQueue } from './verify-queue.ts';

export interface SodiumVerifierOptions {
  /** Worker threads; 0: everything on the calling thread. Default 0. */
  readonly workers?: number;
}

/** A verifier over sodium-native. Throws where the addon does not load. */
export function createSodiumVerifier(options: SodiumVerifierOptions = {}): Verifier {
  const workers = options.workers ?? 0;
  const admission = createKeyAdmission();
  const pool = workers > 0 ? createVerifyPool(workers) : null;
  const rejectors = new Set<(error: Error) => void>();
  const queue = pool === null ? null : createVerifyQueue(pool, admission);
  let closed = false;

  function verify(check: SignatureCheck): boolean {
    return admission.isAdmissible(check.publicKey) && isValidSignature(check);
  }

  function verifyOnQueue(checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
    return new Promise((resolve, reject) => {
      const verdicts: boolean[] = new Array(checks.length).fill(false);
      let left = checks.length;
      if (left === 0) return resolve(verdicts);
      rejectors.add(reject);
      for (const [index, check] of checks.entries()) {
        const onVerdict = (verdict: boolean): void => {
          verdicts[index] = verdict;
          if (--left > 0) return;
          rejectors.delete(reject);
          resolve(verdicts);
        };
        queue?.add(check, onVerdict);
      }
    });
  }

  return {
    name: 'sodium',
    isAdmissibleKey: admission.isAdmissible,
    verify,
    async verifyAll(checks) {
      if (closed) throw new Error('the verifier is closed');
      return queue === null ? checks.map(verify) : await verifyOnQueue(checks);
    },
    async close() {
      closed = true;
      queue?.close();
      for (const reject of rejectors) reject(new Error('the verifier is closed'));
      rejectors.clear();
      await pool?.close();
    },
  };
}
