/** What a daemon keeps beside its node for who looks on: the log of key events, and what that counts. */
import { Counter, Registry } from 'prom-client';
import type { NodeConfig } from '../config/config-types.ts';
import type { Log } from '../ports/log.ts';
import { followKeyEvents, type KeyEventLog } from './key-event-log.ts';
import type { WeftNode } from './node-types.ts';

export interface ObservedNode {
  /** The same node, whose metrics have what is counted here, too. */
  readonly node: WeftNode;
  /** Stops looking on; call it after the node has stopped, so that the last changes are seen. */
  close(): Promise<void>;
}

/** Begins to look on. Call it before the node starts, so that nothing is missed. */
export function observeNode(node: WeftNode, config: NodeConfig, log: Log): ObservedNode {
  const registry = new Registry();
  const events = new Counter({
    name: 'weft_key_events_total',
    help: 'Lines for the log of key events, by what became of them',
    labelNames: ['kind'],
    registers: [registry],
  });
  const spans = new Counter({
    name: 'weft_spans_total',
    help: 'Spans of traces, by what became of them',
    labelNames: ['kind'],
    registers: [registry],
  });
  let keyEvents: KeyEventLog | null = null;
  if (config.log.eventsBytesMax > 0) {
    const counted = (kind: string, lines: number): void => events.inc({ kind }, lines);
    keyEvents = followKeyEvents(node, config, log.child({ subsystem: 'events' }), counted);
  }
  return {
    node: {
      ...node,
      metrics: async () => `${await node.metrics()}${await registry.metrics()}`,
    },
    async close() {
      await keyEvents?.close();
    },
  };
}
