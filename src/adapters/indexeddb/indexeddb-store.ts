/// <reference lib="dom" />
/**
 * ports/store in IndexedDB: what a page keeps over its reloads. One database per name and one page at a time on it;
 * calls that arrive while a transaction runs share the next, and each waits until the browser has flushed it.
 */
import { deleteDB, type IDBPDatabase, openDB } from 'idb';
import { type Store, StoreError, type StoreWrite } from '../../ports/store.ts';
import { openFrame, sealFrame } from './stored-frame.ts';

export interface IndexedDbStoreOptions {
  /** Of the database, and of the lock that keeps a second page away; default `weft`. */
  readonly name?: string;
  /** Room of the origin below which writes that grow the store are refused; default 4 MiB. */
  readonly freeBytesMin?: number;
  /** What the origin uses and may use; left out: asked of the browser. */
  readonly estimate?: () => Promise<StorageEstimate>;
}

interface WaitingCall {
  readonly writes: readonly StoreWrite[];
  resolve(): void;
  reject(error: StoreError): void;
}

type Database = IDBPDatabase;

const entriesName = 'entries';
const freeBytesMinDefault = 4 * 1024 * 1024;
const pageEntries = 256;
/** The browser's own figure is an estimate and moves slowly. */
const estimateEveryMs = 10_000;
const keyPattern = /^[!-~]{1,512}$/;
/** Behind every key. */
const behindKeys = '\u007f';

