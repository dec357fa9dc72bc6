/**
 * An operation (§3): one signed change of one field on top of one fence. Decides what is signed and what an operation
 * is called; the bytes are in operation-codec, signing in sign; whether it counts is decided by operation-validate and
 * projection, what it does by merge.
 */
import { concatBytes } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { domain } from '../hash.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { signatureBytes } from '../limits.ts';
import type { FieldName } from './field.ts';

/** A URL; 16 bytes for a blinded private pointer; a ttl code; null clears a pointer. */
export type OperationValue = string | Uint8Array | number | null;

/** What is signed. */
export interface OperationBody {
  /** H16 of the fence that it stands on, 16 bytes. */
  readonly base: Uint8Array;
  /** 0 the controller, 1..7 a delegate. */
  readonly slot: number;
  /** 1..8, its place among the slot's operations on this fence. */
  readonly n: number;
  readonly field: FieldName;
  readonly value: OperationValue;
  /** H16 of the operation that it overwrites; null: the fence's value. */
  readonly left: Uint8Array | null;
  /** Seconds since 1970, u32. */
  readonly issuedAt: number;
  /** First 16 bytes of the token's hash; null for slot 0. */
  readonly delegation: Uint8Array | null;
}

export interface Operation extends OperationBody {
  /** 64 bytes over "weft/op/1" ‖ aid ‖ estDigest ‖ dCBOR(body). */
  readonly signature: Uint8Array;
  /** H("weft/op/1" ‖ dCBOR([body, signature])), 32 bytes: decides its Yjs client and who wins a place. */
  readonly digest: Uint8Array;
  /** First 16 bytes of the digest: what `left` refers to. */
  readonly digest16: Uint8Array;
  /** The digest in hexadecimal. */
  readonly key: string;
  /** dCBOR([body, signature]). */
  readonly bytes: Uint8Array;
}

/** The check that an operation owes. @param publicKey the controller's signing key, or the audience of its token. */
export function operationCheck(
  operation: Operation,
  agentId: AgentId,
  establishment: Uint8Array,
  publicKey: Uint8Array,
): SignatureCheck {
  const message = operationPreimage(operationBodyBytes(operation.bytes), agentId, establishment);
  return { publicKey, message, signature: operation.signature };
}

/** dCBOR(body), a view into `bytes`: one byte of array head before it, the signature's item (2 + 64) behind it. */
function operationBodyBytes(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(1, bytes.length - signatureBytes - 2);
}

/** "weft/op/1" ‖ aid ‖ estDigest ‖ dCBOR(body): what is signed. */
export function operationPreimage(
  bodyBytes: Uint8Array,
  agentId: AgentId,
  establishment: Uint8Array,
): Uint8Array {
  return concatBytes(domain('weft/op/1'), agentId, establishment, bodyBytes);
}
