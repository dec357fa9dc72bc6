/** The core's walk over a clock and promises. */
import type { Lookup } from '../core/overlay/lookup.ts';
import { createWalk } from '../core/overlay/walk.ts';
import type { PeerContact } from '../core/peer/events.ts';
import type { Clock } from '../ports/clock.ts';

export interface WalkOptions {
  readonly lookup: Lookup;
  readonly clock: Clock;
  /** Milliseconds since 1970 after which nobody is waited for. */
  readonly deadlineMs: number;
  /** How many to wait for at once, as far as is known by now. */
  parallelism(): number;
  /** After so long another candidate is asked beside. */
  readonly hedgeMs: number;
  readonly signal?: AbortSignal;
  /** The peers that the answer names; null when there was none of use. A rejection ends the walk. */
  ask(contact: PeerContact): Promise<readonly PeerContact[] | null>;
  isEnough(): boolean;
}

/** Resolves when it is enough, when nobody is left to ask, or in the end. @throws the reason of the signal, what asking throws */
export function walk(options: WalkOptions): Promise<void> {
  const { lookup, clock, signal, hedgeMs, parallelism } = options;
  return new Promise((resolve, reject) => {
    const steps = createWalk({
      ...{ lookup, parallelism, hedgeMs: () => hedgeMs },
      after: (delayMs, callback) => clock.schedule(delayMs, callback),
      ask: (contact, onAnswer) => void options.ask(contact).then(onAnswer, fail),
      isDone: () => options.isEnough() || lookup.isComplete(),
      onEnd: () => settle(resolve),
    });
    const settle = (how: () => void): void => {
      cancelEnd();
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    const fail = (error: unknown): void => {
      if (steps.isOver()) return;
      steps.cancel();
      settle(() => reject(error));
    };
    const onAbort = (): void => fail(signal?.reason);
    const cancelEnd = clock.schedule(Math.max(0, options.deadlineMs - clock.nowMs()), steps.end);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    steps.advance();
  });
}
