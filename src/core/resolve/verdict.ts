/**
 * What a joined state means to a reader now. Decides the status; does not collect answers.
 * Source: docs/protocol.md §4 (statuses, rollback in layers).
 */
import { bytesEqual } from '../bytes.ts';
import type { ResolveStatus } from '../peer/effects.ts';
import type { HighWaterMark } from '../peer/entry.ts';
import type { AgentState } from '../record/agent-state.ts';
import { validitySeconds } from '../record/durations.ts';

/** When the record's signed validity ends, seconds since 1970; 0 without a record. */
export function stateExpiresAt(state: AgentState): number {
  return state.addr === null ? 0 : state.addr.issuedAt + validitySeconds(state.addr.validityCode);
}

/**
 * The status of a state that is already joined with everything this node holds.
 * `rekeyed`: the head of the log has no fence yet. `rolled-back`: this node has accepted a newer fence on this very
 * establishment than anybody can show.
 */
export function resolveStatus(
  state: AgentState | null,
  mark: HighWaterMark | null,
  nowSeconds: number,
): ResolveStatus {
  if (state === null) return mark === null ? 'not-found' : 'rolled-back';
  const { keyState, addr } = state;
  if (keyState.status !== 'active') return keyState.status;
  const isMarked = mark !== null && bytesEqual(mark.establishment, keyState.establishment);
  if (addr === null) {
    if (isMarked) return 'expired';
    return keyState.sequence > 0 ? 'rekeyed' : 'not-found';
  }
  if (isMarked && mark.issuedAt > addr.issuedAt) return 'rolled-back';
  return stateExpiresAt(state) <= nowSeconds ? 'expired' : 'ok';
}
