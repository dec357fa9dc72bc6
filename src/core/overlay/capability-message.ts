/** The answers of storing peers about capability announcements; the requests are in message. Source: docs/protocol.md §7. */
import { encodeCanonical } from '../cbor.ts';
import { capabilitiesPerTagMax, replicationCount } from '../limits.ts';
import type { PeerContact } from '../peer/events.ts';
import { readArray } from '../shape.ts';
import { decodeKeepAnswers, encodeKeepAnswers, type KeepAnswer } from './keep-answer.ts';
import { contactValue, readAnnouncements, readAnswer, readContact } from './message.ts';

const announceType = 8;

export interface SearchAnswer {
  /** Announcements as they came; nothing of them is looked at yet. */
  readonly announcements: readonly Uint8Array[];
  /** Peers that the responder knows, nearest to the point first. */
  readonly closer: readonly PeerContact[];
}

export function encodeAnnounceAnswers(answers: readonly KeepAnswer[]): Uint8Array {
  return encodeKeepAnswers(announceType, answers);
}

/** One answer for each announcement sent. @throws ProtocolError. */
export function decodeAnnounceAnswers(body: Uint8Array, count: number): KeepAnswer[] {
  return decodeKeepAnswers(body, announceType, count);
}

export function encodeSearchAnswer({ announcements, closer }: SearchAnswer): Uint8Array {
  return encodeCanonical([9, announcements, closer.map(contactValue)]);
}

/** At most 64 announcements and k contacts. @throws ProtocolError. */
export function decodeSearchAnswer(body: Uint8Array): SearchAnswer {
  const [, announcements, contacts] = readAnswer(body, 9, 3);
  return {
    announcements: readAnnouncements(announcements, capabilitiesPerTagMax),
    closer: readArray(contacts, 'contacts', { max: replicationCount }).map(readContact),
  };
}
