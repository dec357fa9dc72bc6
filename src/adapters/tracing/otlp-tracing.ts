/**
 * The tracing port over OpenTelemetry: spans leave in batches as OTLP over HTTP, in JSON. Nobody waits for a collector:
 * what it does not take is dropped and counted. Loaded only when tracing is on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type Span as OpenSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../../ports/log.ts';
import type { RequestSpan, Span, SpanAttributes, Tracing } from '../../ports/tracing.ts';
import { parseTraceparent } from './trace-context.ts';

export interface OtlpTracingOptions {
  /** Of the collector, with the path: `http://127.0.0.1:4318/v1/traces`. */
  readonly endpoint: string;
  /** Traces that begin here, of 100; those that continue a caller's are sampled as the caller says. */
  readonly samplePercent: number;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly counted: (kind: 'exported' | 'lost', spans: number) => void;
  readonly log: Log;
  /** Between two batches; default 2 s. */
  readonly batchMs?: number;
}

/** Spans that wait for the collector; more are dropped. */
const waitingSpansMax = 2048;
const batchMsDefault = 2_000;
const exportTimeoutMs = 5_000;
const attributeLengthMax = 256;

export function createOtlpTracing(options: OtlpTracingOptions): Tracing {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.serviceVersion,
      'process.pid': process.pid,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.samplePercent / 100) }),
    spanLimits: { attributeValueLengthLimit: attributeLengthMax },
    spanProcessors: [createProcessor(options)],
  });
  const tracer = provider.getTracer('weft', options.serviceVersion);
  const current = new AsyncLocalStorage<Context>();

  return {
    async within(name, attributes, task) {
      const parent = current.getStore() ?? ROOT_CONTEXT;
      const opened = tracer.startSpan(
        name,
        { kind: SpanKind.INTERNAL, attributes: { ...attributes } },
        parent,
      );
      const span = spanOver(opened);
      try {
        return await current.run(trace.setSpan(parent, opened), () => task(span));
      } catch (error) {
        span.fail(reasonOf(error));
        throw error;
      } finally {
        opened.end();
      }
    },
    beginRequest(name, attributes, { traceparent, tracestate }): RequestSpan {
      const caller = parseTraceparent(traceparent, tracestate);
      const parent = caller === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, caller);
      const opened = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: { ...attributes } }, parent);
      const context = trace.setSpan(parent, opened);
      return {
        ...spanOver(opened),
        run: (callback) => current.run(context, callback),
        end: () => opened.end(),
      };
    },
    async close() {
      await provider.shutdown().catch((error: unknown) => {
        options.log.debug({ error }, 'the last spans could not be exported');
      });
    },
  };
}

function spanOver(opened: OpenSpan): Span {
  return {
    describe: (attributes: SpanAttributes) => void opened.setAttributes({ ...attributes }),
    fail: (reason) => void opened.setStatus({ code: SpanStatusCode.ERROR, message: reason }),
  };
}

function reasonOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return String(code ?? name ?? 'failed');
}

/** Batches, in front of which what is too much is dropped and counted. */
function createProcessor({
  endpoint,
  counted,
  log,
  batchMs = batchMsDefault,
}: OtlpTracingOptions): SpanProcessor {
  const exporter = new OTLPTraceExporter({
    url: endpoint,
    timeoutMillis: exportTimeoutMs,
    concurrencyLimit: 2,
  });
  let waiting = 0;
  let isFailing = false;
  const counting: SpanExporter = {
    export(spans, onResult) {
      exporter.export(spans, (result) => {
        waiting -= spans.length;
        const isDone = result.code === 0;
        counted(isDone ? 'exported' : 'lost', spans.length);
        if (!isDone && !isFailing)
          log.warn({ error: result.error }, 'spans cannot be exported; they are dropped');
        if (isDone && isFailing) log.info({}, 'spans are exported again');
        isFailing = !isDone;
        onResult(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
  const batches = new BatchSpanProcessor({
    exporter: counting,
    maxQueueSize: waitingSpansMax,
    scheduledDelayMillis: batchMs,
    exportTimeoutMillis: exportTimeoutMs,
  });
  return {
    onStart: (span, parent) => batches.onStart(span, parent),
    onEnd(span) {
      if ((span.spanContext().traceFlags & 1) === 0) return;
      if (waiting >= waitingSpansMax) {
        counted('lost', 1);
        return;
      }
      waiting++;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}
