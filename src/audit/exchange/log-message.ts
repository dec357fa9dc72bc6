/**
 * What nodes ask one another about their logs, in frames of the record protocol beside its own messages. Source:
 * docs/protocol.md §9.
 *
 * | message     | request                      | answer                           |
 * |-------------|------------------------------|----------------------------------|
 * | checkpoints | [20, [note, ...]]            | [20, [note, ...]]                |
 * | consistency | [21, log id 8, older, newer] | [21, [hash 32, ...] or null]     |
 * | view        | [22, aid 32]                 | [22, proof file as text or null] |
 *
 * A failure is [0, code], as everywhere. Null: that log is not kept (any more), or has nothing of that agent.
 */
import { type CborValue, decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { ProtocolError } from '../../core/errors.ts';
import { digestBytes, frameBytesMax } from '../../core/limits.ts';
import { readAnswer } from '../../core/overlay/message.ts';
import { readArray, readBytes, readInteger, readText } from '../../core/shape.ts';
import { hashBytes } from '../merkle/tree-hash.ts';
import { checkpointCharactersMax } from '../note/checkpoint.ts';
import { logIdBytes } from '../note/log-name.ts';

export type LogRequest =
  | { readonly type: 'checkpoints'; readonly notes: readonly string[] }
  | {
      readonly type: 'consistency';
      readonly logId: Uint8Array;
      readonly older: number;
      readonly newer: number;
    }
  | { readonly type: 'view'; readonly agentId: Uint8Array };

/** Checkpoints in one message: some 5 kB. */
export const notesMax = 16;
const proofHashesMax = 64;
const requestBytesMax = notesMax * (checkpointCharactersMax + 8);
const typeNumbers = { checkpoints: 20, consistency: 21, view: 22 } as const;

/** True for a request that is for a log, whatever is wrong with it; looks at two bytes. */
export function isLogRequest(body: Uint8Array): boolean {
  return body[0]! >> 5 === 4 && body[1]! >= typeNumbers.checkpoints && body[1]! <= typeNumbers.view;
}

export function encodeLogRequest(request: LogRequest): Uint8Array {
  const type = typeNumbers[request.type];
  switch (request.type) {
    case 'checkpoints':
      return encodeCanonical([type, request.notes]);
    case 'consistency':
      return encodeCanonical([type, request.logId, request.older, request.newer]);
    case 'view':
      return encodeCanonical([type, request.agentId]);
  }
}

/** @throws ProtocolError `too-large`, `not-canonical`, `wrong-shape`. */
export function decodeLogRequest(body: Uint8Array): LogRequest {
  const message = readArray(decodeCanonical(body, requestBytesMax), 'request', { max: 4 });
  switch (message[0]) {
    case typeNumbers.checkpoints: {
      const [, notes] = readArray(message, 'checkpoints', 2);
      return { type: 'checkpoints', notes: readNotes(notes) };
    }
    case typeNumbers.consistency: {
      const [, logId, older, newer] = readArray(message, 'consistency', 4);
      return {
        type: 'consistency',
        logId: readBytes(logId, 'log id', logIdBytes),
        older: readSize(older),
        newer: readSize(newer),
      };
    }
    case typeNumbers.view: {
      const [, agentId] = readArray(message, 'view', 2);
      return { type: 'view', agentId: readBytes(agentId, 'aid', digestBytes) };
    }
    default:
      throw new ProtocolError('wrong-shape', 'no request of this type');
  }
}

export function encodeNotes(notes: readonly string[]): Uint8Array {
  return encodeCanonical([typeNumbers.checkpoints, notes]);
}

/** @throws ProtocolError, also with the responder's own failure code. */
export function decodeNotes(body: Uint8Array): readonly string[] {
  const [, notes] = readAnswer(body, typeNumbers.checkpoints, 2);
  return readNotes(notes);
}

export function encodeConsistency(proof: readonly Uint8Array[] | null): Uint8Array {
  return encodeCanonical([typeNumbers.consistency, proof]);
}

/** @throws ProtocolError. */
export function decodeConsistency(body: Uint8Array): readonly Uint8Array[] | null {
  const [, proof] = readAnswer(body, typeNumbers.consistency, 2);
  if (proof === null) return null;
  return readArray(proof, 'proof', { max: proofHashesMax }).map((hash) => readBytes(hash, 'hash', hashBytes));
}

export function encodeView(text: string | null): Uint8Array {
  return encodeCanonical([typeNumbers.view, text]);
}

/** The text of a proof file, unread. @throws ProtocolError. */
export function decodeView(body: Uint8Array): string | null {
  const [, text] = readAnswer(body, typeNumbers.view, 2);
  return text === null ? null : readText(text, 'view', frameBytesMax);
}

function readNotes(value: CborValue | undefined): readonly string[] {
  return readArray(value, 'checkpoints', { max: notesMax }).map((note) =>
    readText(note, 'checkpoint', checkpointCharactersMax),
  );
}

function readSize(value: CborValue | undefined): number {
  return readInteger(value, 'size', 0, Number.MAX_SAFE_INTEGER);
}
