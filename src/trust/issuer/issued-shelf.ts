/** Issued credentials in the store: by serial, and by the digest of each version that is out. Opened when first needed. */
import type { Store, StoreWrite } from '../../ports/store.ts';
import { TrustError } from '../trust-error.ts';
import { issuedMax } from '../trust-limits.ts';
import { decodeIssued, encodeIssued, type IssuedNote, issuedPlace, issuedPrefix } from './issued-note.ts';

export interface IssuedShelf {
  /** By serial, or by the digest of a version. */
  find(agent: string, name: string): Promise<IssuedNote | undefined>;
  list(agent: string): Promise<readonly IssuedNote[]>;
  /** Durable together with the other writes when it resolves. @throws TrustError `issued-full`, StoreError */
  put(notes: readonly IssuedNote[], others: readonly StoreWrite[], nowSeconds: number): Promise<void>;
}

interface Line {
  readonly agent: string;
  readonly serial: string;
  /** After which nobody asks for it any more. */
  readonly over: number;
  readonly digests: readonly string[];
}

/** Of one that was revoked, so that its end is still shown. */
const keptAfterSeconds = 86_400;

/** Reads what is there. @throws StoreError */
export async function openIssuedShelf(store: Pick<Store, 'get' | 'write' | 'entries'>): Promise<IssuedShelf> {
  /** Bounded by issuedMax. */
  const lines = new Map<string, Line>();
  const placeByDigest = new Map<string, string>();

  function note(one: IssuedNote): void {
    const place = issuedPlace(one.agent, one.serial);
    forget(place);
    const digests = one.versions.map(({ digest }) => digest);
    const isStanding = one.renews && one.revoked === null;
    const over = isStanding ? Number.POSITIVE_INFINITY : one.endsAt + keptAfterSeconds;
    lines.set(place, { agent: one.agent, serial: one.serial, over, digests });
    for (const digest of digests) placeByDigest.set(digest, place);
  }

  function forget(place: string): void {
    for (const digest of lines.get(place)?.digests ?? []) placeByDigest.delete(digest);
    lines.delete(place);
  }

  for await (const [, bytes] of store.entries(issuedPrefix)) note(decodeIssued(bytes));

  /** What has ended makes room; what has not is never given up for another. */
  function roomFor(places: readonly string[], nowSeconds: number): readonly StoreWrite[] {
    const added = places.filter((place) => !lines.has(place)).length;
    if (lines.size + added <= issuedMax) return [];
    const over = [...lines].filter(([, line]) => line.over <= nowSeconds).map(([place]) => place);
    if (lines.size - over.length + added > issuedMax)
      throw new TrustError(
        'issued-full',
        `this node keeps ${issuedMax} credentials, which is all that it may`,
      );
    return over.map((key) => ({ key, value: null }));
  }

  return {
    async find(agent, name) {
      const place = name.length === 64 ? placeByDigest.get(name) : issuedPlace(agent, name);
      if (place === undefined || lines.get(place)?.agent !== agent) return undefined;
      const bytes = await store.get(place);
      return bytes === undefined ? undefined : decodeIssued(bytes);
    },
    async list(agent) {
      const notes: IssuedNote[] = [];
      for await (const [, bytes] of store.entries(`${issuedPrefix}${agent}/`))
        notes.push(decodeIssued(bytes));
      return notes;
    },
    async put(notes, others, nowSeconds) {
      const gone = roomFor(
        notes.map(({ agent, serial }) => issuedPlace(agent, serial)),
        nowSeconds,
      );
      const writes = notes.map((one) => ({
        key: issuedPlace(one.agent, one.serial),
        value: encodeIssued(one),
      }));
      await store.write([...gone, ...writes, ...others]);
      for (const { key } of gone) forget(key);
      for (const one of notes) note(one);
    },
  };
}
