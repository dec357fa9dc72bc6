/**
 * Which blobs a storing peer keeps, who brought each, and when it goes (§7). Decides what makes room; where the bytes are
 * is the shelf's business. Bounds: bytes in all, each row counting for a block at least; over that the sender of the most
 * makes room, as with announcements (docs/decisions/0011, 0016): agents cost nothing, connections cost something.
 */
import { contentKeptSeconds, contentRowBytesMin } from '../limits.ts';
import { createSenderLedger, type LedgerRow } from '../place/sender-ledger.ts';

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

interface Row extends ContentRow, LedgerRow<Row> {
  from: string;
  expiresAt: number;
}

/** When it goes, brought now. */
export function contentExpiresAt(validUntil: number, nowSeconds: number): number {
  return Math.min(validUntil, nowSeconds + contentKeptSeconds);
}

export function createContentLedger(sizeBytesMax: number): ContentLedger {
  // Bounded by sizeBytesMax.
  const rowByKey = new Map<string, Row>();
  const costOf = (row: Row): number => Math.max(contentRowBytesMin, row.sizeBytes);
  const senders = createSenderLedger(costOf);

  function drop(key: string): void {
    const row = rowByKey.get(key);
    if (row === undefined) return;
    rowByKey.delete(key);
    senders.remove(row);
  }

  function makeRoom(): string[] {
    const dropped: string[] = [];
    while (senders.sizeBytes() > sizeBytesMax) {
      const row = senders.heaviest()?.oldest;
      if (row == null) break;
      drop(row.key);
      dropped.push(row.key);
    }
    return dropped;
  }

  return {
    get size() {
      return rowByKey.size;
    },
    get sizeBytes() {
      return senders.sizeBytes();
    },
    get: (key) => rowByKey.get(key),
    put(given) {
      drop(given.key);
      const row: Row = { ...given, sender: null, older: null, newer: null };
      rowByKey.set(row.key, row);
      senders.add(row, row.from);
      return makeRoom();
    },
    renew(key, from, nowSeconds) {
      const row = rowByKey.get(key);
      if (row === undefined || row.expiresAt <= nowSeconds) return false;
      row.expiresAt = Math.max(row.expiresAt, contentExpiresAt(row.validUntil, nowSeconds));
      // Nobody pulls others' blobs down by passing them on.
      if (row.from !== from && senders.sizeBytesOf(from) + costOf(row) < senders.sizeBytesOf(row.from)) {
        senders.remove(row);
        senders.add(row, from);
        row.from = from;
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
