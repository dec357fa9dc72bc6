/** What the harness asks of a subject's process, and the answers; plain data that crosses the process boundary. */
import type { ConcurrentLimits, ConcurrentOutcome, SequentialOutcome, SeriesLimits } from './workload.ts';

/** A started network. */
export interface StartOutcome {
  readonly startMs: number;
  readonly cpuSeconds: number;
  /** Resident memory after a collection: before the nodes existed, with its libraries loaded, and after. */
  readonly residentBytesBefore: number;
  readonly residentBytesAfter: number;
}

/** One turn of one subject: four series on fresh records. */
export interface TurnPlan {
  /** Records from this number on belong to this turn. */
  readonly firstRecord: number;
  readonly sequential: SeriesLimits;
  /** Null leaves the two concurrent series out. */
  readonly concurrent: ConcurrentLimits | null;
  readonly inFlight: number;
}

/** What a turn measured; the reads are of the records that the turn itself wrote, each read once. */
export interface TurnOutcome {
  readonly put: SequentialOutcome;
  readonly get: SequentialOutcome;
  readonly concurrentPut: ConcurrentOutcome | null;
  readonly concurrentGet: ConcurrentOutcome | null;
}

/** Records that a turn may use at most. */
export function recordsOfTurn(plan: Pick<TurnPlan, 'sequential' | 'concurrent'>): number {
  return plan.sequential.operationsMax + (plan.concurrent?.operationsMax ?? 0);
}
