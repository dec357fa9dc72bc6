/**
 * One row for each agent that a peer knows, packed: 84 bytes in pages of plain bytes and 8 to 16 in a hash table, where
 * an object under a text key takes 280 and the collector's time. Decides nothing; bounded by its caller.
 *
 * | offset | bytes | what                                                          |
 * |--------|-------|---------------------------------------------------------------|
 * | 0      | 32    | agent id                                                      |
 * | 32     | 16    | H16 of the bundle                                             |
 * | 48     | 16    | H16 of its authority part                                     |
 * | 64     | 8     | place in the key space: the leading 64 bits                   |
 * | 72     | 8     | when the sweep looks at it again, seconds (float64)           |
 * | 80     | 1     | flags: 1 is held, 2 has an authority part                     |
 *
 * Rows stand without gaps: the last one takes the place of one that is deleted.
 */
import { bytesToHex } from '../bytes.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { digest16Bytes, digestBytes } from '../limits.ts';
import type { Random } from '../rng.ts';

export interface IndexRow {
  /** H16 of the bundle. */
  readonly digest: Uint8Array;
  /** The same of its authority part; null when that is an inception alone. */
  readonly authorityDigest: Uint8Array | null;
  readonly isHeld: boolean;
  /** When the sweep looks at it again, seconds; 0 for never. */
  readonly expiresAt: number;
  /** Its place in the key space: the leading 64 bits, as two int32 (`KadId`). */
  readonly kadHigh: number;
  readonly kadLow: number;
}

/** A row with whose it is. */
export interface AgentRow extends IndexRow {
  readonly agentId: AgentId;
}

/** Those that are held, or those with an authority part. */
export type RowSet = 'held' | 'authority';

/** What a walk asks for: rows that are held, or those that the sweep is to look at by that second. */
export type WalkedRows = 'held' | { readonly dueAt: number };

export interface AgentIndex {
  size(): number;
  has(key: string): boolean;
  /** A copy. */
  get(key: string): IndexRow | undefined;
  /** @throws TypeError when the key is not that of an agent (agentKey). */
  set(key: string, row: IndexRow): void;
  delete(key: string): void;
  /**
   * The rows of a set that is reconciled (§6), or of its agents whose id begins with one of these bytes (the buckets). A
   * row that is not among them costs a look at its flags. Nothing may be set or deleted meanwhile.
   */
  rows(set: RowSet, firstBytes?: ReadonlySet<number>): IterableIterator<AgentRow>;
  /**
   * The keys of up to `count` rows from place `end` downwards, or of those of them that are asked for. In this direction a
   * walk from `size` to 0 meets every agent that stays, whatever is deleted between two steps.
   */
  keysBelow(end: number, count: number, which?: WalkedRows): string[];
}

const digestOffset = digestBytes;
const authorityOffset = digestOffset + digest16Bytes;
const kadOffset = authorityOffset + digest16Bytes;
const expiresOffset = kadOffset + 8;
const flagsOffset = expiresOffset + 8;
const rowBytes = flagsOffset + 4;
const rowsPerPage = 256;
const firstRows = 4;
const slotsMin = 8;
const isHeldFlag = 1;
const hasAuthorityFlag = 2;

