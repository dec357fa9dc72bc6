/**
 * The verified, joined state of one agent: what a peer holds, answers and stores. Joining is commutative, associative
 * and idempotent on what was received (§3): the key logs by fork choice, everything else as the projection of a union
 * under the establishment that results. Nothing here verifies a signature: admission says which checks are owed.
 */
import { bytesEqual } from '../bytes.ts';
import { digest16, domain } from '../hash.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { chooseLog } from '../identity/fork-choice.ts';
import type { KeyEvent } from '../identity/key-event.ts';
import type { KeyState } from '../identity/key-state.ts';
import { remembered } from '../remembered.ts';
import type { Bundle } from './bundle.ts';
import { encodeBundle } from './bundle-codec.ts';
import { projectRecords } from './projection.ts';
import { emptyRecord, type RecordState } from './record-state.ts';

/**
 * All lists are in their canonical order and within their bounds, so that equal states have equal bytes. Everything
 * beside the key log stands under `keyState.establishment`; a forked or tombstoned agent has nothing beside it.
 */
export interface AgentState extends RecordState {
  readonly agentId: AgentId;
  readonly keyState: KeyState;
}

export interface JoinOutcome {
  /** `held` itself when nothing changed. */
  readonly state: AgentState;
  readonly changed: boolean;
  /** Another set of key events is retained. */
  readonly keyLogChanged: boolean;
  readonly revocationsChanged: boolean;
  /** Fence, side-car, tokens or operations. */
  readonly recordChanged: boolean;
}

/** The join of two states of one agent, whose signatures hold, and what it changes in the first. */
export function joinStates(held: AgentState | null, incoming: AgentState, nowSeconds: number): JoinOutcome {
  return joinInto(incoming, held, nowSeconds);
}

const joinInto = remembered(joinOutcome);

function joinOutcome(incoming: AgentState, held: AgentState | null, nowSeconds: number): JoinOutcome {
  if (held === null) return outcomeOfFirst(expireState(incoming, nowSeconds));
  const keyState = joinKeyStates(held.keyState, incoming.keyState);
  const keyLogChanged = keyState !== held.keyState;
  if (!keyLogChanged && (held === incoming || recordsEqual(held, incoming))) {
    return { state: held, changed: false, keyLogChanged, revocationsChanged: false, recordChanged: false };
  }
  const record = recordUnder(keyState, [held, incoming], nowSeconds);
  const revocationsChanged = !sameKeys(record.revocations, held.revocations);
  const recordChanged = !sameFence(record, held);
  const changed = keyLogChanged || revocationsChanged || recordChanged;
  const state = changed ? createState(keyState, record) : held;
  return { state, changed, keyLogChanged, revocationsChanged, recordChanged };
}

/** The state without what is not valid at that second; the very same state when nothing goes. */
export function expireState(state: AgentState, nowSeconds: number): AgentState {
  const record = recordUnder(state.keyState, [state], nowSeconds);
  return recordsEqual(record, state) ? state : createState(state.keyState, record);
}

/** Key log and revocations only: what gossip carries and anti-entropy reconciles (§5, §6). */
export function authorityState(state: AgentState): AgentState {
  return createState(state.keyState, { ...emptyRecord, revocations: state.revocations });
}

/** The bundle that says all of a state, and nothing else. */
export function bundleOfState(state: AgentState): Bundle {
  const { addr, urls, delegations, operations, revocations } = state;
  return { addr, urls, keyEvents: state.keyState.retained, delegations, operations, revocations };
}

/** Canonical bytes of its bundle: equal for equal states. */
export const encodeState = remembered((state: AgentState): Uint8Array => encodeBundle(bundleOfState(state)));

/** H16("weft/state/1" ‖ bundle): by it two peers see whether they hold the same of one agent. */
export const bundleDigest = remembered(
  (bundle: Uint8Array): Uint8Array => digest16(domain('weft/state/1'), bundle),
);

/** The digest of the state's bundle. */
export function stateDigest(state: AgentState): Uint8Array {
  return bundleDigest(encodeState(state));
}

/** True for the same fence, side-car, tokens, operations and revocations. */
export function recordsEqual(left: RecordState, right: RecordState): boolean {
  return sameFence(left, right) && sameKeys(left.revocations, right.revocations);
}

/** True for the same events in the same order, signatures included. */
export function sameKeyEvents(left: readonly KeyEvent[], right: readonly KeyEvent[]): boolean {
  if (left === right) return true;
  return (
    left.length === right.length && left.every((event, index) => bytesEqual(event.bytes, right[index]!.bytes))
  );
}

/** A state of these parts, which the caller has projected. */
export function createState(keyState: KeyState, record: RecordState): AgentState {
  const { addr, urls, delegations, operations, revocations } = record;
  return { agentId: keyState.agentId, keyState, addr, urls, delegations, operations, revocations };
}

/** What stands under that key state of records that were signed under it; nothing when the agent is not active. */
function recordUnder(keyState: KeyState, states: readonly AgentState[], nowSeconds: number): RecordState {
  if (keyState.status !== 'active') return emptyRecord;
  const standing = states.filter(
    (state) =>
      state.keyState === keyState || bytesEqual(state.keyState.establishment, keyState.establishment),
  );
  return projectRecords(standing, keyState.establishment, nowSeconds);
}

/** The join of two key logs of one agent; `held` itself when the other adds nothing. */
function joinKeyStates(held: KeyState, incoming: KeyState): KeyState {
  if (sameKeyEvents(held.retained, incoming.retained)) return held;
  const joined = chooseLog(held.agentId, [...held.retained, ...incoming.retained]);
  return sameKeyEvents(joined.retained, held.retained) ? held : joined;
}

function outcomeOfFirst(state: AgentState): JoinOutcome {
  return {
    state,
    changed: true,
    keyLogChanged: true,
    revocationsChanged: state.revocations.length > 0,
    recordChanged: !sameFence(state, emptyRecord),
  };
}

/** Side-cars follow from the fences: their digests were checked. */
function sameFence(left: RecordState, right: RecordState): boolean {
  const sameAddr =
    left.addr === null || right.addr === null
      ? left.addr === right.addr
      : bytesEqual(left.addr.bytes, right.addr.bytes);
  return (
    sameAddr && sameKeys(left.delegations, right.delegations) && sameKeys(left.operations, right.operations)
  );
}

function sameKeys(
  left: readonly { readonly key: string }[],
  right: readonly { readonly key: string }[],
): boolean {
  return (
    left === right ||
    (left.length === right.length && left.every((item, index) => item.key === right[index]!.key))
  );
}
