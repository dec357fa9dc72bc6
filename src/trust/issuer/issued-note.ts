/**
 * One issued credential in the node's store, under `issued/<agent key>/<serial>`: what it says, so that it can be signed
 * again, and which versions of it are out.
 * Wire (store only): dCBOR [1, JSON of the note as UTF-8].
 */
import { utf8FromBytes, utf8ToBytes } from '../../core/bytes.ts';
import { decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import type { ReasonCode } from '../../core/identity/reason-code.ts';
import { readArray, readBytes, readInteger } from '../../core/shape.ts';
import type { JsonObject } from '../../facts/bounded-json.ts';
import type { StatusEntry } from '../../facts/status-entry.ts';
import { credentialBytesMax } from '../trust-limits.ts';

export const issuedPrefix = 'issued/';
const noteBytesMax = 3 * credentialBytesMax;

/** Its place in a status list, and which list of this node that is. */
export interface IssuedStatus extends StatusEntry {
  readonly number: number;
}

/** A signed form of it that somebody may hold. */
export interface IssuedVersion {
  /** Hexadecimal. */
  readonly digest: string;
  readonly validUntil: number;
}

export interface IssuedNote {
  /** 16 bytes, hexadecimal. */
  readonly serial: string;
  /** 32 bytes, hexadecimal: the agent that issues. */
  readonly agent: string;
  readonly types: readonly string[];
  readonly subject: string;
  readonly claims: JsonObject;
  readonly links: readonly { readonly url: string; readonly digest: string }[];
  readonly status: readonly IssuedStatus[];
  /** Where it is served; its id. */
  readonly url: string;
  readonly validitySeconds: number;
  /** True: signed again whenever it is about to end, until it is revoked. */
  readonly renews: boolean;
  /** When it ends by itself; of one that renews, its present version. */
  readonly endsAt: number;
  readonly issuedAt: number;
  /** The present version. */
  readonly document: JsonObject;
  /** Those that have not ended, the present one last. */
  readonly versions: readonly IssuedVersion[];
  readonly revoked: { readonly at: number; readonly reason: ReasonCode } | null;
  readonly isSuspended: boolean;
}

export function encodeIssued(note: IssuedNote): Uint8Array {
  return encodeCanonical([1, utf8ToBytes(JSON.stringify(note))]);
}

/** Written by encodeIssued alone; the store's checksum makes anything else a defect. @throws ProtocolError */
export function decodeIssued(bytes: Uint8Array): IssuedNote {
  const [version, text] = readArray(decodeCanonical(bytes, noteBytesMax), 'issued credential', 2);
  readInteger(version, 'version', 1, 1);
  return JSON.parse(utf8FromBytes(readBytes(text, 'text', { max: noteBytesMax }))) as IssuedNote;
}

/** The key of the store. */
export function issuedPlace(agent: string, serial: string): string {
  return `${issuedPrefix}${agent}/${serial}`;
}