/** @param random chooses the hash, so that nobody can grind agent ids that all fall in one place. */
export function createAgentIndex(random: Random): AgentIndex {
  const pages: Uint8Array[] = [];
  const [factorHigh, factorLow] = [oddFactor(random), oddFactor(random)];
  /** Open addressing, at most half full: place + 1, or 0 for an empty slot. */
  let slots = new Uint32Array(slotsMin);
  let size = 0;

  const pageOf = (place: number): Uint8Array => pages[Math.floor(place / rowsPerPage)]!;
  const offsetOf = (place: number): number => (place % rowsPerPage) * rowBytes;

  function firstSlot(bytes: Uint8Array, offset: number): number {
    const mixed =
      Math.imul(wordAt(bytes, offset), factorHigh) + Math.imul(wordAt(bytes, offset + 4), factorLow);
    // The high bits of a product depend on all bits below.
    return (mixed >>> 0) >>> (Math.clz32(slots.length) + 1);
  }

  const homeOf = (place: number): number => firstSlot(pageOf(place), offsetOf(place));
  const next = (slot: number): number => (slot + 1) & (slots.length - 1);

  /** The slot of the agent in `sought`, or the empty one where it would stand. */
  function seek(): number {
    let slot = firstSlot(sought.bytes, 0);
    while (slots[slot] !== 0 && !isSought(slots[slot]! - 1)) slot = next(slot);
    return slot;
  }

  function isSought(place: number): boolean {
    const bytes = pageOf(place);
    const offset = offsetOf(place);
    for (let index = 0; index < digestBytes; index++) {
      if (bytes[offset + index] !== sought.bytes[index]) return false;
    }
    return true;
  }

  /** -1 for none, and for what is no key. */
  function placeOf(key: string): number {
    return sought.read(key) ? slots[seek()]! - 1 : -1;
  }

  function insert(place: number): void {
    let slot = homeOf(place);
    while (slots[slot] !== 0) slot = next(slot);
    slots[slot] = place + 1;
  }

  function append(): number {
    makeRoom();
    const place = size++;
    pageOf(place).set(sought.bytes, offsetOf(place));
    if (2 * size > slots.length) {
      slots = new Uint32Array(2 * slots.length);
      for (let other = 0; other < size; other++) insert(other);
    } else insert(place);
    return place;
  }

  /** The first page grows with its rows: most peers of a large network know few agents. */
  function makeRoom(): void {
    const rows = pages.length === 1 ? pages[0]!.length / rowBytes : rowsPerPage * pages.length;
    if (pages.length > 0 && size < rows) return;
    if (pages.length === 1 && rows < rowsPerPage) {
      const [page] = pages;
      pages[0] = new Uint8Array(4 * rows * rowBytes);
      pages[0].set(page!);
    } else pages.push(new Uint8Array((pages.length === 0 ? firstRows : rowsPerPage) * rowBytes));
  }

  /** Empties a slot and moves up what stood behind it, so that no search ends too early. */
  function vacate(slot: number): void {
    let empty = slot;
    for (let behind = next(slot); slots[behind] !== 0; behind = next(behind)) {
      const home = homeOf(slots[behind]! - 1);
      const mask = slots.length - 1;
      if (((behind - home) & mask) < ((behind - empty) & mask)) continue;
      slots[empty] = slots[behind]!;
      empty = behind;
    }
    slots[empty] = 0;
  }

  function moveLastTo(place: number): void {
    const last = --size;
    if (last !== place) {
      let slot = homeOf(last);
      while (slots[slot] !== last + 1) slot = next(slot);
      slots[slot] = place + 1;
      const start = offsetOf(last);
      pageOf(place).set(pageOf(last).subarray(start, start + rowBytes), offsetOf(place));
    }
    // One page more than needed stays, so that a row that comes and goes makes none.
    if (pages.length - 2 >= Math.ceil(size / rowsPerPage)) pages.pop();
  }

  return {
    size: () => size,
    has: (key) => placeOf(key) >= 0,
    get(key) {
      const place = placeOf(key);
      return place < 0 ? undefined : readRow(pageOf(place), offsetOf(place));
    },
    set(key, row) {
      if (!sought.read(key)) throw new TypeError('an agent key is 64 hexadecimal digits');
      const slot = slots[seek()]!;
      const place = slot === 0 ? append() : slot - 1;
      writeRow(pageOf(place), offsetOf(place), row);
    },
    delete(key) {
      if (!sought.read(key)) return;
      const slot = seek();
      const place = slots[slot]! - 1;
      if (place < 0) return;
      vacate(slot);
      moveLastTo(place);
    },
    *rows(set, firstBytes) {
      const flag = set === 'held' ? isHeldFlag : hasAuthorityFlag;
      for (let place = 0; place < size; place++) {
        const page = pageOf(place);
        const offset = offsetOf(place);
        if ((page[offset + flagsOffset]! & flag) === 0) continue;
        if (firstBytes?.has(page[offset]!) !== false) yield readAgentRow(page, offset);
      }
    },
    keysBelow(end, count, which) {
      const keys: string[] = [];
      const last = Math.min(end, size) - 1;
      for (let place = last; place >= 0 && place > last - count; place--) {
        const page = pageOf(place);
        const start = offsetOf(place);
        if (isAskedFor(page, start, which)) keys.push(bytesToHex(page.subarray(start, start + digestBytes)));
      }
      return keys;
    },
  };
}

