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
import { lookupParallelism } from '../limits.ts';
import { assertNameTimely } from '../name/admit.ts';
import { compareNameRecords, decodeNameRecord, type NameRecord, nameKey } from '../name/name-record.ts';
import { kadId } from '../overlay/distance.ts';
import { createLookup, type Lookup } from '../overlay/lookup.ts';
import { decodeLookUpAnswer, encodeNameRequest, type LookUpAnswer } from '../overlay/name-message.ts';
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
  /** Somebody new is known: lookups under way ask it too where it is close. */
  peerAdded(contact: PeerContact): void;
}

/** Records that were shown and verified, of which no older one is believed again. */
const seenMax = 512;

interface Search {
  readonly call: NameCall;
  readonly key: string;
  readonly lookup: Lookup;
  readonly request: Uint8Array;
  /** What was shown, and by whom. */
  readonly shown: { readonly contact: PeerContact | null; readonly record: NameRecord }[];
  readonly late: Set<string>;
  readonly cancelTimers: (() => void)[];
  asked: number;
  responders: number;
  /** Nobody is known yet: the first that is met is waited for. */
  isAlone: boolean;
  isDone: boolean;
}

export function createNameSearcher(
  context: PeerContext,
  parts: { readonly table: AgentTable; readonly outbox: Outbox; readonly server: NameServer },
): NameSearcher {
  const { table, outbox, server } = parts;
  const { config, routing, self } = context;
  const verify = createNameVerifier(context, table);
  const seenByKey = createRecentMap<NameRecord>(seenMax);
  // Bounded by the calls under way, each of which ends with its time.
  const underWay = new Set<Search>();

  function find(call: NameCall): () => void {
    const { agentId, point } = call;
    const target = kadId(point);
    const key = nameKey(agentId, point);
    const seeds = routing.closest(target, config.replication, context.nowMs());
    const current: Search = {
      call,
      key,
      lookup: createLookup({ target, self: self.peer, seeds, width: config.replication }),
      request: encodeNameRequest({ type: 'look-up', agentId, point }),
      shown: [],
      late: new Set(),
      cancelTimers: [],
      asked: 0,
      responders: 0,
      isAlone: routing.size === 0 && config.meetWithinMs > 0,
      isDone: false,
    };
    underWay.add(current);
    if (current.isAlone) {
      const giveUp = (): void => {
        current.isAlone = false;
        advance(current);
      };
      current.cancelTimers.push(context.timers.at(context.nowMs() + config.meetWithinMs, giveUp));
    }
    const own = server.store.get(key);
    if (own !== undefined) {
      current.asked++;
      current.responders++;
      take(current, null, own.bytes);
    }
    const seen = seenByKey.get(key);
    if (seen !== undefined) take(current, null, seen.bytes);
    current.cancelTimers.push(context.timers.at(context.nowMs() + call.timeoutMs, () => finish(current)));
    advance(current);
    return () => end(current);
  }

  function advance(current: Search): void {
    const { lookup } = current;
    if (current.isDone) return;
    // Those nearest must have answered; where nobody has it, all are asked.
    const wanted = current.shown.length > 0 ? config.respondersMin : config.replication;
    if (!current.isAlone && (lookup.isConverged(wanted) || lookup.isComplete)) {
      finish(current);
      return;
    }
    const missing = Math.max(0, wanted - current.responders) + 1;
    const awaited = lookup.inFlight - current.late.size;
    for (const contact of lookup.take(Math.max(0, Math.min(lookupParallelism, missing) - awaited)))
      ask(current, contact);
  }

  function ask(current: Search, contact: PeerContact): void {
    current.asked++;
    let isAwaited = true;
    context.send(contact, current.request, (body) => {
      isAwaited = false;
      current.late.delete(contact.peer);
      settle(current, contact, body);
    });
    // A silent peer must not hold up the others.
    const cancel = context.timers.at(context.nowMs() + outbox.hedgeDelayMs(), () => {
      if (current.isDone || !isAwaited) return;
      current.late.add(contact.peer);
      advance(current);
    });
    current.cancelTimers.push(cancel);
  }

  function settle(current: Search, contact: PeerContact, body: Uint8Array | null): void {
    if (current.isDone) return;
    let answer: LookUpAnswer | null = null;
    try {
      if (body !== null) answer = decodeLookUpAnswer(body);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
    }
    if (answer === null) current.lookup.failed(contact.peer);
    else {
      current.responders++;
      current.lookup.answered(contact.peer, answer.closer);
      if (answer.record !== null) take(current, contact, answer.record);
    }
    advance(current);
  }

  /** What somebody shows, if it is of this name at all and of this time. */
  function take(current: Search, contact: PeerContact | null, bytes: Uint8Array): void {
    try {
      const record = decodeNameRecord(bytes);
      assertNameTimely(record, context.nowSeconds());
      if (record.key === current.key) current.shown.push({ contact, record });
      else context.count('answers_refused', 'wrong-name');
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      context.count('answers_refused', error.code);
    }
  }

  function end(current: Search): void {
    if (current.isDone) return;
    current.isDone = true;
    underWay.delete(current);
    for (const cancel of current.cancelTimers) cancel();
  }

  function finish(current: Search): void {
    if (current.isDone) return;
    end(current);
    const { call, asked, responders, shown } = current;
    // Whoever joins others and hears nobody knows nothing.
    const isHeard = responders > 0 || config.meetWithinMs === 0;
    const isComplete = isHeard && current.lookup.isConverged(config.respondersMin);
    const distinct = new Map(shown.map(({ record }) => [bytesKey(record), record]));
    verify(call.agentId, [...distinct.values()], (record) => {
      const holders = shown.filter(
        (one) => record !== null && one.contact !== null && bytesEqual(one.record.bytes, record.bytes),
      ).length;
      if (record !== null) {
        remember(current.key, record);
        repair(current, record);
      }
      call.onFound({ record, asked, responders, holders, isComplete });
    });
  }

  function remember(key: string, record: NameRecord): void {
    const seen = seenByKey.get(key);
    if (seen === undefined || compareNameRecords(record, seen) >= 0 || !isOfSameKeys(record, seen))
      seenByKey.set(key, record);
  }

  /** Who showed an older one is told of the newest. */
  function repair({ shown }: Search, record: NameRecord): void {
    for (const { contact, record: theirs } of shown) {
      if (contact === null || bytesEqual(theirs.bytes, record.bytes)) continue;
      outbox.name(contact, record.bytes, (answer) => {
        if (answer?.status === 'stored') context.count('names', 'repaired');
      });
    }
  }

  function peerAdded(contact: PeerContact): void {
    for (const current of [...underWay]) {
      current.isAlone = false;
      current.lookup.learned([contact]);
      advance(current);
    }
  }

  return { find, peerAdded };
}

function isOfSameKeys(left: NameRecord, right: NameRecord): boolean {
  return left.keyEvents.at(-1)!.key === right.keyEvents.at(-1)!.key;
}

/** Two records are one when their bytes are. */
function bytesKey({ bytes }: NameRecord): string {
  return agentKey(bytes);
}
