/** What a record says, in the terms in which it was registered. */
import { recordValuesOf } from '../core/author/record-values.ts';
import { addrExpiresAt } from '../core/record/agent-addr.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { ttlSeconds } from '../core/record/durations.ts';

export interface LightRecord {
  readonly primaryFactsUrl: string | null;
  /** A URL, or the 16 bytes of a blinded pointer. */
  readonly privateFactsUrl: string | Uint8Array | null;
  readonly adaptiveResolverUrl: string | null;
  readonly ttlSeconds: number;
  /** When its signed validity ends, seconds since 1970. */
  readonly expiresAtSeconds: number;
}

const recordByState = new WeakMap<AgentState, LightRecord>();

/** The merge of fence and operations; null without a record. Computed once for a state. */
export function lightRecordOf(state: AgentState): LightRecord | null {
  const known = recordByState.get(state);
  if (known !== undefined) return known;
  const values = recordValuesOf(state);
  if (values === null || state.addr === null) return null;
  const record: LightRecord = {
    primaryFactsUrl: values.primary,
    privateFactsUrl: values.private,
    adaptiveResolverUrl: values.adaptive,
    ttlSeconds: ttlSeconds(values.ttlCode),
    expiresAtSeconds: addrExpiresAt(state.addr),
  };
  recordByState.set(state, record);
  return record;
}
