/** Finds out whether a peer whose connection or dial failed is gone: a few dials, not many at once. */
import type { Log } from '../../ports/log.ts';
import type { PeerAddress } from '../../ports/overlay.ts';

/** Pauses before the dials that decide. */
const checkDelaysMs = [250, 1000];
const checksAtOnceMax = 4;

export interface LostPeersOptions {
  /** Where the peer was, or undefined when there is nothing to find out any more. */
  lookUp(peer: string): PeerAddress | undefined;
  /** Resolves when connected. */
  dial(peer: PeerAddress): Promise<unknown>;
  isConnected(peer: string): boolean;
  gone(peer: string): void;
  readonly log: Log;
}

export interface LostPeers {
  /** Queues a peer; nothing happens when it is queued already. Bounded by the peers that `lookUp` knows. */
  check(peer: string): void;
  stop(): void;
}

export function createLostPeers(options: LostPeersOptions): LostPeers {
  const { lookUp, dial, isConnected, gone, log } = options;
  const queued = new Set<string>();
  const waiting: string[] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let isStopped = false;

  function startChecks(): void {
    while (queued.size - waiting.length < checksAtOnceMax) {
      const peer = waiting.shift();
      if (peer === undefined) return;
      decide(peer).finally(() => {
        queued.delete(peer);
        startChecks();
      });
    }
  }

  async function decide(peer: string): Promise<void> {
    for (const delayMs of checkDelaysMs) {
      await pause(delayMs * (0.75 + Math.random() / 2));
      const lost = lookUp(peer);
      if (isStopped || lost === undefined || isConnected(peer)) return;
      try {
        await dial(lost);
        return;
      } catch (error) {
        log.debug({ peer, error }, 'a lost peer does not answer');
      }
    }
    if (!isStopped && !isConnected(peer)) gone(peer);
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, delayMs);
      timers.add(timer);
    });
  }

  return {
    check(peer) {
      if (isStopped || queued.has(peer)) return;
      queued.add(peer);
      waiting.push(peer);
      startChecks();
    },
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