/** @throws StoreError `locked` when another page has it open, `open-failed`. */
export async function createIndexedDbStore(options: IndexedDbStoreOptions = {}): Promise<Store> {
  const name = options.name ?? 'weft';
  const release = await takeLock(`weft-store/${name}`);
  let database: Database;
  try {
    database = await openDatabase(name);
  } catch (error) {
    release();
    throw new StoreError('open-failed', `the database ${name} cannot be opened: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return openStore(database, options, release);
}

/** Removes the database; nobody may have it open. */
export function deleteIndexedDbStore(name = 'weft'): Promise<void> {
  return deleteDB(name);
}

function openDatabase(name: string): Promise<Database> {
  return openDB(name, 1, {
    upgrade(database) {
      database.createObjectStore(entriesName);
    },
  });
}

function openStore(database: Database, options: IndexedDbStoreOptions, release: () => void): Store {
  const space = createSpace(options);
  const unheard = new Set<string>();
  const listeners: ((key: string) => void)[] = [];
  let waiting: WaitingCall[] = [];
  let running: Promise<void> | null = null;
  let faults = 0;
  let closing: Promise<void> | null = null;

  function assertOpen(): void {
    if (closing !== null) throw new StoreError('closed', 'the store is closed');
  }

  /** In one transaction: what replaced the damaged entry in the meantime stays. */
  async function takeOut(key: string): Promise<void> {
    const transaction = database.transaction(entriesName, 'readwrite');
    const frame: unknown = await transaction.store.get(key);
    const isDamaged = frame !== undefined && openFrame(key, frame) === null;
    if (isDamaged) await transaction.store.delete(key);
    await transaction.done;
    if (!isDamaged) return;
    faults += 1;
    if (listeners.length === 0) unheard.add(key);
    for (const listener of listeners) listener(key);
  }

  async function* entries(prefix: string): AsyncGenerator<readonly [string, Uint8Array], void, undefined> {
    let range = IDBKeyRange.bound(prefix, prefix + behindKeys);
    for (;;) {
      assertOpen();
      const transaction = database.transaction(entriesName);
      const [keys, frames] = await Promise.all([
        transaction.store.getAllKeys(range, pageEntries),
        transaction.store.getAll(range, pageEntries),
      ]);
      for (const [index, key] of (keys as string[]).entries()) {
        const value = openFrame(key, frames[index]);
        if (value === null) await takeOut(key);
        else yield [key, value];
        assertOpen();
      }
      if (keys.length < pageEntries) return;
      range = IDBKeyRange.bound(keys.at(-1), prefix + behindKeys, true);
    }
  }

  async function commitAll(): Promise<void> {
    while (waiting.length > 0) {
      const calls = waiting;
      waiting = [];
      try {
        await commit(database, calls);
        for (const call of calls) call.resolve();
      } catch (error) {
        if (isFull(error)) space.foundFull();
        const failure = asStoreError(error);
        for (const call of calls) call.reject(failure);
      }
    }
    running = null;
  }

  async function closeOnce(): Promise<void> {
    await running;
    database.close();
    release();
  }

  return {
    entries,
    async get(key) {
      assertKey(key);
      assertOpen();
      const frame: unknown = await database.get(entriesName, key);
      if (frame === undefined) return undefined;
      const value = openFrame(key, frame);
      if (value !== null) return value;
      await takeOut(key);
      return undefined;
    },
    write(writes) {
      try {
        for (const { key } of writes) assertKey(key);
        assertOpen();
        if (space.isFull() && writes.some(({ value }) => value !== null)) {
          throw new StoreError(
            'disk-full',
            'this origin is out of space; nothing new is stored until some is freed',
          );
        }
      } catch (error) {
        return Promise.reject(error as Error);
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ writes: writes.map(sealWrite), resolve, reject });
      running ??= commitAll();
      return promise;
    },
    async statistics() {
      assertOpen();
      const [count, { usage, free }] = await Promise.all([database.count(entriesName), space.measure()]);
      return { entries: count, sizeBytes: usage, freeBytes: free, full: space.isFull(), quarantined: faults };
    },
    onCorrupt(listener) {
      listeners.push(listener);
      for (const key of unheard) listener(key);
      unheard.clear();
    },
    close() {
      closing ??= closeOnce();
      return closing;
    },
  };
}

function sealWrite({ key, value }: StoreWrite): StoreWrite {
  return { key, value: value === null ? null : sealFrame(key, value) };
}

/** All or nothing; `strict`: resolves after the browser has flushed it. */
async function commit(database: Database, calls: readonly WaitingCall[]): Promise<void> {
  const transaction = database.transaction(entriesName, 'readwrite', { durability: 'strict' });
  const { store } = transaction;
  const requests = calls.flatMap(({ writes }) =>
    writes.map(
      ({ key, value }): Promise<unknown> => (value === null ? store.delete(key) : store.put(value, key)),
    ),
  );
  await Promise.all([...requests, transaction.done]);
}

/** What is left to this origin, asked again now and then. */
function createSpace(options: IndexedDbStoreOptions) {
  const { freeBytesMin = freeBytesMinDefault, estimate = browserEstimate } = options;
  let free = Number.MAX_SAFE_INTEGER;
  let measuredAtMs = Number.NEGATIVE_INFINITY;

  async function measure(): Promise<{ usage: number; free: number }> {
    measuredAtMs = performance.now();
    const { usage = 0, quota = Number.MAX_SAFE_INTEGER } = await estimate().catch(
      () => ({}) as StorageEstimate,
    );
    free = Math.max(0, quota - usage);
    return { usage, free };
  }

  return {
    measure,
    foundFull() {
      free = 0;
    },
    isFull() {
      if (performance.now() - measuredAtMs > estimateEveryMs) void measure();
      return free < freeBytesMin;
    },
  };
}

async function browserEstimate(): Promise<StorageEstimate> {
  return (await globalThis.navigator?.storage?.estimate?.()) ?? {};
}

/** Held until it is given back or the page is gone. Without Web Locks (a page over plain http) nothing keeps a second away. */
async function takeLock(name: string): Promise<() => void> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return () => {};
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await new Promise<void>((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          reject(
            new StoreError('locked', 'another page or tab has this store open; give it a name of its own'),
          );
          return undefined;
        }
        resolve();
        return released;
      })
      .catch(reject);
  });
  return release;
}

function assertKey(key: string): void {
  if (!keyPattern.test(key)) {
    throw new TypeError(`a key is 1 to 512 printable ASCII characters: ${JSON.stringify(key)}`);
  }
}

function isFull(error: unknown): boolean {
  return (error as { name?: unknown }).name === 'QuotaExceededError';
}

function asStoreError(error: unknown): StoreError {
  return isFull(error)
    ? new StoreError('disk-full', 'this origin is out of space; nothing new is stored until some is freed', {
        cause: error,
      })
    : new StoreError('write-failed', `the browser could not store it: ${messageOf(error)}`, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
