/**
 * Anti-entropy with one neighbour at a time: (count, XOR) → 256 buckets → ids → bodies, at most 1,000 a round.
 * Two sets: key logs and revocations of every agent this peer knows, and the records that both should hold.
 * Bodies travel as ordinary finds and puts, so that one admission serves all. Source: docs/protocol.md §6.
 */
import { bytesEqual } from '../bytes.ts';
import { isProtocolError } from '../errors.ts';
import { type AgentId, agentIdFromKey, agentKey } from '../identity/agent-id.ts';
import { syncBodiesMax } from '../limits.ts';
import { type KadId, kadIdOfPeer } from '../overlay/distance.ts';
import {
  decodeSyncIdsAnswer,
  decodeSyncSummaryAnswer,
  encodeRequest,
  encodeSyncIdsAnswer,
  encodeSyncSummaryAnswer,
  type FoundRecord,
  type RecordRequest,
  type SyncId,
  type SyncSet,
  syncBucketBytes,
} from '../overlay/message.ts';
import { authorityState, encodeState } from '../record/agent-state.ts';
import type { Bundle } from '../record/bundle.ts';
import { decodeBundle } from '../record/bundle-codec.ts';
import { authorityBundle } from '../record/stored-state.ts';
import { type BucketSummary, createBucketSummary, differingBuckets } from '../sync/buckets.ts';
import type { IndexRow } from './agent-index.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';
import type { Ingest } from './ingest.ts';
import type { Outbox } from './outbox.ts';

/** Rounds of 1,000 bodies with one neighbour in one go; the next interval continues. */
const roundsMax = 256;

export interface Synchroniser {
  /** Reconciles both sets with this peer; calls back when done or given up. */
  start(contact: PeerContact, onDone?: () => void): void;
  /** The other side's request. */
  answer(request: Extract<RecordRequest, { type: 'sync-summary' | 'sync-ids' }>, peer: string): Uint8Array;
  readonly active: number;
}

