/**
 * The log of key events: one readable line for each rotation, recovery, tombstone, fork and revocation that a node
 * accepts, in a file of its data folder. Changes of records alone are not in it.
 */
import { join } from 'node:path';
import { createBoundedTextFile } from '../adapters/system/bounded-text-file.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { AgentChange } from '../driver/call-types.ts';
import type { Log } from '../ports/log.ts';
import type { WeftNode } from './node-types.ts';

/** What one line says. */
export interface KeyEventLine {
  /** ISO 8601, when this node accepted it. */
  readonly time: string;
  readonly event: string;
  readonly agentId: string;
  /** Such as `sequence 3`, or a reason. */
  readonly detail: string;
  /** Where this node heard it first. */
  readonly source: string;
}

/** In the data folder; what was written before the last rotation has `.1` behind it. */
export const keyEventFileName = 'events.log';

const gapEvent = 'lost';
const eventWidth = 18;

/** `2026-11-21T09:33:39.123Z  rotated             nanda:bq4k…  sequence 3, by gossip`. */
export function formatKeyEvent({ time, event, agentId, detail, source }: KeyEventLine): string {
  return `${time}  ${event.padEnd(eventWidth)}  ${agentId}  ${detail}, by ${source}`;
}

/** The line as it was written; null for what is no such line: one that a crash cut short, or a gap. */
export function parseKeyEvent(line: string): KeyEventLine | null {
  const match = /^(\d{4}-\S+Z) {2}([a-z-]+) +(nanda:[a-z2-7]+) {2}(.+), by ([a-z]+)$/.exec(line);
  if (match === null) return null;
  const [, time, event, agentId, detail, source] = match as unknown as string[];
  return { time: time!, event: event!, agentId: agentId!, detail: detail!, source: source! };
}

/** Null for a change of the record alone. */
function keyEventOf(change: AgentChange): KeyEventLine | null {
  if (change.change === 'changed') return null;
  return {
    time: new Date(change.acceptedAtMs).toISOString(),
    event: change.change,
    agentId: formatAgentId(change.agentId),
    detail: detailOf(change),
    source: change.source,
  };
}

function detailOf({ change, state }: AgentChange): string {
  const { head, sequence } = state.keyState;
  if (change.endsWith('-revoked')) return state.revocations.at(-1)?.reason ?? 'unspecified';
  if (change === 'tombstoned') return head.body.type === 'tomb' ? head.body.reason : 'unspecified';
  return `sequence ${sequence}`;
}

export interface KeyEventLog {
  close(): Promise<void>;
}

/** Follows the node until it is closed. @param counted hears of lines: `written`, `lost` */
export function followKeyEvents(
  node: Pick<WeftNode, 'changes'>,
  config: Pick<NodeConfig, 'dataDirectory' | 'log'>,
  log: Log,
  counted: (kind: 'written' | 'lost', lines: number) => void,
): KeyEventLog {
  const stopping = new AbortController();
  let isFailing = false;
  const file = createBoundedTextFile({
    path: join(config.dataDirectory, keyEventFileName),
    bytesMax: config.log.eventsBytesMax,
    gapLine: (lost) =>
      `${new Date().toISOString()}  ${gapEvent.padEnd(eventWidth)}  ${lost} events are missing`,
    onWritten(lines) {
      counted('written', lines);
      if (isFailing) log.info({}, 'the log of key events is written again');
      isFailing = false;
    },
    onLost(lines, error) {
      counted('lost', lines);
      if (!isFailing) log.warn({ error, lines }, 'the log of key events cannot be written; lines are lost');
      isFailing = true;
    },
  });

  async function follow(): Promise<void> {
    for await (const change of node.changes({ signal: stopping.signal })) {
      const event = keyEventOf(change);
      if (event !== null) file.append(formatKeyEvent(event));
    }
  }

  const following = follow().catch((error: unknown) => {
    log.error({ error }, 'key events are no longer followed');
  });
  return {
    async close() {
      stopping.abort();
      await following;
      await file.close();
    },
  };
}
