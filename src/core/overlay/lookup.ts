/**
 * One iterative Kademlia lookup: whom to ask next, and when nobody closer is left to ask.
 * Decides order and termination; does not send, time out or judge answers. Anybody may name peers that are not there, as
 * near to the target as they like: whoever named more peers that keep silent than peers that answer is in doubt, and those
 * whom nobody else named come after everybody else.
 * Source: docs/protocol.md §4 (α in parallel, hedged); Maymounkov and Mazières 2002.
 */
import { lookupParallelism } from '../limits.ts';
import type { PeerContact } from '../peer/events.ts';
import { compareDistance, distancePrefix, type KadId, kadIdOfPeer } from './distance.ts';
import type { RoutingTable } from './routing-table.ts';

type CandidateState = 'unasked' | 'asked' | 'answered' | 'failed';

interface Candidate {
  readonly contact: PeerContact;
  readonly kadId: KadId;
  /** 1 when known from the start, one more than who named it otherwise. */
  readonly hops: number;
  /** Who named it, the first few; none when it was known from the start. */
  readonly namers: Namer[];
  state: CandidateState;
  /** Asked, and silent for longer than answers take. */
  isLate: boolean;
  /** It answered that k others are closer than itself. */
  isOutside: boolean;
}

/** Of the peers that somebody named before they had answered: how many have, and how many were late or failed. */
interface Namer {
  answered: number;
  silent: number;
  /** Candidates that it was the first to name. */
  brought: number;
}

/** Namers of one candidate that are told apart. */
const namersMax = 8;

/** Named peers that keep silent before their namer is in doubt: more than are asked at once, for a dial takes its time. */
const silentMin = lookupParallelism + 1;

/** Contacts kept per lookup: the k closest and as many spares; whoever brought the most makes room. */
const candidatesMax = 64;

export interface Lookup {
  /** Up to `count` unasked candidates among the k closest that have not failed; they count as asked from now on. */
  take(count: number): PeerContact[];
  answered(peer: string, closer: readonly PeerContact[]): void;
  /** Contacts that came by another way than an answer. */
  learned(contacts: readonly PeerContact[]): void;
  failed(peer: string): void;
  /** It has been silent for longer than answers take, and may still answer. */
  late(peer: string): void;
  /** How many more to ask for so many answers at once; `isHastened`: as if others will keep silent as those asked so far. */
  missing(answers: number, isHastened?: boolean): number;
  /** Requests, one after the other, that it takes to have an answer of that peer; 0 for one that never was a candidate. */
  hopsTo(peer: string): number;
  /** It is not among the k closest, by its own account or by its distance. */
  isOutside(peer: string): boolean;
  /** True when each of the k closest live candidates has answered. */
  isComplete(): boolean;
  /** True when the `count` nearest live candidates have all answered. */
  isConverged(count: number): boolean;
  /** The same, where those that are late are not waited for. */
  isSettled(count: number): boolean;
  /** Somebody was late or failed: of those who were merely named others may be missing too. */
  hasSilent(): boolean;
  /** The k closest that answered, nearest first. */
  answeredClosest(): PeerContact[];
  /** Of the k closest known, those that have neither failed nor are late, asked or not. */
  closest(): PeerContact[];
  /** The same within a distance (`distancePrefix`), of those alone that answered or that two named: nobody makes them up alone. */
  confirmed(within: number): PeerContact[];
}

/** What whoever searches can tell of distances to any target (`distancePrefix`), from how dense its own neighbourhood is. */
export interface Nearness {
  /**
   * Candidates within it are asked in the order of their distance to `draw`: all of them most likely hold what is looked
   * for, and nobody is asked first for standing nearest.
   */
  readonly radius: number;
  readonly draw: KadId;
  /** Who stands beyond it is not among the k closest, but for chance: a standard deviation of a count of k is allowed for. */
  readonly reach: number;
}

export function nearnessOf(routing: Pick<RoutingTable, 'radius' | 'self'>, width: number): Nearness {
  const reach = (1 + 1 / Math.sqrt(width)) * routing.radius(width);
  return { radius: routing.radius(Math.ceil(width / 2)), draw: routing.self, reach };
}

