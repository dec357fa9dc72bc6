/** The clock of the machine. Web standard: runs in Node and in browsers. */
import type { Clock } from '../../ports/clock.ts';

/** A longer delay than this would fire at once. */
const timeoutMsMax = 0x7fff_ffff;

/** Timers keep a Node process alive until they are cancelled: stopping is the node's business. */
export function createSystemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    schedule(delayMs, callback) {
      const atMs = performance.now() + delayMs;
      let timer: ReturnType<typeof setTimeout>;
      const wait = (): void => {
        const leftMs = atMs - performance.now();
        // Long delays go in steps, and a timer that fires a moment early waits the rest.
        if (leftMs > 0) timer = setTimeout(wait, Math.min(timeoutMsMax, Math.ceil(leftMs)));
        else callback();
      };
      timer = setTimeout(wait, Math.max(0, Math.min(timeoutMsMax, Math.ceil(delayMs))));
      return () => clearTimeout(timer);
    },
  };
}
