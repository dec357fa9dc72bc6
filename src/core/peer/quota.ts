/** Token buckets by peer, before any signature is looked at (§4). Bounded: the least recently seen peer is forgotten. */
import { createTokenBucket, type TokenBucket, type TokenRate } from '../gossip/token-bucket.ts';

const peersMaxDefault = 4096;
/** What a quota counts as one record. */
const itemBytes = 1024;

/** True when `peer` may have `count` more now. */
export type Quota = (peer: string, count: number, nowMs: number) => boolean;

export function createQuota(rate: TokenRate, peersMax = peersMaxDefault): Quota {
  const bucketByPeer = new Map<string, TokenBucket>();
  return (peer, count, nowMs) => {
    let bucket = bucketByPeer.get(peer);
    if (bucket === undefined) {
      bucket = createTokenBucket(rate);
      bucketByPeer.set(peer, bucket);
      if (bucketByPeer.size > peersMax) bucketByPeer.delete(bucketByPeer.keys().next().value!);
    } else if (2 * bucketByPeer.size > peersMax) {
      // In the order in which they were seen, once somebody may have to go.
      bucketByPeer.delete(peer);
      bucketByPeer.set(peer, bucket);
    }
    return bucket.take(nowMs, count);
  };
}

/** A record for each KiB that was begun: a bundle of 46 KiB may owe 169 signature checks, one of 0.5 KiB two. */
export function costOfItems(items: readonly Uint8Array[]): number {
  return items.reduce((sum, item) => sum + Math.max(1, Math.ceil(item.length / itemBytes)), 0);
}
