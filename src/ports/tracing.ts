/** Traces: what was done for one request, in nested spans with a beginning and an end. */

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  describe(attributes: SpanAttributes): void;
  /** It did not do what it was for. @param reason a stable code */
  fail(reason: string): void;
}

/** A request from outside, which begins and ends in different callbacks. */
export interface RequestSpan extends Span {
  /** What this calls, and what follows from it, happens within the span. */
  run(callback: () => void): void;
  end(): void;
}

export interface Tracing {
  /** A span around the task, within the one that this is called in. What the task throws is thrown. */
  within<Value>(
    name: string,
    attributes: SpanAttributes,
    task: (span: Span) => Promise<Value>,
  ): Promise<Value>;
  /** A span that continues the caller's trace where its headers (W3C Trace Context) name one. */
  beginRequest(
    name: string,
    attributes: SpanAttributes,
    headers: { readonly traceparent: string | undefined; readonly tracestate: string | undefined },
  ): RequestSpan;
  /** Sends what waits, for some seconds at most. */
  close(): Promise<void>;
}
