/**
 * The k peers closest to a point of the key space: known, found lately, or looked for (docs/protocol.md §4). Decides whom
 * to ask for them; what is brought to them is its caller's.
 */
import { bytesToHex } from '../bytes.ts';
import { isProtocolError } from '../errors.ts';
import { kadId } from '../overlay/distance.ts';
import { createLookup } from '../overlay/lookup.ts';
import { decodeClosestAnswer, encodeRequest } from '../overlay/message.ts';
import { createWalk } from '../overlay/walk.ts';
import type { PeerContext } from '../peer/context.ts';
import type { PeerContact } from '../peer/events.ts';
import { createRecentMap } from '../recent-map.ts';

/** Calls back once, at once where they are known. */
export type FindPlaces = (point: Uint8Array, onFound: (contacts: readonly PeerContact[]) => void) => void;

/** Who is close to a point changes slowly, and many agents share the upper tags. */
const placesKeptMs = 600_000;
const placesMax = 512;

export function createPlaceFinder(context: PeerContext): FindPlaces {
  const { config, routing, self } = context;
  const placesByPoint = createRecentMap<{
    readonly contacts: readonly PeerContact[];
    readonly foundAtMs: number;
  }>(placesMax);

  function search(
    point: Uint8Array,
    seeds: Parameters<typeof createLookup>[0]['seeds'],
    onFound: (contacts: readonly PeerContact[]) => void,
  ): void {
    const { replication, parallelism } = config;
    const lookup = createLookup({ target: kadId(point), self: self.peer, seeds, width: replication });
    const request = encodeRequest({ type: 'closest', point, count: replication });
    const walk = createWalk({
      lookup,
      after: context.after,
      parallelism: () => parallelism,
      ask: (contact, onAnswer) =>
        context.send(contact, request, (body) => onAnswer(body === null ? null : readContacts(body))),
      isDone: () => lookup.isConverged(parallelism),
      onEnd() {
        const contacts = lookup.closest();
        placesByPoint.set(bytesToHex(point), { contacts, foundAtMs: context.nowMs() });
        onFound(contacts);
      },
    });
    walk.advance();
  }

  function readContacts(body: Uint8Array): readonly PeerContact[] | null {
    try {
      return decodeClosestAnswer(body);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', 'malformed');
      return null;
    }
  }

  return (point, onFound) => {
    const nearest = routing.closest(kadId(point), config.replication, context.nowMs());
    const known = placesByPoint.get(bytesToHex(point));
    // A table smaller than k most likely knows the whole network.
    if (routing.size <= config.replication) onFound(nearest.map(({ contact }) => contact));
    else if (known !== undefined && context.nowMs() - known.foundAtMs < placesKeptMs) onFound(known.contacts);
    else search(point, nearest, onFound);
  };
}
