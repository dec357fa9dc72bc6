/**
 * Wire form of key events (§1). Decides shape and what one event alone can break; not who may follow whom.
 *
 * | event  | dCBOR                                                                |
 * |--------|----------------------------------------------------------------------|
 * | event  | [body, signature 64]                                                 |
 * | `icp`  | [1, 0, k 32, n 32 / null, r 32 / null, iat, nonce 16]                |
 * | `rot`  | [1, 1, sn, p 32, u 32, k 32, n 32, iat]            sn 1..27          |
 * | `rec`  | [1, 2, sn, p 32, recovery key 32, k 32, n 32, r 32, iat]   sn 1..31  |
 * | `tomb` | [1, 3, sn, p 32, revealed key 32, reason 0..5, iat]        sn 1..31  |
 */
import { bytesEqual, bytesToHex } from '../bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import { digest, domain } from '../hash.ts';
import {
  digestBytes,
  keyBytes,
  keyEventBytesMax,
  keyLogEventsMax,
  keyLogRotationSequenceEnd,
  signatureBytes,
} from '../limits.ts';
import { readArray, readBytes, readInteger, readOptionalBytes, readSeconds } from '../shape.ts';
import type { KeyEvent, KeyEventBody } from './key-event.ts';
import { readReason, reasonNumber } from './reason-code.ts';

const eventVersion = 1;
export const nonceBytes = 16;

/** SHA-256 of a public key: the n or r that commits to it. */
export function keyDigest(publicKey: Uint8Array): Uint8Array {
  return digest(publicKey);
}

/** Body as it stands on the wire. */
export function keyEventBodyValue(body: KeyEventBody): readonly CborValue[] {
  switch (body.type) {
    case 'icp':
      return [
        eventVersion,
        0,
        body.signingKey,
        body.rotationDigest,
        body.recoveryDigest,
        body.issuedAt,
        body.nonce,
      ];
    case 'rot':
      return [
        eventVersion,
        1,
        body.sequence,
        body.prior,
        body.rotationKey,
        body.signingKey,
        body.rotationDigest,
        body.issuedAt,
      ];
    case 'rec':
      return [
        eventVersion,
        2,
        body.sequence,
        body.prior,
        body.recoveryKey,
        body.signingKey,
        body.rotationDigest,
        body.recoveryDigest,
        body.issuedAt,
      ];
    case 'tomb':
      return [
        eventVersion,
        3,
        body.sequence,
        body.prior,
        body.revealedKey,
        reasonNumber(body.reason),
        body.issuedAt,
      ];
  }
}

/** The event as it stands inside other structures: [body, signature]. */
export function keyEventValue(event: KeyEvent): CborValue {
  return [keyEventBodyValue(event.body), event.signature];
}

/**
 * The event that a decoded value stands for.
 * @throws ProtocolError `wrong-shape`, `wrong-version`, or `bad-key-log` for what no log can hold.
 */
export function readKeyEvent(value: CborValue): KeyEvent {
  const [bodyValue, signature] = readArray(value, 'key event', 2);
  const body = readKeyEventBody(bodyValue);
  assertSelfConsistent(body);
  return createKeyEvent(body, encodeCanonical(bodyValue!), readBytes(signature, 'signature', signatureBytes));
}

/** The event in these bytes, at most 384. Throws `too-large`, `not-canonical` and what readKeyEvent throws. */
export function decodeKeyEvent(bytes: Uint8Array): KeyEvent {
  return readKeyEvent(decodeCanonical(bytes, keyEventBytesMax));
}

/** Puts a checked body, its encoding and a signature together. */
function createKeyEvent(body: KeyEventBody, bodyBytes: Uint8Array, signature: Uint8Array): KeyEvent {
  const eventDigest = digest(domain('weft/kev/1'), bodyBytes);
  return {
    body,
    signature,
    digest: eventDigest,
    key: bytesToHex(eventDigest),
    bytes: joinEvent(bodyBytes, signature),
  };
}

/** Throws `bad-key-log` when the event breaks a rule of the log whatever stands before it. */
function assertSelfConsistent(body: KeyEventBody): void {
  if (body.type === 'rot') {
    if (body.sequence >= keyLogRotationSequenceEnd) {
      const message = `a log ends with recoveries and tombstones: no rotation at ${keyLogRotationSequenceEnd} or later`;
      throw new ProtocolError('bad-key-log', message, { sequence: body.sequence });
    }
    if (bytesEqual(body.rotationDigest, keyDigest(body.rotationKey))) {
      throw new ProtocolError('bad-key-log', 'a rotation key is used once: commit to a fresh one');
    }
  }
  if (body.type === 'rec' && bytesEqual(body.recoveryDigest, keyDigest(body.recoveryKey))) {
    throw new ProtocolError(
      'bad-key-log',
      'a recovery commits to a fresh recovery key, not to the one it reveals',
    );
  }
}

function readKeyEventBody(value: CborValue | undefined): KeyEventBody {
  const items = readArray(value, 'key event body', { max: 9 });
  const version = readInteger(items[0], 'version', 0, 0xffff_ffff);
  if (version !== eventVersion) {
    throw new ProtocolError('wrong-version', `key event version ${version} is not known here`, { version });
  }
  const type = readInteger(items[1], 'type', 0, 3);
  if (type === 0) {
    const [, , signingKey, rotationDigest, recoveryDigest, issuedAt, nonce] = readArray(items, 'icp body', 7);
    return {
      type: 'icp',
      signingKey: readBytes(signingKey, 'signing key', keyBytes),
      rotationDigest: readOptionalBytes(rotationDigest, 'rotation digest', digestBytes),
      recoveryDigest: readOptionalBytes(recoveryDigest, 'recovery digest', digestBytes),
      issuedAt: readSeconds(issuedAt, 'iat'),
      nonce: readBytes(nonce, 'nonce', nonceBytes),
    };
  }
  const sequence = readInteger(items[2], 'sequence', 1, keyLogEventsMax - 1);
  const prior = readBytes(items[3], 'prior digest', digestBytes);
  const revealedKey = readBytes(items[4], 'revealed key', keyBytes);
  if (type === 3) {
    const [, , , , , reason, issuedAt] = readArray(items, 'tomb body', 7);
    const rest = { reason: readReason(reason), issuedAt: readSeconds(issuedAt, 'iat') };
    return { type: 'tomb', sequence, prior, revealedKey, ...rest };
  }
  readArray(items, type === 1 ? 'rot body' : 'rec body', type === 1 ? 8 : 9);
  const issuedAt = readSeconds(items[items.length - 1], 'iat');
  const signingKey = readBytes(items[5], 'signing key', keyBytes);
  const rotationDigest = readBytes(items[6], 'rotation digest', digestBytes);
  if (type === 1) {
    return { type: 'rot', sequence, prior, rotationKey: revealedKey, signingKey, rotationDigest, issuedAt };
  }
  const recoveryDigest = readBytes(items[7], 'recovery digest', digestBytes);
  const keys = { recoveryKey: revealedKey, signingKey, rotationDigest, recoveryDigest };
  return { type: 'rec', sequence, prior, ...keys, issuedAt };
}

/** [body, signature] without encoding the body a second time. */
function joinEvent(bodyBytes: Uint8Array, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(bodyBytes.length + signatureBytes + 3);
  bytes[0] = 0x82;
  bytes.set(bodyBytes, 1);
  bytes[bodyBytes.length + 1] = 0x58;
  bytes[bodyBytes.length + 2] = signatureBytes;
  bytes.set(signature, bodyBytes.length + 3);
  return bytes;
}
