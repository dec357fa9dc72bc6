/** Whose changes a verifier listens to, each by a watch of its own; the longest unused is let go when there are too many. */
import type { AgentId } from '../../core/identity/agent-id.ts';
import { watchedIssuersMax } from '../trust-limits.ts';
import type { HeardChange, TrustNetwork } from './trust-network.ts';

export interface IssuerWatch {
  /** Begins where it does not listen yet. How many changes were heard of it so far. */
  listen(issuer: string, agentId: AgentId): number;
  epoch(issuer: string): number;
  leave(issuer: string): void;
  stop(): void;
  readonly size: number;
}

interface Listening {
  readonly controller: AbortController;
  epoch: number;
}

export function createIssuerWatch(parts: {
  readonly watch: TrustNetwork['watch'];
  readonly heard: (change: HeardChange) => void;
  /** It is listened to no longer, for want of room or because the watch broke. */
  readonly forgotten: (issuer: string) => void;
  readonly failed: (error: unknown) => void;
}): IssuerWatch {
  const { watch, heard, forgotten, failed } = parts;
  /** The longest unused first. */
  const watches = new Map<string, Listening>();

  async function follow(
    issuer: string,
    changes: AsyncIterable<HeardChange>,
    listening: Listening,
  ): Promise<void> {
    try {
      for await (const change of changes) {
        listening.epoch++;
        heard(change);
      }
    } catch (error) {
      if (!listening.controller.signal.aborted) failed(error);
    }
    if (watches.get(issuer) !== listening) return;
    // The node has stopped, or the watch broke: nothing would be heard any more.
    watches.delete(issuer);
    forgotten(issuer);
  }

  function leave(issuer: string): void {
    const listening = watches.get(issuer);
    watches.delete(issuer);
    listening?.controller.abort();
  }

  return {
    listen(issuer, agentId) {
      const known = watches.get(issuer);
      if (known !== undefined) {
        watches.delete(issuer);
        watches.set(issuer, known);
        return known.epoch;
      }
      const made: Listening = { controller: new AbortController(), epoch: 0 };
      watches.set(issuer, made);
      void follow(issuer, watch([agentId], made.controller.signal), made);
      if (watches.size > watchedIssuersMax) {
        const [oldest] = watches.keys();
        leave(oldest!);
        forgotten(oldest!);
      }
      return made.epoch;
    },
    epoch: (issuer) => watches.get(issuer)?.epoch ?? -1,
    leave,
    stop() {
      for (const issuer of [...watches.keys()]) leave(issuer);
    },
    get size() {
      return watches.size;
    },
  };
}
