/**
 * The relay between an asker and a target (docs/protocol.md §7): sees who asks whom, and neither question nor answer.
 * Passes on to peers of this overlay alone, over the record protocol, under the peer id that they prove; an address comes
 * from this peer's own table or from other peers, never from the asker. Bounds: relay-budget, and searches over time.
 */
import { isProtocolError, type ProtocolErrorCode } from '../core/errors.ts';
import { createTokenBucket } from '../core/gossip/token-bucket.ts';
import {
  decodeRelay,
  decodeSealedAnswer,
  encodeSealed,
  encodeSealedAnswer,
} from '../core/overlay/content-message.ts';
import { type KadId, kadIdOfPeer } from '../core/overlay/distance.ts';
import { createLookup } from '../core/overlay/lookup.ts';
import { decodeClosestAnswer, encodeFailure, encodeRequest } from '../core/overlay/message.ts';
import type { PeerContact } from '../core/peer/events.ts';
import { createRelayBudget } from '../core/private/relay-budget.ts';
import { OverlayError } from '../ports/overlay.ts';
import type { KnownPeers, PathParts } from './path-types.ts';
import { walk } from './walk.ts';

/** A target that takes longer is silent; the asker waits a little longer than this. */
const forwardTimeoutMs = 2_000;
const searchTimeoutMs = 1_000;
const searchPeersMax = 8;
const searchHedgeMs = 200;
/** For all askers together, so that nobody uses up this node's dials: targets that are known and not connected, */
const dials = { burst: 50, perSecond: 10 };
/** and those that are not known here. */
const searches = { burst: 20, perSecond: 2 };

/** Answers a relay request; never rejects. */
export type Relay = (asker: string, body: Uint8Array) => Promise<Uint8Array>;

export function createRelay(parts: PathParts, peers: KnownPeers): Relay {
  const { overlay, clock, counted, settings } = parts;
  const budget = createRelayBudget();
  const mayDial = createTokenBucket(dials);
  const maySearch = createTokenBucket(searches);

  function refuse(code: ProtocolErrorCode): Uint8Array {
    counted('private_requests', `relay-refused-${code}`, 1);
    return encodeFailure(code);
  }

  async function forward(contact: PeerContact, sealed: Uint8Array): Promise<Uint8Array> {
    try {
      const answer = await overlay.request(contact, encodeSealed(sealed), { timeoutMs: forwardTimeoutMs });
      const passed = encodeSealedAnswer('relay', decodeSealedAnswer('sealed', answer));
      counted('private_requests', 'relayed', 1);
      return passed;
    } catch (error) {
      if (isProtocolError(error)) return refuse(error.code);
      if (error instanceof OverlayError) return refuse('no-usable-answers');
      throw error;
    }
  }

  /** Where the target is: known, or named by peers nearer to it. */
  async function place(target: string): Promise<PeerContact | null> {
    const known = peers.routing.get(target);
    const isReachable = peers.isConnected(target) || mayDial.take(clock.nowMs());
    if (known !== undefined) return isReachable ? known.contact : null;
    const point = pointOf(target);
    if (point === null || !isReachable || !maySearch.take(clock.nowMs())) return null;
    return search(target, point);
  }

  async function search(target: string, point: KadId): Promise<PeerContact | null> {
    const request = encodeRequest({ type: 'closest', point: point.bytes, count: settings.replication });
    const seeds = peers.routing.closest(point, settings.replication, clock.nowMs());
    const self = overlay.self.peer;
    let found: PeerContact | null = null;
    let asked = 0;
    await walk({
      lookup: createLookup({ target: point, self, seeds, width: settings.replication }),
      clock,
      deadlineMs: clock.nowMs() + searchTimeoutMs,
      parallelism: () => settings.parallelism,
      hedgeMs: searchHedgeMs,
      isEnough: () => found !== null || asked >= searchPeersMax,
      async ask(contact) {
        asked++;
        try {
          const body = await overlay.request(contact, request, { timeoutMs: searchTimeoutMs });
          const named = decodeClosestAnswer(body);
          found ??= named.find(({ peer }) => peer === target) ?? null;
          return named;
        } catch {
          return null;
        }
      },
    });
    return found;
  }

  return async (asker, body) => {
    if (!settings.relays) return refuse('busy');
    let target: string;
    let sealed: Uint8Array;
    try {
      ({ target, sealed } = decodeRelay(body));
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return refuse(error.code);
    }
    // Whoever is both would see question and asker.
    if (target === overlay.self.peer || target === asker) return refuse('bad-argument');
    const leave = budget.enter(asker, target, clock.nowMs());
    if (leave === null) return refuse('over-quota');
    let answerBytes = 0;
    try {
      const contact = await place(target);
      const answer = contact === null ? refuse('no-usable-answers') : await forward(contact, sealed);
      answerBytes = answer.length;
      return answer;
    } finally {
      leave(answerBytes, clock.nowMs());
    }
  };
}

function pointOf(peer: string): KadId | null {
  try {
    return kadIdOfPeer(peer);
  } catch {
    return null; // not base58
  }
}
