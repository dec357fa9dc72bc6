/**
 * A storing peer's side of content (docs/protocol.md §7): takes credentials whose digest is its own to store, keeps what it
 * is asked to keep, shows what it has. Decides, cheapest first: quota, size and shape, closeness, room.
 */
import { readContent } from '../core/content/content.ts';
import { isProtocolError, type ProtocolErrorCode } from '../core/errors.ts';
import { digestBytes } from '../core/limits.ts';
import {
  decodeFetch,
  decodeHold,
  encodeFetchAnswer,
  encodeHoldAnswers,
} from '../core/overlay/content-message.ts';
import type { KeepAnswer } from '../core/overlay/keep-answer.ts';
import { encodeFailure } from '../core/overlay/message.ts';
import { createQuota } from '../core/peer/quota.ts';
import { createStoringPeer } from '../core/place/storing-peer.ts';
import { StoreError } from '../ports/store.ts';
import type { ContentShelf } from './content-shelf.ts';
import type { KnownPeers, PathParts } from './path-types.ts';

/** KiB that one peer may bring, and blobs that it may fetch: at once and per second. */
const kibibytesBurst = 4_096;
const kibibytesPerSecond = 64;
const fetchesBurst = 500;
const fetchesPerSecond = 100;
const kibibyte = 1024;

export interface ContentServer {
  hold(peer: string, body: Uint8Array): Promise<Uint8Array>;
  fetch(peer: string, body: Uint8Array): Promise<Uint8Array>;
  /** A sealed fetch, which the target's own quota has let in. */
  fetchDigest(peer: string, digest: Uint8Array): Promise<Uint8Array>;
  /** From this node itself: null where it is not among the storing peers. */
  holdOwn(item: Uint8Array): Promise<KeepAnswer | null>;
  /** What this node has itself. */
  read(digest: Uint8Array): Promise<Uint8Array | null>;
}

export function createContentServer(
  parts: PathParts,
  peers: KnownPeers,
  openShelf: () => Promise<ContentShelf>,
): ContentServer {
  const { clock, settings, overlay, counted } = parts;
  const mayHold = createQuota({ burst: kibibytesBurst, perSecond: kibibytesPerSecond });
  const mayFetch = createQuota({ burst: fetchesBurst, perSecond: fetchesPerSecond });
  const { isMine, closerTo } = createStoringPeer(peers.routing, settings, clock.nowMs);

  function refuse(code: ProtocolErrorCode): Uint8Array {
    counted('contents', `refused-${code}`, 1);
    return encodeFailure(code);
  }

  async function take(item: Uint8Array, from: string): Promise<KeepAnswer> {
    const shelf = await openShelf();
    if (item.length === digestBytes)
      return shelf.renew(item, from) ? { status: 'stored', code: null } : { status: 'stale', code: null };
    const content = readContent(item, Math.floor(clock.nowMs() / 1000));
    if (shelf.renew(content.digest, from)) return { status: 'stored', code: null };
    if (!isMine(content.digest)) return { status: 'refused', code: 'not-closest' };
    const isKept = await shelf.put(content, item, from);
    return isKept ? { status: 'stored', code: null } : { status: 'displaced', code: 'displaced' };
  }

  async function answerItem(item: Uint8Array, from: string): Promise<KeepAnswer> {
    const answer = await take(item, from).catch((error: unknown): KeepAnswer => {
      if (isProtocolError(error)) return { status: 'refused', code: error.code };
      if (!(error instanceof StoreError)) throw error;
      return { status: 'refused', code: error.code === 'disk-full' ? 'store-full' : 'store-failed' };
    });
    counted('contents', answer.code === null ? answer.status : `refused-${answer.code}`, 1);
    return answer;
  }

  async function fetchDigest(peer: string, digest: Uint8Array): Promise<Uint8Array> {
    const bytes = await (await openShelf()).get(digest);
    counted('contents', bytes === null ? 'not-here' : 'shown', 1);
    return encodeFetchAnswer({ bytes, closer: closerTo(digest, peer) });
  }

  return {
    async hold(peer, body) {
      try {
        const items = decodeHold(body);
        const cost = items.reduce((sum, { length }) => sum + Math.ceil(length / kibibyte), 0);
        if (!mayHold(peer, Math.max(1, cost), clock.nowMs())) return refuse('over-quota');
        const answers: KeepAnswer[] = [];
        for (const item of items) answers.push(await answerItem(item, peer));
        return encodeHoldAnswers(answers);
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        return refuse(error.code);
      }
    },
    async fetch(peer, body) {
      if (!mayFetch(peer, 1, clock.nowMs())) return refuse('over-quota');
      try {
        return await fetchDigest(peer, decodeFetch(body));
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        return refuse(error.code);
      }
    },
    fetchDigest,
    async holdOwn(item) {
      const answer = await answerItem(item, overlay.self.peer);
      return answer.code === 'not-closest' ? null : answer;
    },
    read: async (digest) => (await openShelf()).get(digest),
  };
}
