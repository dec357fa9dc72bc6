/** A disk that outlives the runs of a node: what a store acknowledged is on it, what was under way at a crash is lost. */
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { Random } from '../../src/core/rng.ts';
import { type Store, StoreError } from '../../src/ports/store.ts';

/** Of a synced write, milliseconds. */
const syncMsMin = 2;
const syncMsMax = { good: 40, busy: 600 } as const;
const busyShare = 0.3;
const agentPrefix = 'agent/';

export interface VirtualDisk {
  /** Agents by key, as they would be read after a crash now. */
  readonly agents: ReadonlyMap<string, Uint8Array>;
  readonly counts: { lostWrites: number; refusedWrites: number };
  /** The store of a new run; the one before takes no more. */
  open(): Store;
  crash(): void;
  /** No write that grows it is taken. */
  setFull(isFull: boolean): void;
}

/**
 * @param random how long each write takes
 * @param steadySyncMs how long all of them take, in place of that
 */
export function createVirtualDisk(random: Random, steadySyncMs?: number): VirtualDisk {
  const memory = createMemoryStore();
  const agents = new Map<string, Uint8Array>();
  const counts = { lostWrites: 0, refusedWrites: 0 };
  let run = 0;
  let underWay = 0;
  let durableAtMs = 0;
  const syncMsMost = random.next() < busyShare ? syncMsMax.busy : syncMsMax.good;

  /** In the order in which they were asked for. */
  function synced(): Promise<void> {
    const tookMs = steadySyncMs ?? syncMsMin + random.below(syncMsMost - syncMsMin);
    durableAtMs = Math.max(durableAtMs, Date.now() + tookMs);
    return new Promise((resolve) => setTimeout(resolve, durableAtMs - Date.now()));
  }

  function open(): Store {
    const ofRun = ++run;
    const assertOpen = (): void => {
      if (run !== ofRun) throw new StoreError('closed', 'the store is closed');
    };
    return {
      async get(key) {
        assertOpen();
        return memory.get(key);
      },
      async write(writes) {
        assertOpen();
        underWay++;
        await synced();
        if (run !== ofRun)
          throw new StoreError('write-failed', 'the machine went down before the write was durable');
        underWay--;
        await memory.write(writes).catch((error: unknown) => {
          counts.refusedWrites++;
          throw error;
        });
        for (const { key, value } of writes) {
          if (!key.startsWith(agentPrefix)) continue;
          if (value === null) agents.delete(key.slice(agentPrefix.length));
          else agents.set(key.slice(agentPrefix.length), value);
        }
      },
      entries(prefix) {
        assertOpen();
        return memory.entries(prefix);
      },
      statistics: () => memory.statistics(),
      onCorrupt: (listener) => memory.onCorrupt(listener),
      async close() {
        if (run === ofRun) crash();
      },
    };
  }

  function crash(): void {
    run++;
    counts.lostWrites += underWay;
    underWay = 0;
  }

  return {
    agents,
    counts,
    open,
    crash,
    setFull: (isFull) => memory.setCapacity(isFull ? 0 : Number.MAX_SAFE_INTEGER),
  };
}
