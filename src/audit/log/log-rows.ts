/**
 * The rows of the log in the node's store, all below `audit/`:
 *
 * | key                       | value                                                                              |
 * |---------------------------|------------------------------------------------------------------------------------|
 * | `queue/<sequence>`        | entries that were accepted and are not in the tree yet, framed as in a bundle        |
 * | `head`                    | dCBOR [1, log id 8, size, [root of a perfect subtree 32, ...], checkpoint]            |
 * | `tile/<level>/<index>`    | the hashes of a tile, as many as there are                                          |
 * | `entries/<index>`         | an entry bundle, as far as it goes                                                 |
 * | `agents/<index>`          | the first four bytes of the agent id of each of 4,096 entries                       |
 *
 * A batch that takes entries out of the queue writes all that follows from them, so that a crash leaves one or the other.
 */
import { decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { readArray, readBytes, readInteger, readText } from '../../core/shape.ts';
import { type Frontier, frontierLength } from '../merkle/frontier.ts';
import { hashBytes } from '../merkle/tree-hash.ts';
import { checkpointCharactersMax } from '../note/checkpoint.ts';
import { logIdBytes } from '../note/log-name.ts';

export const auditPrefix = 'audit/';
export const headKey = `${auditPrefix}head`;
export const queuePrefix = `${auditPrefix}queue/`;

const indexDigits = 12;
const headBytesMax = 16 * 1024;
const rootsMax = 53;

/** What must outlive a crash for the log to go on: small, whatever its size. */
export interface LogHead {
  /** 8 bytes. */
  readonly logId: Uint8Array;
  readonly frontier: Frontier;
  /** Over this very tree. */
  readonly checkpoint: string;
}

export function tileKey(level: number, index: number): string {
  return `${auditPrefix}tile/${level}/${digits(index)}`;
}

export function entriesKey(index: number): string {
  return `${auditPrefix}entries/${digits(index)}`;
}

export function agentsKey(index: number): string {
  return `${auditPrefix}agents/${digits(index)}`;
}

export function queueKey(sequence: number): string {
  return `${queuePrefix}${digits(sequence)}`;
}

/** The inverse of queueKey. */
export function queueSequence(key: string): number {
  return Number.parseInt(key.slice(queuePrefix.length), 16);
}

/** So many entries of the queue have a prefix in common: what is behind was taken out, and need not be walked again. */
export const queueBlock = 4096;
const blockDigits = 3;

export function queueBlockPrefix(sequence: number): string {
  return queueKey(sequence).slice(0, -blockDigits);
}

export function encodeHead({ logId, frontier, checkpoint }: LogHead): Uint8Array {
  return encodeCanonical([1, logId, frontier.size, frontier.roots, checkpoint]);
}

/** @throws ProtocolError; the store's checksum makes that a defect. */
export function decodeHead(bytes: Uint8Array): LogHead {
  const [version, logId, count, rootValues, checkpoint] = readArray(
    decodeCanonical(bytes, headBytesMax),
    'head of the log',
    5,
  );
  readInteger(version, 'version', 1, 1);
  const size = readInteger(count, 'size', 0, Number.MAX_SAFE_INTEGER);
  const roots = readArray(rootValues, 'roots', { max: rootsMax });
  readArray(rootValues, 'roots', frontierLength(size));
  return {
    logId: readBytes(logId, 'log id', logIdBytes),
    frontier: { size, roots: roots.map((root) => readBytes(root, 'root', hashBytes)) },
    checkpoint: readText(checkpoint, 'checkpoint', checkpointCharactersMax),
  };
}

/** Hexadecimal, so that keys stand in the order of numbers. */
function digits(index: number): string {
  return index.toString(16).padStart(indexDigits, '0');
}
