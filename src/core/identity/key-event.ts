/**
 * The key event log's four events as values (§1), and what follows from one event alone: its agent id, its authority,
 * the signature check it owes. The wire form is in key-event-codec, making them in key-events, choosing among them in
 * fork-choice.
 */
import { concatBytes } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { digest, domain } from '../hash.ts';
import { signatureBytes } from '../limits.ts';
import type { AgentId } from './agent-id.ts';
import type { ReasonCode } from './reason-code.ts';

export type { ReasonCode } from './reason-code.ts';

/** `icp`: births the agent; signed by the signing key, which signs no later event. */
export interface InceptionBody {
  readonly type: 'icp';
  readonly signingKey: Uint8Array;
  /** n: SHA-256 of the first rotation key; null: the agent cannot rotate (ephemeral). */
  readonly rotationDigest: Uint8Array | null;
  /** r: SHA-256 of the recovery key; null: the agent cannot recover. */
  readonly recoveryDigest: Uint8Array | null;
  readonly issuedAt: number;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
}

/** `rot`: a new signing key; signed by the rotation key that it reveals. */
export interface RotationBody {
  readonly type: 'rot';
  readonly sequence: number;
  /** Digest of the prior event. */
  readonly prior: Uint8Array;
  /** u, with H(u) = the previous n. */
  readonly rotationKey: Uint8Array;
  readonly signingKey: Uint8Array;
  readonly rotationDigest: Uint8Array;
  readonly issuedAt: number;
}

/** `rec`: everything new; signed by the recovery key that it reveals. */
export interface RecoveryBody {
  readonly type: 'rec';
  readonly sequence: number;
  readonly prior: Uint8Array;
  readonly recoveryKey: Uint8Array;
  readonly signingKey: Uint8Array;
  readonly rotationDigest: Uint8Array;
  readonly recoveryDigest: Uint8Array;
  readonly issuedAt: number;
}

/** `tomb`: the end of the agent; signed by the rotation or recovery key that it reveals. */
export interface TombstoneBody {
  readonly type: 'tomb';
  readonly sequence: number;
  readonly prior: Uint8Array;
  readonly revealedKey: Uint8Array;
  readonly reason: ReasonCode;
  readonly issuedAt: number;
}

export type KeyEventBody = InceptionBody | RotationBody | RecoveryBody | TombstoneBody;

export interface KeyEvent {
  readonly body: KeyEventBody;
  /** 64 bytes over "weft/kev/1" ‖ dCBOR(body). */
  readonly signature: Uint8Array;
  /** H("weft/kev/1" ‖ dCBOR(body)): 32 bytes, the signature excluded. */
  readonly digest: Uint8Array;
  /** The digest in hexadecimal, for maps. */
  readonly key: string;
  /** Canonical encoding of [body, signature]. */
  readonly bytes: Uint8Array;
}

/** Array head of [body, signature], and byte string head (2) with the signature. */
const arrayHeadBytes = 1;
const signatureItemBytes = 2 + signatureBytes;

/** 0 for `icp`, else the event's own sn. */
export function keyEventSequence(event: KeyEvent): number {
  return event.body.type === 'icp' ? 0 : event.body.sequence;
}

/** dCBOR(body), a view into `bytes`. */
function keyEventBodyBytes(event: KeyEvent): Uint8Array {
  return event.bytes.subarray(arrayHeadBytes, event.bytes.length - signatureItemBytes);
}

/** "weft/kev/1" ‖ dCBOR(body): what is signed, and what the digest is of. */
export function keyEventPreimage(bodyBytes: Uint8Array): Uint8Array {
  return concatBytes(domain('weft/kev/1'), bodyBytes);
}

/** H("weft/kel/1" ‖ dCBOR(body)) of an `icp`. Throws `bad-key-log` for another event. */
export function inceptionAgentId(event: KeyEvent): AgentId {
  if (event.body.type !== 'icp') {
    throw new ProtocolError('bad-key-log', 'the first event of a key log is an inception', {
      type: event.body.type,
    });
  }
  let agentId = agentIdByInception.get(event);
  if (agentId === undefined) {
    agentId = digest(domain('weft/kel/1'), keyEventBodyBytes(event));
    agentIdByInception.set(event, agentId);
  }
  return agentId;
}

/** Each door asks for it again; an event is immutable. */
const agentIdByInception = new WeakMap<KeyEvent, AgentId>();

/** The key that signs this event: k of `icp`, the revealed key of every other. */
export function keyEventSignerKey(body: KeyEventBody): Uint8Array {
  switch (body.type) {
    case 'icp':
      return body.signingKey;
    case 'rot':
      return body.rotationKey;
    case 'rec':
      return body.recoveryKey;
    case 'tomb':
      return body.revealedKey;
  }
}

/** The check that this event owes; that its key may sign at its place is fork-choice's to decide. */
export function keyEventCheck(event: KeyEvent): SignatureCheck {
  return {
    publicKey: keyEventSignerKey(event.body),
    message: keyEventPreimage(keyEventBodyBytes(event)),
    signature: event.signature,
  };
}
