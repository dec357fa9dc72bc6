/**
 * The AgentAddr (§2): at most 120 bytes that say where an agent's facts are, signed. As a checkpoint of the merged
 * fields it is called a *fence* (§0.3). Decides what is signed and how long it holds; the bytes are in agent-addr-codec, signing in
 * sign, the order of two fences in fence-order.
 */
import { concatBytes } from '../bytes.ts';
import type { SignatureCheck, Signer } from '../ed25519.ts';
import { domain } from '../hash.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { validitySeconds } from './durations.ts';
import type { Pointers } from './pointer.ts';

/** What is signed, without the signature. */
export interface AgentAddrDraft {
  /** KEL sequence number of the establishment, 0..255: a hint, which lets a reader refuse without a signature check. */
  readonly epoch: number;
  /** 0 the controller, 1..7 a delegate. */
  readonly slot: number;
  /** 0..15, see durations. */
  readonly ttlCode: number;
  /** 0..15, see durations. */
  readonly validityCode: number;
  /** Seconds since 1970, u32. */
  readonly issuedAt: number;
  readonly pointers: Pointers;
}

export interface AgentAddr extends AgentAddrDraft {
  /** 64 bytes over "weft/addr/1" ‖ aid ‖ estDigest ‖ the bytes before it. */
  readonly signature: Uint8Array;
  /** The whole record, 72 to 120 bytes. */
  readonly bytes: Uint8Array;
  /** H16("weft/fence/1" ‖ bytes): the `base` of the operations on this fence. */
  readonly digest16: Uint8Array;
}

/** What a record's signature binds beside its bytes, and who gives it. */
export interface SigningContext {
  readonly agentId: AgentId;
  /** Digest of the establishment event, 32 bytes. */
  readonly establishment: Uint8Array;
  readonly signer: Signer;
}

/** The check that a record owes. @param publicKey the controller's signing key, or the audience of the slot's token. */
export function agentAddrCheck(
  addr: AgentAddr,
  agentId: AgentId,
  establishment: Uint8Array,
  publicKey: Uint8Array,
): SignatureCheck {
  const message = addrPreimage(addrBodyBytes(addr), agentId, establishment);
  return { publicKey, message, signature: addr.signature };
}

/** The bytes before the signature, a view. */
export function addrBodyBytes(addr: AgentAddr): Uint8Array {
  return addr.bytes.subarray(0, addr.bytes.length - addr.signature.length);
}

/** The second from which the record is no longer valid. */
export function addrExpiresAt(addr: AgentAddrDraft): number {
  return addr.issuedAt + validitySeconds(addr.validityCode);
}

/** "weft/addr/1" ‖ aid ‖ estDigest ‖ body: what is signed. */
export function addrPreimage(body: Uint8Array, agentId: AgentId, establishment: Uint8Array): Uint8Array {
  return concatBytes(domain('weft/addr/1'), agentId, establishment, body);
}
