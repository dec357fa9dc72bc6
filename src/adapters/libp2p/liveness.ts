/** Decides whether a connection that says it is open still leads anywhere, when requests over it go unanswered. */
import type { Libp2p } from '@libp2p/interface';
import type { Ping } from '@libp2p/ping';
import type { Log } from '../../ports/log.ts';
import { parsePeer } from './multiaddrs.ts';

const answerWithinMs = 5000;

export interface Liveness {
  /** Pings the peer once; without an answer its connections are ended, and whoever needs it dials again. */
  check(peer: string): void;
}

export function createLiveness(libp2p: Libp2p<{ ping: Ping }>, log: Log): Liveness {
  const checking = new Set<string>();

  async function ping(peer: string): Promise<void> {
    const peerId = parsePeer(peer);
    if (peerId === null) return;
    const connections = libp2p.getConnections(peerId);
    try {
      await libp2p.services.ping.ping(peerId, { signal: AbortSignal.timeout(answerWithinMs) });
    } catch (error) {
      log.debug({ peer, error }, 'a connection is dead; closing it');
      for (const connection of connections) connection.abort(new Error('the peer does not answer'));
    }
  }

  return {
    check(peer) {
      if (checking.has(peer)) return;
      checking.add(peer);
      ping(peer).finally(() => checking.delete(peer));
    },
  };
}
