/**
 * The operations that this node signed in the last seconds, to see when a fence that had not seen them drops them
 * (docs/protocol.md §3: `superseded`; the writer issues them again). A fence that says something else much later, or
 * after another writer's word stood, means it.
 */
import { bytesEqual, bytesToHex } from '../core/bytes.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { ttlSeconds } from '../core/record/durations.ts';
import { type Materialised, materialise } from '../core/record/merge.ts';
import type { Operation, OperationValue } from '../core/record/operation.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordDraft } from './agent-types.ts';

export interface RecentUpdates {
  /** No operations: this node signed a fence, which has seen all of its own before. */
  note(agentId: AgentId, operations: readonly Operation[]): void;
  /** What is to be issued again, now that the agent stands so. Each operation is answered once. */
  superseded(state: AgentState): readonly RecordDraft[];
}

/** A fence so soon after an operation was signed without it; iat has whole seconds. */
const unseenSeconds = 3;
/** An operation whose value was issued again so often is let go. */
const reissuesMax = 3;
const agentsMax = 4_096;

interface RecentUpdate {
  readonly operation: Operation;
  readonly reissues: number;
}

export function createRecentUpdates(clock: Clock): RecentUpdates {
  const updatesByAgent = new Map<string, RecentUpdate[]>();
  // What superseded() gave out last, so that its second issue is known as such.
  const reissuesByValue = new Map<string, number>();

  return {
    note(agentId, operations) {
      const key = agentKey(agentId);
      if (operations.length === 0) {
        updatesByAgent.delete(key);
        return;
      }
      const since = Math.floor(clock.nowMs() / 1000) - 2 * unseenSeconds;
      const kept = (updatesByAgent.get(key) ?? []).filter(({ operation }) => operation.issuedAt >= since);
      const added = operations.map((operation) => ({
        operation,
        reissues: reissuesByValue.get(valueKey(key, operation)) ?? 0,
      }));
      updatesByAgent.delete(key);
      updatesByAgent.set(key, [...kept, ...added]);
      forgetOldest(updatesByAgent);
    },
    superseded(state) {
      const key = agentKey(state.agentId);
      const updates = updatesByAgent.get(key);
      if (updates === undefined) return [];
      if (state.addr === null) {
        updatesByAgent.delete(key);
        return [];
      }
      const { addr } = state;
      const { fields } = materialise(state);
      const standing = updates.filter(({ operation }) => bytesEqual(operation.base, addr.digest16));
      const shown = standing.filter(({ operation }) => fields[operation.field].origin?.key === operation.key);
      if (shown.length > 0) updatesByAgent.set(key, shown);
      else updatesByAgent.delete(key);
      const dropped = updates.filter(
        ({ operation, reissues }) =>
          !bytesEqual(operation.base, addr.digest16) &&
          addr.issuedAt - operation.issuedAt <= unseenSeconds &&
          reissues < reissuesMax &&
          !sameValue(mergedValue(fields, operation), operation.value),
      );
      for (const { operation, reissues } of dropped) {
        reissuesByValue.set(valueKey(key, operation), reissues + 1);
        forgetOldest(reissuesByValue);
      }
      return dropped.map(({ operation }) => draftOf(operation));
    },
  };
}

function forgetOldest(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= agentsMax) return;
    map.delete(oldest);
  }
}

function valueKey(key: string, { field, value }: Operation): string {
  return `${key} ${field} ${value instanceof Uint8Array ? bytesToHex(value) : value}`;
}

function mergedValue(fields: Materialised['fields'], { field }: Operation): OperationValue {
  return field === 'ttl' ? fields.ttl.code : fields[field].value;
}

function sameValue(left: OperationValue, right: OperationValue): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return bytesEqual(left, right);
  return left === right;
}

function draftOf({ field, value }: Operation): RecordDraft {
  switch (field) {
    case 'primary':
      return { primaryFactsUrl: value as string | null };
    case 'private':
      return { privateFactsUrl: value as string | Uint8Array | null };
    case 'adaptive':
      return { adaptiveResolverUrl: value as string | null };
    case 'ttl':
      return { ttlSeconds: ttlSeconds(value as number) };
  }
}
