/** Token buckets by peer, before any signature is looked at (§4). Bounded: the least recently seen peer is forgotten. */
import {
  createTokenBucket,
  hasTokens,
  refilled,
  type TokenBucket,
  type TokenRate,
} from '../gossip/token-bucket.ts';

const peersMaxDefault = 4096;
/** What a quota counts as one record. */
const itemBytes = 1024;

/** True when `peer` may have `count` more now. */
export type Quota = (peer: string, count: number, nowMs: number) => boolean;

export function createQuota(rate: TokenRate, peersMax = peersMaxDefault): Quota {
  const bucketByPeer = new Map<string, TokenBucket>();
  const create = (): TokenBucket => createTokenBucket(rate);
  return (peer, count, nowMs) => seen(bucketByPeer, peer, peersMax, create).take(nowMs, count);
}

/** True when `peer` may have one more now of that kind. */
export type KindQuota = (peer: string, kind: number, nowMs: number) => boolean;

/** A quota for each of so many kinds: a peer's buckets are numbers side by side. */
export function createKindQuota(rate: TokenRate, kinds: number, peersMax: number): KindQuota {
  /** Of each kind what stands in its bucket, and since when, milliseconds; NaN: nothing was taken yet. */
  const bucketsByPeer = new Map<string, number[]>();
  const create = (): number[] => new Array<number>(2 * kinds).fill(Number.NaN);
  return (peer, kind, nowMs) => {
    const buckets = seen(bucketsByPeer, peer, peersMax, create);
    const updatedAtMs = buckets[2 * kind + 1]!;
    const tokens = Number.isNaN(updatedAtMs)
      ? rate.burst
      : refilled(rate, buckets[2 * kind]!, nowMs - updatedAtMs);
    const isWithin = hasTokens(tokens, 1);
    buckets[2 * kind] = isWithin ? tokens - 1 : tokens;
    buckets[2 * kind + 1] = nowMs;
    return isWithin;
  };
}

/** What is kept of the peer. In the order in which they were seen, once somebody may have to go. */
function seen<Kept>(keptByPeer: Map<string, Kept>, peer: string, peersMax: number, create: () => Kept): Kept {
  let kept = keptByPeer.get(peer);
  if (kept === undefined) {
    kept = create();
    keptByPeer.set(peer, kept);
    if (keptByPeer.size > peersMax) keptByPeer.delete(keptByPeer.keys().next().value!);
  } else if (2 * keptByPeer.size > peersMax) {
    keptByPeer.delete(peer);
    keptByPeer.set(peer, kept);
  }
  return kept;
}

/** A record for each KiB that was begun: a bundle of 46 KiB may owe 169 signature checks, one of 0.5 KiB two. */
export function costOfItems(items: readonly Uint8Array[]): number {
  return items.reduce((sum, item) => sum + Math.max(1, Math.ceil(item.length / itemBytes)), 0);
}
