/**
 * What this peer watches elsewhere: record changes are not gossiped, so it asks three storing peers of each agent to
 * push them, moves to others when those go, and leaves the one that kept a revocation to itself. A client, which takes
 * no part in anti-entropy, now and then asks somebody else what it missed.
 * Decides whom to listen to; what is true is decided by ingest. Source: docs/protocol.md §3, §4 (`watch`).
 */
import { isProtocolError } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { kadIdOfAgent } from '../overlay/distance.ts';
import { createLookup } from '../overlay/lookup.ts';
import { decodePush, type FoundRecord } from '../overlay/message.ts';
import { createWalk } from '../overlay/walk.ts';
import { agentIdOfBundle } from '../record/admission.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { decodeBundle } from '../record/bundle-codec.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';
import type { Ingest, IngestResult, IngestSource } from './ingest.ts';
import { createListenedPeers } from './listened-peers.ts';
import type { Outbox } from './outbox.ts';
import { createQuota } from './quota.ts';
import { createWatchAudit } from './watch-audit.ts';
import { createWatchRequests } from './watch-requests.ts';

/** Through several, so that one silent or lying peer hides nothing. */
const peersPerAgent = 3;
const agentsMax = 100_000;
/** Asked at the same time while the closest of an agent are looked for. */
const searchParallelism = 3;
const searchWithinMs = 1_000;
/** Somebody who did not answer, or left, is asked last for so long. */
const failurePenaltyMs = 30_000;
/** A revocation that one peer has pushed reaches the other two within this, or they are left. */
const silenceAfterMs = 5_000;
const silencePenaltyMs = 600_000;
const retryFirstMs = 2_000;
const retryLongestMs = 60_000;
/** Bundles that one peer may push, before any of them is decoded. */
const pushQuota = { burst: 2_000, perSecond: 200 };

export interface Subscriptions {
  watch(agentId: AgentId): void;
  unwatch(agentId: AgentId): void;
  pushed(peer: string, body: Uint8Array): void;
  peerGone(peer: string): void;
  /** Somebody may be closer, or is the first who can be asked at all. */
  peerCame(): void;
  /** This peer has accepted a change, from wherever. */
  accepted(result: IngestResult): void;
  size(): number;
}

interface Watch {
  readonly key: string;
  readonly agentId: AgentId;
  readonly peers: Map<string, PeerContact>;
  /** The closest, nearest first, as a search found them. */
  found: readonly PeerContact[];
  isSearching: boolean;
  isSearchDue: boolean;
  /** Who has not shown the newest revocation or key yet. */
  unheard: Set<string>;
}

