/**
 * What a record says in plain values, and changes to it: the author's side of fences and operations.
 * Decides which fields a change touches; does not sign. Source: docs/protocol.md §2, §3.
 */
import { ProtocolError } from '../errors.ts';
import type { AgentState } from '../record/agent-state.ts';
import { ttlCodeDefault, validityCodeDefault } from '../record/durations.ts';
import type { FieldName } from '../record/field.ts';
import { materialise } from '../record/merge.ts';
import type { OperationValue } from '../record/operation.ts';

/** All that a fence says. */
export interface RecordValues {
  readonly primary: string | null;
  /** 16 bytes: a blinded pointer. */
  readonly private: string | Uint8Array | null;
  readonly adaptive: string | null;
  readonly ttlCode: number;
  readonly validityCode: number;
}

/** What an author wants changed: undefined leaves a field, null clears it. */
export interface RecordChanges {
  readonly primary?: string | null | undefined;
  readonly private?: string | Uint8Array | null | undefined;
  readonly adaptive?: string | null | undefined;
  readonly ttlCode?: number | undefined;
  /** No operation carries it: changing it takes a fence. */
  readonly validityCode?: number | undefined;
}

/** A record that says nothing yet. */
export const recordValuesDefault: RecordValues = {
  primary: null,
  private: null,
  adaptive: null,
  ttlCode: ttlCodeDefault,
  validityCode: validityCodeDefault,
};

/** What the merge of fence and operations says (§3); null without a fence. */
export function recordValuesOf(state: AgentState): RecordValues | null {
  if (state.addr === null) return null;
  const { fields } = materialise(state);
  return {
    primary: asUrl(fields.primary.value, 'primary'),
    private: fields.private.value,
    adaptive: asUrl(fields.adaptive.value, 'adaptive'),
    ttlCode: fields.ttl.code,
    validityCode: state.addr.validityCode,
  };
}

/** The values after the changes. */
export function applyChanges(values: RecordValues, changes: RecordChanges): RecordValues {
  return {
    primary: changes.primary === undefined ? values.primary : changes.primary,
    private: changes.private === undefined ? values.private : changes.private,
    adaptive: changes.adaptive === undefined ? values.adaptive : changes.adaptive,
    ttlCode: changes.ttlCode ?? values.ttlCode,
    validityCode: changes.validityCode ?? values.validityCode,
  };
}

/** The fields that the changes name, with their values, in field order: one operation each. */
export function changedFields(
  changes: RecordChanges,
): { readonly field: FieldName; readonly value: OperationValue }[] {
  const named: readonly (readonly [FieldName, OperationValue | undefined])[] = [
    ['primary', changes.primary],
    ['private', changes.private],
    ['adaptive', changes.adaptive],
    ['ttl', changes.ttlCode],
  ];
  return named.flatMap(([field, value]) => (value === undefined ? [] : [{ field, value }]));
}

function asUrl(value: string | Uint8Array | null, field: FieldName): string | null {
  if (value instanceof Uint8Array)
    throw new ProtocolError('bad-operation', `${field} holds a blinded pointer`);
  return value;
}
