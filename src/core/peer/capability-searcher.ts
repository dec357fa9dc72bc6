/**
 * Searches for who announced a tag: several of its storing peers are asked, their rows joined by agent, ordered, and
 * verified in that order until there are enough. Nothing unverified is shown, and nothing of an agent that this peer knows
 * to have ended or to have other keys. Source: docs/protocol.md §7.
 * Bounds: 64 rows of each of at most k responders; one search ends with its time.
 */

import { bytesEqual } from '../bytes.ts';
import { type CapabilityAnnouncement, decodeCapabilities } from '../capability/announcement.ts';
import { createDraw, hourOf } from '../capability/ranked-set.ts';
import { compareRanked, matchScore } from '../capability/ranking.ts';
import { isUnderTag, tagPoint } from '../capability/tag.ts';
import { isProtocolError } from '../errors.ts';
import { capabilitiesPerTagMax, capabilityRespondersMin } from '../limits.ts';
import { decodeSearchAnswer, type SearchAnswer } from '../overlay/capability-message.ts';
import { encodeRequest } from '../overlay/message.ts';
import type { EndedSearch, PlaceSearcher } from '../place/place-searcher.ts';
import { assertTimely, compareItems } from '../place/signed-item.ts';
import type { AgentTable } from './agent-table.ts';
import type { CapabilityServer } from './capability-server.ts';
import { createHitVerifier, type Shown } from './capability-verifier.ts';
import type { PeerContext } from './context.ts';
import type { CapabilitySearch } from './effects.ts';

export interface SearchCall {
  /** In its normal form. */
  readonly tag: string;
  readonly limit: number;
  readonly timeoutMs: number;
  readonly onFound: (found: CapabilitySearch) => void;
}

export interface CapabilitySearcher {
  /** Returns the cancellation: the caller is not called back any more. */
  search(call: SearchCall): () => void;
}

interface Search {
  readonly call: SearchCall;
  /** By agent, what was shown of it. */
  readonly shownByAgent: Map<string, Shown[]>;
  /** Somebody had more than was asked for: others may keep other agents. */
  isOverfull: boolean;
}

export function createCapabilitySearcher(
  context: PeerContext,
  parts: { readonly table: AgentTable; readonly places: PlaceSearcher; readonly server: CapabilityServer },
): CapabilitySearcher {
  const { places, server } = parts;
  const { config, self } = context;
  const draw = createDraw(self.peer);
  const verifyHits = createHitVerifier(context, parts);

  function search(call: SearchCall): () => void {
    const point = tagPoint(call.tag);
    const count = Math.min(capabilitiesPerTagMax, Math.max(8, call.limit));
    const current: Search = { call, shownByAgent: new Map(), isOverfull: false };
    const own = server.show(point, capabilitiesPerTagMax, self.peer);
    return places.search<SearchAnswer>({
      ...{ point, timeoutMs: call.timeoutMs },
      request: encodeRequest({ type: 'search', point, count }),
      own: own.announcements.length > 0 ? own : null,
      decode: decodeSearchAnswer,
      wanted: () => (isPlenty(current) ? capabilityRespondersMin : config.replication),
      onAnswer({ announcements }, from) {
        if (from !== null && announcements.length >= count) current.isOverfull = true;
        takeRows(current, from === null ? announcements : announcements.slice(0, count));
      },
      onEnd: (ended) => finish(current, ended),
    });
  }

  /** As many as were asked for, or all that there are as far as those nearest the tag know. */
  function isPlenty({ shownByAgent, call, isOverfull }: Search): boolean {
    return !isOverfull || shownByAgent.size >= call.limit;
  }

  /** The rows of one responder: of each agent one, whatever it sent. */
  function takeRows({ shownByAgent, call }: Search, rows: readonly Uint8Array[]): void {
    const seen = new Set<string>();
    for (const bytes of rows) {
      const announcement = readRow(bytes, call.tag);
      if (announcement === null || seen.has(announcement.key)) continue;
      seen.add(announcement.key);
      const shown = shownByAgent.get(announcement.key) ?? [];
      const same = shown.find((one) => bytesEqual(one.announcement.bytes, bytes));
      if (same === undefined) shown.push({ announcement, shownBy: 1 });
      else same.shownBy++;
      shownByAgent.set(announcement.key, shown);
    }
  }

  function readRow(bytes: Uint8Array, tag: string): CapabilityAnnouncement | null {
    try {
      const announcement = decodeCapabilities(bytes);
      assertTimely(announcement, context.nowSeconds());
      if (announcement.tags.some((one) => isUnderTag(one, tag))) return announcement;
      context.count('answers_refused', 'wrong-tag');
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
    }
    return null;
  }

  function finish(current: Search, { asked, responders, isConverged }: EndedSearch): void {
    const { call, shownByAgent } = current;
    const isComplete = !current.isOverfull && isConverged(capabilityRespondersMin);
    verifyHits(inOrder(current), call.limit, (verified) => {
      const hits = verified.map(({ announcement, shownBy }) => ({
        agentId: announcement.agentId,
        tags: announcement.tags,
        issuedAt: announcement.issuedAt,
        expiresAt: announcement.expiresAt,
        establishment: announcement.keyEvents.at(-1)!.digest,
        score: matchScore(announcement.tags, call.tag),
        shownBy,
      }));
      call.onFound({ hits, asked, responders, isComplete: isComplete && shownByAgent.size <= call.limit });
    });
  }

  /** The agents in the order in which they are shown; of each, what was shown, the newest first. */
  function inOrder({ shownByAgent, call }: Search): (readonly Shown[])[] {
    const hour = hourOf(context.nowSeconds());
    const ranked = [...shownByAgent.values()].map((shown) => {
      shown.sort((left, right) => compareItems(right.announcement, left.announcement));
      const { announcement } = shown[0]!;
      const shownBy = Math.max(...shown.map((one) => one.shownBy));
      return { shown, tags: announcement.tags, shownBy, draw: draw(announcement.agentId, hour) };
    });
    return ranked.sort((left, right) => compareRanked(left, right, call.tag)).map(({ shown }) => shown);
  }

  return { search };
}
