/** The end of an agent (§1): a tombstone by its rotation or recovery key. Nothing of its record remains. */
import type { Signer } from '../ed25519.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import { createTombstone } from '../identity/key-events.ts';
import type { ReasonCode } from '../identity/reason-code.ts';
import { type AgentState, joinStates } from '../record/agent-state.ts';
import { emptyRecord } from '../record/record-state.ts';

/** The ended agent. A rotation key's tombstone can be undone by a recovery, a recovery key's cannot. @throws what createTombstone throws. */
export function tombstoneAgent(draft: {
  readonly state: AgentState;
  /** The rotation or the recovery key. */
  readonly signer: Signer;
  readonly reason: ReasonCode;
  readonly nowSeconds: number;
}): AgentState {
  const { state, signer, reason, nowSeconds } = draft;
  const { agentId } = state;
  const event = createTombstone({ state: state.keyState, signer, reason, issuedAt: nowSeconds });
  const keyState = chooseLog(agentId, [...state.keyState.retained, event]);
  return joinStates(state, { agentId, keyState, ...emptyRecord }, nowSeconds).state;
}
