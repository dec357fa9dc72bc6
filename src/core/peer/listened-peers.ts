/**
 * The peers that push to this one, and whom to ask next to do so.
 * Decides the order among candidates; does not decide who is close to an agent. Source: docs/protocol.md §4 (`watch`).
 */
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';

const avoidedPeersMax = 1_024;

export interface ListenedPeers {
  /** One agent more, or one less, that this peer pushes. */
  add(peer: string): void;
  remove(peer: string): void;
  has(peer: string): boolean;
  /** Asked last for so long: it did not answer, left, or kept something to itself. */
  avoid(peer: string, durationMs: number): void;
  /** Avoided ones last. For a client those that are listened to already come first: few then do for many agents. */
  ranked(candidates: readonly PeerContact[]): PeerContact[];
}

export function createListenedPeers(context: PeerContext): ListenedPeers {
  const agentsByPeer = new Map<string, number>();
  const avoidedUntilMs = new Map<string, number>();
  const isClient = context.config.role === 'client';

  function rank({ peer }: PeerContact): number {
    if ((avoidedUntilMs.get(peer) ?? 0) > context.nowMs()) return 2;
    return isClient && agentsByPeer.has(peer) ? 0 : 1;
  }

  return {
    add: (peer) => void agentsByPeer.set(peer, (agentsByPeer.get(peer) ?? 0) + 1),
    remove(peer) {
      const agents = (agentsByPeer.get(peer) ?? 1) - 1;
      if (agents === 0) agentsByPeer.delete(peer);
      else agentsByPeer.set(peer, agents);
    },
    has: (peer) => agentsByPeer.has(peer),
    avoid(peer, durationMs) {
      avoidedUntilMs.delete(peer);
      avoidedUntilMs.set(peer, context.nowMs() + durationMs);
      if (avoidedUntilMs.size > avoidedPeersMax) avoidedUntilMs.delete(avoidedUntilMs.keys().next().value!);
    },
    ranked: (candidates) =>
      candidates
        .map((contact, index) => ({ contact, index, rank: rank(contact) }))
        .sort((left, right) => left.rank - right.rank || left.index - right.index)
        .map(({ contact }) => contact),
  };
}
