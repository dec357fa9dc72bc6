/** Which full nodes the overlay has met: a light node that knows one alone depends on its word. */
import type { Clock } from '../ports/clock.ts';
import type { Overlay } from '../ports/overlay.ts';

export interface Joining {
  /** The overlay port, with an ear at it. */
  readonly overlay: Overlay;
  /** Different full nodes met so far. */
  readonly met: number;
  /** Resolves when so many have been met, or after that time. @throws the signal's reason */
  whenMet(count: number, withinMs: number, signal?: AbortSignal): Promise<void>;
}

/** Beyond this nobody counts them. */
const metMax = 1024;

export function createJoining(overlay: Overlay, clock: Clock): Joining {
  const met = new Set<string>();
  const waiting = new Set<{ readonly count: number; resolve(): void }>();

  function note(peer: string): void {
    if (met.size < metMax) met.add(peer);
    for (const one of waiting) if (met.size >= one.count) one.resolve();
  }

  return {
    overlay: {
      get self() {
        return overlay.self;
      },
      start: (handlers) =>
        overlay.start({
          ...handlers,
          peerAdded(contact) {
            handlers.peerAdded(contact);
            note(contact.peer);
          },
        }),
      request: (to, body, options) => overlay.request(to, body, options),
      meet: (to) => overlay.meet(to),
      push: (to, body) => overlay.push(to, body),
      stop: () => overlay.stop(),
    },
    get met() {
      return met.size;
    },
    whenMet: (count, withinMs, signal) =>
      new Promise((resolve, reject) => {
        if (met.size >= count) return resolve();
        if (signal?.aborted) return reject(signal.reason);
        const end = (): void => {
          waiting.delete(one);
          cancelTimer();
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = (): void => {
          reject(signal?.reason);
          end();
        };
        const one = { count, resolve: end };
        waiting.add(one);
        const cancelTimer = clock.schedule(Math.max(0, withinMs), end);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}
