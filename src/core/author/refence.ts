/**
 * A new fence over the merged state (§3): refresh, compaction and garbage collection in one act.
 * Decides what the fence says; the join decides whether it wins.
 */
import { ProtocolError } from '../errors.ts';
import { type AgentState, joinStates } from '../record/agent-state.ts';
import { signFence } from './fence.ts';
import { applyChanges, type RecordChanges, type RecordValues, recordValuesOf } from './record-values.ts';
import { mayPublish, type Writer } from './writer.ts';

export interface RefenceDraft {
  readonly state: AgentState;
  readonly writer: Writer;
  readonly changes?: RecordChanges;
  /** What the record says when the state has no fence any more; the author keeps it. */
  readonly lastValues?: RecordValues | null;
  readonly nowSeconds: number;
}

/**
 * The state under a new fence that says the merge and the changes; its operations are folded into it.
 * @throws ProtocolError `bad-delegation` when the writer may not publish; `expired` when nobody knows what to say.
 */
export function refenceAgent(draft: RefenceDraft): AgentState {
  const { state, writer, changes = {}, lastValues = null, nowSeconds } = draft;
  if (!mayPublish(writer)) {
    throw new ProtocolError(
      'bad-delegation',
      'a fence is signed by the controller or a delegate with "publish"',
    );
  }
  const values = recordValuesOf(state) ?? lastValues;
  if (values === null) {
    throw new ProtocolError(
      'expired',
      'the record has ended and its values are not known here: give all of them',
    );
  }
  const { keyState } = state;
  const fence = signFence({
    keyState,
    writer,
    values: applyChanges(values, changes),
    held: state.addr,
    nowSeconds,
  });
  const incoming = { ...state, ...fence, delegations: fenceTokenFirst(state, writer), operations: [] };
  return joinStates(state, incoming, nowSeconds).state;
}

/** Where a delegate signs the fence, its token comes first (record-state). */
function fenceTokenFirst({ delegations }: AgentState, { token }: Writer): AgentState['delegations'] {
  return token === null ? delegations : [token, ...delegations.filter((other) => other.key !== token.key)];
}
