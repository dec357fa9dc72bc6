/** The answers of storing peers about capability announcements; the requests are in message. Source: docs/protocol.md §7. */
import { encodeCanonical } from '../cbor.ts';
import type { ProtocolErrorCode } from '../errors.ts';
import { capabilitiesPerTagMax, replicationCount } from '../limits.ts';
import type { PutStatus } from '../peer/effects.ts';
import type { PeerContact } from '../peer/events.ts';
import { readArray, readInteger, readText } from '../shape.ts';
import { contactValue, putStatuses, readAnnouncements, readAnswer, readContact } from './message.ts';

/** What a storing peer did with one announcement. */
export interface AnnounceAnswer {
  readonly status: Exclude<PutStatus, 'merged'>;
  readonly code: ProtocolErrorCode | null;
}

export interface SearchAnswer {
  /** Announcements as they came; nothing of them is looked at yet. */
  readonly announcements: readonly Uint8Array[];
  /** Peers that the responder knows, nearest to the point first. */
  readonly closer: readonly PeerContact[];
}

export function encodeAnnounceAnswers(answers: readonly AnnounceAnswer[]): Uint8Array {
  return encodeCanonical([8, answers.map(({ status, code }) => [putStatuses.indexOf(status), code])]);
}

/** One answer for each announcement sent. @throws ProtocolError. */
export function decodeAnnounceAnswers(body: Uint8Array, count: number): AnnounceAnswer[] {
  const [, rows] = readAnswer(body, 8, 2);
  return readArray(rows, 'answers', count).map((value) => {
    const [status, code] = readArray(value, 'answer', 2);
    const read = putStatuses[readInteger(status, 'status', 0, putStatuses.length - 1)]!;
    return {
      status: read === 'merged' ? 'stored' : read,
      code: code === null ? null : (readText(code, 'code', 32) as ProtocolErrorCode),
    };
  });
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
