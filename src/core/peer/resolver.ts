/**
 * Resolves agents: asks the closest peers, joins every answer, compares with the high-water mark, repairs laggards.
 * Done when enough distinct peers have shown the record, or when all of the k closest have spoken.
 * Concurrent calls for one agent share one lookup. Source: docs/protocol.md §4.
 */

import { bytesToHex } from '../bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { kadIdOfAgent } from '../overlay/distance.ts';
import { createLookup, type Lookup, nearnessOf } from '../overlay/lookup.ts';
import { decodeClosestAnswer, encodeRequest, type FindAnswer } from '../overlay/message.ts';
import { agentIdOfBundle } from '../record/admission.ts';
import { bundleDigest } from '../record/agent-state.ts';
import { decodeBundle } from '../record/bundle-codec.ts';
import { ttlSeconds } from '../record/durations.ts';
import { resolveStatus } from '../resolve/verdict.ts';
import type { AgentTable } from './agent-table.ts';
import type { CachedAgent } from './cached-agent.ts';
import type { PeerContext } from './context.ts';
import type { Resolution } from './effects.ts';
import type { PeerContact } from './events.ts';
import type { Ingest } from './ingest.ts';
import type { Outbox } from './outbox.ts';
import { joinAgents } from './unstored-agents.ts';

export interface ResolveCall {
  readonly agentId: AgentId;
  readonly fresh: boolean;
  readonly timeoutMs: number;
  readonly onResolved: (resolution: Resolution) => void;
}

export interface Resolver {
  /** Returns the cancellation: the caller is not called back any more. */
  resolve(call: ResolveCall): () => void;
  /** Somebody new is known: searches under way, whose first candidates may all be silent, ask it too where it is close. */
  peerAdded(contact: PeerContact): void;
  active(): number;
}

/** Of those that answered, asked who else there is. */
const widenPeers = 2;

interface Search {
  readonly agentId: AgentId;
  readonly key: string;
  readonly lookup: Lookup;
  readonly known: Uint8Array | null;
  /** What each peer showed: the hexadecimal digest of its bundle, or null when it held nothing. */
  readonly shownByPeer: Map<string, string | null>;
  readonly waiting: Set<(resolution: Resolution) => void>;
  /** Bundles being verified, by the same digest, and who showed them: the search ends only after them. */
  readonly pendingPeers: Map<string, string[]>;
  /** The newest that is held or was verified: a store that refuses it does not make it unseen. */
  seen: CachedAgent | null;
  cancelTimers: (() => void)[];
  /** Peers that were asked so far. */
  asked: number;
  /** Nobody is known yet: the first that is met is waited for. */
  isAlone: boolean;
  isWidened: boolean;
  /** Those who were asked who else there is, and have not said. */
  widening: number;
  isDone: boolean;
}

