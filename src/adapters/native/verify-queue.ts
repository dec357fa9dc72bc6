/**
 * The checks that wait for a thread. Those of one turn of the event loop are taken together: a few are done at once on
 * the calling thread, more go to the workers in batches. While all workers are busy the calling thread takes a small
 * share per turn, so that it helps when it has time and never blocks for long.
 */
import type { SignatureCheck } from '../../core/ed25519.ts';
import { keyBytes, signatureBytes } from '../../core/limits.ts';
import type { KeyAdmission } from './key-admission.ts';
import { isValidSignature } from './sodium-check.ts';
import { type BatchItem, verdictBits } from './verify-batch.ts';
import type { VerifyPool } from './verify-pool.ts';

/** Below this a round trip to a worker costs more than the checks. */
const inlineChecksMax = 4;
/** Checks per batch: about 4 ms of a worker. */
const batchChecksMax = 64;
/** What the calling thread takes per turn while all workers are busy: below 1 ms. */
const shareChecksMax = 12;

/** A check that waits, and where its verdict goes. */
interface Waiting extends BatchItem {
  onVerdict(verdict: boolean): void;
}

export interface VerifyQueue {
  add(check: SignatureCheck, onVerdict: (verdict: boolean) => void): void;
  /** Forgets what waits; verdicts that still come are dropped. */
  close(): void;
}

/** A queue before that pool. Bounded by its callers: a peer has a bounded number of requests under way. */
export function createVerifyQueue(pool: VerifyPool, admission: KeyAdmission): VerifyQueue {
  let waiting: Waiting[] = [];
  let first = 0;
  let flushScheduled = false;
  let shareScheduled = false;
  let closed = false;

  const size = (): number => waiting.length - first;

  function take(count: number): Waiting[] {
    const taken = waiting.slice(first, first + count);
    first += taken.length;
    if (first * 2 >= waiting.length) {
      waiting = waiting.slice(first);
      first = 0;
    }
    return taken;
  }

  function verifyHere(items: readonly Waiting[]): void {
    for (const { check, onVerdict } of items) {
      onVerdict(admission.isAdmissible(check.publicKey) && isValidSignature(check));
    }
  }

  function settle(items: readonly Waiting[], verdicts: Uint8Array | null): void {
    if (closed) return;
    if (verdicts === null) verifyHere(items);
    else report(items, verdicts);
    dispatch();
  }

  function report(items: readonly Waiting[], verdicts: Uint8Array): void {
    for (const [index, { check, admitted, onVerdict }] of items.entries()) {
      const verdict = verdicts[index] ?? 0;
      if (!admitted && (verdict & verdictBits.admitted) !== 0) admission.remember(check.publicKey);
      onVerdict((verdict & verdictBits.valid) !== 0);
    }
  }

  function dispatch(): void {
    while (size() > 0 && pool.hasRoom()) {
      const items = take(batchChecksMax);
      pool.submit({ items, onVerdicts: (verdicts) => settle(items, verdicts) });
    }
    if (size() > 0 && !shareScheduled) {
      shareScheduled = true;
      setImmediate(takeShare);
    }
  }

  function takeShare(): void {
    shareScheduled = false;
    verifyHere(take(shareChecksMax));
    dispatch();
  }

  function flush(): void {
    flushScheduled = false;
    if (size() <= inlineChecksMax) verifyHere(take(inlineChecksMax));
    else dispatch();
  }

  return {
    add(check, onVerdict) {
      if (check.publicKey.length !== keyBytes || check.signature.length !== signatureBytes) {
        return onVerdict(false);
      }
      waiting.push({ check, admitted: admission.isKnown(check.publicKey), onVerdict });
      if (flushScheduled) return;
      flushScheduled = true;
      queueMicrotask(flush);
    },
    close() {
      closed = true;
      waiting = [];
      first = 0;
    },
  };
}
