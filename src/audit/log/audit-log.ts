/**
 * A node's own log of what it accepted: a Merkle tree (RFC 9162) in tiles (C2SP tlog-tiles), in the node's store, under
 * checkpoints that the node signs.
 *
 * Entries come in through the queue, durable with what they are about. Now and then, and when somebody asks, those that
 * wait are put into the tree and a checkpoint is signed, all in one batch: a crash leaves the tree before or the tree
 * after, so no two trees of one size are ever signed. Nothing is kept in memory but the head. A full disk refuses the
 * batch as a whole; the entries wait on.
 */
import { bytesEqual, bytesToHex } from '../../core/bytes.ts';
import type { Signer } from '../../core/ed25519.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import type { Store } from '../../ports/store.ts';
import { AuditError } from '../audit-error.ts';
import { decodeLeaf, type LogLeaf } from '../leaf.ts';
import { emptyFrontier, type Frontier, rootOf } from '../merkle/frontier.ts';
import { proveConsistency, proveInclusion } from '../merkle/tree-proof.ts';
import { type Checkpoint, type CheckSignature, openCheckpoint, signCheckpoint } from '../note/checkpoint.ts';
import { formatLogName, logIdBytes, peerOfPublicKey } from '../note/log-name.ts';
import { splitEntries } from '../tile/entry-bundle.ts';
import { type TilePlace, tileWidth } from '../tile/tile-path.ts';
import { createTileReader } from '../tile/tile-reader.ts';
import { findEntries } from './agent-index.ts';
import { appendToLog } from './log-batch.ts';
import type { LogQueue } from './log-queue.ts';
import { decodeHead, encodeHead, headKey, type LogHead } from './log-rows.ts';
import { readTile } from './tile-store.ts';

export interface AuditLogOptions {
  readonly store: Pick<Store, 'get' | 'write' | 'entries'>;
  readonly queue: LogQueue;
  /** Of the node's identity: its peer id names the log. */
  readonly signer: Signer;
  readonly check: CheckSignature;
  readonly randomBytes: (length: number) => Uint8Array;
  /** When the store knows which of its entries are older than what it acknowledged; left out: at once. */
  readonly ready?: Promise<unknown>;
}

/** An entry where it stands. */
export interface LoggedEntry extends LogLeaf {
  readonly index: number;
  /** As it is hashed. */
  readonly bytes: Uint8Array;
}

export interface AuditLog {
  /** Puts what waits into the tree; the checkpoint over all of it. Calls share one run. @throws StoreError, AuditError. */
  seal(): Promise<Checkpoint>;
  /** The last one that was signed, over a tree that is durable. */
  checkpoint(): Promise<Checkpoint>;
  /** The hashes of a tile, or an entry bundle, as wide as asked. @throws AuditError `no-such-tile`, `log-damaged`. */
  tile(place: TilePlace): Promise<Uint8Array>;
  /** @throws AuditError `bad-size` unless index < size <= the size of the checkpoint. */
  proveInclusion(index: number, size: number): Promise<Uint8Array[]>;
  /** @throws AuditError `bad-size` unless older <= newer <= the size of the checkpoint. */
  proveConsistency(older: number, newer: number): Promise<Uint8Array[]>;
  /** What the log has of an agent, oldest first; of more than `max` the newest. */
  entriesOf(agentId: AgentId, max: number): Promise<LoggedEntry[]>;
  /** In order, from that index on. */
  entries(from: number, count: number): Promise<LoggedEntry[]>;
}

interface LogState {
  readonly head: LogHead;
  readonly checkpoint: Checkpoint;
}

/** Entries that one batch takes: some milliseconds of hashing, between which the node does its other work. */
const entriesPerBatch = 512;

