/**
 * Revocations that a verifier has heard of, until the end of what they revoke: whatever the network shows later, across
 * restarts. Only the issuer's word counts for its own credentials. Bounded: what ends first goes first.
 * Wire (store only), under `revoked/<digest>/<issuer>`: dCBOR [1, end].
 */
import { decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { readArray, readInteger, readSeconds } from '../../core/shape.ts';
import type { Store } from '../../ports/store.ts';
import { seenRevocationsMax } from '../trust-limits.ts';

const prefix = 'revoked/';
const noteBytesMax = 32;
/** How many go at once when it is full. */
const sweptAtOnce = 1_000;

export interface SeenRevocations {
  has(digest: string, issuer: string): boolean;
  /** Known at once; durable when it resolves. @throws StoreError */
  add(digest: string, issuer: string, until: number, nowSeconds: number): Promise<void>;
  readonly size: number;
}

type SeenStore = Pick<Store, 'write' | 'entries'>;

/** @param store null: it forgets with the process. @throws StoreError */
export async function openSeenRevocations(
  store: SeenStore | null,
  nowSeconds: number,
): Promise<SeenRevocations> {
  const untilByKey = new Map<string, number>();
  const keyOf = (digest: string, issuer: string): string => `${digest}/${issuer}`;
  const over: string[] = [];
  if (store !== null) {
    for await (const [place, bytes] of store.entries(prefix)) {
      const until = decodeUntil(bytes);
      if (until <= nowSeconds) over.push(place);
      else untilByKey.set(place.slice(prefix.length), until);
    }
    if (over.length > 0) await store.write(over.map((key) => ({ key, value: null })));
  }

  /** What has ended, else what ends first. */
  function makeRoom(now: number): readonly string[] {
    if (untilByKey.size < seenRevocationsMax) return [];
    const ended = [...untilByKey].filter(([, until]) => until <= now);
    const gone =
      ended.length > 0 ? ended : [...untilByKey].sort(([, a], [, b]) => a - b).slice(0, sweptAtOnce);
    for (const [key] of gone) untilByKey.delete(key);
    return gone.map(([key]) => prefix + key);
  }

  return {
    has: (digest, issuer) => untilByKey.has(keyOf(digest, issuer)),
    async add(digest, issuer, until, now) {
      const key = keyOf(digest, issuer);
      if (until <= now || (untilByKey.get(key) ?? 0) >= until) return;
      const gone = makeRoom(now);
      untilByKey.set(key, until);
      if (store === null) return;
      const value = encodeCanonical([1, until]);
      await store.write([
        ...gone.map((place) => ({ key: place, value: null })),
        { key: prefix + key, value },
      ]);
    },
    get size() {
      return untilByKey.size;
    },
  };
}

function decodeUntil(bytes: Uint8Array): number {
  const [version, until] = readArray(decodeCanonical(bytes, noteBytesMax), 'seen revocation', 2);
  readInteger(version, 'version', 1, 1);
  return readSeconds(until, 'end');
}
