/**
 * Brings name records to the k peers closest to their point (docs/protocol.md §7): on call, for who holds the keys of a
 * namespace; and by itself, for what this peer keeps and has not heard of within the hour, so that names outlive an owner
 * who is away and storing peers who leave. Signs nothing.
 */
import { isProtocolError } from '../errors.ts';
import { decodeNameRecord } from '../name/name-record.ts';
import { kadId } from '../overlay/distance.ts';
import type { NameAnswer } from '../overlay/name-message.ts';
import { createTally } from './announcer.ts';
import type { PeerContext } from './context.ts';
import type { NamePublication } from './effects.ts';
import type { PeerContact } from './events.ts';
import type { NameServer } from './name-server.ts';
import type { Outbox } from './outbox.ts';
import type { FindPlaces } from './place-finder.ts';

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
  const { config, self, routing, random, timers } = context;

  function publish({ record: bytes, timeoutMs, onPublished }: NamePublishCall): () => void {
    const tally = createTally();
    let isOvertaken = false;
    let isDone = false;
    let isSearching = true;
    const finish = (): void => {
      if (isDone) return;
      isDone = true;
      cancelTimer();
      onPublished({ ...tally.result(), isOvertaken });
    };
    const answered = (answer: NameAnswer | null): void => {
      if (answer?.status === 'stale') isOvertaken = true;
      tally.answered(answer);
      if (!isSearching && tally.isSettled()) finish();
    };
    const cancelTimer = timers.at(context.nowMs() + timeoutMs, finish);
    const cancel = (): void => {
      isDone = true;
      cancelTimer();
    };
    let point: Uint8Array;
    try {
      point = decodeNameRecord(bytes).point;
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      tally.asked();
      isSearching = false;
      answered({ status: 'refused', code: error.code });
      return cancel;
    }
    if (server.isMine(point)) {
      tally.asked();
      server.take(bytes, self.peer, answered);
    }
    findPlaces(point, (contacts) => {
      isSearching = false;
      give(contacts, bytes, tally.asked, answered);
      if (tally.isSettled()) finish();
    });
    return cancel;
  }

  function give(
    contacts: readonly PeerContact[],
    bytes: Uint8Array,
    asked: () => void,
    answered: (answer: NameAnswer | null) => void,
  ): void {
    for (const contact of contacts) {
      asked();
      outbox.name(contact, bytes, answered);
    }
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
    if (keys.length > namesPerStep)
      timers.at(context.nowMs() + stepPauseMs, () => walk(keys.slice(namesPerStep)));
  }

  function plan(): void {
    // Spread over the interval, so that those who keep one name do not all begin at once.
    const delayMs = config.handOverIntervalMs * (0.25 + random.next() / 4);
    timers.at(context.nowMs() + delayMs, () => {
      walk(server.store.keys());
      plan();
    });
  }

  return { publish, start: plan };
}
