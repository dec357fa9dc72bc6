/**
 * Watch and unwatch requests, those of one turn to one peer together.
 * Decides how they are batched; does not decide who is asked. Source: docs/protocol.md §4 (`watch`).
 */
import { agentIdFromKey } from '../identity/agent-id.ts';
import { decodeWatchAnswer, encodeRequest } from '../overlay/message.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';

/** So many bundles of the largest size fit into the frame of one answer. */
const agentsPerRequest = 20;

export interface WatchRequests {
  watch(contact: PeerContact, key: string): void;
  unwatch(contact: PeerContact, key: string): void;
}

interface Lane {
  readonly contact: PeerContact;
  readonly watched: Set<string>;
  readonly unwatched: Set<string>;
}

/** @param listener `shown`: a bundle that the peer has now. `failed`: it did not answer, or answered no sense. */
export function createWatchRequests(
  context: PeerContext,
  listener: {
    readonly shown: (peer: string, key: string, bundle: Uint8Array) => void;
    readonly failed: (peer: string, key: string) => void;
  },
): WatchRequests {
  // Bounded by the peers and agents named in one turn.
  const laneByPeer = new Map<string, Lane>();

  function laneOf(contact: PeerContact): Lane {
    let lane = laneByPeer.get(contact.peer);
    if (lane === undefined) {
      if (laneByPeer.size === 0) context.atTurnEnd(flush);
      lane = { contact, watched: new Set(), unwatched: new Set() };
      laneByPeer.set(contact.peer, lane);
    }
    return lane;
  }

  function flush(): void {
    const lanes = [...laneByPeer.values()];
    laneByPeer.clear();
    for (const { contact, watched, unwatched } of lanes) {
      for (const keys of chunks([...unwatched])) {
        context.send(
          contact,
          encodeRequest({ type: 'unwatch', agentIds: keys.map(agentIdFromKey) }),
          () => {},
        );
      }
      for (const keys of chunks([...watched])) send(contact, keys);
    }
  }

  function send(contact: PeerContact, keys: readonly string[]): void {
    const request = encodeRequest({ type: 'watch', agentIds: keys.map(agentIdFromKey) });
    context.send(contact, request, (body) => {
      let bundles: readonly (Uint8Array | null)[];
      try {
        if (body === null) throw new TypeError('no answer');
        bundles = decodeWatchAnswer(body, keys.length);
      } catch {
        for (const key of keys) listener.failed(contact.peer, key);
        return;
      }
      bundles.forEach((bundle, index) => {
        if (bundle !== null) listener.shown(contact.peer, keys[index]!, bundle);
      });
    });
  }

  return {
    watch(contact, key) {
      const lane = laneOf(contact);
      lane.unwatched.delete(key);
      lane.watched.add(key);
    },
    unwatch(contact, key) {
      const lane = laneOf(contact);
      // What was not asked yet need not be taken back.
      if (!lane.watched.delete(key)) lane.unwatched.add(key);
    },
  };
}

function chunks(keys: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < keys.length; at += agentsPerRequest)
    parts.push(keys.slice(at, at + agentsPerRequest));
  return parts;
}
