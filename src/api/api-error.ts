/** Errors of the API's own surface, and every error as a problem document (RFC 9457). */
import { traceOf } from '../resolution/resolution-error.ts';
import type { TraceStep } from '../resolution/resolution-types.ts';
import { type ApiErrorCode, errorTable, lookUpError } from './error-table.ts';

/** What the API itself refuses. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** RFC 9457, with the stable code, what to do, and plain values that help. */
export interface Problem {
  /** `urn:weft:problem:<family>:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
  /** How far a resolution to an endpoint came. */
  readonly trace?: readonly TraceStepView[];
}

/** A step of it, with its time as ISO 8601. */
export interface TraceStepView extends Omit<TraceStep, 'holdsUntilMs'> {
  readonly holdsUntil: string | null;
}

/** The problem that an error is; `internal`, without its message, when nobody planned it. */
export function problemOf(error: unknown): Problem {
  const known = lookUpError(error);
  if (known === null) {
    const { status, hint } = errorTable['ApiError']!['internal']!;
    return {
      type: typeOf('ApiError', 'internal'),
      title: 'internal',
      status,
      detail: 'an unexpected failure',
      code: 'internal',
      hint,
    };
  }
  const { family, code, row } = known;
  const data = (error as { data?: Problem['data'] }).data;
  const hasData = data !== undefined && Object.keys(data).length > 0;
  return {
    type: typeOf(family, code),
    title: code.replaceAll('-', ' '),
    status: row.status,
    detail: (error as Error).message,
    code,
    hint: row.hint,
    ...(hasData && { data }),
    ...traceViewOf(error),
  };
}

/** A step of a trace as callers see it. */
export function stepView({ holdsUntilMs, ...step }: TraceStep): TraceStepView {
  const isBounded = holdsUntilMs !== null && Number.isFinite(holdsUntilMs);
  return { ...step, holdsUntil: isBounded ? new Date(holdsUntilMs).toISOString() : null };
}

function traceViewOf(error: unknown): Pick<Problem, 'trace'> {
  const trace = traceOf(error);
  return trace.length === 0 ? {} : { trace: trace.map(stepView) };
}

function typeOf(family: string, code: string): string {
  return `urn:weft:problem:${family.replace(/Error$/, '').toLowerCase()}:${code}`;
}