export function createSubscriptions(
  context: PeerContext,
  parts: { readonly table: AgentTable; readonly ingest: Ingest; readonly outbox: Outbox },
): Subscriptions {
  const { table, ingest, outbox } = parts;
  const { config, routing, timers, random } = context;
  const isClient = config.role === 'client';
  const watches = new Map<string, Watch>();
  const listened = createListenedPeers(context);
  const mayPush = createQuota(pushQuota);
  const requests = createWatchRequests(context, {
    shown: (peer, key, bytes) => join(peer, key, bytes, 'sync'),
    failed(peer, key) {
      context.count('watches', 'failed');
      listened.avoid(peer, failurePenaltyMs);
      leave(peer, key);
    },
  });
  const known = (key: string): Uint8Array | null => table.row(key)?.digest ?? null;
  const audit = createWatchAudit(context, outbox, {
    keys: () => [...watches.keys()],
    known,
    isListenedTo: listened.has,
    found: joinFound,
  });
  let retryMs = retryFirstMs;
  let isRetrySet = false;

  function begin(watch: Watch): void {
    if (isClient && watch.isSearchDue && routing.size > 0) search(watch);
    else fill(watch);
  }

  /** A client's own table says little about who is close to an agent. */
  function search(watch: Watch): void {
    if (watch.isSearching) return;
    watch.isSearching = true;
    watch.isSearchDue = false;
    const target = kadIdOfAgent(watch.agentId);
    const seeds = routing.closest(target, config.replication, context.nowMs());
    const lookup = createLookup({ target, self: context.self.peer, seeds, width: config.replication });
    const item = { agentId: watch.agentId, known: known(watch.key) };
    const walk = createWalk({
      ...{ lookup, after: context.after },
      parallelism: () => searchParallelism,
      ask(contact, onAnswer) {
        outbox.find(contact, item, config.replication, (answer) => {
          if (answer !== null) joinFound(contact.peer, watch.key, answer.record);
          onAnswer(answer?.closer ?? null);
        });
      },
      isDone: () => lookup.isConverged(peersPerAgent),
      onEnd() {
        cancelWait();
        watch.isSearching = false;
        const answered = lookup.answeredClosest();
        watch.found = answered.length < peersPerAgent ? lookup.closest() : answered;
        if (watches.get(watch.key) === watch) fill(watch);
      },
    });
    // Silent peers do not keep it from listening to others.
    const cancelWait = context.after(searchWithinMs, walk.end);
    walk.advance();
  }

  function fill(watch: Watch): void {
    const wanted = peersPerAgent - watch.peers.size;
    if (wanted > 0) {
      const routed = routing.closest(kadIdOfAgent(watch.agentId), config.replication, context.nowMs());
      const candidates = new Map(
        [...watch.found, ...routed.map(({ contact }) => contact)].map((contact) => [contact.peer, contact]),
      );
      for (const { peer } of watch.peers.values()) candidates.delete(peer);
      for (const contact of listened.ranked([...candidates.values()]).slice(0, wanted)) {
        watch.peers.set(contact.peer, contact);
        listened.add(contact.peer);
        requests.watch(contact, watch.key);
      }
    }
    if (watch.peers.size < peersPerAgent) retryLater();
  }

  function leave(peer: string, key: string): void {
    const watch = watches.get(key);
    if (watch?.peers.delete(peer) !== true) return;
    listened.remove(peer);
    watch.isSearchDue = true;
    retryLater();
  }

  /** Ever more rarely while there is nobody to ask; whoever comes makes it soon again. */
  function retryLater(): void {
    if (isRetrySet) return;
    isRetrySet = true;
    timers.at(context.nowMs() + retryMs * (0.75 + random.next() / 2), () => {
      isRetrySet = false;
      retryMs = Math.min(retryLongestMs, 2 * retryMs);
      fillAll();
    });
  }

  function fillAll(): void {
    for (const watch of watches.values()) if (watch.peers.size < peersPerAgent) begin(watch);
  }

  function joinFound(peer: string, key: string, record: FoundRecord): void {
    if (record instanceof Uint8Array) join(peer, key, record, 'sync');
  }

  function join(peer: string, key: string | null, bytes: Uint8Array, source: IngestSource): void {
    try {
      const bundle = decodeBundle(bytes);
      const agentId = agentIdOfBundle(bundle);
      const watch = watches.get(agentKey(agentId));
      if (watch === undefined || (key !== null && key !== watch.key)) return;
      const onJoined = ({ agent }: IngestResult): void => {
        if (agent !== null && showsAuthority(bundle, agent.state)) watch.unheard.delete(peer);
      };
      ingest({ bundle, bytes, expected: agentId, source, shouldHold: false, onJoined });
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('pushes_refused', error.code);
    }
  }

  function accepted({ agentId, changes }: IngestResult): void {
    if (watches.size === 0) return;
    const watch = agentId === null ? undefined : watches.get(agentKey(agentId));
    if (watch === undefined || changes.every((change) => change === 'changed')) return;
    watch.unheard = new Set(watch.peers.keys());
    timers.at(context.nowMs() + silenceAfterMs, () => leaveSilent(watch));
  }

  /** Each of them should have pushed what others have: it is slow, cut off, or it hides things. */
  function leaveSilent(watch: Watch): void {
    if (!watches.has(watch.key) || watch.peers.size === 1) return;
    for (const peer of watch.unheard) {
      const contact = watch.peers.get(peer);
      if (contact === undefined) continue;
      context.count('watches', 'silent');
      listened.avoid(peer, silencePenaltyMs);
      requests.unwatch(contact, watch.key);
      leave(peer, watch.key);
    }
    watch.unheard.clear();
    begin(watch);
  }

  function watch(agentId: AgentId): void {
    const key = agentKey(agentId);
    if (watches.has(key) || watches.size >= agentsMax) return;
    const added: Watch = {
      key,
      agentId,
      peers: new Map(),
      found: [],
      isSearching: false,
      isSearchDue: true,
      unheard: new Set(),
    };
    watches.set(key, added);
    if (isClient) audit.start();
    begin(added);
  }

  function unwatch(agentId: AgentId): void {
    const key = agentKey(agentId);
    for (const contact of [...(watches.get(key)?.peers.values() ?? [])]) {
      requests.unwatch(contact, key);
      leave(contact.peer, key);
    }
    watches.delete(key);
  }

  function pushed(peer: string, body: Uint8Array): void {
    try {
      const bundles = decodePush(body);
      if (mayPush(peer, bundles.length, context.nowMs())) {
        for (const bytes of bundles) join(peer, null, bytes, 'push');
      } else context.count('pushes_refused', 'over-quota');
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('pushes_refused', error.code);
    }
  }

  function peerGone(peer: string): void {
    if (!listened.has(peer)) return;
    listened.avoid(peer, failurePenaltyMs);
    for (const one of watches.values()) {
      if (!one.peers.has(peer)) continue;
      leave(peer, one.key);
      begin(one);
    }
  }

  function peerCame(): void {
    retryMs = retryFirstMs;
    fillAll();
  }

  return {
    ...{ watch, unwatch, pushed, peerGone, peerCame, accepted },
    size: () => watches.size,
  };
}

/** True when the bundle has every key event and revocation that the state has. */
function showsAuthority({ keyEvents, revocations }: Bundle, state: AgentState): boolean {
  const shown = new Set([...keyEvents, ...revocations].map(({ key }) => key));
  return [...state.keyState.retained, ...state.revocations].every(({ key }) => shown.has(key));
}
