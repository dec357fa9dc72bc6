/**
 * What a daemon has beside its node for who looks on: the log of key events, traces, and what both count. Neither holds
 * up the node, and tracing is not even loaded where it is off.
 */
import { Counter, Registry } from 'prom-client';
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import type { Log } from '../ports/log.ts';
import type { Tracing } from '../ports/tracing.ts';
import { followKeyEvents, type KeyEventLog } from './key-event-log.ts';
import type { WeftNode } from './node-types.ts';

export interface Observer {
  /** For the node and for its API; undefined where tracing is off. */
  readonly tracing: Tracing | undefined;
  /** Begins to look on; the node that it returns is the same, with what is counted here in its metrics. */
  observe(node: WeftNode): WeftNode;
  /** Call it after the node has stopped, so that the last of it is seen. */
  close(): Promise<void>;
}

export async function openObserver(config: NodeConfig, log: Log): Promise<Observer> {
  const registry = new Registry();
  const counter = (name: string, help: string): Counter<'kind'> =>
    new Counter({ name, help, labelNames: ['kind'], registers: [registry] });
  const events = counter('weft_key_events_total', 'Lines for the log of key events, by what became of them');
  const spans = counter('weft_spans_total', 'Spans of traces, by what became of them');
  const tracing = await openTracing(config, log, (kind, count) => spans.inc({ kind }, count));
  let keyEvents: KeyEventLog | null = null;
  return {
    tracing,
    observe(node) {
      if (config.log.eventsBytesMax > 0) {
        const counted = (kind: string, lines: number): void => events.inc({ kind }, lines);
        keyEvents = followKeyEvents(node, config, log.child({ subsystem: 'events' }), counted);
      }
      return { ...node, metrics: async () => `${await node.metrics()}${await registry.metrics()}` };
    },
    async close() {
      await keyEvents?.close();
      await tracing?.close();
    },
  };
}

async function openTracing(
  { tracing }: NodeConfig,
  log: Log,
  counted: (kind: 'exported' | 'lost', spans: number) => void,
): Promise<Tracing | undefined> {
  if (!tracing.enabled) return undefined;
  const { createOtlpTracing } = await import('../adapters/tracing/otlp-tracing.ts');
  return createOtlpTracing({
    ...tracing,
    serviceVersion: packageVersion(),
    counted,
    log: log.child({ subsystem: 'tracing' }),
  });
}
