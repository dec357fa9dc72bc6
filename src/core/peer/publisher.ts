/**
 * Publishes a bundle: joins it here, gives it to the k closest peers, returns after w acknowledgements and finishes in
 * the background. The closest that are known are asked at once, while a lookup looks for closer ones.
 * Source: docs/protocol.md §4.
 */
import { isProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { lookupParallelism } from '../limits.ts';
import { kadIdOfAgent } from '../overlay/distance.ts';
import { createLookup } from '../overlay/lookup.ts';
import type { PutAnswer } from '../overlay/message.ts';
import { createPutTally, type PutTally } from '../publish/tally.ts';
import { agentIdOfBundle } from '../record/admission.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { decodeBundle } from '../record/bundle-codec.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { PublishResult } from './effects.ts';
import { bundleDigest } from './entry.ts';
import type { PeerContact } from './events.ts';
import type { Ingest, IngestResult } from './ingest.ts';
import type { Outbox } from './outbox.ts';
import { putAnswer } from './server.ts';

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
  readonly active: number;
}

interface Put {
  readonly agentId: AgentId;
  readonly bundle: Uint8Array;
  readonly tally: PutTally;
  readonly askedPeers: Set<string>;
  isSearching: boolean;
  isDone: boolean;
  complete: () => void;
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
    let joined: IngestResult | null = null;
    ingest({
      bundle,
      bytes: call.bundle,
      expected: agentId,
      source: 'local',
      shouldHold: bundle.addr !== null && shouldHold(agentId),
      onJoined(result) {
        joined = result;
        if (result.refusal !== null) refuse(result.refusal, 'refused', null);
      },
      onDurable(failure) {
        if (failure !== null) refuse(failure, 'refused', null);
        else spread(call, agentId, joined!, reply, refuse);
      },
    });
    return () => {
      isWanted = false;
    };
  }

  function spread(
    call: PublishCall,
    agentId: AgentId,
    joined: IngestResult,
    reply: (result: PublishResult) => void,
    refuse: (refusal: ProtocolErrorCode, status: 'stale', state: AgentState | null) => void,
  ): void {
    const own = putAnswer(joined);
    if (own.status === 'stale' || own.status === 'displaced') {
      refuse(own.status === 'displaced' ? 'displaced' : 'stale-base', 'stale', joined.agent?.state ?? null);
      return;
    }
    table.load(agentKey(agentId), (agent) => {
      if (agent === null) {
        reply({ status: 'failed', acknowledgements: 0, asked: 0, refusal: 'store-failed', state: null });
        return;
      }
      const holders = Math.min(config.replication, routing.size + (agent.isHeld ? 1 : 0));
      const put = begin(call, agentId, agent.bundle, Math.min(call.acknowledgements, holders), reply);
      if (agent.isHeld) count(put, own);
      start(put);
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
    const cancelTimer = context.timers.at(context.nowMs() + call.timeoutMs, () => put.complete());
    const put: Put = {
      agentId,
      bundle,
      tally: createPutTally(Math.max(1, wanted)),
      askedPeers: new Set(),
      isSearching: false,
      isDone: false,
      complete() {
        if (put.isDone) return;
        put.isDone = true;
        active--;
        cancelTimer();
        table.load(agentKey(agentId), (agent) => reply(put.tally.result(agent?.state ?? null)));
      },
    };
    return put;
  }

  function count(put: Put, answer: PutAnswer): void {
    put.tally.asked();
    put.tally.answered(answer);
  }

  /** A table smaller than k knows the whole network; else the closest are confirmed by a lookup while puts run. */
  function start(put: Put): void {
    const target = kadIdOfAgent(put.agentId);
    const seeds = routing.closest(target, config.replication, context.nowMs());
    const isWhole = routing.size <= config.replication;
    const first = isWhole ? seeds.length : Math.min(seeds.length, config.acknowledgements + 2);
    put.isSearching = !isWhole;
    for (const seed of seeds.slice(0, first)) give(put, seed.contact);
    if (isWhole) {
      settle(put);
      return;
    }
    const lookup = createLookup({ target, self: context.self.peer, seeds, width: config.replication });
    const advance = (): void => {
      for (const contact of lookup.take(Math.max(0, lookupParallelism - lookup.inFlight))) {
        outbox.find(
          contact,
          { agentId: put.agentId, known: bundleDigest(put.bundle) },
          config.replication,
          (answer) => {
            if (answer === null) lookup.failed(contact.peer);
            else lookup.answered(contact.peer, answer.closer);
            advance();
          },
        );
      }
      if (!put.isSearching || !lookup.isConverged(lookupParallelism)) return;
      put.isSearching = false;
      for (const contact of lookup.closest()) give(put, contact);
      settle(put);
    };
    advance();
  }

  function give(put: Put, contact: PeerContact): void {
    if (put.askedPeers.has(contact.peer)) return;
    put.askedPeers.add(contact.peer);
    put.tally.asked();
    outbox.put(contact, put.bundle, (answer) => {
      put.tally.answered(answer);
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
    if (put.tally.isDecided || (put.tally.isSettled && !put.isSearching)) put.complete();
  }

  return {
    publish,
    get active() {
      return active;
    },
  };
}
