/** Drops, once a minute, what is over, while anything is kept at all. */
import type { PeerContext } from '../peer/context.ts';

const sweepIntervalMs = 60_000;

/** Returns what is called whenever something is kept. */
export function createSweep(context: PeerContext, isEmpty: () => boolean, sweep: () => void): () => void {
  let isSet = false;
  return function sweepLater(): void {
    if (isSet || isEmpty()) return;
    isSet = true;
    context.after(sweepIntervalMs, () => {
      isSet = false;
      sweep();
      sweepLater();
    });
  };
}
