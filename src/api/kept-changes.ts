/**
 * The last changes of a node, numbered, for readers that come back; and each as bytes that are made once, when the first
 * reader wants them.
 */
import { randomBytes } from 'node:crypto';
import { agentKey } from '../core/identity/agent-id.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { AgentChange } from '../node/node-types.ts';
import { changeView, type JsonObject } from './views.ts';

/** What is kept for readers that come back; about half a minute of a busy network. */
const keptChangesMax = 4096;
/** Of them as JSON, or of the states behind those that nobody has been told, estimated from their parts. */
const keptBytesMax = 16 * 1024 * 1024;
const newline = Buffer.from('\n');

/** Lines of JSON, or server-sent events. */
export type StreamFormat = 'lines' | 'events';

export interface KeptChange {
  readonly sequence: number;
  readonly key: string;
  readonly isRevocation: boolean;
}

export interface KeptChanges {
  /** Of the last change; 0 before the first. */
  latest(): number;
  /** Changes after this one are kept. */
  oldest(): number;
  add(change: AgentChange): KeptChange;
  /** Counts a change that nobody will ask for, and forgets those before it. */
  pass(): void;
  /** The one after that number, which is not below the oldest and not the latest. */
  after(sequence: number): KeptChange;
  frameOf(change: KeptChange, format: StreamFormat): Buffer;
  /** What readers know a number by. */
  idOf(sequence: number): string;
  /** The number behind an id, null for an id of another run. */
  numberOf(id: string): number | null;
}

interface Entry extends KeptChange {
  bytes: number;
  /** Itself, until the first reader wants it; then one line of JSON. */
  content: AgentChange | Buffer;
}

export function createKeptChanges(): KeptChanges {
  // Ids of another run say so, and are not mistaken for ours.
  const run = randomBytes(6).toString('hex');
  const entries: Entry[] = [];
  let bytes = 0;
  let latest = 0;

  const idOf = (sequence: number): string => `${run}-${sequence}`;
  const oldest = (): number => latest - entries.length;

  /** The state is let go once its JSON is there. */
  function lineOf(entry: Entry): Buffer {
    if (Buffer.isBuffer(entry.content)) return entry.content;
    const line = Buffer.from(
      `${JSON.stringify({ ...changeView(entry.content), id: idOf(entry.sequence) })}\n`,
    );
    if (entry.sequence > oldest()) bytes += line.length - entry.bytes;
    entry.bytes = line.length;
    entry.content = line;
    return line;
  }

  return {
    latest: () => latest,
    oldest,
    add(change) {
      const entry = {
        sequence: ++latest,
        key: agentKey(change.agentId),
        isRevocation: change.change !== 'changed',
        bytes: estimateBytes(change.state),
        content: change,
      };
      entries.push(entry);
      bytes += entry.bytes;
      while (entries.length > keptChangesMax || bytes > keptBytesMax) bytes -= entries.shift()!.bytes;
      return entry;
    },
    pass() {
      latest++;
      entries.length = 0;
      bytes = 0;
    },
    after: (sequence) => entries[sequence - oldest()]!,
    frameOf(change, format) {
      const line = lineOf(change as Entry);
      if (format === 'lines') return line;
      const head = `id: ${idOf(change.sequence)}\nevent: change\ndata: `;
      return Buffer.concat([Buffer.from(head), line, newline]);
    },
    idOf,
    numberOf(id) {
      const number = id.startsWith(`${run}-`) ? Number(id.slice(run.length + 1)) : Number.NaN;
      return number <= latest ? number : null;
    },
  };
}

/** True for an id that some run made. */
export function isEventId(text: string): boolean {
  return /^[0-9a-f]{12}-(0|[1-9]\d{0,14})$/.test(text);
}

/** Something that is not a change, for one reader or all. @param id where a reader is that gives it back */
export function encodeItem(format: StreamFormat, item: JsonObject, id: string | null): Buffer {
  const text = JSON.stringify(item);
  if (format === 'lines') return Buffer.from(`${text}\n`);
  const idLine = id === null ? '' : `id: ${id}\n`;
  return Buffer.from(`${idLine}event: ${String(item['type'])}\ndata: ${text}\n\n`);
}

/** Memory of a decoded state, roughly: each signed part is a few small objects around a few hundred bytes. */
function estimateBytes({ keyState, operations, delegations, revocations }: AgentState): number {
  const parts = keyState.retained.length + operations.length + delegations.length + revocations.length;
  return 2048 + parts * 1024;
}
