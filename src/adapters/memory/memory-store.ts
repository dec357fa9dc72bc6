/** A store that forgets at the end of the process: for light nodes, simulations and tests. Runs in a browser. */
import { type Store, StoreError, type StoreWrite } from '../../ports/store.ts';

export interface MemoryStoreOptions {
  /** Keys and values together; growth beyond is refused as on a full disk. Default: no limit. */
  readonly capacityBytes?: number;
}

export interface MemoryStore extends Store {
  /** Makes an entry as good as damaged: the next read takes it out of service and reports it. */
  damage(key: string): void;
  /** Changes the limit, as when a disk fills or is freed. */
  setCapacity(capacityBytes: number): void;
}

const keyPattern = /^[!-~]{1,512}$/;

export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const valueByKey = new Map<string, Uint8Array>();
  const damaged = new Set<string>();
  const unheard = new Set<string>();
  const listeners: ((key: string) => void)[] = [];
  let capacityBytes = options.capacityBytes ?? Number.MAX_SAFE_INTEGER;
  let sizeBytes = 0;
  let faults = 0;
  let isClosed = false;

  function assertOpen(): void {
    if (isClosed) throw new StoreError('closed', 'the store is closed');
  }

  function set(key: string, value: Uint8Array | null): void {
    const held = valueByKey.get(key);
    if (held !== undefined) sizeBytes -= key.length + held.length;
    damaged.delete(key);
    if (value === null) {
      valueByKey.delete(key);
      return;
    }
    valueByKey.set(key, value.slice());
    sizeBytes += key.length + value.length;
  }

  function read(key: string): Uint8Array | undefined {
    if (!damaged.has(key)) return valueByKey.get(key)?.slice();
    set(key, null);
    faults += 1;
    if (listeners.length === 0) unheard.add(key);
    for (const listener of listeners) listener(key);
    return undefined;
  }

  async function* entries(prefix: string): AsyncGenerator<readonly [string, Uint8Array], void, undefined> {
    assertOpen();
    const keys = [...valueByKey.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      assertOpen();
      const value = read(key);
      if (value !== undefined) yield [key, value];
    }
  }

  return {
    entries,
    async get(key) {
      assertKey(key);
      assertOpen();
      return read(key);
    },
    async write(writes) {
      for (const { key } of writes) assertKey(key);
      assertOpen();
      if (sizeBytes >= capacityBytes && writes.some(({ value }) => value !== null)) {
        throw new StoreError('disk-full', 'the store is full; nothing new is stored until space is freed');
      }
      for (const { key, value } of writes) set(key, value);
    },
    async statistics() {
      assertOpen();
      return {
        entries: valueByKey.size,
        sizeBytes,
        freeBytes: Math.max(0, capacityBytes - sizeBytes),
        full: sizeBytes >= capacityBytes,
        quarantined: faults,
      };
    },
    onCorrupt(listener) {
      listeners.push(listener);
      for (const key of unheard) listener(key);
      unheard.clear();
    },
    async close() {
      isClosed = true;
    },
    damage(key) {
      if (valueByKey.has(key)) damaged.add(key);
    },
    setCapacity(bytes) {
      capacityBytes = bytes;
    },
  };
}

function assertKey(key: StoreWrite['key']): void {
  if (!keyPattern.test(key)) {
    throw new TypeError(`a key is 1 to 512 printable ASCII characters: ${JSON.stringify(key)}`);
  }
}
