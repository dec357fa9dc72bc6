/**
 * Brings a signed item to the k peers closest to each of its points (docs/protocol.md §7), this peer among them where it is
 * one, and counts what they say. Decides whom to give it and when all have spoken; does not come back by itself.
 */
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type KeepAnswer, mostFrequent } from '../overlay/keep-answer.ts';
import type { PeerContext } from '../peer/context.ts';
import type { AnnounceResult } from '../peer/effects.ts';
import type { PeerContact } from '../peer/events.ts';
import type { TakeItem } from './intake.ts';
import type { FindPlaces } from './place-finder.ts';

export interface Delivery {
  readonly bytes: Uint8Array;
  /** Where it belongs. @throws ProtocolError when it is no such item */
  readonly pointsOf: () => readonly Uint8Array[];
  /** Whether this peer is to take it too. */
  readonly isOwn: (points: readonly Uint8Array[]) => boolean;
  readonly timeoutMs: number;
  readonly onDelivered: (result: DeliveryResult) => void;
}

export interface DeliveryResult extends AnnounceResult {
  /** True when a storing peer keeps a newer one. */
  readonly isOvertaken: boolean;
}

/** Returns the cancellation: the caller is not called back any more; what was sent was sent. */
export type Deliver = (delivery: Delivery) => () => void;

/** @param parts.give sends it to one peer; null: no answer */
export function createDeliver(
  context: PeerContext,
  parts: {
    readonly findPlaces: FindPlaces;
    readonly take: TakeItem;
    readonly give: (
      to: PeerContact,
      bytes: Uint8Array,
      onAnswer: (answer: KeepAnswer | null) => void,
    ) => void;
  },
): Deliver {
  return ({ bytes, pointsOf, isOwn, timeoutMs, onDelivered }) => {
    const tally = createTally();
    const asked = new Set<string>();
    // Points whose peers are not known yet, and this call itself.
    let searching = 1;
    let isDone = false;
    const cancelTimer = context.after(timeoutMs, () => finish());
    const cancel = (): void => {
      isDone = true;
      cancelTimer();
    };
    const finish = (): void => {
      if (isDone) return;
      cancel();
      onDelivered(tally.result());
    };
    const settle = (): void => {
      if (searching === 0 && tally.isSettled()) finish();
    };
    const answered = (answer: KeepAnswer | null): void => {
      tally.answered(answer);
      settle();
    };
    const give = (contacts: readonly PeerContact[]): void => {
      searching--;
      for (const contact of contacts) {
        if (asked.has(contact.peer)) continue;
        asked.add(contact.peer);
        tally.asked();
        parts.give(contact, bytes, answered);
      }
      settle();
    };
    try {
      const points = pointsOf();
      searching += points.length;
      if (isOwn(points)) {
        tally.asked();
        parts.take(bytes, context.self.peer, answered);
      }
      for (const point of points) parts.findPlaces(point, give);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      tally.asked();
      tally.answered({ status: 'refused', code: error.code });
    }
    give([]);
    return cancel;
  };
}

/** Counts the answers of storing peers. */
function createTally() {
  let asked = 0;
  let settled = 0;
  let holders = 0;
  let displaced = 0;
  let isOvertaken = false;
  const refusals: ProtocolErrorCode[] = [];
  return {
    asked: () => void asked++,
    answered(answer: KeepAnswer | null): void {
      settled++;
      if (answer === null) return;
      if (answer.status === 'stored') holders++;
      else if (answer.status === 'displaced') displaced++;
      else if (answer.code !== null) refusals.push(answer.code);
      if (answer.status === 'stale') isOvertaken = true;
    },
    isSettled: () => settled === asked,
    result: (): DeliveryResult => ({
      ...{ holders, displaced, asked, isOvertaken },
      refusal: mostFrequent(refusals),
    }),
  };
}
