/**
 * Anti-entropy with one neighbour at a time: (count, XOR) → 256 buckets → pages of ids → bodies, at most 1,000 a page.
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
import {
  type BucketSummary,
  createBucketSummary,
  differingBuckets,
  type SetTotal,
  totalOf,
} from '../sync/buckets.ts';
import { comparePages, pageAfter, type SyncPage } from '../sync/pages.ts';
import type { IndexRow } from './agent-index.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { PeerContact } from './events.ts';
import type { Ingest } from './ingest.ts';
import type { Outbox } from './outbox.ts';

/** Pages of 1,000 ids of one set with one neighbour at one time; the rest waits for the next. */
const pagesMax = 256;

type AskedListener = (peer: string, set: SyncSet, isEqual: boolean) => void;

export interface Synchroniser {
  /** Reconciles both sets with this peer; calls back when done or given up. */
  start(contact: PeerContact, onDone?: () => void): void;
  /** The other side's request. */
  answer(request: Extract<RecordRequest, { type: 'sync-summary' | 'sync-ids' }>, peer: string): Uint8Array;
  /** Called when a peer reconciles a set with this one, and whether both have the same. */
  onAsked(listener: AskedListener): void;
  active(): number;
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
  const { config, routing, random } = context;
  const syncing = new Set<string>();
  let asked: AskedListener = () => {};

  /** The agents of a set and the id of each, or those in some buckets. */
  function* idsOf(
    set: SyncSet,
    neighbour: KadId,
    buckets?: ReadonlySet<number>,
  ): Generator<readonly [AgentId, Uint8Array]> {
    for (const row of table.rows(set === 'authority' ? 'authority' : 'held', buckets)) {
      const id = set === 'authority' ? row.authorityDigest : idOfHeld(row, neighbour);
      if (id !== null) yield [row.agentId, id];
    }
  }

  /** Null where the neighbour is not to hold it too. */
  function idOfHeld(row: IndexRow, neighbour: KadId): Uint8Array | null {
    const target: KadId = { bytes: neighbour.bytes, high: row.kadHigh, low: row.kadLow };
    return routing.isAmongClosest(target, config.replication, neighbour) ? row.digest : null;
  }

  /** Of a set that does not depend on the neighbour; null for one that does. */
  function keptSummary(set: SyncSet): BucketSummary | null {
    if (set === 'authority') return table.authority;
    return routing.size < config.replication ? table.held : null;
  }

  function totalWith(neighbour: KadId, set: SyncSet): SetTotal {
    return keptSummary(set) ?? totalOf(idsOf(set, neighbour));
  }

  function bucketsWith(neighbour: KadId, set: SyncSet): Uint8Array {
    const kept = keptSummary(set);
    if (kept !== null) return kept.encode();
    const summary = createBucketSummary();
    for (const [agentId, id] of idsOf(set, neighbour)) summary.toggle(agentId, id, 1);
    return summary.encode();
  }

  function pageOf(set: SyncSet, buckets: Uint8Array, after: string | null, neighbour: KadId): SyncPage {
    const ids: [string, Uint8Array][] = [];
    for (const [agentId, id] of idsOf(set, neighbour, new Set(buckets))) ids.push([agentKey(agentId), id]);
    return pageAfter(ids, after);
  }

  function answer(
    request: Extract<RecordRequest, { type: 'sync-summary' | 'sync-ids' }>,
    peer: string,
  ): Uint8Array {
    const neighbour = kadIdOfPeer(peer);
    if (request.type === 'sync-summary') {
      const own = totalWith(neighbour, request.set);
      const isEqual = own.count === request.count && bytesEqual(own.xor(), request.xor);
      asked(peer, request.set, isEqual);
      return encodeSyncSummaryAnswer(isEqual ? null : bucketsWith(neighbour, request.set));
    }
    const after = request.after === null ? null : agentKey(request.after);
    const { ids } = pageOf(request.set, request.buckets, after, neighbour);
    return encodeSyncIdsAnswer([...ids].map(([key, id]) => ({ agentId: agentIdFromKey(key), id })));
  }

  function start(contact: PeerContact, onDone: () => void = () => {}): void {
    if (syncing.has(contact.peer)) {
      onDone();
      return;
    }
    syncing.add(contact.peer);
    context.count('syncs', 'started');
    reconcile(contact, 'authority', () =>
      reconcile(contact, 'records', () => {
        syncing.delete(contact.peer);
        onDone();
      }),
    );
  }

  function reconcile(contact: PeerContact, set: SyncSet, onDone: () => void): void {
    const neighbour = kadIdOfPeer(contact.peer);
    const own = totalWith(neighbour, set);
    const request = encodeRequest({ type: 'sync-summary', set, count: own.count, xor: own.xor() });
    ask(contact, request, decodeSyncSummaryAnswer, onDone, (theirBuckets) => {
      if (theirBuckets === null) return onDone();
      const differing = differingBuckets(bucketsWith(neighbour, set), theirBuckets);
      const groups = groupBuckets(differing, theirBuckets);
      // There may be more than is turned at one time: none is for ever last.
      const first = groups.length > 1 ? random.below(groups.length) : 0;
      turnPages(contact, set, [...groups.slice(first), ...groups.slice(0, first)], onDone);
    });
  }

