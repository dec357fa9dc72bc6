/**
 * What this peer watches elsewhere: record changes are not gossiped, so it asks a few storing peers of each agent to
 * push them, and moves to others when those go. Source: docs/protocol.md §3, §4 (`watch`).
 */
import { isProtocolError } from '../errors.ts';
import { type AgentId, agentIdFromKey, agentKey } from '../identity/agent-id.ts';
import { kadIdOfAgent } from '../overlay/distance.ts';
import { decodePush, decodeWatchAnswer, encodeRequest } from '../overlay/message.ts';
import { agentIdOfBundle } from '../record/admission.ts';
import { decodeBundle } from '../record/bundle-codec.ts';
import type { PeerContext } from './context.ts';
import type { Ingest, IngestSource } from './ingest.ts';

/** Through several, so that one silent or lying peer hides nothing. */
const peersPerAgent = 3;
const agentsMax = 100_000;

export interface Subscriptions {
  watch(agentId: AgentId): void;
  unwatch(agentId: AgentId): void;
  pushed(peer: string, body: Uint8Array): void;
  peerGone(peer: string): void;
  /** Somebody new may be closer, or the first who can be asked at all. */
  peerCame(): void;
  readonly size: number;
}

export function createSubscriptions(context: PeerContext, ingest: Ingest): Subscriptions {
  const peersByAgent = new Map<string, Set<string>>();
  const { routing } = context;

  function fill(key: string): void {
    const peers = peersByAgent.get(key);
    if (peers === undefined) return;
    const agentId = agentIdFromKey(key);
    for (const { contact } of routing.closest(kadIdOfAgent(agentId), peersPerAgent, context.nowMs())) {
      if (peers.size >= peersPerAgent || peers.has(contact.peer)) continue;
      peers.add(contact.peer);
      context.send(contact, encodeRequest({ type: 'watch', agentIds: [agentId] }), (body) => {
        try {
          if (body === null) throw new TypeError('no answer');
          const [bundle] = decodeWatchAnswer(body, 1);
          if (bundle != null) join(bundle, 'sync');
        } catch {
          peers.delete(contact.peer);
          context.count('watches', 'failed');
        }
      });
    }
  }

  function join(bytes: Uint8Array, source: IngestSource): void {
    const bundle = decodeBundle(bytes);
    const agentId = agentIdOfBundle(bundle);
    if (!peersByAgent.has(agentKey(agentId))) return;
    ingest({ bundle, bytes, expected: agentId, source, shouldHold: false, onJoined: () => {} });
  }

  return {
    watch(agentId) {
      const key = agentKey(agentId);
      if (peersByAgent.has(key) || peersByAgent.size >= agentsMax) return;
      peersByAgent.set(key, new Set());
      fill(key);
    },
    unwatch(agentId) {
      const key = agentKey(agentId);
      for (const peer of peersByAgent.get(key) ?? []) {
        const contact = routing.get(peer)?.contact;
        if (contact !== undefined)
          context.send(contact, encodeRequest({ type: 'unwatch', agentIds: [agentId] }), () => {});
      }
      peersByAgent.delete(key);
    },
    pushed(_peer, body) {
      try {
        for (const bytes of decodePush(body)) join(bytes, 'push');
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        context.count('pushes_refused', error.code);
      }
    },
    peerGone(peer) {
      for (const [key, peers] of peersByAgent) if (peers.delete(peer)) fill(key);
    },
    peerCame() {
      for (const [key, peers] of peersByAgent) if (peers.size < peersPerAgent) fill(key);
    },
    get size() {
      return peersByAgent.size;
    },
  };
}
