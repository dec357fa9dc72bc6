/**
 * Known logs in the store, one row each below `audit/peer/`: dCBOR [1, believed, waiting or null, state 0..2, first and
 * second checkpoint of a fork or null, heard at, renewals].
 */
import { decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import { isProtocolError } from '../../core/errors.ts';
import { readArray, readInteger, readText } from '../../core/shape.ts';
import type { Store, StoreWrite } from '../../ports/store.ts';
import { AuditError } from '../audit-error.ts';
import { type CheckSignature, checkpointCharactersMax, openCheckpoint } from '../note/checkpoint.ts';
import type { KnownLog, KnownLogState } from './known-logs.ts';

const prefix = 'audit/peer/';
const states: readonly KnownLogState[] = ['consistent', 'unproven', 'forked'];
const rowBytesMax = 8 * checkpointCharactersMax;

/** @param log undefined: it was forgotten */
export function knownLogWrite(peer: string, log: KnownLog | undefined): StoreWrite {
  if (log === undefined) return { key: prefix + peer, value: null };
  const { believed, waiting, state, fork, heardAtMs, renewals } = log;
  const value = encodeCanonical([
    1,
    believed.note,
    waiting?.note ?? null,
    states.indexOf(state),
    fork?.first.checkpoint ?? null,
    fork?.second.checkpoint ?? null,
    heardAtMs,
    renewals,
  ]);
  return { key: prefix + peer, value };
}

/** Those that can be read; another is heard of again. */
export async function readKnownLogs(
  store: Pick<Store, 'entries'>,
  check: CheckSignature,
): Promise<KnownLog[]> {
  const logs: KnownLog[] = [];
  for await (const [, bytes] of store.entries(prefix)) {
    try {
      logs.push(decodeRow(bytes, check));
    } catch (error) {
      if (!isProtocolError(error) && !(error instanceof AuditError)) throw error;
    }
  }
  return logs.sort((one, other) => one.heardAtMs - other.heardAtMs);
}

function decodeRow(bytes: Uint8Array, check: CheckSignature): KnownLog {
  const items = readArray(decodeCanonical(bytes, rowBytesMax), 'known log', 8);
  readInteger(items[0], 'version', 1, 1);
  const readNote = (value: unknown): string => readText(value, 'checkpoint', checkpointCharactersMax);
  const believed = openCheckpoint(readNote(items[1]), check);
  const isProven = items[4] !== null && items[5] !== null;
  return {
    peer: believed.peer,
    believed,
    waiting: items[2] === null ? null : openCheckpoint(readNote(items[2]), check),
    state: states[readInteger(items[3], 'state', 0, states.length - 1)]!,
    fork: isProven
      ? {
          kind: 'log-fork',
          first: { checkpoint: readNote(items[4]), entry: null },
          second: { checkpoint: readNote(items[5]), entry: null },
        }
      : null,
    heardAtMs: readInteger(items[6], 'heard at', 0, Number.MAX_SAFE_INTEGER),
    renewals: readInteger(items[7], 'renewals', 0, Number.MAX_SAFE_INTEGER),
  };
}
