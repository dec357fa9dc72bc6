/**
 * What stands beside the key log of one agent: its fence with the side-car, the tokens, the operations on the fence,
 * the revocations. One shape for a bundle's contents, for what a peer holds, and for what a join is made of.
 */
import type { Delegation } from '../identity/delegation.ts';
import type { Revocation } from '../identity/revocation.ts';
import type { AgentAddr } from './agent-addr.ts';
import type { Operation } from './operation.ts';

export interface RecordState {
  /** The fence, or null when only authority (keys, revocations) is known or stands. */
  readonly addr: AgentAddr | null;
  /** The side-car: the URL of each digest pointer of the fence, in field order; at most 3. */
  readonly urls: readonly string[];
  /**
   * Tokens that hold a slot, at most one a slot, by slot; before them the token of the fence's signer when a delegate
   * signed the fence. At most 8.
   */
  readonly delegations: readonly Delegation[];
  /** Operations on the fence, at most one for each slot and n, in that order; at most 64. */
  readonly operations: readonly Operation[];
  /** At most 16, in the order of compareRevocations. */
  readonly revocations: readonly Revocation[];
}

export const emptyRecord: RecordState = {
  addr: null,
  urls: [],
  delegations: [],
  operations: [],
  revocations: [],
};

/** The token under which a delegate signed the fence; null for the controller's fence and for none. */
export function fenceDelegation(record: RecordState): Delegation | null {
  return record.addr === null || record.addr.slot === 0 ? null : (record.delegations[0] ?? null);
}

/** The tokens that count for operations, by slot: of several for one slot the one with the lowest hash (§3). */
export function slotDelegations(delegations: readonly Delegation[]): ReadonlyMap<number, Delegation> {
  const tokenBySlot = new Map<number, Delegation>();
  for (const token of delegations) {
    const other = tokenBySlot.get(token.slot);
    if (other === undefined || token.key < other.key) tokenBySlot.set(token.slot, token);
  }
  return tokenBySlot;
}
