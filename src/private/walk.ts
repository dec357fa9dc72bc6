/** An iterative lookup over any way of asking: a few at a time, another one beside whoever is silent, until it is enough. */
import type { Lookup } from '../core/overlay/lookup.ts';
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
  const { lookup, clock, signal, hedgeMs } = options;
  const late = new Set<string>();
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      cancelEnd();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => end(() => reject(signal?.reason));
    const advance = (): void => {
      if (isOver) return;
      if (options.isEnough() || lookup.isComplete) {
        end(resolve);
        return;
      }
      const awaited = lookup.inFlight - late.size;
      for (const contact of lookup.take(Math.max(0, options.parallelism() - awaited))) ask(contact);
      if (lookup.inFlight === 0) end(resolve);
    };
    const ask = (contact: PeerContact): void => {
      const cancelHedge = clock.schedule(hedgeMs, () => {
        late.add(contact.peer);
        advance();
      });
      options.ask(contact).then(
        (closer) => {
          cancelHedge();
          late.delete(contact.peer);
          if (closer === null) lookup.failed(contact.peer);
          else lookup.answered(contact.peer, closer);
          advance();
        },
        (error: unknown) => {
          cancelHedge();
          end(() => reject(error));
        },
      );
    };
    const cancelEnd = clock.schedule(Math.max(0, options.deadlineMs - clock.nowMs()), () => end(resolve));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    advance();
  });
}
