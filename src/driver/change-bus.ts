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
  readonly wanted: ReadonlySet<string> | null;
  readonly queue: AgentChange[];
  wake: () => void;
}

export function createChangeBus(): ChangeBus {
  const readers = new Set<Reader>();
  let isClosed = false;

  function emit(change: AgentChange): void {
    const key = agentKey(change.agentId);
    for (const reader of readers) {
      if (reader.wanted !== null && !reader.wanted.has(key)) continue;
      if (reader.queue.length >= queuedChangesMax) reader.queue.shift();
      reader.queue.push(change);
      reader.wake();
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
      readers.delete(reader);
    }
  }

  return {
    emit,
    read({ agents, signal }) {
      // Registered at the call, not at the first next(): nothing between the two is missed.
      const reader: Reader = {
        wanted: agents === undefined ? null : new Set(agents.map(agentKey)),
        queue: [],
        wake: () => {},
      };
      readers.add(reader);
      return drain(reader, signal);
    },
    close() {
      isClosed = true;
      for (const reader of readers) reader.wake();
    },
  };
}
