/**
 * Brings an announcement to the k closest peers of each of its tags and of their prefixes (docs/protocol.md §7), and of
 * those where the agent stood before. Decides whom to give it; does not sign, and does not come back by itself: who holds
 * the keys announces again.
 */

import { decodeCapabilities } from '../capability/announcement.ts';
import { tagPoint, tagsAndPrefixes } from '../capability/tag.ts';
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import type { AnnounceAnswer } from '../overlay/capability-message.ts';
import type { CapabilityServer } from './capability-server.ts';
import type { PeerContext } from './context.ts';
import type { AnnounceResult } from './effects.ts';
import type { PeerContact } from './events.ts';
import type { Outbox } from './outbox.ts';
import type { FindPlaces } from './place-finder.ts';

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
  const { config, self } = context;

  function announce(call: AnnounceCall): () => void {
    const { announcement: bytes, timeoutMs } = call;
    const tally = createTally();
    let isDone = false;
    let searching = 0;
    const asked = new Set<string>();
    const finish = (): void => {
      if (isDone) return;
      isDone = true;
      cancelTimer();
      call.onAnnounced(tally.result());
    };
    const settle = (): void => {
      if (searching === 0 && tally.isSettled()) finish();
    };
    const answered = (answer: AnnounceAnswer | null): void => {
      tally.answered(answer);
      settle();
    };
    const give = (contacts: readonly PeerContact[]): void => {
      searching--;
      for (const contact of contacts) {
        if (asked.has(contact.peer)) continue;
        asked.add(contact.peer);
        tally.asked();
        outbox.announce(contact, bytes, answered);
      }
      settle();
    };
    const cancelTimer = context.timers.at(context.nowMs() + timeoutMs, finish);
    let tags: readonly string[];
    try {
      tags = tagsAndPrefixes([...decodeCapabilities(bytes).tags, ...call.formerTags]);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      tally.asked();
      answered({ status: 'refused', code: error.code });
      return () => {};
    }
    searching = tags.length + 1;
    if (config.role === 'full') {
      tally.asked();
      server.take(bytes, self.peer, answered);
    }
    for (const tag of tags) findPlaces(tagPoint(tag), give);
    give([]);
    return () => {
      isDone = true;
      cancelTimer();
    };
  }

  return { announce };
}

/** Counts the answers of storing peers. */
export function createTally() {
  let asked = 0;
  let settled = 0;
  let holders = 0;
  let displaced = 0;
  const refusals = new Map<ProtocolErrorCode, number>();
  return {
    asked: () => void asked++,
    answered(answer: AnnounceAnswer | null): void {
      settled++;
      if (answer === null) return;
      if (answer.status === 'stored') holders++;
      else if (answer.status === 'displaced') displaced++;
      else if (answer.code !== null) refusals.set(answer.code, (refusals.get(answer.code) ?? 0) + 1);
    },
    isSettled: () => settled === asked,
    result(): AnnounceResult {
      const [refusal = null] = [...refusals].sort((left, right) => right[1] - left[1]).map(([code]) => code);
      return { holders, displaced, asked, refusal };
    },
  };
}
