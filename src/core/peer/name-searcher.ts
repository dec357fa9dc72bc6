/**
 * Looks up one name: its storing peers are asked, what they show is judged as one set, and of what holds the newest counts
 * (docs/protocol.md §7). Nothing unverified is shown, nothing older than what this peer has seen, and nothing of a namespace
 * that is known to have ended or to have other keys.
 * Bounds: one record of each of at most k responders; records seen, so that an older one is not believed; a lookup ends
 * with its time.
 */
import { bytesEqual } from '../bytes.ts';
import { isProtocolError } from '../errors.ts';
import { type AgentId, agentKey } from '../identity/agent-id.ts';
import { assertNameTimely } from '../name/admit.ts';
import { decodeNameRecord, type NameRecord, nameKey } from '../name/name-record.ts';
import { decodeLookUpAnswer, encodeNameRequest, type LookUpAnswer } from '../overlay/name-message.ts';
import type { EndedSearch, PlaceSearcher } from '../place/place-searcher.ts';
import { compareItems } from '../place/signed-item.ts';
import { createRecentMap } from '../recent-map.ts';
import type { AgentTable } from './agent-table.ts';
import type { PeerContext } from './context.ts';
import type { NameLookUp } from './effects.ts';
import type { PeerContact } from './events.ts';
import type { NameServer } from './name-server.ts';
import { createNameVerifier } from './name-verifier.ts';
import type { Outbox } from './outbox.ts';

export interface NameCall {
  readonly agentId: AgentId;
  readonly point: Uint8Array;
  readonly timeoutMs: number;
  readonly onFound: (found: NameLookUp) => void;
}

export interface NameSearcher {
  /** Returns the cancellation: the caller is not called back any more. */
  find(call: NameCall): () => void;
}

/** Records that were shown and verified, of which no older one is believed again. */
const seenMax = 512;

/** What was shown, and by whom; null: by this peer itself. */
interface Shown {
  readonly contact: PeerContact | null;
  readonly record: NameRecord;
}

export function createNameSearcher(
  context: PeerContext,
  parts: {
    readonly table: AgentTable;
    readonly outbox: Outbox;
    readonly places: PlaceSearcher;
    readonly server: NameServer;
  },
): NameSearcher {
  const { table, outbox, places, server } = parts;
  const { config } = context;
  const verify = createNameVerifier(context, table);
  const seenByKey = createRecentMap<NameRecord>(seenMax);

  function find({ agentId, point, timeoutMs, onFound }: NameCall): () => void {
    const key = nameKey(agentId, point);
    const shown: Shown[] = [];
    const take = (bytes: Uint8Array, contact: PeerContact | null): void => {
      const record = readShown(key, bytes);
      if (record !== null) shown.push({ contact, record });
    };
    const own = server.store.get(key);
    const seen = seenByKey.get(key);
    if (seen !== undefined) take(seen.bytes, null);
    return places.search<LookUpAnswer>({
      ...{ point, timeoutMs },
      request: encodeNameRequest({ type: 'look-up', agentId, point }),
      own: own === undefined ? null : { record: own.bytes, closer: [] },
      decode: decodeLookUpAnswer,
      // Where nobody has it, all are asked.
      wanted: () => (shown.length > 0 ? config.respondersMin : config.replication),
      onAnswer({ record }, from) {
        if (record !== null) take(record, from);
      },
      onEnd: (ended) => judge(agentId, key, shown, ended, onFound),
    });
  }

  /** The record in these bytes, if it is of this name at all and of this time. */
  function readShown(key: string, bytes: Uint8Array): NameRecord | null {
    try {
      const record = decodeNameRecord(bytes);
      assertNameTimely(record, context.nowSeconds());
      if (record.key === key) return record;
      context.count('answers_refused', 'wrong-name');
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
    }
    return null;
  }

  function judge(
    agentId: AgentId,
    key: string,
    shown: readonly Shown[],
    { asked, responders, isConverged }: EndedSearch,
    onFound: NameCall['onFound'],
  ): void {
    const isComplete = isConverged(config.respondersMin);
    const distinct = new Map(shown.map(({ record }) => [bytesKey(record), record]));
    verify(agentId, [...distinct.values()], (record) => {
      const holders = shown.filter(
        (one) => record !== null && one.contact !== null && bytesEqual(one.record.bytes, record.bytes),
      ).length;
      if (record !== null) {
        remember(key, record);
        repair(shown, record);
      }
      onFound({ record, asked, responders, holders, isComplete });
    });
  }

  function remember(key: string, record: NameRecord): void {
    const seen = seenByKey.get(key);
    if (seen === undefined || compareItems(record, seen) >= 0 || !isOfSameKeys(record, seen))
      seenByKey.set(key, record);
  }

  /** Who showed an older one is told of the newest. */
  function repair(shown: readonly Shown[], record: NameRecord): void {
    for (const { contact, record: theirs } of shown) {
      if (contact === null || bytesEqual(theirs.bytes, record.bytes)) continue;
      outbox.name(contact, record.bytes, (answer) => {
        if (answer?.status === 'stored') context.count('names', 'repaired');
      });
    }
  }

  return { find };
}

function isOfSameKeys(left: NameRecord, right: NameRecord): boolean {
  return left.keyEvents.at(-1)!.key === right.keyEvents.at(-1)!.key;
}

/** Two records are one when their bytes are. */
function bytesKey({ bytes }: NameRecord): string {
  return agentKey(bytes);
}
