/**
 * How often kad-dht may dial strangers, and how many dials that nobody waits for run at once. kad-dht dials and pings
 * every peer of every answer: 60 nodes on one machine spend 50 s of CPU on handshakes that nobody needs. Requests of
 * the record protocol dial whom they need, unbounded by this.
 */
import { createTokenBucket } from '../../core/gossip/token-bucket.ts';

/** Connected peers up to which routing dials freely: enough for the neighbourhood of a table with k = 20. */
export const connectionsWanted = 16;
const freeDials = { burst: 8, perSecond: 2 };
/** Beyond that a trickle, so that neighbourhoods still complete and tables stay fresh. */
const trickledDials = { burst: 8, perSecond: 0.1 };
/**
 * Dials of routing and of meetings at one time, over all hosts of the process: they share its one thread, and more handshakes at once
 * than it can finish within the dial timeout all fail.
 */
const dialsAtOnceMax = 4;

export interface DialBudget {
  /** Takes one dial, given how many peers are connected now; false when there is none to take. */
  tryTake(connectedPeers: number, nowMs: number): boolean;
}

const waiting: (() => void)[] = [];
let running = 0;

export function createDialBudget(): DialBudget {
  const free = createTokenBucket(freeDials);
  const trickle = createTokenBucket(trickledDials);
  return {
    tryTake: (connectedPeers, nowMs) => (connectedPeers < connectionsWanted ? free : trickle).take(nowMs),
  };
}

/** Runs the dial when there is room for it. @throws what the dial throws, or the signal's reason while it waits */
export async function inDialTurn<Value>(dial: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
  await enter();
  try {
    signal?.throwIfAborted();
    return await dial();
  } finally {
    leave();
  }
}

function enter(): Promise<void> | void {
  if (running < dialsAtOnceMax) {
    running++;
    return;
  }
  return new Promise((resolve) => waiting.push(resolve));
}

/** The place goes to the next in line. */
function leave(): void {
  const next = waiting.shift();
  if (next === undefined) running--;
  else next();
}
