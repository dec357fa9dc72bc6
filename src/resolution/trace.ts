/** The trace of one resolution: each step with what was asked, of whom, how long it took, and what proves the answer. */
import { noteTrace } from './resolution-error.ts';
import type { StepName, StepOutcome, TraceStep } from './resolution-types.ts';

/** What a step says of itself when it is done. */
export interface StepEnd {
  readonly outcome: StepOutcome;
  readonly from: string;
  readonly said: string;
  readonly verifiedBy?: string;
  readonly holdsUntilMs?: number;
  readonly code?: string;
}

export interface Tracer {
  readonly steps: readonly TraceStep[];
  /** Begins a step; the function that it returns ends it. */
  begin(step: StepName, asked: string): (end: StepEnd) => void;
}

export function createTracer(nowMs: () => number, listener: (step: TraceStep) => void): Tracer {
  const steps: TraceStep[] = [];
  return {
    steps,
    begin(step, asked) {
      const startMs = nowMs();
      return ({ outcome, from, said, verifiedBy = null, holdsUntilMs = null, code = null }: Ended) => {
        const tookMs = nowMs() - startMs;
        const done = { step, outcome, asked, from, said, tookMs, verifiedBy, holdsUntilMs, code };
        steps.push(done);
        listener(done);
      };
    },
  };
}

interface Ended extends Omit<StepEnd, 'verifiedBy' | 'holdsUntilMs' | 'code'> {
  readonly verifiedBy?: string | null;
  readonly holdsUntilMs?: number | null;
  readonly code?: string | null;
}

/** Ends a step by an error: `refused` where an answer came and does not hold, `failed` where none came. */
export function failedStep(error: unknown, from: string): StepEnd {
  const code = codeOf(error);
  return {
    outcome: silentCodes.has(code) ? 'failed' : missingCodes.has(code) ? 'missing' : 'refused',
    from,
    said: error instanceof Error ? error.message : String(error),
    code,
  };
}

/** Runs it, and notes the trace with whatever error ends it. */
export async function traced<Value>(tracer: Tracer, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (error) {
    noteTrace(error, tracer.steps);
    throw error;
  }
}

/** The stable code of an error; `internal` for what nobody planned. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'internal';
}

/** Nobody answered. */
const silentCodes: ReadonlySet<string> = new Set([
  'unreachable',
  'too-slow',
  'resolver-unreachable',
  'index-unreachable',
  'no-usable-answers',
  'offline',
  'aborted',
  'busy',
  'timeout',
  'not-running',
]);
/** There is nothing of that kind. */
const missingCodes: ReadonlySet<string> = new Set([
  'no-facts-url',
  'no-private-path',
  'no-endpoint',
  'no-skill',
  'not-found',
  'name-unknown',
  'no-such-name',
]);
