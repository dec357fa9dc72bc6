/**
 * One reader of the node's changes for all streams of the API: hands each to every stream as bytes that were made once,
 * a few streams a turn, so that thousands of them hold up nothing else. Decides what a stream that resumes is told.
 */
import { type AgentId, agentIdFromKey, agentKey } from '../core/identity/agent-id.ts';
import type { AgentChange, WeftNode } from '../node/node-types.ts';
import { createKeptChanges, encodeItem, type KeptChange, type StreamFormat } from './kept-changes.ts';

/** Shows readers that the stream lives, and lets a dead connection be noticed. */
const heartbeatMs = 15_000;
/** How long after the last reader left changes are kept for those that come back: they are memory. */
const comeBackMsMax = 300_000;
/** Agents that streams name: as many as a peer takes to watch for one other (core/peer/watchers). */
const watchedAgentsMax = 10_000;
/** Changes that go out together when there are more at once. */
const changesPerRoundMax = 64;
/** Streams that are written to before anything else of the node has its turn; some milliseconds. */
const streamsPerTurnMax = 256;

export interface StreamOptions {
  readonly format: StreamFormat;
  /** These agents, which are watched while the stream lasts; empty: all that the node hears of. */
  readonly agents: readonly AgentId[];
  /** Revocations and changes of keys alone. */
  readonly revocationsOnly: boolean;
  /** The last id that the reader has seen; null: from now on. */
  readonly after: string | null;
  /** Takes bytes at once, and says whether the reader keeps up. What it does with one that does not is its own business. */
  readonly deliver: (frame: Buffer) => boolean;
  /** Resolves when a reader that lagged has read, or is gone. */
  readonly drained: () => Promise<void>;
  /** The node or the API stops. */
  readonly onEnd: () => void;
}

export interface ChangeHub {
  /** Says `listening` (and `gap`, then what was missed) at once, then each change. Returns what ends it. */
  open(stream: StreamOptions): () => void;
  /** Whether so many more agents may be watched. */
  hasRoomFor(agents: readonly AgentId[]): boolean;
  /** Streams that are open. */
  count(): number;
  start(): void;
  stop(): void;
}

interface Stream extends StreamOptions {
  readonly keys: ReadonlySet<string>;
  /** Of the changes up to this one it needs none: they were there before it, or it was given them. */
  position: number;
  /** It is given what it missed, as fast as it reads, and nothing else meanwhile. */
  isBehind: boolean;
}

