/**
 * Delegation tokens (§7): a controller lets another key write, publish, delegate, revoke or speak facts for its agent.
 * Decides shape, which token may stand below which, and what one permits; does not know time, operations or fences.
 *
 * Wire: dCBOR [body, signature 64], about 191 B.
 *
 * | item          | what                                                                      |
 * |---------------|---------------------------------------------------------------------------|
 * | issuer        | 32 B: the agent id at depth 1, else the hash of the parent token          |
 * | establishment | 32 B: digest of the key event under which all tokens of the chain stand   |
 * | audience      | 32 B: the public key that receives the rights                             |
 * | slot          | 1..7 with `op` or `publish`, else 0                                       |
 * | rights        | bits: 1 op, 2 publish, 4 sub, 8 revoke, 16 facts; at least one            |
 * | field mask    | bits: 1 primary, 2 private, 4 adaptive, 8 ttl                             |
 * | nbf, exp      | seconds, nbf < exp ≤ nbf + 30 d                                           |
 * | depth         | 1..3                                                                      |
 * | nonce         | 8 B                                                                       |
 *
 * Signed by the issuer: "weft/dlg/1" ‖ aid ‖ establishment ‖ dCBOR(body). Hash: H("weft/dlg/1" ‖ dCBOR([body, signature])).
 */
import { bytesEqual, bytesToHex, concatBytes } from '../bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import type { SignatureCheck, Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { digest, domain } from '../hash.ts';
import {
  delegationBytesMax,
  delegationDepthMax,
  delegationSecondsMax,
  digestBytes,
  keyBytes,
  signatureBytes,
  slotMax,
} from '../limits.ts';
import { readArray, readBytes, readInteger, readSeconds } from '../shape.ts';
import type { AgentId } from './agent-id.ts';

/** Bit of each right. `op`: sign operations; `publish`: sign fences; `sub`: delegate on; `revoke`: revoke credentials. */
export const rightBits = { op: 1, publish: 2, sub: 4, revoke: 8, facts: 16 } as const;
export type Right = keyof typeof rightBits;
const allRights = 31;

/** Bit of each record field in the mask, by the field's number in an operation: 1 << field. */
export const fieldBits = { primary: 1, private: 2, adaptive: 4, ttl: 8 } as const;
export const allFields = 15;

const delegationNonceBytes = 8;

/** The end of [body, signature]: byte string head (2) and signature. */
const signatureItemBytes = 2 + signatureBytes;

/** What a token says before it is signed. */
export interface DelegationBody {
  readonly issuer: Uint8Array;
  readonly establishment: Uint8Array;
  readonly audience: Uint8Array;
  readonly slot: number;
  /** Sum of rightBits. */
  readonly rights: number;
  /** Sum of fieldBits. */
  readonly fieldMask: number;
  /** Seconds; valid from then on. */
  readonly notBefore: number;
  /** Seconds; no longer valid then. */
  readonly expiresAt: number;
  readonly depth: number;
  readonly nonce: Uint8Array;
}

