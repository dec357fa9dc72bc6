/**
 * Publishes a bundle: joins it here, gives it to the w closest peers that are known (and a spare), returns after w
 * acknowledgements, and brings the rest of the k theirs in the background, the puts of a moment together in one frame a
 * peer. Where the first peers do not suffice, a lookup finds others at once. Source: docs/protocol.md §4.
 */
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { digest16Bytes } from '../limits.ts';
import { kadIdOfAgent } from '../overlay/distance.ts';
import { createLookup } from '../overlay/lookup.ts';
import type { PutAnswer } from '../overlay/message.ts';
import { createWalk } from '../overlay/walk.ts';
import { createPutTally, type PutTally } from '../publish/tally.ts';
import { agentIdOfBundle } from '../record/admission.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { decodeBundle } from '../record/bundle-codec.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext, StoreFailure } from './context.ts';
import type { PublishResult } from './effects.ts';
import type { PeerContact } from './events.ts';
import type { Ingest, IngestResult } from './ingest.ts';
import type { Outbox } from './outbox.ts';
import { putAnswer } from './server.ts';

/** Asked beyond w at once, so that one silent peer does not cost a hedge. */
const sparePeers = 1;
/** How long the copies beyond w wait for those of other puts: each peer then gets one frame. */
const spreadAfterMs = 100;
/** How long those that are known wait for a search to find closer ones. */
const searchPatienceMs = 1_500;

/** Of no state: who is asked names all of the closest that it knows, whatever it holds. */
const noDigest = new Uint8Array(digest16Bytes);

export interface PublishCall {
  readonly bundle: Uint8Array;
  /** w; fewer when fewer peers can be reached. */
  readonly acknowledgements: number;
  readonly timeoutMs: number;
  readonly onPublished: (result: PublishResult) => void;
}

export interface Publisher {
  /** Returns the cancellation: the caller is not called back any more; what was sent was sent. */
  publish(call: PublishCall): () => void;
  active(): number;
}

interface Put {
  readonly agentId: AgentId;
  readonly bundle: Uint8Array;
  readonly tally: PutTally;
  readonly askedPeers: Set<string>;
  /** The closest, nearest first: those known, after a search those found. */
  candidates: readonly PeerContact[];
  search: 'none' | 'running' | 'done';
  /** The writer must not forget what it told others: nothing is acknowledged before its own copy is durable. */
  isOwnPending: boolean;
  isDone: boolean;
  readonly cancelTimer: () => void;
  readonly complete: () => void;
}

/** This node's own copy of what is put, and its answer as one of the holders (null where it is none). */
interface OwnCopy {
  readonly put: Put | null;
  readonly answer: PutAnswer | null;
  durability: 'pending' | 'durable' | Exclude<StoreFailure, null>;
}

