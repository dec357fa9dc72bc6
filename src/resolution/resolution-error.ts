/** What can end a resolution, or be wrong with a token, a route or a report of load, as typed errors. */
import type { TraceStep } from './resolution-types.ts';

/** Stable codes; each names the caller's situation. */
export type ResolutionErrorCode =
  | 'bad-request'
  | 'name-unknown'
  | 'not-found'
  | 'not-usable'
  | 'index-unreachable'
  | 'no-private-path'
  | 'no-endpoint'
  | 'no-skill'
  | 'untrusted'
  | 'resolver-unreachable'
  | 'bad-route'
  | 'too-slow'
  | 'busy'
  | 'bad-token'
  | 'wrong-key'
  | 'wrong-audience'
  | 'expired'
  | 'replayed'
  | 'adaptive-off'
  | 'no-routing'
  | 'bad-routing'
  | 'routing-full'
  | 'bad-report'
  | 'over-limit';

/** `data` holds plain values that help the reader. */
export class ResolutionError extends Error {
  readonly code: ResolutionErrorCode;
  readonly data: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ResolutionErrorCode,
    message: string,
    data: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.name = 'ResolutionError';
    this.code = code;
    this.data = data;
  }
}

/** Goes with the error: nothing keeps a trace alive that nobody reads. */
const traceByError = new WeakMap<object, readonly TraceStep[]>();

/** Notes how far a resolution came before this error ended it. */
export function noteTrace(error: unknown, trace: readonly TraceStep[]): void {
  if (typeof error === 'object' && error !== null) traceByError.set(error, trace);
}

/** How far a resolution came before this error ended it; empty for errors of anything else. */
export function traceOf(error: unknown): readonly TraceStep[] {
  return (typeof error === 'object' && error !== null && traceByError.get(error)) || [];
}