/** Continues the log of the store, or begins one, once somebody asks. */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { store, queue, signer, check, randomBytes } = options;
  const peer = peerOfPublicKey(signer.publicKey);
  let current: LogState | null = null;
  let opening: Promise<void> | null = null;
  let sealing: Promise<Checkpoint> | null = null;
  /** After a batch that failed nobody knows whether it is on the disk: the next one looks. */
  let isUncertain = false;

  async function load(): Promise<LogState> {
    if (current === null) {
      opening ??= readHead().finally(() => {
        opening = null;
      });
      await opening;
    }
    return current!;
  }

  async function readHead(): Promise<void> {
    await options.ready;
    const bytes = await store.get(headKey);
    const found = bytes === undefined ? null : stateOf(decodeHead(bytes));
    // Another identity does not go on in the name of the one before.
    current = found?.checkpoint.peer === peer ? found : stateOf(await begin());
    isUncertain = false;
  }

  function stateOf(head: LogHead): LogState {
    return { head, checkpoint: openCheckpoint(head.checkpoint, check) };
  }

  /** A log of a name of its own: what an earlier one of this node said is not denied, only not continued. */
  async function begin(): Promise<LogHead> {
    const head = sign(randomBytes(logIdBytes), emptyFrontier);
    await store.write([{ key: headKey, value: encodeHead(head) }]);
    return head;
  }

  function sign(logId: Uint8Array, frontier: Frontier): LogHead {
    const origin = formatLogName({ peer, logId: bytesToHex(logId) });
    const tree = { size: frontier.size, root: rootOf(frontier) };
    return { logId, frontier, checkpoint: signCheckpoint(origin, tree, signer) };
  }

  async function sealOnce(): Promise<Checkpoint> {
    for (;;) {
      const { head, checkpoint } = await load();
      if (isUncertain) {
        await readHead();
        continue;
      }
      const { keys, entries } = await queue.take(entriesPerBatch);
      if (keys.length === 0) return checkpoint;
      const batch = await appendToLog(store, head.frontier, entries).catch(nullWhenDamaged);
      if (batch === null) {
        // What cannot be continued is ended: under another name nothing that was signed is denied.
        current = stateOf(await begin());
        continue;
      }
      const { frontier, writes } = batch;
      const next = sign(head.logId, frontier);
      const removed = keys.map((key) => ({ key, value: null, isNew: false }));
      try {
        await store.write([...writes, { key: headKey, value: encodeHead(next) }, ...removed]);
      } catch (error) {
        isUncertain = true;
        throw error;
      }
      queue.taken(keys);
      current = stateOf(next);
      if (entries.length < entriesPerBatch) return current.checkpoint;
    }
  }

  function assertWithin(value: number, max: number, what: string): void {
    if (Number.isSafeInteger(value) && value >= 0 && value <= max) return;
    throw new AuditError('bad-size', `${what} ${value} is not in the tree: it has ${max}`);
  }

  const reader = (size: number) => createTileReader((level, index) => readTile(store, level, index, size));

  async function readEntries(from: number, count: number): Promise<LoggedEntry[]> {
    const { size } = (await load()).checkpoint;
    const found: LoggedEntry[] = [];
    for (let at = from; at < Math.min(size, from + count); ) {
      const bundle = Math.floor(at / tileWidth);
      const entries = splitEntries(await readTile(store, null, bundle, size)) ?? [];
      const end = Math.min(size, from + count, (bundle + 1) * tileWidth);
      for (; at < end; at++) {
        const bytes = entries[at - bundle * tileWidth];
        if (bytes === undefined) throw new AuditError('log-damaged', `entry ${at} of the log cannot be read`);
        found.push({ ...decodeLeaf(bytes), index: at, bytes });
      }
    }
    return found;
  }

  return {
    seal() {
      sealing ??= sealOnce().finally(() => {
        sealing = null;
      });
      return sealing;
    },
    checkpoint: async () => (await load()).checkpoint,
    async tile({ level, index, width }) {
      const { size } = (await load()).checkpoint;
      return readTile(store, level, index, size, width);
    },
    async proveInclusion(index, size) {
      const { checkpoint } = await load();
      assertWithin(size, checkpoint.size, 'size');
      assertWithin(index, size - 1, 'entry');
      return proveInclusion(reader(size), index, size);
    },
    async proveConsistency(older, newer) {
      const { checkpoint } = await load();
      assertWithin(newer, checkpoint.size, 'size');
      assertWithin(older, newer, 'size');
      return proveConsistency(reader(newer), older, newer);
    },
    async entriesOf(agentId, max) {
      const { size } = (await load()).checkpoint;
      const indexes = await findEntries(store, agentId, size);
      const found: LoggedEntry[] = [];
      for (const index of indexes.slice(-2 * max)) {
        const [entry] = await readEntries(index, 1);
        if (entry !== undefined && bytesEqual(entry.agentId, agentId)) found.push(entry);
      }
      return found.slice(-max);
    },
    entries: readEntries,
  };
}

function nullWhenDamaged(error: unknown): null {
  if (error instanceof AuditError && error.code === 'log-damaged') return null;
  throw error;
}
