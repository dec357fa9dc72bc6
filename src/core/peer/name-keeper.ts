/**
 * Keeps alive the names that this peer keeps as a storing peer and has not heard of within the hour, so that they outlive an
 * owner who is away and storing peers who leave (docs/protocol.md §7). Signs nothing.
 */
import { decodeNameRecord } from '../name/name-record.ts';
import { kadId } from '../overlay/distance.ts';
import type { PeerContext } from './context.ts';
import type { NameStore } from './name-store.ts';
import type { Outbox } from './outbox.ts';

/** Names in one step of a walk, so that many of them never block a node. */
const namesPerStep = 64;
const stepPauseMs = 50;

/** Returns what begins it. */
export function createNameKeeper(
  context: PeerContext,
  parts: {
    readonly outbox: Outbox;
    readonly store: NameStore;
    readonly isMine: (point: Uint8Array) => boolean;
    readonly forget: (keys: readonly string[]) => void;
  },
): () => void {
  const { outbox, store, isMine, forget } = parts;
  const { config, routing, random, after } = context;

  /** Of those who keep a name, whoever comes first tells the others, who then need not. */
  function keepAlive(key: string): void {
    const kept = store.get(key);
    if (kept === undefined || context.nowMs() - kept.heardAtMs < config.handOverIntervalMs) return;
    const { point } = decodeNameRecord(kept.bytes);
    let acknowledgements = 0;
    const isOwn = isMine(point);
    for (const { contact } of routing.closest(kadId(point), config.replication, context.nowMs())) {
      outbox.name(contact, kept.bytes, (answer) => {
        if (answer?.status !== 'stored' || ++acknowledgements !== config.acknowledgements || isOwn) return;
        // Others are closer to it now, and have it.
        context.count('names', 'handed-over');
        forget([key]);
      });
    }
    store.touch(key, context.nowMs());
    context.count('names', 'kept-alive');
  }

  function walk(keys: readonly string[]): void {
    for (const key of keys.slice(0, namesPerStep)) keepAlive(key);
    if (keys.length > namesPerStep) after(stepPauseMs, () => walk(keys.slice(namesPerStep)));
  }

  function plan(): void {
    // Spread over the interval, so that those who keep one name do not all begin at once.
    const delayMs = config.handOverIntervalMs * (0.25 + random.next() / 4);
    after(delayMs, () => {
      walk(store.keys());
      plan();
    });
  }

  return plan;
}