export function createResolver(
  context: PeerContext,
  parts: {
    readonly table: AgentTable;
    readonly ingest: Ingest;
    readonly outbox: Outbox;
    readonly shouldHold: (agentId: AgentId) => boolean;
  },
): Resolver {
  const { table, ingest, outbox, shouldHold } = parts;
  const { config, routing } = context;
  const searchByAgent = new Map<string, Search>();

  function resolve(call: ResolveCall): () => void {
    const key = agentKey(call.agentId);
    const cached = table.cached(key);
    if (!call.fresh && cached !== undefined && isWithinTtl(cached) && !table.unstored.has(key)) {
      call.onResolved(describe(call.agentId, cached, null));
      return () => {};
    }
    let isWanted = true;
    table.load(key, (held) => {
      if (!isWanted) return;
      const search = searchByAgent.get(key) ?? begin(call.agentId, key, held);
      search.waiting.add(call.onResolved);
      const cancel = context.timers.at(context.nowMs() + call.timeoutMs, () => finish(search));
      search.cancelTimers.push(cancel);
      advance(search);
    });
    return () => {
      isWanted = false;
      searchByAgent.get(key)?.waiting.delete(call.onResolved);
    };
  }

  function isWithinTtl({ state, confirmedAtMs }: CachedAgent): boolean {
    if (state.addr === null || confirmedAtMs === 0) return false;
    const ttlMs = ttlSeconds(state.addr.ttlCode) * 1000;
    return (
      context.nowMs() - confirmedAtMs < ttlMs && resolveStatus(state, null, context.nowSeconds()) === 'ok'
    );
  }

  function begin(agentId: AgentId, key: string, held: CachedAgent | null): Search {
    const target = kadIdOfAgent(agentId);
    const search: Search = {
      agentId,
      key,
      lookup: createLookup({
        target,
        self: context.self.peer,
        seeds: routing.closest(target, config.replication, context.nowMs()),
        width: config.replication,
        near: nearnessOf(routing, config.replication),
      }),
      known: held === null ? null : bundleDigest(held.bundle),
      shownByPeer: new Map(),
      waiting: new Set(),
      pendingPeers: new Map(),
      seen: table.unstored.beside(key, held, context.nowSeconds()),
      cancelTimers: [],
      asked: 0,
      isAlone: routing.size === 0 && config.meetWithinMs > 0,
      isWidened: false,
      widening: 0,
      isDone: false,
    };
    if (search.isAlone) {
      const giveUp = (): void => {
        search.isAlone = false;
        advance(search);
      };
      search.cancelTimers.push(context.timers.at(context.nowMs() + config.meetWithinMs, giveUp));
    }
    if (held?.isHeld === true) search.shownByPeer.set(context.self.peer, bytesToHex(search.known!));
    searchByAgent.set(key, search);
    return search;
  }

  function advance(search: Search): void {
    if (search.isDone) return;
    if (isAnswered(search)) {
      finish(search);
      return;
    }
    // Most of those that are asked hold it: more would only be work, and the hedge is there for the silent.
    const holders = isContradicted(search)
      ? config.parallelism
      : Math.min(config.parallelism, config.respondersMin - countHolders(search));
    const missing = search.lookup.missing(holders, outbox.isHedgeSure());
    const next = search.lookup.take(missing);
    for (const contact of next) ask(search, contact);
    if (!hasAsked(search)) {
      if (next.length < missing && search.lookup.hasSilent()) widen(search);
      return;
    }
    if (search.pendingPeers.size > 0 || search.isAlone) return;
    if (search.shownByPeer.size < config.respondersMin) widen(search);
    if (search.widening === 0) finish(search);
  }

  /** All of the closest have spoken; those who keep silent are waited for only while too few have shown anything. */
  function hasAsked({ lookup, shownByPeer }: Search): boolean {
    if (lookup.isComplete()) return true;
    let shown = 0;
    for (const digest of shownByPeer.values()) if (digest !== null) shown++;
    return shown >= config.respondersMin && lookup.isSettled(config.replication);
  }

  /** Not all who showed something showed the same. */
  function isContradicted({ shownByPeer }: Search): boolean {
    let first: string | null = null;
    for (const shown of shownByPeer.values()) {
      if (first !== null && shown !== null && shown !== first) return true;
      first ??= shown;
    }
    return false;
  }

  /** Enough peers hold the record, and nothing that came is still unverified. */
  function isAnswered(search: Search): boolean {
    return search.pendingPeers.size === 0 && countHolders(search) >= config.respondersMin;
  }

  /**
   * Those of the k closest who show what all answers so far make together: others may keep what an update did not reach.
   * Whose bundle is still being verified counts: most likely it is right.
   */
  function countHolders({ lookup, shownByPeer, pendingPeers, seen }: Search): number {
    const current = seen === null ? null : bytesToHex(bundleDigest(seen.bundle));
    let holders = 0;
    for (const [peer, shown] of shownByPeer)
      if (shown !== null && shown === current && !lookup.isOutside(peer)) holders++;
    for (const peers of pendingPeers.values())
      for (const peer of peers) if (!lookup.isOutside(peer)) holders++;
    return holders;
  }

  function ask(search: Search, contact: PeerContact): void {
    const item = { agentId: search.agentId, known: search.known };
    let isAwaited = true;
    search.asked++;
    outbox.find(contact, item, config.replication, (answer) => {
      isAwaited = false;
      settle(search, contact, answer);
    });
    // Hedge: a silent peer must not hold up the others.
    const cancel = context.timers.at(context.nowMs() + outbox.hedgeDelayMs(), () => {
      if (search.isDone || !isAwaited) return;
      search.lookup.late(contact.peer);
      advance(search);
    });
    search.cancelTimers.push(cancel);
  }

  /** Nobody else to ask, and too few have answered: they named only peers closer than themselves, but know more. */
  function widen(search: Search): void {
    const answered = search.lookup.answeredClosest().slice(0, widenPeers);
    if (search.isWidened || answered.length === 0) return;
    search.isWidened = true;
    const point = kadIdOfAgent(search.agentId).bytes;
    const request = encodeRequest({ type: 'closest', point, count: config.replication });
    const settleOne = (): void => {
      search.widening = Math.max(0, search.widening - 1);
      advance(search);
    };
    for (const contact of answered) {
      search.widening++;
      context.send(contact, request, (body) => {
        try {
          if (body !== null) search.lookup.learned(decodeClosestAnswer(body));
        } catch {
          context.count('answers_refused', 'malformed');
        }
        settleOne();
      });
    }
    const cancel = context.timers.at(context.nowMs() + outbox.hedgeDelayMs(), () => {
      search.widening = 0;
      advance(search);
    });
    search.cancelTimers.push(cancel);
  }

  function settle(search: Search, contact: PeerContact, answer: FindAnswer | null): void {
    if (answer === null || answer.record === 'ask-again') {
      search.lookup.failed(contact.peer);
      advance(search);
      return;
    }
    search.lookup.answered(contact.peer, answer.closer);
    if (answer.record === null) {
      search.shownByPeer.set(contact.peer, null);
      advance(search);
    } else if (answer.record === 'not-newer') {
      // Only an answer to what this peer said it knew counts as holding it.
      search.shownByPeer.set(contact.peer, search.known === null ? null : bytesToHex(search.known));
      advance(search);
    } else {
      take(search, contact, answer.record);
    }
  }

  function take(search: Search, contact: PeerContact, bytes: Uint8Array): void {
    const shown = bytesToHex(bundleDigest(bytes));
    const isSeen = [...search.shownByPeer.values()].includes(shown);
    if (isSeen) {
      search.shownByPeer.set(contact.peer, shown);
      advance(search);
      return;
    }
    const pending = search.pendingPeers.get(shown);
    if (pending !== undefined) {
      pending.push(contact.peer);
      return;
    }
    try {
      const bundle = decodeBundle(bytes);
      search.pendingPeers.set(shown, [contact.peer]);
      ingest({
        bundle,
        bytes,
        expected: search.agentId,
        source: 'resolve',
        shouldHold: bundle.addr !== null && shouldHold(agentIdOfBundle(bundle)),
        onJoined({ refusal, agent }) {
          search.seen = agent ?? search.seen;
          const peers = search.pendingPeers.get(shown) ?? [];
          search.pendingPeers.delete(shown);
          if (refusal === null) for (const peer of peers) search.shownByPeer.set(peer, shown);
          else if (refusal !== 'expired') context.count('answers_refused', refusal);
          if (refusal !== null && isFalse(refusal)) for (const peer of peers) distrust(peer);
          advance(search);
        },
      });
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
      distrust(contact.peer);
      advance(search);
    }
  }

  /** It showed what nobody signed: for a while others are asked before it. */
  function distrust(peer: string): void {
    context.routing.markFailed(peer, context.nowMs());
  }

  function finish(search: Search): void {
    if (search.isDone) return;
    search.isDone = true;
    searchByAgent.delete(search.key);
    for (const cancel of search.cancelTimers) cancel();
    context.count('lookup_requests', 'resolve', search.asked);
    const hops = hopsToRecord(search);
    if (hops !== null) context.count('lookup_hops', 'resolve', hops);
    table.load(search.key, (stored) => {
      const agent = joinAgents(stored, search.seen, context.nowSeconds());
      if (agent !== null) {
        agent.isShown = true;
        if (agent === stored) table.unstored.delete(search.key);
        else table.unstored.add(agent);
      }
      const resolution = describe(search.agentId, agent, search);
      if (
        agent !== null &&
        resolution.holders >= Math.min(config.respondersMin, resolution.responders.length)
      ) {
        agent.confirmedAtMs = context.nowMs();
      }
      if (resolution.status === 'rolled-back') {
        context.emit({ type: 'raise-alarm', alarm: 'rolled-back', agentId: search.agentId });
      }
      for (const onResolved of search.waiting) onResolved(resolution);
      if (agent !== null) repair(search, agent);
    });
  }

  /** To the nearest that showed the record, 0 when this node holds it; null when nobody did. */
  function hopsToRecord({ shownByPeer, lookup }: Search): number | null {
    let least: number | null = null;
    for (const [peer, shown] of shownByPeer) {
      const hops = lookup.hopsTo(peer);
      if (shown !== null && (least === null || hops < least)) least = hops;
    }
    return least;
  }

  function describe(agentId: AgentId, agent: CachedAgent | null, search: Search | null): Resolution {
    const nowSeconds = context.nowSeconds();
    const shown = search === null ? [] : [...search.shownByPeer];
    return {
      status: resolveStatus(agent?.state ?? null, agent?.mark ?? null, nowSeconds),
      agentId,
      state: agent?.state ?? null,
      ageSeconds: agent?.state.addr == null ? null : Math.max(0, nowSeconds - agent.state.addr.issuedAt),
      responders: shown.map(([peer]) => peer),
      holders: shown.filter(([, digest]) => digest !== null).length,
      cached: search === null,
    };
  }

  /** Gives the joined record to those of the closest that showed something else. */
  function repair(search: Search, agent: CachedAgent): void {
    if (agent.state.addr === null && agent.state.keyState.retained.length <= 1) return;
    const current = bytesToHex(bundleDigest(agent.bundle));
    for (const contact of search.lookup.answeredClosest()) {
      const shown = search.shownByPeer.get(contact.peer);
      if (shown === undefined || shown === current) continue;
      context.count('repairs', 'put');
      outbox.put(contact, agent.bundle, () => {});
    }
  }

  function peerAdded(contact: PeerContact): void {
    for (const search of searchByAgent.values()) {
      search.isAlone = false;
      search.lookup.learned([contact]);
      for (const next of search.lookup.take(1)) ask(search, next);
    }
  }

  return {
    resolve,
    peerAdded,
    active: () => searchByAgent.size,
  };
}

/** Whether no honest peer shows what is refused so. */
function isFalse(refusal: ProtocolErrorCode): boolean {
  return refusal === 'bad-signature' || refusal === 'wrong-agent' || refusal === 'bad-side-car';
}
