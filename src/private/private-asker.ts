/**
 * One question to one target in private: sealed anew for each try, through a relay that is connected and, as far as that
 * can be known, not the target's operator. Whatever a relay does, drop, alter, replay or wait, costs one try.
 * Bounds: tries a question; the time that the caller gives.
 */
import { isProtocolError } from '../core/errors.ts';
import { decodeSealedAnswer, encodeRelay } from '../core/overlay/content-message.ts';
import type { PeerContact } from '../core/peer/events.ts';
import { relaysFor } from '../core/private/relay-choice.ts';
import { createRecentMap } from '../core/recent-map.ts';
import { createRandom } from '../core/rng.ts';
import { OverlayError } from '../ports/overlay.ts';
import type { KnownPeers, PathParts } from './path-types.ts';
import type { Sealing } from './sealing.ts';

/** Longer than a relay waits for the target. */
const tryTimeoutMs = 2_500;
const triesMax = 3;
/** A relay that failed is asked last for so long. */
const avoidMs = 30_000;
const avoidedMax = 1_024;
const seedBytes = 16;
/** Never so short that a slow network alone breeds more load. */
const hedgeMsMin = 500;
const hedgeAnswerTimes = 3;
/** Weight of the newest answer in the moving average of answer times. */
const answerTimeWeight = 0.1;

export interface AskOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Relays of the same search: each is asked once where there are enough, so that none sees where a search goes. */
  readonly used: Set<string>;
}

export interface PrivateAsker {
  /** The body of the target's answer; null when no relay brought one. Never rejects. */
  ask(target: PeerContact, body: Uint8Array, options: AskOptions): Promise<Uint8Array | null>;
  /** How long an answer may take before another peer is asked beside. */
  hedgeMs(): number;
  /** Whether anybody could relay at all. */
  readonly hasRelays: boolean;
}

export function createPrivateAsker(parts: PathParts, peers: KnownPeers, sealing: Sealing): PrivateAsker {
  const { overlay, clock, counted } = parts;
  const random = createRandom(parts.entropy.randomBytes(seedBytes));
  const avoidedUntilMs = createRecentMap<number>(avoidedMax);
  let answerTimeMs = 0;

  /** Suitable ones in random order: those that were not used and did not fail come first. */
  function relaysInOrder(target: PeerContact, used: ReadonlySet<string>): readonly PeerContact[] {
    const nowMs = clock.nowMs();
    const rank = ({ peer }: PeerContact): number =>
      ((avoidedUntilMs.get(peer) ?? 0) > nowMs ? 2 : 0) + (used.has(peer) ? 1 : 0);
    return [...relaysFor(target, peers.connected(), random)].sort((left, right) => rank(left) - rank(right));
  }

  async function askThrough(
    relay: PeerContact,
    target: PeerContact,
    body: Uint8Array,
    { deadlineMs, signal }: AskOptions,
  ): Promise<{ readonly answer: Uint8Array | null; readonly isRelayAtFault: boolean }> {
    const minute = Math.floor(clock.nowMs() / 60_000);
    const call = sealing.seal(target.peer, { minute, body });
    if (call === null) return { answer: null, isRelayAtFault: false };
    const beganMs = clock.nowMs();
    const timeoutMs = Math.max(1, Math.min(tryTimeoutMs, deadlineMs - clock.nowMs()));
    try {
      const request = encodeRelay(target.peer, call.sealed);
      const answer = await overlay.request(relay, request, { timeoutMs, ...(signal && { signal }) });
      const opened = call.open(decodeSealedAnswer('relay', answer));
      counted('private_requests', opened === null ? 'altered' : 'asked', 1);
      answerTimeMs += answerTimeWeight * (clock.nowMs() - beganMs - answerTimeMs);
      return { answer: opened, isRelayAtFault: opened === null };
    } catch (error) {
      if (!(error instanceof OverlayError) && !isProtocolError(error)) throw error;
      counted('private_requests', `failed-${error.code}`, 1);
      // A refusal may be the target's, which the relay only passes on.
      return { answer: null, isRelayAtFault: error instanceof OverlayError };
    }
  }

  return {
    hedgeMs: () => Math.max(hedgeMsMin, hedgeAnswerTimes * answerTimeMs),
    get hasRelays() {
      return peers.connected().length > 1;
    },
    async ask(target, body, options) {
      const relays = relaysInOrder(target, options.used).slice(0, triesMax);
      for (const relay of relays) {
        if (options.signal?.aborted || clock.nowMs() >= options.deadlineMs) return null;
        options.used.add(relay.peer);
        const { answer, isRelayAtFault } = await askThrough(relay, target, body, options);
        if (answer !== null) return answer;
        if (isRelayAtFault) avoidedUntilMs.set(relay.peer, clock.nowMs() + avoidMs);
      }
      if (relays.length === 0) counted('private_requests', 'no-relay', 1);
      return null;
    },
  };
}
