/**
 * The record protocol's requests, answers and pushes, as deterministic CBOR arrays. Source: docs/protocol.md §4, §6.
 *
 * | message      | request                                        | answer                                                        |
 * | ------------ | ---------------------------------------------- | ------------------------------------------------------------- |
 * | find         | [1, closer, [[aid32, known16 or null], ...]]   | [1, [[record, [contact index, ...]], ...], [contact, ...]]    |
 * | put          | [2, [bundle, ...]]                             | [2, [[status, code or null, bundle or null], ...]]            |
 * | watch        | [3, [aid32, ...]]                              | [3, [bundle or null, ...]]                                    |
 * | unwatch      | [4, [aid32, ...]]                              | [4]                                                           |
 * | sync summary | [5, set, 0, count, xor16]                      | [5, null when equal, or 256 x (u32 count, xor16)]             |
 * | sync ids     | [5, set, 1, bucket indexes (a byte each), after aid32 / null] | [5, [[aid32, id16], ...]]                                     |
 * | push         | [6, [bundle, ...]]                             | none                                                          |
 * | closest      | [7, point32, count]                            | [7, [contact, ...]]                                           |
 * | announce     | [8, [capabilities, ...]]                       | [8, [[status, code or null], ...]]                            |
 * | search       | [9, point32, count]                            | [9, [capabilities, ...], [contact, ...]]                      |
 * | failure      |                                                | [0, code]                                                     |
 *
 * record: a bundle, 0 "nothing newer than known", 1 "ask again, the frame is full", null "not held".
 * contact: [peer id text, [multiaddr text, ...]]. status: 0 stored, 1 merged, 2 stale, 3 displaced, 4 refused.
 * capabilities: an announcement as bytes; the answers about them are in capability-message.
 */
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import {
  bundleBytesMax,
  capabilitiesPerTagMax,
  capabilityBytesMax,
  digest16Bytes,
  digestBytes,
  frameBytesMax,
  replicationCount,
  requestItemsMax,
  syncBodiesMax,
  syncBucketCount,
} from '../limits.ts';
import type { PutStatus } from '../peer/effects.ts';
import type { PeerContact } from '../peer/events.ts';
import { readArray, readBytes, readInteger, readOptionalBytes, readText } from '../shape.ts';

/** Which of the two reconciled sets: key logs and revocations, or whole records that both peers should hold (§6). */
export type SyncSet = 'authority' | 'records';

export interface FindItem {
  readonly agentId: Uint8Array;
  /** The digest of the state that the asker has, or null. */
  readonly known: Uint8Array | null;
}

export type RecordRequest =
  | { readonly type: 'find'; readonly closerMax: number; readonly items: readonly FindItem[] }
  | { readonly type: 'put'; readonly bundles: readonly Uint8Array[] }
  | { readonly type: 'watch'; readonly agentIds: readonly Uint8Array[] }
  | { readonly type: 'unwatch'; readonly agentIds: readonly Uint8Array[] }
  | { readonly type: 'sync-summary'; readonly set: SyncSet; readonly count: number; readonly xor: Uint8Array }
  | {
      readonly type: 'sync-ids';
      readonly set: SyncSet;
      readonly buckets: Uint8Array;
      /** The last agent that is known of, exclusive; null for the first page. */
      readonly after: Uint8Array | null;
    }
  /** Who is closest to a point of the key space, at most `count` peers. */
  | { readonly type: 'closest'; readonly point: Uint8Array; readonly count: number }
  | { readonly type: 'announce'; readonly announcements: readonly Uint8Array[] }
  /** Who announced the tag of a point, at most `count` of them. */
  | { readonly type: 'search'; readonly point: Uint8Array; readonly count: number };

export type FoundRecord = Uint8Array | 'not-newer' | 'ask-again' | null;

export interface FindAnswer {
  readonly record: FoundRecord;
  readonly closer: readonly PeerContact[];
}

export interface PutAnswer {
  readonly status: PutStatus;
  readonly code: ProtocolErrorCode | null;
  /** The storing peer's current bundle, with `stale`. */
  readonly current: Uint8Array | null;
}

export interface SyncId {
  readonly agentId: Uint8Array;
  readonly id: Uint8Array;
}

/** The smallest a sync bucket is on the wire: u32 count, 16 bytes of XOR. */
export const syncBucketBytes = 4 + digest16Bytes;
const addressesMax = 8;
const addressLengthMax = 160;
const peerTextLengthMax = 64;
export const putStatuses: readonly PutStatus[] = ['stored', 'merged', 'stale', 'displaced', 'refused'];
const syncSets: readonly SyncSet[] = ['authority', 'records'];

export function encodeRequest(request: RecordRequest): Uint8Array {
  switch (request.type) {
    case 'find':
      return encodeCanonical([1, request.closerMax, request.items.map((item) => [item.agentId, item.known])]);
    case 'put':
      return encodeCanonical([2, request.bundles]);
    case 'watch':
      return encodeCanonical([3, request.agentIds]);
    case 'unwatch':
      return encodeCanonical([4, request.agentIds]);
    case 'sync-summary':
      return encodeCanonical([5, syncSets.indexOf(request.set), 0, request.count, request.xor]);
    case 'sync-ids':
      return encodeCanonical([5, syncSets.indexOf(request.set), 1, request.buckets, request.after]);
    case 'closest':
      return encodeCanonical([7, request.point, request.count]);
    case 'announce':
      return encodeCanonical([8, request.announcements]);
    case 'search':
      return encodeCanonical([9, request.point, request.count]);
  }
}

