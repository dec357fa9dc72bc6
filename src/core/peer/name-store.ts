/**
 * The name records that this peer keeps as a storing peer (docs/protocol.md §7): all of them in memory, and each on the
 * disk before it is acknowledged, so that names outlive a restart (docs/decisions/0018). Decides what is kept; what is
 * true was decided before.
 * Bound: bytes in all, what they take in memory included; over that the sender of the most makes room, its latest first,
 * so that what stands stays and nobody pushes others out by bringing much.
 */
import { decodeCanonical, encodeCanonical } from '../cbor.ts';
import { digestBytes, nameRecordBytesMax } from '../limits.ts';
import { decodeNameRecord, type NameRecord } from '../name/name-record.ts';
import { createSenderLedger } from '../place/sender-ledger.ts';
import { type KeptItem, SignedRow } from '../place/signed-row.ts';
import { readArray, readBytes, readInteger, readText } from '../shape.ts';

export interface KeptName extends KeptItem {
  /** The delegation under which it was signed, in hexadecimal; null: the controller signed. */
  readonly tokenKey: string | null;
  /** When this peer heard of it last; who keeps a name alive need not be told of it again. */
  readonly heardAtMs: number;
}

export interface NameStore {
  size(): number;
  sizeBytes(): number;
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

class Row extends SignedRow<Row> implements KeptName {
  readonly tokenKey: string | null;
  heardAtMs: number;

  constructor(record: NameRecord, establishment: Uint8Array, nowMs: number) {
    super(record, establishment);
    this.tokenKey = record.token?.key ?? null;
    this.heardAtMs = nowMs;
  }
}

/** @param sizeBytesMax over which rows make room */
export function createNameStore(sizeBytesMax: number): NameStore {
  // All bounded by sizeBytesMax: an agent stands only while a row is theirs.
  const rowByKey = new Map<string, Row>();
  const keysByAgent = new Map<string, Set<string>>();
  const senders = createSenderLedger<Row>((row) => row.bytes.length + rowOverheadBytes);
  let displaced = (_key: string): void => {};

  const agentOf = (key: string): string => key.slice(0, 2 * digestBytes);

  function insert(row: Row, peer: string): void {
    rowByKey.set(row.key, row);
    senders.add(row, peer);
    const agent = agentOf(row.key);
    const keys = keysByAgent.get(agent) ?? new Set();
    keysByAgent.set(agent, keys.add(row.key));
  }

  function drop(key: string): void {
    const row = rowByKey.get(key);
    if (row === undefined) return;
    rowByKey.delete(key);
    senders.remove(row);
    const keys = keysByAgent.get(agentOf(key));
    keys?.delete(key);
    if (keys?.size === 0) keysByAgent.delete(agentOf(key));
  }

  function makeRoom(): void {
    while (senders.sizeBytes() > sizeBytesMax) {
      const row = senders.heaviest()?.newest;
      if (row == null) return;
      drop(row.key);
      displaced(row.key);
    }
  }

  return {
    size: () => rowByKey.size,
    sizeBytes: senders.sizeBytes,
    get: (key) => rowByKey.get(key),
    put(record, establishment, from, nowMs) {
      // A newer record of the same name stays with who brought the name first: it is no more of theirs than before.
      const before = rowByKey.get(record.key);
      const peer = before?.sender?.peer ?? from;
      drop(record.key);
      const row = new Row(record, establishment, nowMs);
      insert(row, peer);
      makeRoom();
      return rowByKey.get(record.key) === row;
    },
    touch(key, nowMs) {
      const row = rowByKey.get(key);
      if (row !== undefined) row.heardAtMs = nowMs;
    },
    encoded(key) {
      const row = rowByKey.get(key);
      return row === undefined ? null : encodeCanonical([1, row.sender!.peer, row.establishment, row.bytes]);
    },
    restore(bytes, nowMs) {
      const [version, peer, establishment, record] = readArray(
        decodeCanonical(bytes, entryBytesMax),
        'name',
        4,
      );
      readInteger(version, 'version', 1, 1);
      const decoded = decodeNameRecord(readBytes(record, 'record', { max: nameRecordBytesMax }));
      const row = new Row(decoded, readBytes(establishment, 'est', digestBytes), nowMs);
      insert(row, readText(peer, 'sender', peerTextLengthMax));
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
