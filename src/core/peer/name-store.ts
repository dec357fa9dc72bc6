/**
 * The name records that this peer keeps as a storing peer (docs/protocol.md §7): all of them in memory, and each on the
 * disk before it is acknowledged, so that names outlive a restart (docs/decisions/0018). Decides what is kept; what is
 * true was decided before.
 * Bound: bytes in all, what they take in memory included; over that the sender of the most makes room, its latest first,
 * so that what stands stays and nobody pushes others out by bringing much.
 */
import { bytesEqual, concatBytes } from '../bytes.ts';
import { decodeCanonical, encodeCanonical } from '../cbor.ts';
import { digestBytes, nameRecordBytesMax } from '../limits.ts';
import { compareNameRecords, decodeNameRecord, type NameRecord } from '../name/name-record.ts';
import { readArray, readBytes, readInteger, readText } from '../shape.ts';

export interface KeptName extends Pick<NameRecord, 'key' | 'issuedAt' | 'expiresAt' | 'bytes'> {
  readonly establishment: Uint8Array;
  /** The delegation under which it was signed, in hexadecimal; null: the controller signed. */
  readonly tokenKey: string | null;
  /** When this peer heard of it last; who keeps a name alive need not be told of it again. */
  readonly heardAtMs: number;
}

export interface NameStore {
  readonly size: number;
  readonly sizeBytes: number;
  get(key: string): KeptName | undefined;
  /** Takes a verified record in place of an older one; false when there is no room for it. @param from who brought it */
  put(record: NameRecord, establishment: Uint8Array, from: string, nowMs: number): boolean;
  /**
   * Heard of it again. It stays with who brought it first: storing peers pass on what others brought, and must not answer
   * for it.
   */
  touch(key: string, nowMs: number): void;
  /** As the disk keeps it: dCBOR [1, sender, estDigest, record]. */
  encoded(key: string): Uint8Array | null;
  /** From the disk at start. @throws ProtocolError; the store's checksum makes that a defect rather than damage */
  restore(bytes: Uint8Array, nowMs: number): void;
  ofAgent(agentKey: string): readonly KeptName[];
  /** One of them. */
  anyOf(agentKey: string): KeptName | undefined;
  /** A copy. */
  keys(): string[];
  drop(key: string): void;
  /** Hears of each name that had to go for room. */
  onDisplaced(listener: (key: string) => void): void;
}

/** What a record takes beside its bytes: measured on Node 24. */
const rowOverheadBytes = 800;
const peerTextLengthMax = 64;
const entryBytesMax = nameRecordBytesMax + 256;

/** A class whose bytes are one buffer: each buffer and each small object costs about as much as what is in it. */
class PackedRow implements KeptName {
  readonly key: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly tokenKey: string | null;
  heardAtMs: number;
  readonly sender: Sender;
  /** Where it stands among those of its sender. */
  index = 0;
  private readonly packed: Uint8Array;

  constructor(record: NameRecord, establishment: Uint8Array, sender: Sender, nowMs: number) {
    this.key = record.key;
    this.issuedAt = record.issuedAt;
    this.expiresAt = record.expiresAt;
    this.tokenKey = record.token?.key ?? null;
    this.heardAtMs = nowMs;
    this.sender = sender;
    this.packed = concatBytes(establishment, record.bytes);
  }

  get establishment(): Uint8Array {
    return this.packed.subarray(0, digestBytes);
  }

  get bytes(): Uint8Array {
    return this.packed.subarray(digestBytes);
  }
}

interface Sender {
  readonly peer: string;
  readonly rows: PackedRow[];
  sizeBytes: number;
}

