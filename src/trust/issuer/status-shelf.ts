/**
 * The status lists of this node's issuers: in the store, durable, each signed when somebody reads it after a change or late
 * in its life. Positions are drawn at random, so that they say nothing of the order of issue.
 * Wire (store only), under `statuslist/<agent key>/<number>`: dCBOR [1, purpose 0 or 1, URL, GZIP of taken,
 * GZIP of bits, [[digest 32, end], ...] of the signed forms that are out].
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { digestBytes } from '../../core/limits.ts';
import { readArray, readBytes, readInteger, readSeconds, readText } from '../../core/shape.ts';
import { type StatusPurpose, statusPurposes } from '../../facts/status-entry.ts';
import type { Entropy } from '../../ports/entropy.ts';
import type { Store, StoreWrite } from '../../ports/store.ts';
import { createBitstring, hasBit, setBit } from '../bitstring.ts';
import type { SignedStatusList } from '../status-list.ts';
import { TrustError } from '../trust-error.ts';
import { statusBitsMax, statusBitsMin, statusListsMax } from '../trust-limits.ts';
import type { IssuedVersion } from './issued-note.ts';

const prefix = 'statuslist/';
const noteBytesMax = 128 * 1024;
/** A list takes no more when this part of it is taken: a free place is found soon. */
const fullShare = 0.9;
/** Signed forms of one list that may be out at once: more than can be told to be over. */
const versionsMax = 64;

export interface ShelvedList {
  readonly agent: string;
  readonly number: number;
  readonly purpose: StatusPurpose;
  readonly url: string;
  readonly taken: Uint8Array;
  readonly bits: Uint8Array;
  takenCount: number;
  /** What was served and has not ended, the newest last. */
  readonly versions: IssuedVersion[];
  /** The newest version, while it says what the bits do; null: it is to be signed. */
  signed: SignedStatusList | null;
}

export interface StatusShelf {
  /** A free place in a list for that purpose under that base, taken in memory; `writeOf` makes it durable. */
  take(
    agent: string,
    purpose: StatusPurpose,
    urlOf: (number: number) => string,
  ): { readonly list: ShelvedList; readonly index: number };
  get(agent: string, number: number): ShelvedList | undefined;
  writeOf(list: ShelvedList): StoreWrite;
}

/** Reads what is there. @throws StoreError */
export async function openStatusShelf(store: Pick<Store, 'entries'>, entropy: Entropy): Promise<StatusShelf> {
  /** Bounded by statusListsMax: 32 KiB each. */
  const lists = new Map<string, ShelvedList>();
  for await (const [place, bytes] of store.entries(prefix)) {
    const list = decodeList(place, bytes);
    lists.set(`${list.agent}/${list.number}`, list);
  }

  function open(agent: string, purpose: StatusPurpose, urlOf: (number: number) => string): ShelvedList {
    const own = [...lists.values()].filter((list) => list.agent === agent);
    const found = own.find(
      (list) =>
        list.purpose === purpose &&
        list.url === urlOf(list.number) &&
        list.takenCount < list.bits.length * 8 * fullShare,
    );
    if (found !== undefined) return found;
    if (lists.size >= statusListsMax)
      throw new TrustError(
        'lists-full',
        `this node holds ${statusListsMax} status lists, which is all that it may`,
      );
    const number = own.reduce((most, list) => Math.max(most, list.number + 1), 0);
    const made: ShelvedList = {
      ...{ agent, number, purpose, url: urlOf(number) },
      ...{ taken: createBitstring(), bits: createBitstring(), takenCount: 0, versions: [], signed: null },
    };
    lists.set(`${agent}/${number}`, made);
    return made;
  }

  return {
    take(agent, purpose, urlOf) {
      const list = open(agent, purpose, urlOf);
      const random = new DataView(new Uint8Array(entropy.randomBytes(4)).buffer).getUint32(0);
      let index = random % (list.taken.length * 8);
      while (hasBit(list.taken, index)) index = (index + 1) % (list.taken.length * 8);
      setBit(list.taken, index, true);
      list.takenCount++;
      return { list, index };
    },
    get: (agent, number) => lists.get(`${agent}/${number}`),
    writeOf: (list) => ({ key: `${prefix}${list.agent}/${list.number}`, value: encodeList(list) }),
  };
}

/** The versions that may be out, after another was signed. */
export function noteVersion(list: ShelvedList, signed: SignedStatusList, nowSeconds: number): void {
  const alive = list.versions.filter(({ validUntil }) => validUntil > nowSeconds);
  const { digest, validUntil } = signed;
  list.versions.splice(0, list.versions.length, ...alive.slice(1 - versionsMax), { digest, validUntil });
  list.signed = signed;
}

function encodeList({ purpose, url, taken, bits, versions }: ShelvedList): Uint8Array {
  const out = versions.map(({ digest, validUntil }) => [hexToBytes(digest), validUntil]);
  return encodeCanonical([1, statusPurposes.indexOf(purpose), url, gzipSync(taken), gzipSync(bits), out]);
}

function readVersion(value: CborValue): IssuedVersion {
  const [digest, validUntil] = readArray(value, 'version', 2);
  return {
    digest: bytesToHex(readBytes(digest, 'digest', digestBytes)),
    validUntil: readSeconds(validUntil, 'end'),
  };
}

function decodeList(place: string, bytes: Uint8Array): ShelvedList {
  const [agent = '', number = ''] = place.slice(prefix.length).split('/');
  const [version, purpose, url, takenBytes, bitsBytes, out] = readArray(
    decodeCanonical(bytes, noteBytesMax),
    'list',
    6,
  );
  readInteger(version, 'version', 1, 1);
  const [taken, bits] = [takenBytes, bitsBytes].map(
    (value) =>
      new Uint8Array(
        gunzipSync(readBytes(value, 'bits', { max: noteBytesMax }), { maxOutputLength: statusBitsMax / 8 }),
      ),
  ) as [Uint8Array, Uint8Array];
  let takenCount = 0;
  for (let index = 0; index < statusBitsMin; index++) if (hasBit(taken, index)) takenCount++;
  return {
    ...{ agent, number: Number(number), purpose: statusPurposes[readInteger(purpose, 'purpose', 0, 1)]! },
    ...{ url: readText(url, 'url', 2048), taken, bits, takenCount, signed: null },
    versions: readArray(out, 'versions', { max: versionsMax }).map(readVersion),
  };
}
