/** The headers of W3C Trace Context, level 1: https://www.w3.org/TR/trace-context/ */
import { createTraceState, type SpanContext } from '@opentelemetry/api';

/** Longer ones are cut by the standard, too. */
const stateLengthMax = 512;

/** The caller's span; null when the header is missing or not valid: then a trace begins here. */
export function parseTraceparent(traceparent: string | undefined, tracestate?: string): SpanContext | null {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(traceparent ?? '');
  if (match === null) return null;
  const [version, traceId, spanId, flags, rest] = match.slice(1) as [string, string, string, string, string?];
  // Later versions may have more behind it; ff is no version.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  const isStateKept = tracestate !== undefined && tracestate.length <= stateLengthMax;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(isStateKept && { traceState: createTraceState(tracestate) }),
  };
}
