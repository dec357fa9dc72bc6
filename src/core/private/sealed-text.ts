/**
 * What stands inside a sealed question and a sealed answer (§7), at lengths that say nothing: each question has one, an
 * answer one of two. Decides what may be asked in secret: one agent, or one blob, and nothing that tells who asks.
 *
 * | text     | layout                                                                             |
 * | -------- | ---------------------------------------------------------------------------------- |
 * | question | length of what follows, 3 bytes; dCBOR [1, minutes since 1970, body]; zeros up to 128 |
 * | answer   | length of the body, 3 bytes; the body; zeros up to 8 KiB or 96 KiB                    |
 *
 * Sealed, a question has the 32 bytes of the key before it and a tag of 16 behind, an answer a nonce of 32 and the tag.
 */
import { bytesToHex } from '../bytes.ts';
import { decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import {
  digestBytes,
  replicationCount,
  sealedAnswerBytes,
  sealedMinutesMax,
  sealedRemembered,
  sealedRequestBytes,
} from '../limits.ts';
import { createRecentMap } from '../recent-map.ts';
import { readArray, readBytes, readInteger } from '../shape.ts';

export const sealKeyBytes = 32;
export const sealNonceBytes = 32;
const sealTagBytes = 16;
const lengthBytes = 3;
/** Of a sealed question on the wire. */
export const sealedRequestLength = sealKeyBytes + sealedRequestBytes + sealTagBytes;
/** Of a sealed answer on the wire. */
export const sealedAnswerLengths: readonly number[] = sealedAnswerBytes.map(
  (bytes) => sealNonceBytes + bytes + sealTagBytes,
);

export interface SealedQuestion {
  /** Minutes since 1970: no finer, or the clock would tell askers apart. */
  readonly minute: number;
  /** A request of the record protocol: find or fetch. */
  readonly body: Uint8Array;
}

/** @throws ProtocolError `too-large` */
export function packQuestion({ minute, body }: SealedQuestion): Uint8Array {
  return pad(encodeCanonical([1, minute, body]), sealedRequestBytes);
}

/** @throws ProtocolError */
export function unpackQuestion(text: Uint8Array): SealedQuestion {
  const packed = decodeCanonical(unpad(text), sealedRequestBytes);
  const [version, minute, body] = readArray(packed, 'question', 3);
  readInteger(version, 'version', 1, 1);
  return {
    minute: readInteger(minute, 'minute', 0, 0xffff_ffff),
    body: readBytes(body, 'body', { max: sealedRequestBytes }),
  };
}

/** In the smaller of the lengths that it fits. @throws ProtocolError `too-large` */
export function packAnswer(body: Uint8Array): Uint8Array {
  const length = sealedAnswerBytes.find((bytes) => body.length + lengthBytes <= bytes);
  if (length === undefined) throw new ProtocolError('too-large', 'the answer fits no sealed answer');
  return pad(body, length);
}

/** @throws ProtocolError */
export function unpackAnswer(text: Uint8Array): Uint8Array {
  return unpad(text);
}

/** The find of one agent as everybody asks it: with nothing known and all contacts wanted. */
export function privateFindItem(agentId: Uint8Array): {
  readonly closerMax: number;
  readonly items: readonly { readonly agentId: Uint8Array; readonly known: null }[];
} {
  return { closerMax: replicationCount, items: [{ agentId, known: null }] };
}

/** Which sealed questions were answered: none is twice. Bounded; what is older than its minute allows is refused anyway. */
export interface SealedMemory {
  /** @throws ProtocolError `expired`, `from-the-future`, `displaced` when it was answered before */
  accept(sealKey: Uint8Array, minute: number, nowMs: number): void;
}

export function createSealedMemory(): SealedMemory {
  const answered = createRecentMap<true>(sealedRemembered);
  return {
    accept(sealKey, minute, nowMs) {
      const ahead = minute - Math.floor(nowMs / 60_000);
      if (ahead < -sealedMinutesMax) throw new ProtocolError('expired', 'a sealed question of long ago');
      if (ahead > sealedMinutesMax) throw new ProtocolError('from-the-future', 'the clocks differ');
      const key = bytesToHex(sealKey.subarray(0, digestBytes / 2));
      if (answered.get(key)) throw new ProtocolError('displaced', 'this sealed question was answered before');
      answered.set(key, true);
    },
  };
}

function pad(text: Uint8Array, length: number): Uint8Array {
  if (text.length + lengthBytes > length) throw new ProtocolError('too-large', 'the text does not fit');
  const padded = new Uint8Array(length);
  padded.set([text.length >>> 16, (text.length >>> 8) & 0xff, text.length & 0xff]);
  padded.set(text, lengthBytes);
  return padded;
}

function unpad(padded: Uint8Array): Uint8Array {
  const [high = 0, middle = 0, low = 0] = padded;
  const end = lengthBytes + high * 0x1_0000 + middle * 0x100 + low;
  if (end > padded.length || padded.subarray(end).some((byte) => byte !== 0))
    throw new ProtocolError('wrong-shape', 'a sealed text is its length, itself and zeros');
  return padded.subarray(lengthBytes, end);
}