/** A hub over this node. @param onDefect hears when the node's own stream fails */
export function createChangeHub(
  node: Pick<WeftNode, 'changes'>,
  onDefect: (error: unknown) => void,
): ChangeHub {
  const streams = new Set<Stream>();
  const watches = createWatches(node);
  const abort = new AbortController();
  const kept = createKeptChanges();
  /** Not handed out yet. */
  const pending: KeptChange[] = [];
  let lastLeftAtMs = Number.NEGATIVE_INFINITY;
  let isHandingOut = false;
  let heartbeat: NodeJS.Timeout | undefined;

  /** A few streams a turn, each once; those that come meanwhile are left out. */
  async function visit(task: (stream: Stream) => void): Promise<void> {
    let visited = 0;
    for (const stream of [...streams]) {
      if (++visited % streamsPerTurnMax === 0) await nextTurn();
      if (streams.has(stream)) task(stream);
    }
  }

  async function beat(): Promise<void> {
    const item = { type: 'heartbeat', timeMs: Date.now() };
    const frames = { lines: encodeItem('lines', item, null), events: encodeItem('events', item, null) };
    await visit((stream) => stream.deliver(frames[stream.format]));
  }

  async function handOut(): Promise<void> {
    if (isHandingOut) return;
    isHandingOut = true;
    try {
      // What came in one go goes out in one write.
      await nextTurn();
      while (pending.length > 0) {
        const round = createRound(pending.splice(0, changesPerRoundMax), kept.frameOf);
        await visit((stream) => {
          const bytes = stream.isBehind ? null : round(stream);
          if (bytes !== null) stream.deliver(bytes);
        });
      }
    } finally {
      isHandingOut = false;
    }
  }

  async function read(): Promise<void> {
    try {
      for await (const change of node.changes({ signal: abort.signal })) {
        if (streams.size === 0 && performance.now() - lastLeftAtMs > comeBackMsMax) {
          kept.pass();
          continue;
        }
        const entry = kept.add(change);
        if (streams.size === 0) continue;
        pending.push(entry);
        handOut().catch(onDefect);
      }
    } catch (error) {
      onDefect(error);
    } finally {
      for (const stream of [...streams]) stream.onEnd();
    }
  }

  /** Tells a reader that was here before where it is, and what it has missed. */
  function resume(stream: Stream, after: string): void {
    const number = kept.numberOf(after);
    const oldest = kept.oldest();
    if (number === null) tellGap(stream, 'restarted', after);
    else if (number < oldest) tellGap(stream, 'too-old', after);
    stream.position = Math.max(number ?? oldest, oldest);
    catchUp(stream).catch(onDefect);
  }

  async function catchUp(stream: Stream): Promise<void> {
    stream.isBehind = true;
    while (streams.has(stream) && stream.position < kept.latest()) {
      const oldest = kept.oldest();
      if (stream.position < oldest) {
        tellGap(stream, 'too-old', kept.idOf(stream.position));
        stream.position = oldest;
      }
      const entry = kept.after(stream.position);
      stream.position = entry.sequence;
      if (wants(stream, entry) && !stream.deliver(kept.frameOf(entry, stream.format))) await stream.drained();
    }
    stream.isBehind = false;
  }

  function tellGap(stream: Stream, reason: 'restarted' | 'too-old', after: string): void {
    stream.deliver(encodeItem(stream.format, { type: 'gap', reason, after }, null));
  }

  return {
    open(options) {
      const keys = new Set(options.agents.map(agentKey));
      const stream: Stream = { ...options, keys, position: kept.latest(), isBehind: false };
      streams.add(stream);
      for (const key of stream.keys) watches.begin(key);
      // A reader that resumes is at its own place until it has been given what it missed.
      const id = options.after === null ? kept.idOf(stream.position) : null;
      stream.deliver(encodeItem(stream.format, { type: 'listening' }, id));
      if (options.after !== null) resume(stream, options.after);
      return () => {
        if (!streams.delete(stream)) return;
        lastLeftAtMs = performance.now();
        for (const key of stream.keys) watches.end(key);
      };
    },
    hasRoomFor: (agents) => watches.count() + agents.length <= watchedAgentsMax,
    count: () => streams.size,
    start() {
      heartbeat = setInterval(() => void beat().catch(onDefect), heartbeatMs);
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

/** Agents that some stream names are watched through the node, once for all streams. */
function createWatches(node: Pick<WeftNode, 'changes'>) {
  const watchByKey = new Map<string, { readers: number; readonly abort: AbortController }>();

  async function drain(changes: AsyncIterable<AgentChange>): Promise<void> {
    // The hub's own reader sees the same changes; this one only keeps the agent watched.
    for await (const _ of changes);
  }

  return {
    count: () => watchByKey.size,
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

/** The other work of the process goes first. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What each stream is given of these changes: bytes that are the same, and made once, for all that want the same. */
function createRound(
  changes: readonly KeptChange[],
  frameOf: (entry: KeptChange, format: StreamFormat) => Buffer,
): (stream: Stream) => Buffer | null {
  const framesByFormat = {
    lines: changes.map(() => null as Buffer | null),
    events: changes.map(() => null as Buffer | null),
  };
  const bytesByWish = new Map<string, Buffer | null>();
  const first = changes[0]!.sequence;

  const bytesFor = (stream: Stream): Buffer | null => {
    const frames = framesByFormat[stream.format];
    const wanted: Buffer[] = [];
    for (const [index, entry] of changes.entries()) {
      if (entry.sequence <= stream.position || !wants(stream, entry)) continue;
      frames[index] ??= frameOf(entry, stream.format);
      wanted.push(frames[index]);
    }
    return wanted.length > 1 ? Buffer.concat(wanted) : (wanted[0] ?? null);
  };

  return (stream) => {
    if (stream.keys.size > 0 || stream.position >= first) return bytesFor(stream);
    const wish = `${stream.format} ${stream.revocationsOnly}`;
    const known = bytesByWish.get(wish);
    if (known !== undefined) return known;
    const bytes = bytesFor(stream);
    bytesByWish.set(wish, bytes);
    return bytes;
  };
}

function wants(stream: Stream, { key, isRevocation }: KeptChange): boolean {
  if (stream.keys.size > 0 && !stream.keys.has(key)) return false;
  return !stream.revocationsOnly || isRevocation;
}
