/**
 * Making key events (§1): one constructor for each, signed. Decides that what is made can stand where it is meant to;
 * does not create keys, nonces or times. What comes out has passed the codec's own reader.
 */
import { bytesEqual } from '../bytes.ts';
import { encodeCanonical } from '../cbor.ts';
import type { Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { keyLogEventsMax } from '../limits.ts';
import { type KeyEvent, type KeyEventBody, keyEventPreimage, keyEventSequence } from './key-event.ts';
import { keyDigest, keyEventBodyValue, readKeyEvent } from './key-event-codec.ts';
import type { KeyState } from './key-state.ts';
import type { ReasonCode } from './reason-code.ts';

/** `icp`. Without a rotation key the agent is ephemeral; without a recovery key a stolen rotation key is the end of it. */
export function createInception(options: {
  readonly signer: Signer;
  readonly rotationKey?: Uint8Array | null;
  readonly recoveryKey?: Uint8Array | null;
  readonly issuedAt: number;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
}): KeyEvent {
  const { signer, rotationKey, recoveryKey, issuedAt, nonce } = options;
  return signEvent(signer, {
    type: 'icp',
    signingKey: signer.publicKey,
    rotationDigest: rotationKey ? keyDigest(rotationKey) : null,
    recoveryDigest: recoveryKey ? keyDigest(recoveryKey) : null,
    issuedAt,
    nonce,
  });
}

/**
 * `rot` after the head of an active log, by the rotation key that the head commits to.
 * @throws ProtocolError `forked` or `tombstoned`; `bad-key` for another key; `bad-key-log` where the log is full.
 */
export function createRotation(options: {
  readonly state: KeyState;
  readonly rotationSigner: Signer;
  readonly signingKey: Uint8Array;
  readonly nextRotationKey: Uint8Array;
  readonly issuedAt: number;
}): KeyEvent {
  const { state, rotationSigner, signingKey, nextRotationKey, issuedAt } = options;
  assertActive(state);
  assertCommitted(state.rotationDigest, rotationSigner, 'rotation');
  return signEvent(rotationSigner, {
    type: 'rot',
    sequence: state.sequence + 1,
    prior: state.head.digest,
    rotationKey: rotationSigner.publicKey,
    signingKey,
    rotationDigest: keyDigest(nextRotationKey),
    issuedAt,
  });
}

/**
 * `rec`, by the recovery key, after the head of an active log, at the fork point, in the place of a tombstone by rotation
 * key, or after any earlier event (`prior`) of the current generation that is still trusted.
 * @throws ProtocolError `bad-key` for another key; `bad-key-log` where no recovery helps or the log is full.
 */
export function createRecovery(options: {
  readonly state: KeyState;
  readonly prior?: KeyEvent;
  readonly recoverySigner: Signer;
  readonly signingKey: Uint8Array;
  readonly nextRotationKey: Uint8Array;
  readonly nextRecoveryKey: Uint8Array;
  readonly issuedAt: number;
}): KeyEvent {
  const { state, recoverySigner, signingKey, nextRotationKey, nextRecoveryKey, issuedAt } = options;
  const prior = options.prior ?? recoveryPoint(state);
  assertRecoverable(state, prior);
  assertCommitted(state.recoveryDigest, recoverySigner, 'recovery');
  return signEvent(recoverySigner, {
    type: 'rec',
    sequence: keyEventSequence(prior) + 1,
    prior: prior.digest,
    recoveryKey: recoverySigner.publicKey,
    signingKey,
    rotationDigest: keyDigest(nextRotationKey),
    recoveryDigest: keyDigest(nextRecoveryKey),
    issuedAt,
  });
}

/**
 * `tomb`: after the head by the rotation or the recovery key; on a forked log at the fork point, by the recovery key.
 * @throws ProtocolError `tombstoned` when it is one; `forked`, `bad-key` or `bad-key-log` where the key cannot end it.
 */
export function createTombstone(options: {
  readonly state: KeyState;
  readonly signer: Signer;
  readonly reason: ReasonCode;
  readonly issuedAt: number;
}): KeyEvent {
  const { state, signer, reason, issuedAt } = options;
  if (commits(state.recoveryDigest, signer) && state.status === 'forked')
    assertRecoverable(state, state.head);
  else {
    assertActive(state);
    if (!commits(state.recoveryDigest, signer)) assertCommitted(state.rotationDigest, signer, 'rotation');
  }
  return signEvent(signer, {
    type: 'tomb',
    sequence: state.sequence + 1,
    prior: state.head.digest,
    revealedKey: signer.publicKey,
    reason,
    issuedAt,
  });
}

/** Where a recovery stands unless its maker says otherwise: the head, or what stands before a tombstone. */
export function recoveryPoint(state: KeyState): KeyEvent {
  return state.status === 'tombstoned' ? state.chain[state.chain.length - 2]! : state.head;
}

/** True when a `rec` at recoveryPoint(state) makes the agent active again, given the recovery key. */
export function isRecoverable(state: KeyState): boolean {
  if (state.recoveryDigest === null || keyEventSequence(recoveryPoint(state)) >= keyLogEventsMax - 1)
    return false;
  return !state.retained.some((event) => spendsRecoveryKey(state, event));
}

function assertRecoverable(state: KeyState, prior: KeyEvent): void {
  const refuse = (message: string): never => {
    throw new ProtocolError('bad-key-log', message, {
      status: state.status,
      sequence: keyEventSequence(prior),
    });
  };
  if (!isRecoverable(state))
    refuse('no recovery can follow: there is no recovery key, or it is spent, or the log is full');
  const generationStart = state.chain.findLastIndex(
    (event) => event.body.type === 'icp' || event.body.type === 'rec',
  );
  const place = state.chain.findIndex((event) => event.key === prior.key);
  if (place < generationStart || prior.body.type === 'tomb') {
    refuse(
      'a recovery stands after an event of the chosen log since the last recovery, and not after a tombstone',
    );
  }
}

/** True for an event below the current generation's root that reveals the current recovery key. */
function spendsRecoveryKey(state: KeyState, event: KeyEvent): boolean {
  const { body } = event;
  if (body.type !== 'rec' && body.type !== 'tomb') return false;
  const revealed = body.type === 'rec' ? body.recoveryKey : body.revealedKey;
  return state.recoveryDigest !== null && bytesEqual(keyDigest(revealed), state.recoveryDigest);
}

function commits(commitment: Uint8Array | null, signer: Signer): boolean {
  return commitment !== null && bytesEqual(keyDigest(signer.publicKey), commitment);
}

function assertCommitted(commitment: Uint8Array | null, signer: Signer, role: 'rotation' | 'recovery'): void {
  if (commits(commitment, signer)) return;
  const what =
    commitment === null ? `this log has no ${role} key` : `not the ${role} key that the log commits to`;
  throw new ProtocolError('bad-key', what, { role });
}

function assertActive(state: KeyState): void {
  if (state.status === 'active') return;
  throw new ProtocolError(state.status, `the key log is ${state.status}: only a recovery can follow`, {
    sequence: state.sequence,
  });
}

function signEvent(signer: Signer, body: KeyEventBody): KeyEvent {
  const value = keyEventBodyValue(body);
  return readKeyEvent([value, signer.sign(keyEventPreimage(encodeCanonical(value)))]);
}
