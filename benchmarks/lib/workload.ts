/** The two ways in which operations are driven: one after the other, and many at once. */
import { setTimeout as delay } from 'node:timers/promises';

/** How long a series runs: to the number of operations or to the time, whichever is first. */
export interface SeriesLimits {
  readonly operationsMax: number;
  readonly budgetMs: number;
}

/** The same for operations that run many at once, with a least number that a slow subject is not excused from. */
export interface ConcurrentLimits extends SeriesLimits {
  readonly operationsMin: number;
  readonly drainMsMax: number;
}

/** The outcome of a series; `done` holds the records whose operation succeeded. */
export interface SeriesOutcome {
  readonly done: readonly number[];
  readonly failures: number;
  /** The first few different messages, so that a failing subject can be understood from the report. */
  readonly errors: readonly string[];
}

/** Latencies of operations that ran one after the other. */
export interface SequentialOutcome extends SeriesOutcome {
  readonly latenciesMs: readonly number[];
}

/** The rate of operations that ran many at once. */
export interface ConcurrentOutcome extends SeriesOutcome {
  /** All that succeeded, over the time until the last one ended: how long a batch takes. */
  readonly perSecond: number;
  /** What had succeeded when the last operation was issued, over that time: no stragglers. Null when nothing had. */
  readonly steadyPerSecond: number | null;
  readonly elapsedMs: number;
  /** Operations that had not ended when the harness stopped waiting. */
  readonly abandoned: number;
}

type Operation = (record: number) => Promise<void>;

const errorsMax = 5;
/** A series has at least this many samples, however slow the subject. */
const sequentialOperationsMin = 3;
const pollMs = 20;

/** Runs the operation on the records one after the other. */
export async function runSequentially(
  operation: Operation,
  records: readonly number[],
  limits: SeriesLimits,
): Promise<SequentialOutcome> {
  const series = createSeries();
  const latenciesMs: number[] = [];
  const beganMs = performance.now();
  for (const [index, record] of records.entries()) {
    if (index >= limits.operationsMax) break;
    if (index >= sequentialOperationsMin && performance.now() - beganMs > limits.budgetMs) break;
    const startedMs = performance.now();
    if (await series.run(operation, record)) latenciesMs.push(performance.now() - startedMs);
  }
  return { ...series.outcome(), latenciesMs };
}

/**
 * Keeps `inFlight` operations going, as a closed loop, until the limits stop it, and then waits for the stragglers, at
 * most `drainMsMax`. What has not ended by then is counted as abandoned and left to end by itself.
 */
export async function runConcurrently(
  operation: Operation,
  records: readonly number[],
  inFlight: number,
  limits: ConcurrentLimits,
): Promise<ConcurrentOutcome> {
  const series = createSeries();
  const end = Math.min(records.length, limits.operationsMax);
  const beganMs = performance.now();
  const elapsed = (): number => performance.now() - beganMs;
  let next = 0;
  let lastEndMs = 0;
  let atLastIssue = { ms: 0, done: 0 };
  const lane = async (): Promise<void> => {
    while (next < end && (next < limits.operationsMin || elapsed() <= limits.budgetMs)) {
      atLastIssue = { ms: elapsed(), done: series.doneCount() };
      await series.run(operation, records[next++]!);
      lastEndMs = elapsed();
    }
  };
  const lanes = Promise.all(Array.from({ length: inFlight }, lane)).then(() => true);
  const drained = await settledWithin(
    lanes,
    () => next >= end || elapsed() > limits.budgetMs,
    limits.drainMsMax,
  );
  const outcome = series.outcome();
  const elapsedMs = drained ? lastEndMs : elapsed();
  return {
    ...outcome,
    elapsedMs,
    abandoned: next - outcome.done.length - outcome.failures,
    perSecond: rate(outcome.done.length, elapsedMs),
    steadyPerSecond: atLastIssue.done === 0 ? null : rate(atLastIssue.done, atLastIssue.ms),
  };
}

/** True when the lanes have ended, false when they had not within the time after the last operation was issued. */
async function settledWithin(
  lanes: Promise<boolean>,
  issued: () => boolean,
  drainMsMax: number,
): Promise<boolean> {
  for (let drainedMs = 0; drainedMs < drainMsMax; ) {
    if (await Promise.race([lanes, delay(pollMs, false)])) return true;
    if (issued()) drainedMs += pollMs;
  }
  return false;
}

function rate(count: number, elapsedMs: number): number {
  return elapsedMs === 0 ? 0 : (count * 1000) / elapsedMs;
}

function createSeries() {
  const done: number[] = [];
  const errors = new Set<string>();
  let failures = 0;
  return {
    async run(operation: Operation, record: number): Promise<boolean> {
      try {
        await operation(record);
        done.push(record);
        return true;
      } catch (error) {
        failures++;
        if (errors.size < errorsMax) errors.add(String(error));
        return false;
      }
    },
    doneCount: (): number => done.length,
    outcome: (): SeriesOutcome => ({ done: [...done], failures, errors: [...errors] }),
  };
}