export function createPublisher(
  context: PeerContext,
  parts: {
    readonly table: AgentTable;
    readonly ingest: Ingest;
    readonly outbox: Outbox;
    readonly shouldHold: (agentId: AgentId) => boolean;
  },
): Publisher {
  const { table, ingest, outbox, shouldHold } = parts;
  const { config, routing } = context;
  let active = 0;
  let backlog: Put[] = [];

  function publish(call: PublishCall): () => void {
    let isWanted = true;
    const reply = (result: PublishResult): void => {
      if (isWanted) call.onPublished(result);
    };
    const refuse = (
      refusal: ProtocolErrorCode,
      status: 'refused' | 'stale',
      state: AgentState | null,
    ): void => reply({ status, acknowledgements: 0, asked: 0, refusal, state });
    let bundle: Bundle;
    try {
      bundle = decodeBundle(call.bundle);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      refuse(error.code, 'refused', null);
      return () => {};
    }
    const agentId = agentIdOfBundle(bundle);
    const own: OwnCopy = { put: null, answer: null, durability: 'pending' };
    const settleOwn = (): void => {
      const { put, durability } = own;
      if (put === null || durability === 'pending') return;
      put.isOwnPending = false;
      if (durability !== 'durable') {
        abandon(put);
        refuse(durability, 'refused', null);
        return;
      }
      if (own.answer !== null) count(put, own.answer);
      settle(put);
    };
    ingest({
      bundle,
      bytes: call.bundle,
      expected: agentId,
      source: 'local',
      shouldHold: bundle.addr !== null && shouldHold(agentId),
      onJoined(result) {
        if (result.refusal !== null) refuse(result.refusal, 'refused', null);
        else {
          spread(call, agentId, result, reply, refuse, (put, answer) => {
            Object.assign(own, { put, answer });
            settleOwn();
          });
        }
      },
      onDurable(failure) {
        own.durability = failure ?? 'durable';
        settleOwn();
      },
    });
    return () => {
      isWanted = false;
    };
  }

  /** To the others while this node's own copy is still on its way to the disk. */
  function spread(
    call: PublishCall,
    agentId: AgentId,
    joined: IngestResult,
    reply: (result: PublishResult) => void,
    refuse: (refusal: ProtocolErrorCode, status: 'refused' | 'stale', state: AgentState | null) => void,
    onBegun: (put: Put, own: PutAnswer | null) => void,
  ): void {
    const own = putAnswer(joined);
    if (own.status === 'stale' || own.status === 'displaced') {
      refuse(own.status === 'displaced' ? 'displaced' : 'stale-base', 'stale', joined.agent?.state ?? null);
      return;
    }
    table.load(agentKey(agentId), (agent) => {
      if (agent === null) {
        refuse('store-failed', 'refused', null);
        return;
      }
      const holders = Math.min(config.replication, routing.size + (agent.isHeld ? 1 : 0));
      const wanted = Math.max(1, Math.min(call.acknowledgements, holders));
      const put = begin(call, agentId, agent.bundle, wanted, reply);
      giveNext(put, wanted - (agent.isHeld ? 1 : 0) + sparePeers);
      hedge(put);
      onBegun(put, agent.isHeld ? own : null);
    });
  }

  function begin(
    call: PublishCall,
    agentId: AgentId,
    bundle: Uint8Array,
    wanted: number,
    reply: (result: PublishResult) => void,
  ): Put {
    active++;
    const put: Put = {
      agentId,
      bundle,
      tally: createPutTally(wanted),
      askedPeers: new Set(),
      candidates: routing
        .closest(kadIdOfAgent(agentId), config.replication, context.nowMs())
        .map((peer) => peer.contact),
      search: 'none',
      isOwnPending: true,
      isDone: false,
      cancelTimer: context.timers.at(context.nowMs() + call.timeoutMs, () => put.complete()),
      complete() {
        if (put.isDone) return;
        abandon(put);
        spreadLater(put);
        table.load(agentKey(agentId), (agent) => reply(put.tally.result(agent?.state ?? null)));
      },
    };
    return put;
  }

  /** What was sent was sent; nobody else is asked. */
  function abandon(put: Put): void {
    if (put.isDone) return;
    put.isDone = true;
    active--;
    put.cancelTimer();
  }

  function count(put: Put, answer: PutAnswer): void {
    put.tally.asked();
    put.tally.answered(answer);
  }

  /** The next of the closest that were not asked; how many there were. */
  function giveNext(put: Put, count: number): number {
    const next = put.candidates.filter((contact) => !put.askedPeers.has(contact.peer)).slice(0, count);
    for (const contact of next) give(put, contact);
    return next.length;
  }

  function hedge(put: Put): void {
    context.timers.at(context.nowMs() + outbox.hedgeDelayMs(), () => {
      if (put.isDone) return;
      giveNext(put, sparePeers + 1);
      hedge(put);
    });
  }

  /** More of the candidates, or a search for others; false when there is nobody left to ask. */
  function giveMore(put: Put): boolean {
    if (giveNext(put, sparePeers + 1) > 0) return true;
    seek(put);
    return put.search === 'running';
  }

  function seek(put: Put): void {
    if (put.search === 'none' && !put.isDone) search(put);
  }

  /** For closer ones; each is given the bundle as it is found. */
  function search(put: Put): void {
    put.search = 'running';
    const target = kadIdOfAgent(put.agentId);
    const seeds = routing.closest(target, config.replication, context.nowMs());
    const lookup = createLookup({ target, self: context.self.peer, seeds, width: config.replication });
    const item = { agentId: put.agentId, known: noDigest };
    const walk = createWalk({
      lookup,
      after: context.after,
      hedgeMs: outbox.hedgeDelayMs,
      parallelism: () => config.parallelism,
      ask(contact, onAnswer) {
        outbox.find(contact, item, config.replication, (answer) => onAnswer(answer?.closer ?? null));
      },
      onProgress() {
        // Who names peers that are not there, next to the key, holds the search up, and not the update.
        for (const contact of lookup.confirmed(routing.radius(config.replication))) give(put, contact);
        if (!lookup.isSettled(config.parallelism)) return;
        // Of those that are merely named some may not be there: those that are known stand in for them.
        put.candidates = [...lookup.closest(), ...put.candidates].slice(0, config.replication);
        giveNext(put, config.replication);
      },
      isDone() {
        const mustHear = lookup.hasSilent() ? config.replication : 0;
        return lookup.isConverged(config.parallelism) && lookup.isSettled(mustHear);
      },
      onEnd() {
        put.search = 'done';
        put.candidates = lookup.closest();
        giveNext(put, config.replication);
        settle(put);
      },
    });
    walk.advance();
  }

  /** After its acknowledgements: to the rest of the k closest, together with the other puts of this moment. */
  function spreadLater(put: Put): void {
    backlog.push(put);
    if (backlog.length > 1) return;
    context.timers.at(context.nowMs() + spreadAfterMs, () => {
      const puts = backlog;
      backlog = [];
      for (const one of puts) {
        // A table smaller than k most likely knows the whole network.
        if (one.search === 'done' || routing.size <= config.replication) {
          giveNext(one, config.replication);
          continue;
        }
        if (one.search === 'none') search(one);
        context.timers.at(context.nowMs() + searchPatienceMs, () => giveNext(one, config.replication));
      }
    });
  }

  function give(put: Put, contact: PeerContact): void {
    if (put.askedPeers.has(contact.peer)) return;
    put.askedPeers.add(contact.peer);
    put.tally.asked();
    outbox.put(contact, put.bundle, (answer) => {
      put.tally.answered(answer);
      // It knows others that are closer, and those who are known here most likely are no closer than it.
      if (answer?.status === 'refused' && answer.code === 'not-closest') seek(put);
      if (answer?.current != null) takeCurrent(put, answer.current);
      else settle(put);
    });
  }

  /** Somebody has newer: join it, so that the writer can issue again on the current state. */
  function takeCurrent(put: Put, bytes: Uint8Array): void {
    try {
      ingest({
        bundle: decodeBundle(bytes),
        bytes,
        expected: put.agentId,
        source: 'put',
        shouldHold: shouldHold(put.agentId),
        onJoined: () => settle(put),
      });
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
      settle(put);
    }
  }

  function settle(put: Put): void {
    if (put.isDone || put.isOwnPending) return;
    if (put.tally.isDecided() || (put.tally.isSettled() && !giveMore(put))) put.complete();
  }

  return {
    publish,
    active: () => active,
  };
}
