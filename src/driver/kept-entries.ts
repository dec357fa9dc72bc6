/**
 * What a peer keeps in the store: agents and names, each under its own prefix. One effect is one call and one event; what
 * the store refuses is counted, and said aloud now and then.
 */
import type { PeerEffect } from '../core/peer/effects.ts';
import type { PeerEvent, StoredEntry } from '../core/peer/events.ts';
import type { AcceptedEvent } from '../core/record/accepted.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { type Store, StoreError, type StoreWrite } from '../ports/store.ts';

export type StoreEffect = Extract<PeerEffect, { type: 'read-entry' | 'write-entries' | 'write-names' }>;

export interface KeptEntries {
  perform(effect: StoreEffect): void;
  /** All that the store has, as events; the last one says that it is. */
  load(): Promise<void>;
  /** The agent of a damaged entry; null when it is another entry. */
  agentKeyOf(key: string): string | null;
}

/** What an audit log wants written beside what was accepted. */
export type AcceptedRow = (accepted: readonly AcceptedEvent[], nowSeconds: number) => StoreWrite;

const agentPrefix = 'agent/';
const namePrefix = 'name/';
const entriesPerEvent = 512;
/** Between two entries of the log about the same trouble with the store. */
const tellEveryMs = 60_000;

export function createKeptEntries(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly counted: (metric: string, label: string, value: number) => void;
  readonly dispatch: (event: PeerEvent) => void;
  /** The row that remembers what a write accepted, in the same batch; left out: nobody wants to know. */
  readonly acceptedRow?: AcceptedRow;
}): KeptEntries {
  const { store, clock, log, counted, dispatch, acceptedRow } = parts;
  const failureToldAtMs = {
    'store-full': Number.NEGATIVE_INFINITY,
    'store-failed': Number.NEGATIVE_INFINITY,
  };

  /** A busy node is refused many writes a second: one of them is said aloud now and then. */
  function tellFailure(failure: 'store-full' | 'store-failed', error: unknown): void {
    const isTold = clock.nowMs() - failureToldAtMs[failure] < tellEveryMs;
    if (!isTold) failureToldAtMs[failure] = clock.nowMs();
    if (failure === 'store-full')
      log[isTold ? 'debug' : 'warn']({ error }, 'the disk is full: writes are refused');
    else log[isTold ? 'debug' : 'error']({ error }, 'the store could not be written');
  }

  function read(requestId: number, agentKey: string): void {
    store.get(agentPrefix + agentKey).then(
      (bytes) => dispatch({ type: 'entry-read', requestId, bytes: bytes ?? null }),
      (error: unknown) => {
        log.error({ error }, 'the store could not be read');
        dispatch({ type: 'entry-read', requestId, bytes: null });
      },
    );
  }

  function write(requestId: number, writes: readonly StoreWrite[]): void {
    store.write(writes).then(
      () => dispatch({ type: 'entries-written', requestId, failure: null }),
      (error: unknown) => {
        const isFull = error instanceof StoreError && error.code === 'disk-full';
        const failure = isFull ? 'store-full' : 'store-failed';
        counted('store_failures', failure, 1);
        tellFailure(failure, error);
        dispatch({ type: 'entries-written', requestId, failure });
      },
    );
  }

  async function loadNames(): Promise<void> {
    let entries: Uint8Array[] = [];
    for await (const [, bytes] of store.entries(namePrefix)) {
      if (entries.push(bytes) < entriesPerEvent) continue;
      dispatch({ type: 'names-loaded', entries });
      entries = [];
    }
    if (entries.length > 0) dispatch({ type: 'names-loaded', entries });
  }

  return {
    perform(effect) {
      const { requestId } = effect;
      switch (effect.type) {
        case 'read-entry':
          read(requestId, effect.agentKey);
          return;
        case 'write-entries':
          write(
            requestId,
            effect.writes.flatMap(({ agentKey, bytes, isNew, accepted }): readonly StoreWrite[] => {
              const known = isNew === undefined ? null : { isNew };
              const entry = { key: agentPrefix + agentKey, value: bytes, ...known };
              if (accepted === undefined || acceptedRow === undefined) return [entry];
              return [entry, acceptedRow(accepted, Math.floor(clock.nowMs() / 1000))];
            }),
          );
          return;
        case 'write-names':
          write(
            requestId,
            effect.writes.map(({ key, bytes }) => ({ key: namePrefix + key, value: bytes })),
          );
      }
    },
    async load() {
      await loadNames();
      let entries: StoredEntry[] = [];
      for await (const [key, bytes] of store.entries(agentPrefix)) {
        entries.push({ agentKey: key.slice(agentPrefix.length), bytes });
        if (entries.length < entriesPerEvent) continue;
        dispatch({ type: 'entries-loaded', entries, done: false });
        entries = [];
      }
      dispatch({ type: 'entries-loaded', entries, done: true });
    },
    agentKeyOf: (key) => (key.startsWith(agentPrefix) ? key.slice(agentPrefix.length) : null),
  };
}
