/**
 * Brings name records to the k peers closest to their point (docs/protocol.md §7), for who holds the keys of a namespace.
 * Signs nothing, and does not come back by itself.
 */
import { decodeNameRecord } from '../name/name-record.ts';
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
}

export function createNamePublisher(
  context: PeerContext,
  parts: { readonly outbox: Outbox; readonly server: NameServer; readonly findPlaces: FindPlaces },
): NamePublisher {
  const { outbox, server, findPlaces } = parts;
  const deliver = createDeliver(context, { findPlaces, take: server.take, give: outbox.name });

  return {
    publish: ({ record, timeoutMs, onPublished }) =>
      deliver({
        ...{ bytes: record, timeoutMs, onDelivered: onPublished },
        pointsOf: () => [decodeNameRecord(record).point],
        isOwn: (points) => points.some(server.isMine),
      }),
  };
}