function oddFactor(random: Random): number {
  return random.below(2 ** 32) | 1;
}

function isAskedFor(bytes: Uint8Array, start: number, which: WalkedRows | undefined): boolean {
  if (which === undefined) return true;
  if (which === 'held') return (bytes[start + flagsOffset]! & isHeldFlag) !== 0;
  const expiresAt = expiresAtOf(bytes, start);
  return expiresAt !== 0 && expiresAt <= which.dueAt;
}

function readRow(bytes: Uint8Array, start: number): IndexRow {
  const digestAt = (offset: number): Uint8Array =>
    bytes.slice(start + offset, start + offset + digest16Bytes);
  const flags = bytes[start + flagsOffset]!;
  return {
    digest: digestAt(digestOffset),
    authorityDigest: (flags & hasAuthorityFlag) === 0 ? null : digestAt(authorityOffset),
    isHeld: (flags & isHeldFlag) !== 0,
    expiresAt: expiresAtOf(bytes, start),
    kadHigh: wordAt(bytes, start + kadOffset),
    kadLow: wordAt(bytes, start + kadOffset + 4),
  };
}

function readAgentRow(page: Uint8Array, start: number): AgentRow {
  return { agentId: page.slice(start, start + digestBytes), ...readRow(page, start) };
}

function writeRow(bytes: Uint8Array, start: number, row: IndexRow): void {
  bytes.set(row.digest, start + digestOffset);
  if (row.authorityDigest !== null) bytes.set(row.authorityDigest, start + authorityOffset);
  setWord(bytes, start + kadOffset, row.kadHigh);
  setWord(bytes, start + kadOffset + 4, row.kadLow);
  seconds[0] = row.expiresAt;
  bytes.set(secondsBytes, start + expiresOffset);
  bytes[start + flagsOffset] =
    (row.isHeld ? isHeldFlag : 0) | (row.authorityDigest === null ? 0 : hasAuthorityFlag);
}

function expiresAtOf(bytes: Uint8Array, start: number): number {
  for (let index = 0; index < secondsBytes.length; index++)
    secondsBytes[index] = bytes[start + expiresOffset + index]!;
  return seconds[0]!;
}

/** One float64 on its way: a view of its own beside each page is more memory to walk through. */
const seconds = new Float64Array(1);
const secondsBytes = new Uint8Array(seconds.buffer);

/** An int32. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function setWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >> 24;
  bytes[at + 1] = word >> 16;
  bytes[at + 2] = word >> 8;
  bytes[at + 3] = word;
}

interface KeyReader {
  /** The agent id read last. */
  readonly bytes: Uint8Array;
  /** False when this is no agent key; the bytes are of no use then. */
  read(key: string): boolean;
}

const noDigit = 16;
const digitByCode = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit < 0 ? noDigit : digit;
});

/** Text keys into one buffer: a lookup leaves nothing behind, and the key of the last one is not read again. */
function createKeyReader(): KeyReader {
  const bytes = new Uint8Array(digestBytes);
  let lastRead: string | null = null;

  function read(key: string): boolean {
    if (key === lastRead) return true;
    lastRead = null;
    if (key.length !== 2 * digestBytes) return false;
    for (let index = 0; index < digestBytes; index++) {
      const high = digitByCode[key.charCodeAt(2 * index)] ?? noDigit;
      const low = digitByCode[key.charCodeAt(2 * index + 1)] ?? noDigit;
      if (high === noDigit || low === noDigit) return false;
      bytes[index] = (high << 4) | low;
    }
    lastRead = key;
    return true;
  }

  return { bytes, read };
}

/** One for all indexes: nothing of it outlives a call. */
const sought = createKeyReader();
