/**
 * Requests and answers about names, of the record protocol. Source: docs/protocol.md §7.
 *
 * | message   | request              | answer                              |
 * | --------- | -------------------- | ----------------------------------- |
 * | name      | [14, [record, ...]]  | [14, [[status, code or null], ...]] |
 * | look up   | [15, aid32, point32] | [15, record or null, [contact, ...]] |
 */
import { decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import {
  digestBytes,
  frameBytesMax,
  nameRecordBytesMax,
  replicationCount,
  requestItemsMax,
} from '../limits.ts';
import type { PeerContact } from '../peer/events.ts';
import { readArray, readBytes } from '../shape.ts';
import { decodeKeepAnswers, encodeKeepAnswers, type KeepAnswer } from './keep-answer.ts';
import { contactValue, readAnswer, readContact } from './message.ts';

const nameType = 14;
const lookUpType = 15;

export type NameRequest =
  | { readonly type: 'name'; readonly records: readonly Uint8Array[] }
  | { readonly type: 'look-up'; readonly agentId: Uint8Array; readonly point: Uint8Array };

export interface LookUpAnswer {
  /** As it came; nothing of it is looked at yet. */
  readonly record: Uint8Array | null;
  /** Peers that the responder knows, nearest to the point first. */
  readonly closer: readonly PeerContact[];
}

/** True for the bytes of a request about names, without decoding them. */
export function isNameRequest(body: Uint8Array): boolean {
  const [head = 0, type = -1] = body;
  return head >= 0x81 && head <= 0x97 && (type === nameType || type === lookUpType);
}

export function encodeNameRequest(request: NameRequest): Uint8Array {
  if (request.type === 'name') return encodeCanonical([nameType, request.records]);
  return encodeCanonical([lookUpType, request.agentId, request.point]);
}

/** @throws ProtocolError `too-large`, `not-canonical`, `wrong-shape` */
export function decodeNameRequest(body: Uint8Array): NameRequest {
  const message = readArray(decodeCanonical(body, frameBytesMax), 'request', { max: 3 });
  if (message[0] === lookUpType) {
    const [, agentId, point] = readArray(message, 'look up', 3);
    return {
      type: 'look-up',
      agentId: readBytes(agentId, 'aid', digestBytes),
      point: readBytes(point, 'point', digestBytes),
    };
  }
  if (message[0] !== nameType) throw new ProtocolError('wrong-shape', 'no request about names');
  const [, records] = readArray(message, 'name', 2);
  return {
    type: 'name',
    records: readArray(records, 'records', { max: requestItemsMax }).map((record) =>
      readBytes(record, 'record', { max: nameRecordBytesMax }),
    ),
  };
}

export function encodeNameAnswers(answers: readonly KeepAnswer[]): Uint8Array {
  return encodeKeepAnswers(nameType, answers);
}

/** One answer for each record sent. @throws ProtocolError */
export function decodeNameAnswers(body: Uint8Array, count: number): KeepAnswer[] {
  return decodeKeepAnswers(body, nameType, count);
}

export function encodeLookUpAnswer({ record, closer }: LookUpAnswer): Uint8Array {
  return encodeCanonical([lookUpType, record, closer.map(contactValue)]);
}

/** A record and at most k contacts. @throws ProtocolError */
export function decodeLookUpAnswer(body: Uint8Array): LookUpAnswer {
  const [, record, contacts] = readAnswer(body, lookUpType, 3);
  return {
    record: record === null ? null : readBytes(record, 'record', { max: nameRecordBytesMax }),
    closer: readArray(contacts, 'contacts', { max: replicationCount }).map(readContact),
  };
}
