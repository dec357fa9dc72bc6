/**
 * Content from the reader's and the publisher's side (docs/protocol.md §7): whom to bring it to, whom to ask, and that what
 * came is what was asked for. Bounds: the k closest peers; one call ends with its time.
 */
import { contentUrl, isContentOf, readContent } from '../core/content/content.ts';
import { isProtocolError } from '../core/errors.ts';
import {
  decodeFetchAnswer,
  decodeHoldAnswers,
  encodeFetch,
  encodeHold,
} from '../core/overlay/content-message.ts';
import { kadId } from '../core/overlay/distance.ts';
import { type KeepAnswer, mostFrequent } from '../core/overlay/keep-answer.ts';
import { createLookup, type Lookup } from '../core/overlay/lookup.ts';
import { decodeClosestAnswer, encodeRequest } from '../core/overlay/message.ts';
import type { PeerContact } from '../core/peer/events.ts';
import { OverlayError } from '../ports/overlay.ts';
import type { HeldContent, KnownPeers, PathParts, PrivateOptions } from './path-types.ts';
import type { PrivateAsker } from './private-asker.ts';
import { walk } from './walk.ts';

const requestTimeoutMs = 5_000;
const fetchTimeoutMs = 10_000;
const holdTimeoutMs = 15_000;
const hedgeMs = 500;
/** One that has it is enough, and most of those nearest have. */
const fetchParallelism = 2;
/** Of those nearest to it, all say that they have it not: it is not there. */
const withoutItMax = 8;

export interface ContentClient {
  /** @param asker null: directly */
  fetch(digest: Uint8Array, asker: PrivateAsker | null, options: PrivateOptions): Promise<Uint8Array | null>;
  /** @throws ProtocolError when it is nothing that storing peers take */
  hold(bytes: Uint8Array, isKnown: boolean, options: PrivateOptions): Promise<HeldContent>;
}

export function createContentClient(
  parts: PathParts,
  peers: KnownPeers,
  own: { readonly holdOwn: (item: Uint8Array) => Promise<KeepAnswer | null> },
): ContentClient {
  const { overlay, clock, settings, counted } = parts;

  function lookupOf(digest: Uint8Array): Lookup {
    const target = kadId(digest);
    const seeds = peers.routing.closest(target, settings.replication, clock.nowMs());
    return createLookup({ target, self: overlay.self.peer, seeds, width: settings.replication });
  }

  /** null when there was no answer. */
  async function request(
    contact: PeerContact,
    body: Uint8Array,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | null> {
    const timeoutMs = Math.max(1, Math.min(requestTimeoutMs, deadlineMs - clock.nowMs()));
    try {
      return await overlay.request(contact, body, { timeoutMs, ...(signal && { signal }) });
    } catch (error) {
      if (error instanceof OverlayError) return null;
      throw error;
    }
  }

  async function fetch(
    digest: Uint8Array,
    asker: PrivateAsker | null,
    { timeoutMs = fetchTimeoutMs, signal }: PrivateOptions,
  ): Promise<Uint8Array | null> {
    const deadlineMs = clock.nowMs() + timeoutMs;
    const given = { deadlineMs, used: new Set<string>(), ...(signal && { signal }) };
    const body = encodeFetch(digest);
    const lookup = lookupOf(digest);
    let found: Uint8Array | null = null;
    await walk({
      lookup,
      clock,
      deadlineMs,
      parallelism: () => fetchParallelism,
      hedgeMs: asker?.hedgeMs() ?? hedgeMs,
      ...(signal && { signal }),
      isEnough: () => found !== null || lookup.isConverged(withoutItMax),
      async ask(contact) {
        const answer =
          asker === null
            ? await request(contact, body, deadlineMs, signal)
            : await asker.ask(contact, body, given);
        if (answer === null) return null;
        const { bytes, closer } = readFetchAnswer(answer);
        if (bytes !== null && isContentOf(bytes, digest)) found ??= bytes;
        else if (bytes !== null) {
          counted('contents', 'wrong-bytes', 1);
          return null;
        }
        return closer;
      },
    });
    signal?.throwIfAborted();
    return found;
  }

  function readFetchAnswer(answer: Uint8Array): ReturnType<typeof decodeFetchAnswer> {
    try {
      return decodeFetchAnswer(answer);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      counted('contents', `answer-${error.code}`, 1);
      return { bytes: null, closer: [] };
    }
  }

  /** The k closest to it, as they know one another. */
  async function placesOf(
    digest: Uint8Array,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly PeerContact[]> {
    const lookup = lookupOf(digest);
    // A table smaller than k most likely knows the whole network.
    if (peers.routing.size <= settings.replication) return lookup.closest();
    const body = encodeRequest({ type: 'closest', point: digest, count: settings.replication });
    await walk({
      lookup,
      clock,
      deadlineMs,
      parallelism: () => settings.parallelism,
      hedgeMs,
      ...(signal && { signal }),
      isEnough: () => lookup.isConverged(settings.parallelism),
      async ask(contact) {
        const answer = await request(contact, body, deadlineMs, signal);
        try {
          return answer === null ? null : decodeClosestAnswer(answer);
        } catch (error) {
          if (!isProtocolError(error)) throw error;
          return null;
        }
      },
    });
    return lookup.closest();
  }

  async function holdAt(
    contact: PeerContact,
    item: Uint8Array,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<KeepAnswer | null> {
    const answer = await request(contact, encodeHold([item]), deadlineMs, signal);
    try {
      return answer === null ? null : decodeHoldAnswers(answer, 1)[0]!;
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return { status: 'refused', code: error.code };
    }
  }

  return {
    fetch,
    async hold(bytes, isKnown, { timeoutMs = holdTimeoutMs, signal }) {
      const { digest } = readContent(bytes, Math.floor(clock.nowMs() / 1000));
      const deadlineMs = clock.nowMs() + timeoutMs;
      const places = await placesOf(digest, deadlineMs, signal);
      const asked = places.map(async (contact) => {
        const first = await holdAt(contact, isKnown ? digest : bytes, deadlineMs, signal);
        return first?.status === 'stale' ? holdAt(contact, bytes, deadlineMs, signal) : first;
      });
      const ownAnswer = await own.holdOwn(bytes);
      const answers = await Promise.all(asked);
      if (ownAnswer !== null) answers.push(ownAnswer);
      signal?.throwIfAborted();
      return {
        digest,
        url: contentUrl(digest),
        holders: answers.filter((answer) => answer?.status === 'stored').length,
        asked: answers.length,
        refusal: mostFrequent(answers.flatMap((answer) => answer?.code ?? [])),
      };
    },
  };
}
