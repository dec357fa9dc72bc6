/**
 * Learns of peers: asks those it knows who is close to itself, and now and then who is close to some random point, and
 * connects to whom it wants in its table: the k closest to itself, and a few at every distance. Soon after each new
 * neighbour, then ever more rarely. Decides whom to meet and how many at a time; a peer is in the table only once the
 * overlay has met it. Source: docs/protocol.md §4; Maymounkov and Mazières 2002 (bucket refresh).
 */
import { createTokenBucket } from '../gossip/token-bucket.ts';
import { digestBytes } from '../limits.ts';
import { compareDistance, type KadId, kadId, kadIdOfPeer, sharedPrefixBits } from '../overlay/distance.ts';
import { decodeClosestAnswer, encodeRequest } from '../overlay/message.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';

const longestPauseMs = 300_000;
/** Of the closest, asked in each round beside those that are new. */
const askedAgain = 3;
const newAskedMax = 8;
/** A round does not wait longer for those who are silent; what they say later counts in the next. */
const answerWithinMs = 1_000;
/** Known peers wanted at each distance, so that a lookup halves its way with every step. */
const bucketPeersWanted = 3;
/** Whom it tried to meet is not tried again for so long; the oldest tries are forgotten beyond the bound. */
const triedAgainMs = 60_000;
const triedMax = 256;
/** A dial that has not ended after this has most likely failed. */
const meetingMs = 10_000;
/** Up to `peersWanted` freely: a join is not slow. Beyond, a trickle completes the neighbourhood. */
const freeMeetings = { burst: 8, perSecond: 4 };
const trickledMeetings = { burst: 2, perSecond: 0.2 };

export interface Neighbourhood {
  /** A peer entered the table. */
  peerAdded(contact: PeerContact): void;
}

interface Candidate {
  readonly contact: PeerContact;
  readonly kadId: KadId;
}

export function createNeighbourhood(context: PeerContext): Neighbourhood {
  const { config, routing, timers, random } = context;
  const free = createTokenBucket(freeMeetings);
  const trickle = createTokenBucket(trickledMeetings);
  const triedAtMsByPeer = new Map<string, number>();
  /** New neighbours that were not asked yet; bounded by the table. */
  const unasked = new Map<string, PeerContact>();
  let dueAtMs = Number.POSITIVE_INFINITY;
  let cancelRound = (): void => {};
  const soonMs = config.neighboursSoonMs;
  let pauseMs = soonMs;
  let awaited = 0;
  let candidates = new Map<string, Candidate>();
  /** Somebody wanted was named who did not answer a while ago. */
  let areTriedAgain = false;

  function peerAdded(contact: PeerContact): void {
    candidates.delete(contact.peer);
    triedAtMsByPeer.delete(contact.peer);
    const peer = routing.get(contact.peer);
    if (peer === undefined || !isWanted(peer.kadId)) return;
    unasked.set(contact.peer, contact);
    pauseMs = soonMs;
    plan(soonMs);
  }

  function plan(delayMs: number): void {
    const timeMs = context.nowMs() + delayMs * (0.75 + random.next() / 2);
    if (awaited > 0 || dueAtMs <= timeMs) return;
    cancelRound();
    dueAtMs = timeMs;
    cancelRound = timers.at(timeMs, round);
  }

  function round(): void {
    dueAtMs = Number.POSITIVE_INFINITY;
    const asked = new Map<string, PeerContact>();
    for (const [peer, contact] of unasked) {
      if (asked.size >= newAskedMax) break;
      unasked.delete(peer);
      if (routing.has(peer)) asked.set(peer, contact);
    }
    const closest = routing.closest(routing.self, config.replication, context.nowMs());
    for (const { contact } of random.pick(closest, askedAgain)) asked.set(contact.peer, contact);
    for (const contact of asked.values()) ask(contact, routing.self);
    for (const contact of random.pick(routing.peers(), 1)) ask(contact, randomPoint());
    if (awaited === 0) plan(pauseMs);
  }

  function randomPoint(): KadId {
    return kadId(Uint8Array.from({ length: digestBytes }, () => random.below(256)));
  }

  function ask(contact: PeerContact, point: KadId): void {
    awaited++;
    const request = encodeRequest({ type: 'closest', point: point.bytes, count: config.replication });
    let isAwaited = true;
    const settle = (): void => {
      if (!isAwaited) return;
      isAwaited = false;
      cancelWait();
      if (--awaited === 0) endRound();
    };
    const cancelWait = timers.at(context.nowMs() + answerWithinMs, settle);
    context.send(contact, request, (body) => {
      if (body !== null) take(body);
      settle();
    });
  }

  function take(body: Uint8Array): void {
    let contacts: readonly PeerContact[];
    try {
      contacts = decodeClosestAnswer(body);
    } catch {
      context.count('answers_refused', 'malformed');
      return;
    }
    for (const contact of contacts) {
      const { peer, addresses } = contact;
      if (addresses.length === 0 || peer === context.self.peer || routing.has(peer)) continue;
      try {
        const point = kadIdOfPeer(peer);
        if (!isWanted(point)) continue;
        if (context.nowMs() - (triedAtMsByPeer.get(peer) ?? 0) < triedAgainMs) areTriedAgain = true;
        else candidates.set(peer, { contact, kadId: point });
      } catch {
        context.count('answers_refused', 'malformed');
      }
    }
  }

  function endRound(): void {
    const nearestFirst = [...candidates.values()]
      .filter((candidate) => isWanted(candidate.kadId))
      .sort((left, right) => compareDistance(routing.self, left.kadId, right.kadId));
    candidates = new Map();
    let met = 0;
    for (const { contact } of nearestFirst) {
      const budget = isAtHome() ? trickle : free;
      if (config.role === 'client' && isAtHome()) break;
      if (!budget.take(context.nowMs())) break;
      met++;
      meet(contact);
    }
    const isMoreWanted = met < nearestFirst.length && config.role === 'full';
    const longestMs = areTriedAgain ? triedAgainMs : longestPauseMs;
    pauseMs = met > 0 || unasked.size > 0 ? soonMs : Math.min(longestMs, 2 * pauseMs);
    areTriedAgain = false;
    if (isMoreWanted) {
      const budget = isAtHome() ? trickle : free;
      pauseMs = Math.max(soonMs, budget.readyAtMs(context.nowMs()) - context.nowMs());
    }
    plan(pauseMs);
  }

  /** Whom it wanted to meet a moment ago counts: a dial takes its time. */
  function isAtHome(): boolean {
    let underWay = 0;
    for (const [peer, triedAtMs] of triedAtMsByPeer) {
      if (context.nowMs() - triedAtMs < meetingMs && !routing.has(peer)) underWay++;
    }
    return routing.size + underWay >= config.peersWanted;
  }

  function meet(contact: PeerContact): void {
    triedAtMsByPeer.delete(contact.peer);
    triedAtMsByPeer.set(contact.peer, context.nowMs());
    if (triedAtMsByPeer.size > triedMax) triedAtMsByPeer.delete(triedAtMsByPeer.keys().next().value!);
    context.emit({ type: 'meet-peer', contact });
  }

  /** Among the k closest to this peer, or at a distance of which it knows few. */
  function isWanted(point: KadId): boolean {
    if (routing.isAmongClosest(routing.self, config.replication, point)) return true;
    return routing.countSharing(sharedPrefixBits(routing.self, point)) < bucketPeersWanted;
  }

  return { peerAdded };
}
