/**
 * Which of two fences under one establishment stands (§3): the later iat, then the lower slot, then the lower body
 * bytes, then the lower signature. A total order on bytes, so that every peer decides alike; validity is not its matter.
 */
import { compareBytes } from '../bytes.ts';
import type { Delegation } from '../identity/delegation.ts';
import { type AgentAddr, addrBodyBytes } from './agent-addr.ts';

/** A fence with its side-car and, for a delegate's, the token that lets it publish. */
export interface Fence {
  readonly addr: AgentAddr;
  readonly urls: readonly string[];
  readonly delegation: Delegation | null;
}

/** Positive when the left one stands, negative when the right one does, zero for identical bytes. */
export function compareAddrs(left: AgentAddr, right: AgentAddr): number {
  return (
    left.issuedAt - right.issuedAt ||
    right.slot - left.slot ||
    compareBytes(addrBodyBytes(right), addrBodyBytes(left)) ||
    compareBytes(right.signature, left.signature)
  );
}

/** The same for fences; of two tokens under one and the same record, the one with the lower hash stands. */
export function compareFences(left: Fence, right: Fence): number {
  const order = compareAddrs(left.addr, right.addr);
  if (order !== 0 || left.delegation === null || right.delegation === null) return order;
  return compareBytes(right.delegation.hash, left.delegation.hash);
}