export interface Delegation extends DelegationBody {
  readonly signature: Uint8Array;
  /** 32 bytes over body and signature: the issuer of the tokens below, the target of a revocation. */
  readonly hash: Uint8Array;
  /** The hash in hexadecimal, for maps. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** What createDelegation is given: a parent for depth 2 and 3, none at depth 1. */
export interface DelegationDraft {
  readonly agentId: AgentId;
  readonly establishment: Uint8Array;
  readonly parent: Delegation | null;
  /** The controller at depth 1, else the parent's audience. */
  readonly signer: Signer;
  readonly audience: Uint8Array;
  readonly slot: number;
  readonly rights: number;
  readonly fieldMask: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly nonce: Uint8Array;
}

/** Signs a token. Throws `bad-delegation` for one that no peer would accept. */
export function createDelegation(draft: DelegationDraft): Delegation {
  const { agentId, parent, signer, ...said } = draft;
  const body: DelegationBody = {
    ...said,
    issuer: parent === null ? agentId : parent.hash,
    depth: parent === null ? 1 : parent.depth + 1,
  };
  const bodyBytes = encodeCanonical(delegationBodyValue(body));
  const signature = signer.sign(delegationPreimage(agentId, body.establishment, bodyBytes));
  const token = readDelegation([delegationBodyValue(body), signature]);
  if (parent !== null) assertNarrower(token, parent);
  return token;
}

/** The token that a decoded value stands for. Throws `wrong-shape`, or `bad-delegation` for what no issuer can grant. */
export function readDelegation(value: CborValue): Delegation {
  const [bodyValue, signatureValue] = readArray(value, 'delegation', 2);
  const items = readArray(bodyValue, 'delegation body', 10);
  const body: DelegationBody = {
    issuer: readBytes(items[0], 'issuer', digestBytes),
    establishment: readBytes(items[1], 'establishment', digestBytes),
    audience: readBytes(items[2], 'audience', keyBytes),
    slot: readInteger(items[3], 'slot', 0, slotMax),
    rights: readInteger(items[4], 'rights', 1, allRights),
    fieldMask: readInteger(items[5], 'field mask', 0, allFields),
    notBefore: readSeconds(items[6], 'nbf'),
    expiresAt: readSeconds(items[7], 'exp'),
    depth: readInteger(items[8], 'depth', 1, delegationDepthMax),
    nonce: readBytes(items[9], 'nonce', delegationNonceBytes),
  };
  assertGrantable(body);
  const signature = readBytes(signatureValue, 'signature', signatureBytes);
  const bytes = encodeCanonical([items, signature]);
  const hash = digest(domain('weft/dlg/1'), bytes);
  return { ...body, signature, hash, key: bytesToHex(hash), bytes };
}

/** The token in these bytes. Throws `too-large`, `not-canonical` and what readDelegation throws. */
export function decodeDelegation(bytes: Uint8Array): Delegation {
  return readDelegation(decodeCanonical(bytes, delegationBytesMax));
}

/** The token as it stands inside other structures: [body, signature]. */
export function delegationValue(token: Delegation): CborValue {
  return [delegationBodyValue(token), token.signature];
}

/** True when the token grants that right. */
export function hasRight(token: Pick<DelegationBody, 'rights'>, right: Right): boolean {
  return (token.rights & rightBits[right]) !== 0;
}

/** The rights in a sum of rightBits. */
export function rightsOf(rights: number): Right[] {
  return (Object.keys(rightBits) as Right[]).filter((right) => hasRight({ rights }, right));
}

/** True when the token lets its audience change that field: by `op` and its mask, or by `publish`, which implies all fields. */
export function mayChangeField(token: DelegationBody, field: keyof typeof fieldBits): boolean {
  return hasRight(token, 'publish') || (hasRight(token, 'op') && (token.fieldMask & fieldBits[field]) !== 0);
}

/** The check that this token owes, under the key of its issuer: the controller's, or the parent token's audience. */
export function delegationCheck(token: Delegation, agentId: AgentId, issuerKey: Uint8Array): SignatureCheck {
  const bodyBytes = token.bytes.subarray(1, token.bytes.length - signatureItemBytes);
  return {
    publicKey: issuerKey,
    message: delegationPreimage(agentId, token.establishment, bodyBytes),
    signature: token.signature,
  };
}

/** Throws `bad-delegation` unless the child stands directly below the parent and is no wider in rights, mask, time or depth. */
export function assertNarrower(child: Delegation, parent: Delegation): void {
  const refuse = (what: string): never => {
    throw new ProtocolError('bad-delegation', `a delegate cannot delegate ${what}`, { depth: child.depth });
  };
  if (!bytesEqual(child.issuer, parent.hash)) refuse('under a token that is not the parent');
  if (!bytesEqual(child.establishment, parent.establishment)) refuse('across a rotation');
  if (child.depth !== parent.depth + 1) refuse('at a depth other than one more than its own');
  if (!hasRight(parent, 'sub')) refuse('without the right "sub"');
  if ((child.rights & ~parent.rights) !== 0) refuse('rights that it does not have');
  if ((child.fieldMask & ~parent.fieldMask) !== 0) refuse('fields that it does not have');
  if (child.notBefore < parent.notBefore || child.expiresAt > parent.expiresAt)
    refuse('for longer than it has');
}

/** What one token alone can break. */
function assertGrantable(body: DelegationBody): void {
  const refuse = (message: string): never => {
    throw new ProtocolError('bad-delegation', message, { depth: body.depth, slot: body.slot });
  };
  if (body.expiresAt <= body.notBefore) refuse('a delegation expires after it begins');
  if (body.expiresAt - body.notBefore > delegationSecondsMax) refuse('a delegation lasts at most 30 days');
  const writes = hasRight(body, 'op') || hasRight(body, 'publish');
  if (writes && body.depth !== 1) refuse('only the controller grants "op" and "publish"');
  if (writes && body.slot === 0) refuse('a delegate with "op" or "publish" has a slot of its own, 1 to 7');
  if (!writes && body.slot !== 0) refuse('a delegate without "op" and "publish" has no slot');
}

function delegationBodyValue(body: DelegationBody): readonly CborValue[] {
  return [
    body.issuer,
    body.establishment,
    body.audience,
    body.slot,
    body.rights,
    body.fieldMask,
    body.notBefore,
    body.expiresAt,
    body.depth,
    body.nonce,
  ];
}

function delegationPreimage(agentId: AgentId, establishment: Uint8Array, bodyBytes: Uint8Array): Uint8Array {
  return concatBytes(domain('weft/dlg/1'), agentId, establishment, bodyBytes);
}
