/**
 * A client's question, now and then, to somebody who does not push to it: all that push may be silent together.
 * Decides whom and when; what the answers mean is decided by who asked for them. Source: docs/protocol.md §6.
 */
import { agentIdFromKey } from '../identity/agent-id.ts';
import type { FoundRecord } from '../overlay/message.ts';
import type { PeerContext } from './context.ts';
import type { Outbox } from './outbox.ts';

const auditIntervalMs = 600_000;
/** Agents in one round; the next goes on behind them. */
const auditAgentsMax = 256;

export interface WatchAudit {
  /** Begins with the first call. */
  start(): void;
}

export function createWatchAudit(
  context: PeerContext,
  outbox: Outbox,
  watches: {
    keys(): readonly string[];
    /** The digest of what this peer has, or null. */
    known(key: string): Uint8Array | null;
    isListenedTo(peer: string): boolean;
    found(peer: string, key: string, record: FoundRecord): void;
  },
): WatchAudit {
  const { routing, timers, random } = context;
  let isStarted = false;
  let from = 0;

  function plan(): void {
    timers.at(context.nowMs() + auditIntervalMs * (0.75 + random.next() / 2), audit);
  }

  function audit(): void {
    plan();
    const others = routing.peers().filter(({ peer }) => !watches.isListenedTo(peer));
    const [contact] = random.pick(others.length > 0 ? others : routing.peers(), 1);
    if (contact === undefined) return;
    const keys = watches.keys();
    const start = keys.length > auditAgentsMax ? from % keys.length : 0;
    from = start + auditAgentsMax;
    for (const key of [...keys, ...keys].slice(start, start + Math.min(keys.length, auditAgentsMax))) {
      const item = { agentId: agentIdFromKey(key), known: watches.known(key) };
      outbox.find(contact, item, 0, (answer) => {
        if (answer !== null) watches.found(contact.peer, key, answer.record);
      });
    }
  }

  return {
    start() {
      if (!isStarted) plan();
      isStarted = true;
    },
  };
}
