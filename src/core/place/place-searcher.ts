/**
 * Asks those who keep what belongs to one point of the key space (docs/protocol.md §7). Decides whom to ask, how many at a
 * time and when it is enough; what is asked for, and what of the answers counts, is its user's.
 * Bounds: k responders; a search ends with its time.
 */
import { isProtocolError } from '../errors.ts';
import { kadId } from '../overlay/distance.ts';
import { createLookup, type Lookup } from '../overlay/lookup.ts';
import { createWalk, type Walk } from '../overlay/walk.ts';
import type { PeerContext } from '../peer/context.ts';
import type { PeerContact } from '../peer/events.ts';
import type { Outbox } from '../peer/outbox.ts';

/** What every answer names: peers that the responder knows, nearest to the point first. */
interface Closer {
  readonly closer: readonly PeerContact[];
}

export interface PlaceCall<Answer extends Closer> {
  readonly point: Uint8Array;
  readonly request: Uint8Array;
  readonly timeoutMs: number;
  /** What this peer keeps of it itself, as another would answer; null: nothing. */
  readonly own: Answer | null;
  /** @throws ProtocolError */
  readonly decode: (body: Uint8Array) => Answer;
  /** How many of those nearest must have answered, as far as is known by now. */
  readonly wanted: () => number;
  /** @param from null: this peer itself */
  readonly onAnswer: (answer: Answer, from: PeerContact | null) => void;
  readonly onEnd: (ended: EndedSearch) => void;
}

export interface EndedSearch {
  /** This peer among them where it keeps anything. */
  readonly asked: number;
  /** Those that answered. */
  readonly responders: number;
  /** True when so many of those nearest have answered, and anybody at all where others are about. */
  isConverged(count: number): boolean;
}

export interface PlaceSearcher {
  /** Returns the cancellation: the caller is not called back any more. */
  search<Answer extends Closer>(call: PlaceCall<Answer>): () => void;
  /** Somebody new is known: searches under way ask it too where it is close. */
  peerAdded(contact: PeerContact): void;
}

interface Search {
  readonly lookup: Lookup;
  readonly walk: Walk;
  /** Nobody is known yet: the first that is met is waited for. */
  isAlone: boolean;
}

export function createPlaceSearcher(context: PeerContext, outbox: Outbox): PlaceSearcher {
  const { config, routing, self, after } = context;
  // Bounded by the calls under way, each of which ends with its time.
  const underWay = new Set<Search>();

  function read<Answer>(decode: (body: Uint8Array) => Answer, body: Uint8Array): Answer | null {
    try {
      return decode(body);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
      return null;
    }
  }

  function search<Answer extends Closer>(call: PlaceCall<Answer>): () => void {
    const target = kadId(call.point);
    const seeds = routing.closest(target, config.replication, context.nowMs());
    const lookup = createLookup({ target, self: self.peer, seeds, width: config.replication });
    let responders = 0;
    const take = (answer: Answer, from: PeerContact | null): void => {
      responders++;
      call.onAnswer(answer, from);
    };
    const walk = createWalk({
      ...{ lookup, after },
      hedgeMs: outbox.hedgeDelayMs,
      // More than a spare beside those that are missing would only be work; one at least, since the nearest must answer.
      parallelism: () => Math.min(config.parallelism, Math.max(0, call.wanted() - responders) + 1),
      ask(contact, onAnswer) {
        context.send(contact, call.request, (body) => {
          const answer = body === null || walk.isOver() ? null : read(call.decode, body);
          if (answer !== null) take(answer, contact);
          onAnswer(answer?.closer ?? null);
        });
      },
      isDone: () => !current.isAlone && lookup.isConverged(call.wanted()),
      onEnd() {
        leave();
        // Whoever joins others and hears nobody knows nothing.
        const isHeard = responders > 0 || config.meetWithinMs === 0;
        call.onEnd({
          asked: walk.asked() + (call.own === null ? 0 : 1),
          responders,
          isConverged: (count) => isHeard && lookup.isConverged(count),
        });
      },
    });
    const current: Search = { lookup, walk, isAlone: routing.size === 0 && config.meetWithinMs > 0 };
    underWay.add(current);
    const cancelMeeting = current.isAlone ? after(config.meetWithinMs, () => goOn(current)) : () => {};
    const cancelTimeout = after(call.timeoutMs, walk.end);
    const leave = (): void => {
      underWay.delete(current);
      cancelMeeting();
      cancelTimeout();
    };
    if (call.own !== null) take(call.own, null);
    walk.advance();
    return () => {
      walk.cancel();
      leave();
    };
  }

  /** It is waited for nobody any more. */
  function goOn(current: Search): void {
    current.isAlone = false;
    current.walk.advance();
  }

  return {
    search,
    peerAdded(contact) {
      for (const current of [...underWay]) {
        current.lookup.learned([contact]);
        goOn(current);
      }
    },
  };
}
