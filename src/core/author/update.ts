/**
 * Changing fields of a record (§3): one operation for each field on the current fence, by the controller or a delegate.
 * Decides the place (n) and what an operation overwrites (left); where operations do not do, a fence is signed.
 */
import { ProtocolError } from '../errors.ts';
import { digest16Bytes, operationsPerSignerMax } from '../limits.ts';
import { type AgentState, joinStates } from '../record/agent-state.ts';
import type { FieldName } from '../record/field.ts';
import { materialise } from '../record/merge.ts';
import type { Operation, OperationValue } from '../record/operation.ts';
import { signOperation } from '../record/sign.ts';
import { changedFields, type RecordChanges, type RecordValues } from './record-values.ts';
import { refenceAgent } from './refence.ts';
import { assertMayChange, mayPublish, signingContext, type Writer } from './writer.ts';

export interface UpdateDraft {
  readonly state: AgentState;
  readonly writer: Writer;
  readonly changes: RecordChanges;
  /** What the record says when the state has no fence any more; see refenceAgent. */
  readonly lastValues?: RecordValues | null;
  readonly nowSeconds: number;
}

export interface Update {
  readonly state: AgentState;
  /** The operations that were signed, in field order; empty when a fence was signed in their place. */
  readonly operations: readonly Operation[];
}

/**
 * The state with the changes. A fence takes the place of operations when there is none to stand on, when the slot's
 * eight places do not suffice, or when the validity changes.
 * @throws ProtocolError `bad-delegation` outside the writer's rights; `over-quota` when a delegate that may not publish
 * has no place left; `bad-argument` when nothing is to be changed; `bad-url`.
 */
export function updateAgent(draft: UpdateDraft): Update {
  const { state, writer, changes } = draft;
  const changed = changedFields(changes);
  const { addr } = state;
  const changesValidity = changes.validityCode !== undefined && changes.validityCode !== addr?.validityCode;
  if (changed.length === 0 && changes.validityCode === undefined) {
    throw new ProtocolError('bad-argument', 'an update changes at least one field');
  }
  for (const { field } of changed) assertMayChange(writer, field);
  const places = freePlaces(state, writer.slot);
  if (addr === null || changesValidity || places.length < changed.length) {
    if (!mayPublish(writer)) throw fenceNeeded(addr === null, changesValidity);
    return { state: refenceAgent(draft), operations: [] };
  }
  return appendOperations(draft, addr.digest16, changed, places);
}

/** Places 1..8 of a slot that hold no operation yet. */
function freePlaces(state: AgentState, slot: number): number[] {
  const taken = new Set(state.operations.filter((one) => one.slot === slot).map((one) => one.n));
  return Array.from({ length: operationsPerSignerMax }, (_, index) => index + 1).filter((n) => !taken.has(n));
}

/** How many operations the busiest slot has on the current fence: a reason to fold them. */
export function operationsOfBusiestSlot(state: AgentState): number {
  const countBySlot = new Map<number, number>();
  for (const { slot } of state.operations) countBySlot.set(slot, (countBySlot.get(slot) ?? 0) + 1);
  return Math.max(0, ...countBySlot.values());
}

function appendOperations(
  draft: UpdateDraft,
  base: Uint8Array,
  changed: readonly { readonly field: FieldName; readonly value: OperationValue }[],
  places: readonly number[],
): Update {
  const { state, writer, nowSeconds } = draft;
  const context = { ...signingContext(state.keyState), signer: writer.signer };
  const delegation = writer.token === null ? null : writer.token.hash.slice(0, digest16Bytes);
  const operations = changed.map(({ field, value }, index) =>
    signOperation(
      {
        base,
        slot: writer.slot,
        n: places[index]!,
        field,
        value,
        left: overwritten(state, writer, field),
        issuedAt: nowSeconds,
        delegation,
      },
      context,
    ),
  );
  const incoming = { ...state, operations: [...state.operations, ...operations] };
  return { state: joinStates(state, incoming, nowSeconds).state, operations };
}

/**
 * A delegate overwrites what it sees; the controller overwrites its own previous operation only, and so beats every
 * delegate that has not seen this one (§3).
 */
function overwritten(state: AgentState, writer: Writer, field: FieldName): Uint8Array | null {
  if (writer.slot !== 0) return materialise(state).fields[field].origin?.digest16 ?? null;
  const own = state.operations.filter((one) => one.slot === 0 && one.field === field);
  const built = new Set(own.flatMap((one) => (one.left === null ? [] : [one.left.join()])));
  return own.findLast((one) => !built.has(one.digest16.join()))?.digest16 ?? null;
}

function fenceNeeded(hasEnded: boolean, changesValidity: boolean): ProtocolError {
  if (hasEnded)
    return new ProtocolError('expired', 'the record has ended: its controller signs the next fence');
  return changesValidity
    ? new ProtocolError('bad-delegation', 'changing the validity takes a fence: the right "publish"')
    : new ProtocolError('over-quota', 'the slot has no place left until the next fence', {
        operationsMax: operationsPerSignerMax,
      });
}