export function createLookup(options: {
  readonly target: KadId;
  readonly self: string;
  readonly seeds: readonly { readonly contact: PeerContact; readonly kadId: KadId }[];
  /** k. */
  readonly width: number;
  readonly near?: Nearness;
}): Lookup {
  const { target, self, width, near } = options;
  const candidates: Candidate[] = [];
  const byPeer = new Map<string, Candidate>();
  const namerByPeer = new Map<string, Namer>();
  for (const seed of options.seeds) insert(seed.contact, seed.kadId, 1, null);

  function insert(contact: PeerContact, kadId: KadId, hops: number, namer: Namer | null): void {
    if (contact.peer === self || byPeer.has(contact.peer)) return;
    const namers = namer === null ? [] : [namer];
    const candidate: Candidate = {
      contact,
      kadId,
      hops,
      namers,
      state: 'unasked',
      isLate: false,
      isOutside: false,
    };
    if (namer !== null) namer.brought++;
    let index = candidates.length;
    while (index > 0 && compareDistance(target, kadId, candidates[index - 1]!.kadId) < 0) index--;
    candidates.splice(index, 0, candidate);
    byPeer.set(contact.peer, candidate);
    if (candidates.length > candidatesMax) makeRoom();
  }

  /** The farthest unasked of those that whoever brought the most has brought; one that failed before all. */
  function makeRoom(): void {
    let dropped = -1;
    for (let index = candidates.length - 1; index >= 0; index--) {
      const { state, namers } = candidates[index]!;
      if (state === 'failed') {
        dropped = index;
        break;
      }
      if (state !== 'unasked') continue;
      if (dropped < 0 || (namers[0]?.brought ?? 0) > (candidates[dropped]!.namers[0]?.brought ?? 0))
        dropped = index;
    }
    const [candidate] = dropped < 0 ? [] : candidates.splice(dropped, 1);
    if (candidate === undefined) return;
    const [first] = candidate.namers;
    if (first !== undefined) first.brought--;
    if (candidate.state === 'unasked') byPeer.delete(candidate.contact.peer);
  }

  /** The k closest that have not failed; those whose namers are all in doubt only where the others are fewer. */
  function window(): Candidate[] {
    const live: Candidate[] = [];
    const doubted: Candidate[] = [];
    for (const candidate of candidates) {
      if (candidate.state === 'failed') continue;
      (candidate.state !== 'answered' && isInDoubt(candidate) ? doubted : live).push(candidate);
      if (live.length === width) return live;
    }
    return [...live, ...doubted.slice(0, width - live.length)];
  }

  function withoutLate(closest: readonly Candidate[]): PeerContact[] {
    return closest.flatMap(({ contact, state, isLate }) => (isLate && state === 'asked' ? [] : [contact]));
  }

  function take(count: number): PeerContact[] {
    const taken: PeerContact[] = [];
    if (count <= 0) return taken;
    for (const candidate of near === undefined ? window() : drawn(window(), near)) {
      if (taken.length >= count) break;
      if (candidate.state !== 'unasked') continue;
      candidate.state = 'asked';
      taken.push(candidate.contact);
    }
    return taken;
  }

  function drawn(nearestFirst: Candidate[], { radius, draw }: NonNullable<typeof near>): Candidate[] {
    const end = nearestFirst.findIndex(({ kadId }) => distancePrefix(target, kadId) > radius);
    const inside = nearestFirst.splice(0, end < 0 ? nearestFirst.length : end);
    inside.sort((left, right) => compareDistance(draw, left.kadId, right.kadId));
    return [...inside, ...nearestFirst];
  }

  function answered(peer: string, closer: readonly PeerContact[]): void {
    const candidate = byPeer.get(peer);
    if (candidate !== undefined) {
      if (candidate.state === 'asked') {
        for (const namer of candidate.namers) {
          namer.answered++;
          if (candidate.isLate) namer.silent--;
        }
      }
      candidate.state = 'answered';
      candidate.isOutside = knowsCloser(candidate, closer);
    }
    insertAll(closer, (candidate?.hops ?? 0) + 1, peer);
  }

  /** At least k, where it may have left out who asks. */
  function knowsCloser({ kadId }: Candidate, closer: readonly PeerContact[]): boolean {
    if (closer.length < Math.max(1, width - 1)) return false;
    try {
      return closer.every(({ peer }) => compareDistance(target, kadIdOfPeer(peer), kadId) < 0);
    } catch {
      return false; // an id that is not base58 is no account of anything
    }
  }

  function insertAll(contacts: readonly PeerContact[], hops: number, from: string): void {
    const namer = namerByPeer.get(from) ?? { answered: 0, silent: 0, brought: 0 };
    namerByPeer.set(from, namer);
    for (const contact of contacts.slice(0, width)) {
      const known = byPeer.get(contact.peer);
      if (known !== undefined) {
        named(known, namer);
        continue;
      }
      try {
        insert(contact, kadIdOfPeer(contact.peer), hops, namer);
      } catch {
        // an id that is not base58 leads nowhere
      }
    }
  }

  /** By one more: who names somebody whom a liar named first takes it out of doubt. */
  function named({ namers, state, isLate }: Candidate, namer: Namer): void {
    const isOpen = state === 'unasked' || state === 'asked';
    if (!isOpen || namers.length === 0 || namers.length >= namersMax || namers.includes(namer)) return;
    namers.push(namer);
    if (isLate) namer.silent++;
  }

  function failed(peer: string): void {
    const candidate = byPeer.get(peer);
    if (candidate === undefined) return;
    noteSilence(candidate);
    candidate.state = 'failed';
  }

  function late(peer: string): void {
    const candidate = byPeer.get(peer);
    if (candidate !== undefined) noteSilence(candidate);
  }

  function noteSilence(candidate: Candidate): void {
    if (candidate.state !== 'asked' || candidate.isLate) return;
    candidate.isLate = true;
    for (const namer of candidate.namers) namer.silent++;
  }

  /** Beside those in flight that are not late; more, where more have kept silent than one beside each that answered. */
  function missing(answers: number, isHastened = false): number {
    let [answering, awaited, silent] = [0, 0, 0];
    for (const { state, isLate } of candidates) {
      if (state === 'answered') answering++;
      else if (state === 'failed' || isLate) silent++;
      else if (state === 'asked') awaited++;
    }
    const wanted = answers * (isHastened ? Math.max(1, silent / (1 + answering)) : 1);
    return Math.max(0, Math.round(wanted) - awaited);
  }

  return {
    take,
    answered,
    // Named by one who had answered already.
    learned: (contacts) => insertAll(contacts, 2, ''),
    failed,
    late,
    hopsTo: (peer) => byPeer.get(peer)?.hops ?? 0,
    missing,
    isOutside: (peer) => isOutside(byPeer.get(peer), target, near?.reach),
    isComplete: () => window().every((candidate) => candidate.state === 'answered'),
    isConverged: (count) =>
      window()
        .slice(0, count)
        .every((candidate) => candidate.state === 'answered'),
    isSettled: (count) =>
      window()
        .slice(0, count)
        .every(({ state, isLate }) => state === 'answered' || (state === 'asked' && isLate)),
    hasSilent: () => candidates.some(({ state, isLate }) => isLate || state === 'failed'),
    answeredClosest: () =>
      window().flatMap((candidate) => (candidate.state === 'answered' ? [candidate.contact] : [])),
    closest: () => withoutLate(window()),
    confirmed: (within) =>
      withoutLate(
        candidates
          .filter(({ state, namers }) => state === 'answered' || (state !== 'failed' && namers.length > 1))
          .filter(({ kadId }) => distancePrefix(target, kadId) <= within)
          .slice(0, width),
      ),
  };
}

function isOutside(
  candidate: Candidate | undefined,
  target: KadId,
  reach = Number.POSITIVE_INFINITY,
): boolean {
  if (candidate === undefined) return false;
  return candidate.isOutside || distancePrefix(target, candidate.kadId) > reach;
}

function isInDoubt({ namers }: Candidate): boolean {
  return (
    namers.length > 0 && namers.every(({ silent, answered }) => silent >= silentMin && silent > answered)
  );
}
