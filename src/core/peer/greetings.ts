/**
 * Reconciles with each neighbour that is new or back, a few at once: of two that meet the one with the smaller id, and the
 * other later where that found differences. Decides when; what is reconciled is the synchroniser's.
 * Bounds: neighbours that wait. Source: docs/protocol.md §6.
 */
import { createTokenBucket } from '../gossip/token-bucket.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';
import type { Synchroniser } from './synchroniser.ts';

/** So many at once, then one every two seconds. */
const burst = 4;
const perSecond = 0.5;
const queueMax = 64;
const delayMs = 200;
/** How much later the one with the larger id does so. */
const turnMs = 1_500;

export interface Greetings {
  add(contact: PeerContact): void;
}

interface Greeting {
  readonly contact: PeerContact;
  readonly fromMs: number;
  /** It has asked, and has the same key logs and revocations. */
  agreesOnAuthority: boolean;
}

export function createGreetings(context: PeerContext, synchroniser: Synchroniser): Greetings {
  const { routing, timers } = context;
  const budget = createTokenBucket({ burst, perSecond });
  const waiting = new Map<string, Greeting>();
  /** What the timer is set for; null: none is. */
  let dueAtMs: number | null = null;

  function greet(): void {
    dueAtMs = null;
    const nowMs = context.nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [peer, { contact, fromMs }] of waiting) {
      const readyAtMs = Math.max(fromMs, budget.readyAtMs(nowMs));
      if (readyAtMs > nowMs) {
        nextMs = Math.min(nextMs, readyAtMs);
        continue;
      }
      waiting.delete(peer);
      if (routing.has(peer) && budget.take(nowMs)) synchroniser.start(contact);
    }
    if (waiting.size > 0) plan(nextMs);
  }

  function plan(timeMs: number): void {
    if (dueAtMs !== null && dueAtMs <= timeMs) return;
    dueAtMs = timeMs;
    timers.at(timeMs, () => {
      if (dueAtMs === timeMs) greet();
    });
  }

  synchroniser.onAsked((peer, set, isEqual) => {
    const greeting = waiting.get(peer);
    if (greeting === undefined) return;
    if (set === 'authority') greeting.agreesOnAuthority = isEqual;
    else if (isEqual && greeting.agreesOnAuthority) waiting.delete(peer);
  });

  return {
    add(contact) {
      if (waiting.size >= queueMax) return;
      const isTheirs = contact.peer < context.self.peer;
      const fromMs = context.nowMs() + delayMs + (isTheirs ? turnMs : 0);
      waiting.set(contact.peer, { contact, fromMs, agreesOnAuthority: false });
      plan(fromMs);
    },
  };
}
