/** Token buckets by peer, before any signature is looked at (§4). Bounded: the least recently seen peer is forgotten. */
import { createTokenBucket, type TokenBucket } from '../gossip/token-bucket.ts';

const peersMax = 4096;

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