export function createSynchroniser(
  context: PeerContext,
  parts: {
    readonly table: AgentTable;
    readonly ingest: Ingest;
    readonly outbox: Outbox;
    readonly shouldHold: (agentId: AgentId) => boolean;
  },
): Synchroniser {
  const { table, ingest, outbox, shouldHold } = parts;
  const { config, routing } = context;
  const syncing = new Set<string>();

  /** The id of a row in a set, or null when it is not in it. */
  function idOf(row: IndexRow, set: SyncSet, neighbour: KadId): Uint8Array | null {
    if (set === 'authority') return row.authorityDigest;
    if (!row.isHeld) return null;
    const target: KadId = { bytes: neighbour.bytes, high: row.kadHigh, low: row.kadLow };
    return routing.isAmongClosest(target, config.replication, neighbour) ? row.digest : null;
  }

  function summaryOf(set: SyncSet, neighbour: KadId): BucketSummary {
    if (set === 'authority') return table.authority;
    if (routing.size < config.replication) return table.held;
    const summary = createBucketSummary();
    for (const row of table.rows()) {
      const id = idOf(row, set, neighbour);
      if (id !== null) summary.toggle(row.agentId, id, 1);
    }
    return summary;
  }

  function idsIn(buckets: Uint8Array, set: SyncSet, neighbour: KadId): Map<string, Uint8Array> {
    const idByAgent = new Map<string, Uint8Array>();
    for (const row of table.rows(new Set(buckets))) {
      const id = idOf(row, set, neighbour);
      if (id !== null) idByAgent.set(agentKey(row.agentId), id);
    }
    return idByAgent;
  }

  function answer(
    request: Extract<RecordRequest, { type: 'sync-summary' | 'sync-ids' }>,
    peer: string,
  ): Uint8Array {
    const neighbour = kadIdOfPeer(peer);
    if (request.type === 'sync-summary') {
      const summary = summaryOf(request.set, neighbour);
      const isEqual = summary.count === request.count && bytesEqual(summary.xor(), request.xor);
      return encodeSyncSummaryAnswer(isEqual ? null : summary.encode());
    }
    const ids = [...idsIn(request.buckets, request.set, neighbour)].slice(0, syncBodiesMax);
    return encodeSyncIdsAnswer(ids.map(([key, id]) => ({ agentId: agentIdFromKey(key), id })));
  }

  function start(contact: PeerContact, onDone: () => void = () => {}): void {
    if (syncing.has(contact.peer)) {
      onDone();
      return;
    }
    syncing.add(contact.peer);
    context.count('syncs', 'started');
    reconcile(contact, 'authority', roundsMax, () =>
      reconcile(contact, 'records', roundsMax, () => {
        syncing.delete(contact.peer);
        onDone();
      }),
    );
  }

  function reconcile(contact: PeerContact, set: SyncSet, roundsLeft: number, onDone: () => void): void {
    const neighbour = kadIdOfPeer(contact.peer);
    const own = summaryOf(set, neighbour);
    const request = encodeRequest({ type: 'sync-summary', set, count: own.count, xor: own.xor() });
    ask(contact, request, decodeSyncSummaryAnswer, onDone, (theirBuckets) => {
      if (theirBuckets === null) {
        onDone();
        return;
      }
      const differing = differingBuckets(own.encode(), theirBuckets);
      const buckets = withinRound(differing, theirBuckets);
      if (buckets.length === 0) {
        onDone();
        return;
      }
      ask(
        contact,
        encodeRequest({ type: 'sync-ids', set, buckets }),
        decodeSyncIdsAnswer,
        onDone,
        (theirs) => {
          exchange(contact, set, buckets, theirs, (moved) => {
            // Another round only for what did not fit: what could not be joined now must not spin.
            const isCut = buckets.length < differing.length || theirs.length >= syncBodiesMax;
            if (isCut && moved > 0 && roundsLeft > 1) reconcile(contact, set, roundsLeft - 1, onDone);
            else onDone();
          });
        },
      );
    });
  }

  function ask<Answer>(
    contact: PeerContact,
    request: Uint8Array,
    decode: (body: Uint8Array) => Answer,
    onFailed: () => void,
    onAnswer: (answer: Answer) => void,
  ): void {
    context.send(contact, request, (body) => {
      let answer: Answer;
      try {
        if (body === null) throw new TypeError('no answer');
        answer = decode(body);
      } catch {
        context.count('syncs', 'failed');
        onFailed();
        return;
      }
      onAnswer(answer);
    });
  }

  /** Pulls what they have differently, pushes what they lack; calls back with how many of ours or theirs changed. */
  function exchange(
    contact: PeerContact,
    set: SyncSet,
    buckets: Uint8Array,
    theirs: readonly SyncId[],
    onDone: (moved: number) => void,
  ): void {
    const own = idsIn(buckets, set, kadIdOfPeer(contact.peer));
    const isComplete = theirs.length < syncBodiesMax;
    const theirAgents = new Set(theirs.map((item) => agentKey(item.agentId)));
    const pulls = theirs.filter(({ agentId, id }) => {
      const ownId = own.get(agentKey(agentId));
      return ownId === undefined || !bytesEqual(ownId, id);
    });
    // Where their list was cut, what they lack cannot be told from what they did not name.
    const pushes = isComplete
      ? [...own].filter(([key]) => !theirAgents.has(key)).slice(0, syncBodiesMax)
      : [];
    let missing = pulls.length + pushes.length;
    let moved = 0;
    const settle = (count: number): void => {
      moved += count;
      if (--missing === 0) onDone(moved);
    };
    if (missing === 0) onDone(0);
    for (const item of pulls) pull(contact, set, item, settle);
    for (const [key] of pushes) push(contact, set, key, settle);
  }

  function pull(contact: PeerContact, set: SyncSet, item: SyncId, settle: (moved: number) => void): void {
    const key = agentKey(item.agentId);
    const row = table.row(key);
    const known = row?.digest ?? null;
    outbox.find(contact, { agentId: item.agentId, known }, 0, (answer) => {
      const record: FoundRecord = answer?.record ?? null;
      if (!(record instanceof Uint8Array)) {
        settle(0);
        return;
      }
      join(contact, set, item, record, settle);
    });
  }

  function join(
    contact: PeerContact,
    set: SyncSet,
    item: SyncId,
    bytes: Uint8Array,
    settle: (moved: number) => void,
  ): void {
    let bundle: Bundle;
    try {
      bundle = decodeBundle(bytes);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      settle(0);
      return;
    }
    const isStorer = shouldHold(item.agentId);
    ingest({
      bundle: isStorer ? bundle : authorityBundle(bundle),
      bytes: isStorer ? bytes : null,
      expected: item.agentId,
      source: 'sync',
      shouldHold: isStorer && bundle.addr !== null,
      onJoined(result) {
        const isSame = result.agent === null || bytesEqual(result.agent.bundle, bytes);
        if (result.refusal === null && !isSame && result.changes.length === 0) {
          // We had more than they: theirs is the side that lags.
          push(contact, set, agentKey(item.agentId), settle);
        } else {
          settle(result.changes.length > 0 ? 1 : 0);
        }
      },
    });
  }

  function push(contact: PeerContact, set: SyncSet, key: string, settle: (moved: number) => void): void {
    table.load(key, (agent) => {
      if (agent === null) {
        settle(0);
        return;
      }
      const bundle = set === 'authority' ? encodeState(authorityState(agent.state)) : agent.bundle;
      outbox.put(contact, bundle, (answer) =>
        settle(answer?.status === 'stored' || answer?.status === 'merged' ? 1 : 0),
      );
    });
  }

  return {
    start,
    answer,
    get active() {
      return syncing.size;
    },
  };
}

/** As many of the differing buckets as name at most 1,000 ids together; at least one. */
function withinRound(differing: Uint8Array, theirBuckets: Uint8Array): Uint8Array {
  const view = new DataView(theirBuckets.buffer, theirBuckets.byteOffset, theirBuckets.byteLength);
  let ids = 0;
  let count = 0;
  for (const bucket of differing) {
    ids += view.getUint32(bucket * syncBucketBytes);
    if (count > 0 && ids > syncBodiesMax) break;
    count++;
  }
  return differing.slice(0, count);
}
