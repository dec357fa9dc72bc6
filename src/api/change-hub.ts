/**
 * One reader of the node's changes for all streams of the API: numbers them, keeps the last ones for who comes back,
 * and hands each to every stream as bytes that were made once. Decides what a stream that resumes is told.
 */
import { randomBytes } from 'node:crypto';
import { type AgentId, agentIdFromKey, agentKey } from '../core/identity/agent-id.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { AgentChange, WeftNode } from '../node/node-types.ts';
import { changeView, type JsonObject } from './views.ts';

/** What is kept for readers that come back; about half a minute of a busy network. */
const keptChangesMax = 4096;
/** Of the states behind them, estimated from their parts. */
const keptBytesMax = 16 * 1024 * 1024;
/** Shows readers that the stream lives, and lets a dead connection be noticed. */
const heartbeatMs = 15_000;

/** Lines of JSON, or server-sent events. */
export type StreamFormat = 'lines' | 'events';

export interface StreamOptions {
  readonly format: StreamFormat;
  /** These agents, which are watched while the stream lasts; empty: all that the node hears of. */
  readonly agents: readonly AgentId[];
  /** Revocations and changes of keys alone. */
  readonly revocationsOnly: boolean;
  /** The last id that the reader has seen; null: from now on. */
  readonly after: string | null;
  /** Takes bytes at once; what it does with a slow reader is its own business. */
  readonly deliver: (frame: Buffer) => void;
  /** The node or the API stops. */
  readonly onEnd: () => void;
}

export interface ChangeHub {
  /** Says `listening` (and `gap`, then what was missed) at once, then each change. Returns what ends it. */
  open(stream: StreamOptions): () => void;
  /** Streams that are open. */
  count(): number;
  start(): void;
  stop(): void;
}

interface KeptChange {
  readonly sequence: number;
  readonly change: AgentChange;
  readonly key: string;
  readonly bytesEstimate: number;
  readonly frames: Partial<Record<StreamFormat, Buffer>>;
}

interface Stream extends StreamOptions {
  readonly keys: ReadonlySet<string>;
}

/** A hub over this node. @param onDefect hears when the node's own stream fails */
export function createChangeHub(
  node: Pick<WeftNode, 'changes'>,
  onDefect: (error: unknown) => void,
): ChangeHub {
  // Ids of another run say so, and are not mistaken for ours.
  const run = randomBytes(6).toString('hex');
  const streams = new Set<Stream>();
  const watches = createWatches(node);
  const abort = new AbortController();
  const kept: KeptChange[] = [];
  let keptBytes = 0;
  let sequence = 0;
  let heartbeat: NodeJS.Timeout | undefined;

  const idOf = (number: number): string => `${run}-${number}`;

  function keep(change: AgentChange): KeptChange {
    const bytesEstimate = estimateBytes(change.state);
    const entry = { sequence: ++sequence, change, key: agentKey(change.agentId), bytesEstimate, frames: {} };
    kept.push(entry);
    keptBytes += bytesEstimate;
    while (kept.length > keptChangesMax || keptBytes > keptBytesMax) keptBytes -= kept.shift()!.bytesEstimate;
    return entry;
  }

  function frameOf(entry: KeptChange, format: StreamFormat): Buffer {
    const id = idOf(entry.sequence);
    entry.frames[format] ??= encode(format, { ...changeView(entry.change), id }, id);
    return entry.frames[format];
  }

  function broadcast(item: JsonObject): void {
    for (const stream of streams) stream.deliver(encode(stream.format, item, null));
  }

  async function read(): Promise<void> {
    try {
      for await (const change of node.changes({ signal: abort.signal })) {
        const entry = keep(change);
        for (const stream of streams) if (wants(stream, entry)) stream.deliver(frameOf(entry, stream.format));
      }
    } catch (error) {
      onDefect(error);
    } finally {
      for (const stream of [...streams]) stream.onEnd();
    }
  }

  /** What a reader that was here before has missed, or that it cannot be told any more. */
  function resume(stream: Stream, after: string): void {
    const number = after.startsWith(`${run}-`) ? Number(after.slice(run.length + 1)) : Number.NaN;
    const oldest = sequence - kept.length;
    if (!(number >= oldest && number <= sequence)) {
      const reason = Number.isNaN(number) ? 'restarted' : 'too-old';
      stream.deliver(encode(stream.format, { type: 'gap', reason, after }, null));
    }
    const from = Number.isNaN(number) || number > sequence ? oldest : number;
    for (const entry of kept) {
      if (entry.sequence > from && wants(stream, entry)) stream.deliver(frameOf(entry, stream.format));
    }
  }

  return {
    open(options) {
      const stream: Stream = { ...options, keys: new Set(options.agents.map(agentKey)) };
      streams.add(stream);
      for (const key of stream.keys) watches.begin(key);
      // A reader that resumes is at its own place until it has been given what it missed.
      const id = options.after === null ? idOf(sequence) : null;
      stream.deliver(encode(stream.format, { type: 'listening' }, id));
      if (options.after !== null) resume(stream, options.after);
      return () => {
        if (!streams.delete(stream)) return;
        for (const key of stream.keys) watches.end(key);
      };
    },
    count: () => streams.size,
    start() {
      heartbeat = setInterval(() => broadcast({ type: 'heartbeat', timeMs: Date.now() }), heartbeatMs);
      heartbeat.unref();
      void read();
    },
    stop() {
      clearInterval(heartbeat);
      abort.abort();
      watches.stop();
      for (const stream of [...streams]) stream.onEnd();
    },
  };
}

/** True for an id that a hub made, of this run or another. */
export function isEventId(text: string): boolean {
  return /^[0-9a-f]{12}-(0|[1-9]\d{0,14})$/.test(text);
}

/** Agents that some stream names are watched through the node, once for all streams. */
function createWatches(node: Pick<WeftNode, 'changes'>) {
  const watchByKey = new Map<string, { readers: number; readonly abort: AbortController }>();

  async function drain(changes: AsyncIterable<AgentChange>): Promise<void> {
    // The hub's own reader sees the same changes; this one only keeps the agent watched.
    for await (const _ of changes);
  }

  return {
    begin(key: string): void {
      const watch = watchByKey.get(key);
      if (watch !== undefined) {
        watch.readers++;
        return;
      }
      const abort = new AbortController();
      watchByKey.set(key, { readers: 1, abort });
      void drain(node.changes({ agents: [agentIdFromKey(key)], signal: abort.signal })).catch(() => {});
    },
    end(key: string): void {
      const watch = watchByKey.get(key);
      if (watch === undefined || --watch.readers > 0) return;
      watchByKey.delete(key);
      watch.abort.abort();
    },
    stop(): void {
      for (const { abort } of watchByKey.values()) abort.abort();
      watchByKey.clear();
    },
  };
}

function wants(stream: Stream, { key, change }: KeptChange): boolean {
  if (stream.keys.size > 0 && !stream.keys.has(key)) return false;
  return !stream.revocationsOnly || change.change !== 'changed';
}

function encode(format: StreamFormat, item: JsonObject, id: string | null): Buffer {
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
