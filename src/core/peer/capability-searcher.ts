/**
 * Searches for who announced a tag: several of its storing peers are asked, their rows joined by agent, ordered, and
 * verified in that order until there are enough. Nothing unverified is shown, and nothing of an agent that this peer knows
 * to have ended or to have other keys. Source: docs/protocol.md §7.
 * Bounds: 64 rows of each of at most k responders; one search ends with its time.
 */

import { bytesEqual } from '../bytes.ts';
import { assertTimely } from '../capability/admit.ts';
import {
  type CapabilityAnnouncement,
  compareCapabilities,
  decodeCapabilities,
} from '../capability/announcement.ts';
import { createDraw, hourOf } from '../capability/ranked-set.ts';
import { compareRanked, matchScore } from '../capability/ranking.ts';
import { isUnderTag, tagPoint } from '../capability/tag.ts';
import { isProtocolError } from '../errors.ts';
import { capabilitiesPerTagMax, capabilityRespondersMin, lookupParallelism } from '../limits.ts';
import { decodeSearchAnswer, type SearchAnswer } from '../overlay/capability-message.ts';
import { kadId } from '../overlay/distance.ts';
import { createLookup, type Lookup } from '../overlay/lookup.ts';
import { encodeRequest } from '../overlay/message.ts';
import type { AgentTable } from './agent-table.ts';
import type { CapabilityServer } from './capability-server.ts';
import { createHitVerifier, type Shown } from './capability-verifier.ts';
import type { PeerContext } from './context.ts';
import type { CapabilitySearch } from './effects.ts';
import type { PeerContact } from './events.ts';
import type { Outbox } from './outbox.ts';

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
  readonly active: number;
}

interface Search {
  readonly call: SearchCall;
  readonly lookup: Lookup;
  readonly request: Uint8Array;
  readonly count: number;
  /** By agent, what was shown of it. */
  readonly shownByAgent: Map<string, Shown[]>;
  readonly late: Set<string>;
  readonly cancelTimers: (() => void)[];
  asked: number;
  responders: number;
  /** Somebody had more than was asked for: others may keep other agents. */
  isOverfull: boolean;
  isDone: boolean;
}

export function createCapabilitySearcher(
  context: PeerContext,
  parts: { readonly table: AgentTable; readonly outbox: Outbox; readonly server: CapabilityServer },
): CapabilitySearcher {
  const { outbox, server } = parts;
  const { config, routing, self } = context;
  const draw = createDraw(self.peer);
  const verifyHits = createHitVerifier(context, parts);
  let active = 0;

  function search(call: SearchCall): () => void {
    const point = tagPoint(call.tag);
    const target = kadId(point);
    const count = Math.min(capabilitiesPerTagMax, Math.max(8, call.limit));
    const current: Search = {
      call,
      lookup: createLookup({
        target,
        self: self.peer,
        seeds: routing.closest(target, config.replication, context.nowMs()),
        width: config.replication,
      }),
      request: encodeRequest({ type: 'search', point, count }),
      count,
      shownByAgent: new Map(),
      late: new Set(),
      cancelTimers: [],
      asked: 0,
      responders: 0,
      isOverfull: false,
      isDone: false,
    };
    active++;
    const own = server.show(target, capabilitiesPerTagMax, self.peer).announcements;
    if (own.length > 0) {
      current.asked++;
      current.responders++;
    }
    takeRows(current, own);
    current.cancelTimers.push(context.timers.at(context.nowMs() + call.timeoutMs, () => finish(current)));
    advance(current);
    return () => end(current);
  }

  function advance(current: Search): void {
    const { lookup } = current;
    if (current.isDone) return;
    const wanted = isPlenty(current) ? capabilityRespondersMin : config.replication;
    if (lookup.isConverged(wanted) || lookup.isComplete) {
      finish(current);
      return;
    }
    // More than a spare beside those that are missing would only be work; one at least, since the nearest must answer.
    const missing = Math.max(0, wanted - current.responders) + 1;
    const awaited = lookup.inFlight - current.late.size;
    for (const contact of lookup.take(Math.max(0, Math.min(lookupParallelism, missing) - awaited)))
      ask(current, contact);
  }

  /** As many as were asked for, or all that there are as far as those nearest the tag know. */
  function isPlenty({ shownByAgent, call, isOverfull }: Search): boolean {
    return !isOverfull || shownByAgent.size >= call.limit;
  }

  function ask(current: Search, contact: PeerContact): void {
    current.asked++;
    let isAwaited = true;
    context.send(contact, current.request, (body) => {
      isAwaited = false;
      current.late.delete(contact.peer);
      settle(current, contact, body);
    });
    // A silent peer must not hold up the others.
    const cancel = context.timers.at(context.nowMs() + outbox.hedgeDelayMs(), () => {
      if (current.isDone || !isAwaited) return;
      current.late.add(contact.peer);
      advance(current);
    });
    current.cancelTimers.push(cancel);
  }

  function settle(current: Search, contact: PeerContact, body: Uint8Array | null): void {
    if (current.isDone) return;
    let answer: SearchAnswer | null = null;
    try {
      if (body !== null) answer = decodeSearchAnswer(body);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
    }
    if (answer === null) current.lookup.failed(contact.peer);
    else {
      current.responders++;
      current.lookup.answered(contact.peer, answer.closer);
      if (answer.announcements.length >= current.count) current.isOverfull = true;
      takeRows(current, answer.announcements.slice(0, current.count));
    }
    advance(current);
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

  function end(current: Search): void {
    if (current.isDone) return;
    current.isDone = true;
    active--;
    for (const cancel of current.cancelTimers) cancel();
  }

  function finish(current: Search): void {
    if (current.isDone) return;
    end(current);
    const { call, asked, responders, shownByAgent } = current;
    const isComplete = !current.isOverfull && current.lookup.isConverged(capabilityRespondersMin);
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
      shown.sort((left, right) => compareCapabilities(right.announcement, left.announcement));
      const { announcement } = shown[0]!;
      const shownBy = Math.max(...shown.map((one) => one.shownBy));
      return { shown, tags: announcement.tags, shownBy, draw: draw(announcement.agentId, hour) };
    });
    return ranked.sort((left, right) => compareRanked(left, right, call.tag)).map(({ shown }) => shown);
  }

  return {
    search,
    get active() {
      return active;
    },
  };
}