/** @throws ProtocolError `too-large`, `not-canonical`, `wrong-shape`. */
export function decodeRequest(body: Uint8Array): RecordRequest {
  const message = readArray(decodeCanonical(body, frameBytesMax), 'request', { max: 5 });
  switch (message[0]) {
    case 1: {
      const items = readArray(message[2], 'agents', { max: requestItemsMax }).map((value) => {
        const [agentId, known] = readArray(value, 'agent', 2);
        return {
          agentId: readBytes(agentId, 'aid', digestBytes),
          known: readOptionalBytes(known, 'known', digest16Bytes),
        };
      });
      return { type: 'find', closerMax: readInteger(message[1], 'closer', 0, replicationCount), items };
    }
    case 2:
      return { type: 'put', bundles: readBundles(message[1]) };
    case 3:
      return { type: 'watch', agentIds: readAgentIds(message[1]) };
    case 4:
      return { type: 'unwatch', agentIds: readAgentIds(message[1]) };
    case 5:
      return readSyncRequest(message);
    case 7: {
      const [, point, count] = readArray(message, 'closest', 3);
      return {
        type: 'closest',
        point: readBytes(point, 'point', digestBytes),
        count: readInteger(count, 'count', 1, replicationCount),
      };
    }
    case 8: {
      const [, announcements] = readArray(message, 'announce', 2);
      return { type: 'announce', announcements: readAnnouncements(announcements, requestItemsMax) };
    }
    case 9: {
      const [, point, count] = readArray(message, 'search', 3);
      return {
        type: 'search',
        point: readBytes(point, 'point', digestBytes),
        count: readInteger(count, 'count', 1, capabilitiesPerTagMax),
      };
    }
    default:
      throw new ProtocolError('wrong-shape', 'no request of this type');
  }
}

export function encodeFindAnswers(answers: readonly FindAnswer[]): Uint8Array {
  const indexByPeer = new Map<string, number>();
  const contacts: CborValue[] = [];
  const rows = answers.map((answer) => {
    const indexes = answer.closer.map((contact) => {
      let index = indexByPeer.get(contact.peer);
      if (index === undefined) {
        index = contacts.length;
        indexByPeer.set(contact.peer, index);
        contacts.push(contactValue(contact));
      }
      return index;
    });
    return [answer.record === 'not-newer' ? 0 : answer.record === 'ask-again' ? 1 : answer.record, indexes];
  });
  return encodeCanonical([1, rows, contacts]);
}

/** One answer for each item asked. @throws ProtocolError, also with the responder's own failure code. */
export function decodeFindAnswers(body: Uint8Array, count: number): FindAnswer[] {
  const [, rows, contactRows] = readAnswer(body, 1, 3);
  const contacts = readArray(contactRows, 'contacts', { max: requestItemsMax * replicationCount }).map(
    readContact,
  );
  return readArray(rows, 'answers', count).map((value) => {
    const [record, indexes] = readArray(value, 'answer', 2);
    const closer = readArray(indexes, 'closer', { max: replicationCount }).map(
      (index) => contacts[readInteger(index, 'contact index', 0, contacts.length - 1)]!,
    );
    if (record === null) return { record, closer };
    if (record === 0) return { record: 'not-newer' as const, closer };
    if (record === 1) return { record: 'ask-again' as const, closer };
    return { record: readBytes(record, 'bundle', { max: bundleBytesMax }), closer };
  });
}

export function encodePutAnswers(answers: readonly PutAnswer[]): Uint8Array {
  return encodeCanonical([
    2,
    answers.map((answer) => [putStatuses.indexOf(answer.status), answer.code, answer.current]),
  ]);
}

/** One answer for each bundle sent. @throws ProtocolError. */
export function decodePutAnswers(body: Uint8Array, count: number): PutAnswer[] {
  const [, rows] = readAnswer(body, 2, 2);
  return readArray(rows, 'answers', count).map((value) => {
    const [status, code, current] = readArray(value, 'answer', 3);
    return {
      status: putStatuses[readInteger(status, 'status', 0, putStatuses.length - 1)]!,
      code: code === null ? null : (readText(code, 'code', 32) as ProtocolErrorCode),
      current: current === null ? null : readBytes(current, 'bundle', { max: bundleBytesMax }),
    };
  });
}

export function encodeWatchAnswer(bundles: readonly (Uint8Array | null)[]): Uint8Array {
  return encodeCanonical([3, bundles]);
}

/** @throws ProtocolError. */
export function decodeWatchAnswer(body: Uint8Array, count: number): (Uint8Array | null)[] {
  const [, rows] = readAnswer(body, 3, 2);
  return readArray(rows, 'bundles', count).map((value) =>
    value === null ? null : readBytes(value, 'bundle', { max: bundleBytesMax }),
  );
}

