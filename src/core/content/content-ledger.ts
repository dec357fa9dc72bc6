/**
 * Which blobs a storing peer keeps, who brought each, and when it goes (§7). Decides what makes room; where the bytes are
 * is the shelf's business. Bounds: bytes in all, each row counting for a block at least; over that the sender of the most
 * makes room, as with announcements (docs/decisions/0011, 0016): agents cost nothing, connections cost something.
 */
import { contentKeptSeconds, contentRowBytesMin } from '../limits.ts';

export interface ContentRow {
  /** The digest, hexadecimal. */
  readonly key: string;
  readonly sizeBytes: number;
  /** The end of the credential, seconds since 1970. */
  readonly validUntil: number;
  /** The peer that it counts for. */
  readonly from: string;
  /** When it goes unless it is sent again. */
  readonly expiresAt: number;
}

export interface ContentLedger {
  readonly size: number;
  /** As counted: a small one for a block. */
  readonly sizeBytes: number;
  get(key: string): ContentRow | undefined;
  /** Takes a new one; the keys that make room for it, its own among them when there is none. */
  put(row: ContentRow): readonly string[];
  /** It was brought again: kept longer, and counted for the lighter of those who brought it. False when it is not here. */
  renew(key: string, from: string, nowSeconds: number): boolean;
  drop(key: string): void;
  /** Drops what is over; the keys of it. */
  sweep(nowSeconds: number): readonly string[];
}

interface Row extends ContentRow {
  from: string;
  expiresAt: number;
}

interface Sender {
  readonly rows: Set<Row>;
  sizeBytes: number;
}

/** When it goes, brought now. */
export function contentExpiresAt(validUntil: number, nowSeconds: number): number {
  return Math.min(validUntil, nowSeconds + contentKeptSeconds);
}

export function createContentLedger(sizeBytesMax: number): ContentLedger {
  // Both bounded by sizeBytesMax: a sender stands only while a row is theirs.
  const rowByKey = new Map<string, Row>();
  const senderByPeer = new Map<string, Sender>();
  let sizeBytes = 0;

  const costOf = (row: Row): number => Math.max(contentRowBytesMin, row.sizeBytes);
  const weightOf = (peer: string): number => senderByPeer.get(peer)?.sizeBytes ?? 0;

  function account(row: Row, change: 1 | -1): void {
    const sender = senderByPeer.get(row.from) ?? { rows: new Set<Row>(), sizeBytes: 0 };
    sender.sizeBytes += change * costOf(row);
    sizeBytes += change * costOf(row);
    if (change === 1) sender.rows.add(row);
    else sender.rows.delete(row);
    if (sender.rows.size === 0) senderByPeer.delete(row.from);
    else senderByPeer.set(row.from, sender);
  }

  function drop(key: string): void {
    const row = rowByKey.get(key);
    if (row === undefined) return;
    rowByKey.delete(key);
    account(row, -1);
  }

  function makeRoom(): string[] {
    const dropped: string[] = [];
    while (sizeBytes > sizeBytesMax) {
      let heaviest: Sender | undefined;
      for (const sender of senderByPeer.values())
        if (heaviest === undefined || sender.sizeBytes > heaviest.sizeBytes) heaviest = sender;
      if (heaviest === undefined) break;
      const { key } = heaviest.rows.values().next().value!;
      drop(key);
      dropped.push(key);
    }
    return dropped;
  }

  return {
    get size() {
      return rowByKey.size;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    get: (key) => rowByKey.get(key),
    put(given) {
      drop(given.key);
      const row: Row = { ...given };
      rowByKey.set(row.key, row);
      account(row, 1);
      return makeRoom();
    },
    renew(key, from, nowSeconds) {
      const row = rowByKey.get(key);
      if (row === undefined || row.expiresAt <= nowSeconds) return false;
      row.expiresAt = Math.max(row.expiresAt, contentExpiresAt(row.validUntil, nowSeconds));
      // Nobody pulls others' blobs down by passing them on.
      if (row.from !== from && weightOf(from) + costOf(row) < weightOf(row.from)) {
        account(row, -1);
        row.from = from;
        account(row, 1);
      }
      return true;
    },
    drop,
    sweep(nowSeconds) {
      const over = [...rowByKey.values()].filter((row) => row.expiresAt <= nowSeconds);
      for (const { key } of over) drop(key);
      return over.map(({ key }) => key);
    },
  };
}
