/** Entries one after another, each behind its length as two bytes (C2SP tlog-tiles: big endian). */
import { concatBytes } from '../../core/bytes.ts';

/** @param entry at most 65,535 bytes */
export function frameEntry(entry: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(entry.length >> 8, entry.length & 255), entry);
}

/** The entries, as views; null when the bytes end within one. */
export function splitEntries(bytes: Uint8Array): Uint8Array[] | null {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 2 > bytes.length) return null;
    const end = at + 2 + bytes[at]! * 256 + bytes[at + 1]!;
    if (end > bytes.length) return null;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
