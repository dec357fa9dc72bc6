/**
 * What this peer watches elsewhere: record changes are not gossiped, so it asks three storing peers of each agent to
 * push them, moves to others when those go, and leaves the one that kept a revocation to itself. A client, which takes
 * no part in anti-entropy, now and then asks somebody else what it missed.
 * Decides whom to listen to; what is true is decided by ingest. Source: docs/protocol.md §3, §4 (`watch`).
 */
import { isProtocolError } from '../errors.ts';
import { type AgentId, agentIdFromKey, agentKey } from '../identity/agent-id.ts';
import { kadIdOfAgent } from '../overlay/distance.ts';
import { createLookup } from '../overlay/lookup.ts';
import { decodePush, type FoundRecord } from '../overlay/message.ts';
import { agentIdOfBundle } from '../record/admission.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { decodeBundle } from '../record/bundle-codec.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';
import type { Ingest, IngestResult, IngestSource } from './ingest.ts';
import type { Outbox } from './outbox.ts';
import { createQuota } from './quota.ts';
import { createWatchRequests } from './watch-requests.ts';

/** Through several, so that one silent or lying peer hides nothing. */
const peersPerAgent = 3;
const agentsMax = 100_000;
/** Asked at the same time while the closest of an agent are looked for. */
const searchParallelism = 3;
/** Somebody who did not answer, or left, is asked last for so long. */
const failurePenaltyMs = 30_000;
/** A revocation that one peer has pushed reaches the other two within this, or they are left. */
const silenceAfterMs = 5_000;
const silencePenaltyMs = 600_000;
const avoidedPeersMax = 1_024;
const retryFirstMs = 2_000;
const retryLongestMs = 60_000;
/** A client's question to somebody who does not push to it, and agents in one such question. */
const auditIntervalMs = 600_000;
const auditAgentsMax = 256;
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
  readonly size: number;
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
  const avoidedUntilMs = new Map<string, number>();
  const listenedTo = new Map<string, number>();
  const mayPush = createQuota(pushQuota);
  const requests = createWatchRequests(context, {
    shown: (peer, key, bytes) => join(peer, key, bytes, 'sync'),
    failed(peer, key) {
      context.count('watches', 'failed');
      avoid(peer, failurePenaltyMs);
      leave(peer, key);
    },
  });
  let retryMs = retryFirstMs;
  let isRetrySet = false;
  let isAuditSet = false;
  let auditFrom = 0;

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
    const item = { agentId: watch.agentId, known: table.row(watch.key)?.digest ?? null };
    const advance = (): void => {
      if (!watch.isSearching || !watches.has(watch.key)) return;
      for (const contact of lookup.take(Math.max(0, searchParallelism - lookup.inFlight))) {
        outbox.find(contact, item, config.replication, (answer) => {
          if (answer === null) lookup.failed(contact.peer);
          else lookup.answered(contact.peer, answer.closer);
          if (answer !== null) joinFound(contact.peer, watch.key, answer.record);
          advance();
        });
      }
      if (!lookup.isConverged(peersPerAgent)) return;
      watch.isSearching = false;
      watch.found = lookup.closest();
      fill(watch);
    };
    advance();
  }

  function fill(watch: Watch): void {
    const nowMs = context.nowMs();
    const wanted = peersPerAgent - watch.peers.size;
    if (wanted > 0) {
      const known = routing.closest(kadIdOfAgent(watch.agentId), config.replication, nowMs);
      const candidates = new Map(
        [...watch.found, ...known.map(({ contact }) => contact)].map((contact) => [contact.peer, contact]),
      );
      for (const contact of ranked([...candidates.values()], watch).slice(0, wanted)) {
        watch.peers.set(contact.peer, contact);
        listenedTo.set(contact.peer, (listenedTo.get(contact.peer) ?? 0) + 1);
        requests.watch(contact, watch.key);
      }
    }
    if (watch.peers.size < peersPerAgent) retryLater();
  }

  /** Those that are avoided come last; among the others, those that are listened to already, so that few do for many. */
  function ranked(candidates: readonly PeerContact[], watch: Watch): PeerContact[] {
    const nowMs = context.nowMs();
    const rank = ({ peer }: PeerContact): number => {
      if ((avoidedUntilMs.get(peer) ?? 0) > nowMs) return 2;
      return isClient && listenedTo.has(peer) ? 0 : 1;
    };
    return candidates
      .filter(({ peer }) => !watch.peers.has(peer))
      .map((contact, index) => ({ contact, index, rank: rank(contact) }))
      .sort((left, right) => left.rank - right.rank || left.index - right.index)
      .map(({ contact }) => contact);
  }

  function leave(peer: string, key: string): void {
    const watch = watches.get(key);
    if (watch?.peers.delete(peer) !== true) return;
    const count = (listenedTo.get(peer) ?? 1) - 1;
    if (count === 0) listenedTo.delete(peer);
    else listenedTo.set(peer, count);
    watch.isSearchDue = true;
    retryLater();
  }

  function avoid(peer: string, durationMs: number): void {
    avoidedUntilMs.delete(peer);
    avoidedUntilMs.set(peer, context.nowMs() + durationMs);
    if (avoidedUntilMs.size > avoidedPeersMax) avoidedUntilMs.delete(avoidedUntilMs.keys().next().value!);
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
      avoid(peer, silencePenaltyMs);
      requests.unwatch(contact, watch.key);
      leave(peer, watch.key);
    }
    watch.unheard.clear();
    begin(watch);
  }

  function auditLater(): void {
    timers.at(context.nowMs() + auditIntervalMs * (0.75 + random.next() / 2), audit);
  }

  /** All that push may be silent together: so somebody else is asked what they have. */
  function audit(): void {
    auditLater();
    const others = routing.peers().filter(({ peer }) => !listenedTo.has(peer));
    const [contact] = random.pick(others.length > 0 ? others : routing.peers(), 1);
    if (contact === undefined) return;
    const keys = [...watches.keys()];
    const start = keys.length > auditAgentsMax ? auditFrom % keys.length : 0;
    auditFrom = start + auditAgentsMax;
    for (const key of [...keys, ...keys].slice(start, start + Math.min(keys.length, auditAgentsMax))) {
      const item = { agentId: agentIdFromKey(key), known: table.row(key)?.digest ?? null };
      outbox.find(contact, item, 0, (answer) => joinFound(contact.peer, key, answer?.record ?? null));
    }
  }
  return {
    watch(agentId) {
      const key = agentKey(agentId);
      if (watches.has(key) || watches.size >= agentsMax) return;
      const watch: Watch = {
        key,
        agentId,
        peers: new Map(),
        found: [],
        isSearching: false,
        isSearchDue: true,
        unheard: new Set(),
      };
      watches.set(key, watch);
      if (isClient && !isAuditSet) auditLater();
      isAuditSet = true;
      begin(watch);
    },
    unwatch(agentId) {
      const key = agentKey(agentId);
      const watch = watches.get(key);
      for (const contact of [...(watch?.peers.values() ?? [])]) {
        requests.unwatch(contact, key);
        leave(contact.peer, key);
      }
      watches.delete(key);
    },
    pushed(peer, body) {
      try {
        const bundles = decodePush(body);
        if (mayPush(peer, bundles.length, context.nowMs())) {
          for (const bytes of bundles) join(peer, null, bytes, 'push');
        } else context.count('pushes_refused', 'over-quota');
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        context.count('pushes_refused', error.code);
      }
    },
    peerGone(peer) {
      if (!listenedTo.has(peer)) return;
      avoid(peer, failurePenaltyMs);
      for (const watch of watches.values()) {
        if (!watch.peers.has(peer)) continue;
        leave(peer, watch.key);
        begin(watch);
      }
    },
    peerCame() {
      retryMs = retryFirstMs;
      fillAll();
    },
    accepted,
    get size() {
      return watches.size;
    },
  };
}

/** True when the bundle has every key event and revocation that the state has. */
function showsAuthority({ keyEvents, revocations }: Bundle, state: AgentState): boolean {
  const shown = new Set([...keyEvents, ...revocations].map(({ key }) => key));
  return [...state.keyState.retained, ...state.revocations].every(({ key }) => shown.has(key));
}
