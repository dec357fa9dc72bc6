/**
 * What a storing peer says to each thing that was brought to it, of messages that bring many: [[status, code or null], ...].
 * Source: docs/protocol.md §4, §7.
 */
import { encodeCanonical } from '../cbor.ts';
import type { ProtocolErrorCode } from '../errors.ts';
import type { PutStatus } from '../peer/effects.ts';
import { readArray, readInteger, readText } from '../shape.ts';
import { putStatuses, readAnswer } from './message.ts';

/** `stale`: it keeps a newer one, or has not got what it was to keep on keeping. */
export interface KeepAnswer {
  readonly status: Exclude<PutStatus, 'merged'>;
  readonly code: ProtocolErrorCode | null;
}

/** @param type of the message */
export function encodeKeepAnswers(type: number, answers: readonly KeepAnswer[]): Uint8Array {
  return encodeCanonical([type, answers.map(({ status, code }) => [putStatuses.indexOf(status), code])]);
}

/** One answer for each thing brought. @throws ProtocolError */
export function decodeKeepAnswers(body: Uint8Array, type: number, count: number): KeepAnswer[] {
  const [, rows] = readAnswer(body, type, 2);
  return readArray(rows, 'answers', count).map((value) => {
    const [status, code] = readArray(value, 'answer', 2);
    const read = putStatuses[readInteger(status, 'status', 0, putStatuses.length - 1)]!;
    return {
      status: read === 'merged' ? 'stored' : read,
      code: code === null ? null : (readText(code, 'code', 32) as ProtocolErrorCode),
    };
  });
}

/** The refusal that most gave; of several as frequent, the first. */
export function mostFrequent(codes: readonly ProtocolErrorCode[]): ProtocolErrorCode | null {
  const counts = new Map<ProtocolErrorCode, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const [most] = [...counts].sort((left, right) => right[1] - left[1]);
  return most?.[0] ?? null;
}