/** @param sizeBytesMax over which rows make room */
export function createNameStore(sizeBytesMax: number): NameStore {
  // All bounded by sizeBytesMax: a sender and an agent stand only while a row is theirs.
  const rowByKey = new Map<string, PackedRow>();
  const keysByAgent = new Map<string, Set<string>>();
  const senderByPeer = new Map<string, Sender>();
  let displaced = (_key: string): void => {};
  let sizeBytes = 0;

  const costOf = (row: PackedRow): number => row.bytes.length + rowOverheadBytes;
  const agentOf = (key: string): string => key.slice(0, 2 * digestBytes);

  function senderOf(peer: string): Sender {
    let sender = senderByPeer.get(peer);
    if (sender === undefined) {
      sender = { peer, rows: [], sizeBytes: 0 };
      senderByPeer.set(peer, sender);
    }
    return sender;
  }

  function credit(row: PackedRow): void {
    const { sender } = row;
    row.index = sender.rows.push(row) - 1;
    sender.sizeBytes += costOf(row);
    sizeBytes += costOf(row);
    senderByPeer.set(sender.peer, sender);
  }

  function discharge(row: PackedRow): void {
    const { sender, index } = row;
    const last = sender.rows.pop()!;
    if (last !== row) {
      sender.rows[index] = last;
      last.index = index;
    }
    sender.sizeBytes -= costOf(row);
    sizeBytes -= costOf(row);
    if (sender.rows.length === 0) senderByPeer.delete(sender.peer);
  }

  function insert(row: PackedRow): void {
    rowByKey.set(row.key, row);
    credit(row);
    const agent = agentOf(row.key);
    const keys = keysByAgent.get(agent) ?? new Set();
    keysByAgent.set(agent, keys.add(row.key));
  }

  function drop(key: string): void {
    const row = rowByKey.get(key);
    if (row === undefined) return;
    rowByKey.delete(key);
    discharge(row);
    const keys = keysByAgent.get(agentOf(key));
    keys?.delete(key);
    if (keys?.size === 0) keysByAgent.delete(agentOf(key));
  }

  function makeRoom(): void {
    while (sizeBytes > sizeBytesMax) {
      let heaviest: Sender | undefined;
      for (const sender of senderByPeer.values())
        if (heaviest === undefined || sender.sizeBytes > heaviest.sizeBytes) heaviest = sender;
      if (heaviest === undefined) return;
      const { key } = heaviest.rows.at(-1)!;
      drop(key);
      displaced(key);
    }
  }

  return {
    get size() {
      return rowByKey.size;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    get: (key) => rowByKey.get(key),
    put(record, establishment, from, nowMs) {
      // A newer record of the same name stays with who brought the name first: it is no more of theirs than before.
      const before = rowByKey.get(record.key);
      const peer = before?.sender.peer ?? from;
      drop(record.key);
      const row = new PackedRow(record, establishment, senderOf(peer), nowMs);
      insert(row);
      makeRoom();
      return rowByKey.get(record.key) === row;
    },
    touch(key, nowMs) {
      const row = rowByKey.get(key);
      if (row !== undefined) row.heardAtMs = nowMs;
    },
    encoded(key) {
      const row = rowByKey.get(key);
      return row === undefined ? null : encodeCanonical([1, row.sender.peer, row.establishment, row.bytes]);
    },
    restore(bytes, nowMs) {
      const [version, peer, establishment, record] = readArray(
        decodeCanonical(bytes, entryBytesMax),
        'name',
        4,
      );
      readInteger(version, 'version', 1, 1);
      const decoded = decodeNameRecord(readBytes(record, 'record', { max: nameRecordBytesMax }));
      const sender = senderOf(readText(peer, 'sender', peerTextLengthMax));
      insert(new PackedRow(decoded, readBytes(establishment, 'est', digestBytes), sender, nowMs));
    },
    ofAgent: (agent) => [...(keysByAgent.get(agent) ?? [])].map((key) => rowByKey.get(key)!),
    anyOf: (agent) => {
      const key = keysByAgent.get(agent)?.values().next().value;
      return key === undefined ? undefined : rowByKey.get(key);
    },
    keys: () => [...rowByKey.keys()],
    drop,
    onDisplaced(listener) {
      displaced = listener;
    },
  };
}

/** True when what is kept of a name is newer than what came. */
export function isNameOvertaken(kept: KeptName | undefined, came: NameRecord): boolean {
  return kept !== undefined && compareNameRecords(kept, came) > 0;
}

/** True when the kept record is this very one. */
export function isSameName(kept: KeptName | undefined, came: NameRecord): boolean {
  return kept !== undefined && bytesEqual(kept.bytes, came.bytes);
}
