/**
 * Brings name records to the k peers closest to their point (docs/protocol.md §7): on call, for who holds the keys of a
 * namespace; and by itself, for what this peer keeps and has not heard of within the hour, so that names outlive an owner
 * who is away and storing peers who leave. Signs nothing.
 */
import { decodeNameRecord } from '../name/name-record.ts';
import { kadId } from '../overlay/distance.ts';
import { createDeliver } from '../place/delivery.ts';
import type { FindPlaces } from '../place/place-finder.ts';
import type { PeerContext } from './context.ts';
import type { NamePublication } from './effects.ts';
import type { NameServer } from './name-server.ts';
import type { Outbox } from './outbox.ts';

export interface NamePublishCall {
  readonly record: Uint8Array;
  readonly timeoutMs: number;
  readonly onPublished: (result: NamePublication) => void;
}

export interface NamePublisher {
  /** Returns the cancellation: the caller is not called back any more; what was sent was sent. */
  publish(call: NamePublishCall): () => void;
  /** Begins to keep alive what is kept here. */
  start(): void;
}

/** Names in one step of a walk, so that many of them never block a node. */
const namesPerStep = 64;
const stepPauseMs = 50;

export function createNamePublisher(
  context: PeerContext,
  parts: { readonly outbox: Outbox; readonly server: NameServer; readonly findPlaces: FindPlaces },
): NamePublisher {
  const { outbox, server, findPlaces } = parts;
  const { config, routing, random, after } = context;

  const deliver = createDeliver(context, { findPlaces, take: server.take, give: outbox.name });

  function publish({ record, timeoutMs, onPublished }: NamePublishCall): () => void {
    return deliver({
      ...{ bytes: record, timeoutMs, onDelivered: onPublished },
      pointsOf: () => [decodeNameRecord(record).point],
      isOwn: (points) => points.some(server.isMine),
    });
  }

  /** Of those who keep a name, whoever comes first tells the others, who then need not. */
  function keepAlive(key: string): void {
    const kept = server.store.get(key);
    if (kept === undefined || context.nowMs() - kept.heardAtMs < config.handOverIntervalMs) return;
    const { point } = decodeNameRecord(kept.bytes);
    let acknowledgements = 0;
    const isMine = server.isMine(point);
    for (const { contact } of routing.closest(kadId(point), config.replication, context.nowMs())) {
      outbox.name(contact, kept.bytes, (answer) => {
        if (answer?.status !== 'stored' || ++acknowledgements !== config.acknowledgements || isMine) return;
        // Others are closer to it now, and have it.
        context.count('names', 'handed-over');
        server.forget(key);
      });
    }
    server.store.touch(key, context.nowMs());
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
      walk(server.store.keys());
      plan();
    });
  }

  return { publish, start: plan };
}