  /** Page after page of one group of buckets after the other. */
  function turnPages(
    contact: PeerContact,
    set: SyncSet,
    groups: readonly Uint8Array[],
    onDone: () => void,
  ): void {
    let pages = 0;
    const turn = (group: number, after: string | null): void => {
      const buckets = groups[group];
      if (buckets === undefined || pages++ === pagesMax) {
        onDone();
        return;
      }
      const request = encodeRequest({
        type: 'sync-ids',
        set,
        buckets,
        after: after === null ? null : agentIdFromKey(after),
      });
      const decode = (body: Uint8Array): SyncPage => theirPage(decodeSyncIdsAnswer(body), after);
      ask(contact, request, decode, onDone, (theirs) => {
        const own = pageOf(set, buckets, after, kadIdOfPeer(contact.peer));
        const { pull, push, end } = comparePages(own, theirs, bytesEqual);
        exchange(contact, set, pull, push, () => (end === null ? turn(group + 1, null) : turn(group, end)));
      });
    };
    turn(0, null);
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

  /** Pulls what they have differently, pushes what they lack; calls back when all of it is settled. */
  function exchange(
    contact: PeerContact,
    set: SyncSet,
    pulls: readonly string[],
    pushes: readonly string[],
    onDone: () => void,
  ): void {
    let missing = pulls.length + pushes.length;
    if (missing === 0) onDone();
    const settle = (): void => {
      if (--missing === 0) onDone();
    };
    for (const key of pulls) pull(contact, set, key, settle);
    for (const key of pushes) push(contact, set, key, settle);
  }

  function pull(contact: PeerContact, set: SyncSet, key: string, settle: () => void): void {
    const agentId = agentIdFromKey(key);
    const known = table.row(key)?.digest ?? null;
    outbox.find(contact, { agentId, known }, 0, (answer) => {
      const record: FoundRecord = answer?.record ?? null;
      if (record instanceof Uint8Array) join(contact, set, agentId, record, settle);
      else settle();
    });
  }

  function join(
    contact: PeerContact,
    set: SyncSet,
    agentId: AgentId,
    bytes: Uint8Array,
    settle: () => void,
  ): void {
    let bundle: Bundle;
    try {
      bundle = decodeBundle(bytes);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      settle();
      return;
    }
    const isStorer = shouldHold(agentId);
    if (!isStorer && bundle.keyEvents.length === 1 && bundle.revocations.length === 0) {
      // A bare inception says nothing to who does not store the record.
      settle();
      return;
    }
    ingest({
      bundle: isStorer ? bundle : authorityBundle(bundle),
      bytes: isStorer ? bytes : null,
      expected: agentId,
      source: 'sync',
      shouldHold: isStorer && bundle.addr !== null,
      onJoined(result) {
        const isSame = result.agent === null || bytesEqual(result.agent.bundle, bytes);
        if (result.refusal === null && !isSame && result.changes.length === 0) {
          // We had more than they: theirs is the side that lags.
          push(contact, set, agentKey(agentId), settle);
        } else {
          settle();
        }
      },
    });
  }

  function push(contact: PeerContact, set: SyncSet, key: string, settle: () => void): void {
    table.load(key, (agent) => {
      if (agent === null) return settle();
      const bundle = set === 'authority' ? encodeState(authorityState(agent.state)) : agent.bundle;
      outbox.put(contact, bundle, () => settle());
    });
  }

  return {
    start,
    answer,
    onAsked(listener) {
      asked = listener;
    },
    active: () => syncing.size,
  };
}

/** The differing buckets in groups that name at most 1,000 ids together, or a single bucket with more. */
function groupBuckets(differing: Uint8Array, theirBuckets: Uint8Array): Uint8Array[] {
  const view = new DataView(theirBuckets.buffer, theirBuckets.byteOffset, theirBuckets.byteLength);
  const groups: Uint8Array[] = [];
  let [start, ids] = [0, 0];
  for (const [index, bucket] of differing.entries()) {
    const count = view.getUint32(bucket * syncBucketBytes);
    if (index > start && ids + count > syncBodiesMax) {
      groups.push(differing.subarray(start, index));
      [start, ids] = [index, 0];
    }
    ids += count;
  }
  if (differing.length > start) groups.push(differing.subarray(start));
  return groups;
}

/** What they named, as a page. @throws TypeError when it is not in order, or names what was not asked for. */
function theirPage(ids: readonly SyncId[], after: string | null): SyncPage {
  const idByKey = new Map<string, Uint8Array>();
  let last = after;
  for (const { agentId, id } of ids) {
    const key = agentKey(agentId);
    if (last !== null && key <= last) throw new TypeError('ids out of order');
    idByKey.set(key, id);
    last = key;
  }
  return { ids: idByKey, end: ids.length < syncBodiesMax ? null : last };
}
