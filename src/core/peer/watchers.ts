/**
 * Who wants to hear of changes of which agent, both ways: peers that watch here, and what this peer watches elsewhere.
 * Bounds: agents per watching peer, peers per agent. Source: docs/protocol.md §4 (`watch`).
 */
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { encodePush } from '../overlay/message.ts';
import type { PeerContext } from './context.ts';

const agentsPerPeerMax = 10_000;
const peersPerAgentMax = 10_000;

export interface Watchers {
  /** False when the peer or the agent has its full number already. */
  add(peer: string, agentId: AgentId): boolean;
  remove(peer: string, agentId: AgentId): void;
  removePeer(peer: string): void;
  /** Sends the current bundle to everyone who watches the agent. */
  push(agentId: AgentId, bundle: Uint8Array, except?: string): void;
  size(): number;
}

export function createWatchers(context: PeerContext): Watchers {
  const peersByAgent = new Map<string, Set<string>>();
  const agentsByPeer = new Map<string, Set<string>>();
  /** Somebody has watched at some time. */
  let isAsked = false;

  function removeKey(peer: string, key: string): void {
    const peers = peersByAgent.get(key);
    peers?.delete(peer);
    if (peers?.size === 0) peersByAgent.delete(key);
  }

  return {
    add(peer, agentId) {
      const key = agentKey(agentId);
      const agents = agentsByPeer.get(peer) ?? new Set<string>();
      const peers = peersByAgent.get(key) ?? new Set<string>();
      if (!agents.has(key) && (agents.size >= agentsPerPeerMax || peers.size >= peersPerAgentMax))
        return false;
      isAsked = true;
      agentsByPeer.set(peer, agents.add(key));
      peersByAgent.set(key, peers.add(peer));
      return true;
    },
    remove(peer, agentId) {
      const key = agentKey(agentId);
      const agents = agentsByPeer.get(peer);
      agents?.delete(key);
      if (agents?.size === 0) agentsByPeer.delete(peer);
      removeKey(peer, key);
    },
    removePeer(peer) {
      for (const key of agentsByPeer.get(peer) ?? []) removeKey(peer, key);
      agentsByPeer.delete(peer);
    },
    push(agentId, bundle, except) {
      if (!isAsked) return;
      const peers = peersByAgent.get(agentKey(agentId));
      if (peers === undefined) return;
      const body = encodePush([bundle]);
      for (const peer of peers) if (peer !== except) context.emit({ type: 'send-push', peer, body });
    },
    size: () => peersByAgent.size,
  };
}
