/**
 * Requests and answers about content, and about the private path, of the record protocol. Source: docs/protocol.md §7.
 *
 * | message | request                     | answer                              |
 * | ------- | --------------------------- | ----------------------------------- |
 * | hold    | [10, [blob or digest, ...]] | [10, [[status, code or null], ...]] |
 * | fetch   | [11, digest32]              | [11, blob or null, [contact, ...]]  |
 * | relay   | [12, peer, sealed question] | [12, sealed answer]                 |
 * | sealed  | [13, sealed question]       | [13, sealed answer]                 |
 *
 * An item of `hold` with 32 bytes is the digest of what the peer is asked to keep on keeping; its status is 2, stale, when
 * the peer has not got it.
 */
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import {
  contentBytesMax,
  contentBytesMin,
  contentItemsMax,
  digestBytes,
  frameBytesMax,
  replicationCount,
} from '../limits.ts';
import type { PeerContact } from '../peer/events.ts';
import { sealedAnswerLengths, sealedRequestLength } from '../private/sealed-text.ts';
import { readArray, readBytes, readInteger, readText } from '../shape.ts';
import { decodeKeepAnswers, encodeKeepAnswers, type KeepAnswer } from './keep-answer.ts';
import { contactValue, readAnswer, readContact } from './message.ts';
import { contentMessages } from './message-type.ts';

export interface FetchAnswer {
  /** As it came; nothing of it is looked at yet. */
  readonly bytes: Uint8Array | null;
  /** Peers that the responder knows, nearest to the digest first. */
  readonly closer: readonly PeerContact[];
}

const peerLengthMax = 64;

export function encodeHold(items: readonly Uint8Array[]): Uint8Array {
  return encodeCanonical([contentMessages.hold, items]);
}

/** @throws ProtocolError */
export function decodeHold(body: Uint8Array): readonly Uint8Array[] {
  const [, items] = readMessage(body, contentMessages.hold, 2);
  return readArray(items, 'items', { max: contentItemsMax }).map((value) => {
    const item = readBytes(value, 'item', { max: contentBytesMax });
    if (item.length === digestBytes || item.length >= contentBytesMin) return item;
    throw new ProtocolError('wrong-shape', 'an item is a blob or a digest of 32 bytes');
  });
}

export function encodeHoldAnswers(answers: readonly KeepAnswer[]): Uint8Array {
  return encodeKeepAnswers(contentMessages.hold, answers);
}

/** One answer for each item. @throws ProtocolError */
export function decodeHoldAnswers(body: Uint8Array, count: number): KeepAnswer[] {
  return decodeKeepAnswers(body, contentMessages.hold, count);
}

export function encodeFetch(digest: Uint8Array): Uint8Array {
  return encodeCanonical([contentMessages.fetch, digest]);
}

/** The digest. @throws ProtocolError */
export function decodeFetch(body: Uint8Array): Uint8Array {
  const [, digest] = readMessage(body, contentMessages.fetch, 2);
  return readBytes(digest, 'digest', digestBytes);
}

export function encodeFetchAnswer({ bytes, closer }: FetchAnswer): Uint8Array {
  return encodeCanonical([contentMessages.fetch, bytes, closer.map(contactValue)]);
}

/** @throws ProtocolError */
export function decodeFetchAnswer(body: Uint8Array): FetchAnswer {
  const [, bytes, contacts] = readAnswer(body, contentMessages.fetch, 3);
  return {
    bytes: bytes === null ? null : readBytes(bytes, 'blob', { max: contentBytesMax }),
    closer: readArray(contacts, 'contacts', { max: replicationCount }).map(readContact),
  };
}

export function encodeRelay(target: string, sealed: Uint8Array): Uint8Array {
  return encodeCanonical([contentMessages.relay, target, sealed]);
}

/** @throws ProtocolError */
export function decodeRelay(body: Uint8Array): { readonly target: string; readonly sealed: Uint8Array } {
  const [, target, sealed] = readMessage(body, contentMessages.relay, 3);
  return {
    target: readText(target, 'peer id', peerLengthMax),
    sealed: readBytes(sealed, 'sealed question', sealedRequestLength),
  };
}

export function encodeSealed(sealed: Uint8Array): Uint8Array {
  return encodeCanonical([contentMessages.sealed, sealed]);
}

/** @throws ProtocolError */
export function decodeSealed(body: Uint8Array): Uint8Array {
  const [, sealed] = readMessage(body, contentMessages.sealed, 2);
  return readBytes(sealed, 'sealed question', sealedRequestLength);
}

/** A sealed answer, as the target gives it to the relay or the relay to the asker. */
export function encodeSealedAnswer(type: 'relay' | 'sealed', sealed: Uint8Array): Uint8Array {
  return encodeCanonical([contentMessages[type], sealed]);
}

/** @throws ProtocolError, also with the responder's own failure code, and for a length that no sealed answer has. */
export function decodeSealedAnswer(type: 'relay' | 'sealed', body: Uint8Array): Uint8Array {
  const [, value] = readAnswer(body, contentMessages[type], 2);
  const sealed = readBytes(value, 'sealed answer', { max: Math.max(...sealedAnswerLengths) });
  if (sealedAnswerLengths.includes(sealed.length)) return sealed;
  throw new ProtocolError('wrong-shape', 'a sealed answer has one of two lengths');
}

function readMessage(body: Uint8Array, type: number, length: number): readonly CborValue[] {
  const message = readArray(decodeCanonical(body, frameBytesMax), 'request', length);
  readInteger(message[0], 'request type', type, type);
  return message;
}
