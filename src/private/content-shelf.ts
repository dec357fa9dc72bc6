/**
 * The blobs that a storing peer keeps, in its store: bytes on the disk, one row of each in memory. Opened when somebody
 * first asks or brings one. What is read is hashed again: a damaged blob is dropped, and comes again within the hour.
 * Wire (store only), under `content/<digest>`: dCBOR [1, peer that brought it, end of the credential, blob].
 */
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { decodeCanonical, encodeCanonical } from '../core/cbor.ts';
import { type Content, isContentOf } from '../core/content/content.ts';
import { contentExpiresAt, createContentLedger } from '../core/content/content-ledger.ts';
import { contentBytesMax } from '../core/limits.ts';
import { readArray, readBytes, readInteger, readText } from '../core/shape.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

export interface ContentShelf {
  readonly size: number;
  readonly sizeBytes: number;
  /** The bytes, while it is kept; null when it is not here. */
  get(digest: Uint8Array): Promise<Uint8Array | null>;
  /** Durable when it resolves; false when others left no room for it. @throws StoreError */
  put(content: Content, bytes: Uint8Array, from: string): Promise<boolean>;
  /** Keeps it longer; false when it is not here. */
  renew(digest: Uint8Array, from: string): boolean;
}

const prefix = 'content/';
const entryBytesMax = contentBytesMax + 256;
const peerLengthMax = 64;
const digestPattern = /^[0-9a-f]{64}$/;
/** What was kept before a restart stays for so long, and longer once it is sent again. */
const keptAfterStartSeconds = 2 * 3600;

/** Reads what is there. @throws StoreError */
export async function openContentShelf(
  store: Pick<Store, 'get' | 'write' | 'entries'>,
  clock: Clock,
  sizeBytesMax: number,
): Promise<ContentShelf> {
  const ledger = createContentLedger(sizeBytesMax);
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  const remove = (keys: readonly string[]): { key: string; value: null }[] =>
    keys.map((key) => ({ key: prefix + key, value: null }));

  async function load(): Promise<void> {
    const over: string[] = [];
    for await (const [place, entry] of store.entries(prefix)) {
      const key = place.slice(prefix.length);
      const { from, validUntil, bytes } = decodeEntry(entry);
      const expiresAt = Math.min(validUntil, nowSeconds() + keptAfterStartSeconds);
      if (!digestPattern.test(key) || validUntil <= nowSeconds()) over.push(key);
      else over.push(...ledger.put({ key, sizeBytes: bytes.length, validUntil, from, expiresAt }));
    }
    if (over.length > 0) await store.write(remove(over));
  }

  async function sweep(): Promise<void> {
    const over = ledger.sweep(nowSeconds());
    if (over.length > 0) await store.write(remove(over));
  }

  await load();
  return {
    get size() {
      return ledger.size;
    },
    get sizeBytes() {
      return ledger.sizeBytes;
    },
    async get(digest) {
      const key = bytesToHex(digest);
      const row = ledger.get(key);
      if (row === undefined || row.expiresAt <= nowSeconds()) return null;
      const entry = await store.get(prefix + key);
      const bytes = entry === undefined ? null : decodeEntry(entry).bytes;
      if (bytes !== null && isContentOf(bytes, hexToBytes(key))) return bytes;
      ledger.drop(key);
      await store.write(remove([key]));
      return null;
    },
    async put({ digest, validUntil }, bytes, from) {
      await sweep();
      const key = bytesToHex(digest);
      const expiresAt = contentExpiresAt(validUntil, nowSeconds());
      const dropped = ledger.put({ key, sizeBytes: bytes.length, validUntil, from, expiresAt });
      const isKept = !dropped.includes(key);
      const others = remove(dropped.filter((other) => other !== key));
      try {
        const value = encodeCanonical([1, from, validUntil, bytes]);
        await store.write(isKept ? [{ key: prefix + key, value }, ...others] : others);
      } catch (error) {
        ledger.drop(key);
        throw error;
      }
      return isKept;
    },
    renew: (digest, from) => ledger.renew(bytesToHex(digest), from, nowSeconds()),
  };
}

/** @throws ProtocolError; the store's checksum makes that a defect rather than damage. */
function decodeEntry(entry: Uint8Array): { from: string; validUntil: number; bytes: Uint8Array } {
  const [version, from, validUntil, bytes] = readArray(decodeCanonical(entry, entryBytesMax), 'content', 4);
  readInteger(version, 'version', 1, 1);
  return {
    from: readText(from, 'peer', peerLengthMax),
    validUntil: readInteger(validUntil, 'end', 0, 2 ** 40),
    bytes: readBytes(bytes, 'blob', { max: contentBytesMax }),
  };
}