export function encodeUnwatchAnswer(): Uint8Array {
  return encodeCanonical([4]);
}

export function encodeSyncSummaryAnswer(buckets: Uint8Array | null): Uint8Array {
  return encodeCanonical([5, buckets]);
}

/** The buckets' bytes, or null when both sides have the same. @throws ProtocolError. */
export function decodeSyncSummaryAnswer(body: Uint8Array): Uint8Array | null {
  const [, buckets] = readAnswer(body, 5, 2);
  return readOptionalBytes(buckets, 'buckets', syncBucketCount * syncBucketBytes);
}

export function encodeSyncIdsAnswer(ids: readonly SyncId[]): Uint8Array {
  return encodeCanonical([5, ids.map((item) => [item.agentId, item.id])]);
}

/** At most 1,000 ids; fewer when there are no more. @throws ProtocolError. */
export function decodeSyncIdsAnswer(body: Uint8Array): SyncId[] {
  const [, rows] = readAnswer(body, 5, 2);
  return readArray(rows, 'ids', { max: syncBodiesMax }).map((value) => {
    const [agentId, id] = readArray(value, 'id', 2);
    return { agentId: readBytes(agentId, 'aid', digestBytes), id: readBytes(id, 'id', digest16Bytes) };
  });
}

export function encodeClosestAnswer(contacts: readonly PeerContact[]): Uint8Array {
  return encodeCanonical([7, contacts.map(contactValue)]);
}

/** At most k contacts, as the responder knows them. @throws ProtocolError. */
export function decodeClosestAnswer(body: Uint8Array): PeerContact[] {
  const [, contacts] = readAnswer(body, 7, 2);
  return readArray(contacts, 'contacts', { max: replicationCount }).map(readContact);
}

export function encodeFailure(code: ProtocolErrorCode): Uint8Array {
  return encodeCanonical([0, code]);
}

export function encodePush(bundles: readonly Uint8Array[]): Uint8Array {
  return encodeCanonical([6, bundles]);
}

/** The pushed bundles. @throws ProtocolError. */
export function decodePush(body: Uint8Array): readonly Uint8Array[] {
  const message = readArray(decodeCanonical(body, frameBytesMax), 'push', 2);
  readInteger(message[0], 'push type', 6, 6);
  return readBundles(message[1]);
}

/** An answer of that type and length. @throws ProtocolError, also with the responder's own failure code. */
export function readAnswer(body: Uint8Array, type: number, length: number): readonly CborValue[] {
  const message = readArray(decodeCanonical(body, frameBytesMax), 'answer', { max: 3 });
  if (message[0] === 0) {
    throw new ProtocolError(
      readText(message[1], 'code', 32) as ProtocolErrorCode,
      'the peer refused the request',
    );
  }
  readInteger(message[0], 'answer type', type, type);
  return readArray(message, 'answer', length);
}

/** Capability announcements as bytes, at most so many. @throws ProtocolError `wrong-shape`. */
export function readAnnouncements(value: unknown, max: number): Uint8Array[] {
  return readArray(value, 'announcements', { max }).map((one) =>
    readBytes(one, 'announcement', { max: capabilityBytesMax }),
  );
}

function readBundles(value: unknown): Uint8Array[] {
  return readArray(value, 'bundles', { max: requestItemsMax }).map((bundle) =>
    readBytes(bundle, 'bundle', { max: bundleBytesMax }),
  );
}

function readAgentIds(value: unknown): Uint8Array[] {
  return readArray(value, 'agents', { max: requestItemsMax }).map((agentId) =>
    readBytes(agentId, 'aid', digestBytes),
  );
}

function readSyncRequest(message: readonly CborValue[]): RecordRequest {
  const set = syncSets[readInteger(message[1], 'set', 0, syncSets.length - 1)]!;
  if (message[2] === 0) {
    const [, , , count, xor] = readArray(message, 'sync', 5);
    return {
      type: 'sync-summary',
      set,
      count: readInteger(count, 'count', 0, 0xffff_ffff),
      xor: readBytes(xor, 'xor', digest16Bytes),
    };
  }
  const [, , phase, buckets, after] = readArray(message, 'sync', 5);
  readInteger(phase, 'phase', 1, 1);
  return {
    type: 'sync-ids',
    set,
    buckets: readBytes(buckets, 'buckets', { max: syncBucketCount }),
    after: readOptionalBytes(after, 'after', digestBytes),
  };
}

/** A contact as it stands on the wire. */
export function contactValue({ peer, addresses }: PeerContact): CborValue {
  return [peer, addresses.slice(0, addressesMax)];
}

/** The inverse. @throws ProtocolError `wrong-shape`. */
export function readContact(value: unknown): PeerContact {
  const [peer, addresses] = readArray(value, 'contact', 2);
  return {
    peer: readText(peer, 'peer id', peerTextLengthMax),
    addresses: readArray(addresses, 'addresses', { max: addressesMax }).map((address) =>
      readText(address, 'address', addressLengthMax),
    ),
  };
}
