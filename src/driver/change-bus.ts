/** Fan-out of accepted changes to slow readers: each has a bounded queue and loses the oldest when it is full. */
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { AgentChange } from './call-types.ts';

/** About 30 s of a busy network. */
const queuedChangesMax = 10_000;

export interface ChangeBus {
  emit(change: AgentChange): void;
  read(options: {
    readonly agents?: readonly AgentId[];
    readonly signal?: AbortSignal;
  }): AsyncIterable<AgentChange>;
  /** Ends every reader. */
  close(): void;
}

interface Reader {
  /** Keys of agents; null: all. */
  readonly wanted: readonly string[] | null;
  readonly queue: AgentChange[];
  wake: () => void;
}

export function createChangeBus(): ChangeBus {
  const readers = new Set<Reader>();
  const readersOfAll = new Set<Reader>();
  /** Those that name agents, by agent: thousands of them cost nothing until one of theirs changes. */
  const readersByAgent = new Map<string, Set<Reader>>();
  let isClosed = false;

  function emit(change: AgentChange): void {
    for (const reader of readersOfAll) give(reader, change);
    if (readersByAgent.size === 0) return;
    for (const reader of readersByAgent.get(agentKey(change.agentId)) ?? []) give(reader, change);
  }

  function give(reader: Reader, change: AgentChange): void {
    if (reader.queue.length >= queuedChangesMax) reader.queue.shift();
    reader.queue.push(change);
    reader.wake();
  }

  function add(reader: Reader): void {
    readers.add(reader);
    if (reader.wanted === null) readersOfAll.add(reader);
    for (const key of reader.wanted ?? []) {
      const others = readersByAgent.get(key) ?? new Set();
      readersByAgent.set(key, others.add(reader));
    }
  }

  function remove(reader: Reader): void {
    readers.delete(reader);
    readersOfAll.delete(reader);
    for (const key of reader.wanted ?? []) {
      const others = readersByAgent.get(key);
      others?.delete(reader);
      if (others?.size === 0) readersByAgent.delete(key);
    }
  }

  async function* drain(reader: Reader, signal: AbortSignal | undefined): AsyncGenerator<AgentChange> {
    const onAbort = (): void => reader.wake();
    signal?.addEventListener('abort', onAbort);
    try {
      while (!isClosed && !signal?.aborted) {
        const change = reader.queue.shift();
        if (change !== undefined) {
          yield change;
          continue;
        }
        await new Promise<void>((resolve) => {
          reader.wake = resolve;
        });
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      remove(reader);
    }
  }

  return {
    emit,
    read({ agents, signal }) {
      // Registered at the call, not at the first next(): nothing between the two is missed.
      const reader: Reader = {
        wanted: agents === undefined ? null : [...new Set(agents.map(agentKey))],
        queue: [],
        wake: () => {},
      };
      add(reader);
      return drain(reader, signal);
    },
    close() {
      isClosed = true;
      for (const reader of readers) reader.wake();
    },
  };
}
