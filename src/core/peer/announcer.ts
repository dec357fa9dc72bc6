/**
 * Brings an announcement to the storing peers of each of its tags and of their prefixes (docs/protocol.md §7), and of those
 * where the agent stood before. Does not sign, and does not come back by itself: who holds the keys announces again.
 */

import { decodeCapabilities } from '../capability/announcement.ts';
import { tagPoint, tagsAndPrefixes } from '../capability/tag.ts';
import { createDeliver } from '../place/delivery.ts';
import type { FindPlaces } from '../place/place-finder.ts';
import type { CapabilityServer } from './capability-server.ts';
import type { PeerContext } from './context.ts';
import type { AnnounceResult } from './effects.ts';
import type { Outbox } from './outbox.ts';

export interface AnnounceCall {
  readonly announcement: Uint8Array;
  /** Tags that the agent announced before: whoever stores those must hear that it changed. */
  readonly formerTags: readonly string[];
  readonly timeoutMs: number;
  readonly onAnnounced: (result: AnnounceResult) => void;
}

export interface Announcer {
  /** Returns the cancellation: the caller is not called back any more; what was sent was sent. */
  announce(call: AnnounceCall): () => void;
}

export function createAnnouncer(
  context: PeerContext,
  parts: { readonly outbox: Outbox; readonly server: CapabilityServer; readonly findPlaces: FindPlaces },
): Announcer {
  const { outbox, server, findPlaces } = parts;
  const deliver = createDeliver(context, { findPlaces, take: server.take, give: outbox.announce });
  return {
    announce: ({ announcement, formerTags, timeoutMs, onAnnounced }) =>
      deliver({
        ...{ bytes: announcement, timeoutMs },
        pointsOf: () =>
          tagsAndPrefixes([...decodeCapabilities(announcement).tags, ...formerTags]).map(tagPoint),
        isOwn: () => context.config.role === 'full',
        onDelivered: ({ isOvertaken: _, ...result }) => onAnnounced(result),
      }),
  };
}
