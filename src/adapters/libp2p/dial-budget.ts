/**
 * How often routing may dial strangers. kad-dht dials and pings every peer of every answer: 60 nodes on one machine
 * spend 50 s of CPU on handshakes that nobody needs. Requests of the record protocol dial whom they need, unbounded
 * by this.
 */
import { createTokenBucket } from '../../core/gossip/token-bucket.ts';

/** Connected peers up to which routing dials freely: enough for the neighbourhood of a table with k = 20. */
const connectionsWanted = 16;
const freeDials = { burst: 16, perSecond: 4 };
/** Beyond that a trickle, so that neighbourhoods still complete and tables stay fresh. */
const trickledDials = { burst: 8, perSecond: 0.1 };

export interface DialBudget {
  /** Takes one dial, given how many peers are connected now; false when there is none to take. */
  tryTake(connectedPeers: number, nowMs: number): boolean;
}

export function createDialBudget(): DialBudget {
  const free = createTokenBucket(freeDials);
  const trickle = createTokenBucket(trickledDials);
  return {
    tryTake: (connectedPeers, nowMs) => (connectedPeers < connectionsWanted ? free : trickle).take(nowMs),
  };
}
