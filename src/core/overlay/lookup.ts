/**
 * One iterative Kademlia lookup: whom to ask next, and when nobody closer is left to ask.
 * Decides order and termination; does not send, time out or judge answers.
 * Source: docs/protocol.md §4 (α in parallel, hedged); Maymounkov and Mazières 2002.
 */
import type { PeerContact } from '../peer/events.ts';
import { compareDistance, type KadId, kadIdOfPeer } from './distance.ts';

type CandidateState = 'unasked' | 'asked' | 'answered' | 'failed';

interface Candidate {
  readonly contact: PeerContact;
  readonly kadId: KadId;
  /** 1 when known from the start, one more than who named it otherwise. */
  readonly hops: number;
  state: CandidateState;
}

/** Contacts kept per lookup: the k closest and as many spares, so that a lying answer cannot grow it. */
const candidatesMax = 64;

export interface Lookup {
  /** Up to `count` unasked candidates among the k closest that have not failed; they count as asked from now on. */
  take(count: number): PeerContact[];
  answered(peer: string, closer: readonly PeerContact[]): void;
  /** Contacts that came by another way than an answer. */
  learned(contacts: readonly PeerContact[]): void;
  failed(peer: string): void;
  readonly inFlight: number;
  /** Requests, one after the other, that it takes to have an answer of that peer; 0 for one that never was a candidate. */
  hopsTo(peer: string): number;
  /** True when each of the k closest live candidates has answered. */
  readonly isComplete: boolean;
  /** True when the `count` nearest live candidates have all answered. */
  isConverged(count: number): boolean;
  /** The k closest that answered, nearest first. */
  answeredClosest(): PeerContact[];
  /** The k closest known that have not failed, asked or not. */
  closest(): PeerContact[];
}

export function createLookup(options: {
  readonly target: KadId;
  readonly self: string;
  readonly seeds: readonly { readonly contact: PeerContact; readonly kadId: KadId }[];
  /** k. */
  readonly width: number;
}): Lookup {
  const { target, self, width } = options;
  const candidates: Candidate[] = [];
  const byPeer = new Map<string, Candidate>();
  for (const seed of options.seeds) insert(seed.contact, seed.kadId, 1);

  function insert(contact: PeerContact, kadId: KadId, hops: number): void {
    if (contact.peer === self || byPeer.has(contact.peer)) return;
    const candidate: Candidate = { contact, kadId, hops, state: 'unasked' };
    let index = candidates.length;
    while (index > 0 && compareDistance(target, kadId, candidates[index - 1]!.kadId) < 0) index--;
    candidates.splice(index, 0, candidate);
    byPeer.set(contact.peer, candidate);
    if (candidates.length > candidatesMax) dropFarthestUnasked();
  }

  function dropFarthestUnasked(): void {
    for (let index = candidates.length - 1; index >= 0; index--) {
      const candidate = candidates[index]!;
      if (candidate.state !== 'unasked' && candidate.state !== 'failed') continue;
      candidates.splice(index, 1);
      if (candidate.state === 'unasked') byPeer.delete(candidate.contact.peer);
      return;
    }
  }

  function window(): Candidate[] {
    const live: Candidate[] = [];
    for (const candidate of candidates) {
      if (candidate.state === 'failed') continue;
      live.push(candidate);
      if (live.length === width) break;
    }
    return live;
  }

  function take(count: number): PeerContact[] {
    const taken: PeerContact[] = [];
    for (const candidate of window()) {
      if (taken.length >= count) break;
      if (candidate.state !== 'unasked') continue;
      candidate.state = 'asked';
      taken.push(candidate.contact);
    }
    return taken;
  }

  function answered(peer: string, closer: readonly PeerContact[]): void {
    const candidate = byPeer.get(peer);
    if (candidate !== undefined) candidate.state = 'answered';
    insertAll(closer, (candidate?.hops ?? 0) + 1);
  }

  function insertAll(contacts: readonly PeerContact[], hops: number): void {
    for (const contact of contacts.slice(0, width)) {
      if (byPeer.has(contact.peer)) continue;
      try {
        insert(contact, kadIdOfPeer(contact.peer), hops);
      } catch {
        // an id that is not base58 leads nowhere
      }
    }
  }

  function failed(peer: string): void {
    const candidate = byPeer.get(peer);
    if (candidate !== undefined) candidate.state = 'failed';
  }

  return {
    take,
    answered,
    // Named by one who had answered already.
    learned: (contacts) => insertAll(contacts, 2),
    failed,
    hopsTo: (peer) => byPeer.get(peer)?.hops ?? 0,
    get inFlight() {
      return candidates.reduce((sum, candidate) => sum + (candidate.state === 'asked' ? 1 : 0), 0);
    },
    get isComplete() {
      return window().every((candidate) => candidate.state === 'answered');
    },
    isConverged: (count) =>
      window()
        .slice(0, count)
        .every((candidate) => candidate.state === 'answered'),
    answeredClosest: () =>
      window().flatMap((candidate) => (candidate.state === 'answered' ? [candidate.contact] : [])),
    closest: () => window().map((candidate) => candidate.contact),
  };
}
