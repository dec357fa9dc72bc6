/** Token buckets by peer, before any signature is looked at (§4). Bounded: the least recently seen peer is forgotten. */
import { createTokenBucket, type TokenBucket } from '../gossip/token-bucket.ts';

const peersMax = 4096;
/** What a quota counts as one record. */
const itemBytes = 1024;

/** True when `peer` may have `count` more now. */
export type Quota = (peer: string, count: number, nowMs: number) => boolean;

export function createQuota(options: { readonly burst: number; readonly perSecond: number }): Quota {
  const bucketByPeer = new Map<string, TokenBucket>();
  return (peer, count, nowMs) => {
    const bucket = bucketByPeer.get(peer) ?? createTokenBucket(options);
    bucketByPeer.delete(peer);
    bucketByPeer.set(peer, bucket);
    if (bucketByPeer.size > peersMax) bucketByPeer.delete(bucketByPeer.keys().next().value!);
    return bucket.take(nowMs, count);
  };
}

/** A record for each KiB that was begun: a bundle of 46 KiB may owe 169 signature checks, one of 0.5 KiB two. */
export function costOfItems(items: readonly Uint8Array[]): number {
  return items.reduce((sum, item) => sum + Math.max(1, Math.ceil(item.length / itemBytes)), 0);
}
