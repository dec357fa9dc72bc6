/**
 * Group commit: writes that arrive while one synced commit is on its way to the disk share the next one, so that the
 * cost of a sync is divided by the writes in flight. Commits run one at a time, in the order of the calls.
 */
import { StoreError } from '../../ports/store.ts';

/** One call of `write`, all or nothing. */
export interface CommitItem {
  readonly sizeBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitQueue<Item extends CommitItem> {
  /** Settles through the item's own functions. */
  push(item: Item): void;
  /** Runs a task alone, between two commits. */
  exclusive<Value>(task: () => Promise<Value>): Promise<Value>;
  /** Refuses what comes later and waits for what came before. */
  close(): Promise<void>;
}

/** LevelDB copies a batch once more per write above this; more would only lengthen the wait of the first. */
const commitBytesMax = 1024 * 1024;
const commitItemsMax = 4096;

/** `commit` settles every item that it is given. */
export function createCommitQueue<Item extends CommitItem>(
  commit: (items: readonly Item[]) => Promise<void>,
): CommitQueue<Item> {
  let waiting: Item[] = [];
  let tasks: (() => Promise<void>)[] = [];
  let running: Promise<void> | null = null;
  let isClosed = false;

  function takeGroup(): readonly Item[] {
    let sizeBytes = 0;
    let count = 0;
    while (count < waiting.length && count < commitItemsMax && sizeBytes < commitBytesMax) {
      sizeBytes += waiting[count]!.sizeBytes;
      count += 1;
    }
    if (count === waiting.length) {
      const group = waiting;
      waiting = [];
      return group;
    }
    return waiting.splice(0, count);
  }

  async function run(): Promise<void> {
    // What the caller writes in the same turn belongs to the same commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0 || tasks.length > 0) {
      const due = tasks;
      tasks = [];
      for (const task of due) await task();
      const items = takeGroup();
      if (items.length > 0) {
        await commit(items).catch((error: unknown) => {
          for (const item of items) item.reject(error);
        });
        // The callers that were just answered write again in this turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  function wake(): void {
    running ??= run().finally(() => {
      running = null;
      if (waiting.length > 0 || tasks.length > 0) wake();
    });
  }

  return {
    push(item) {
      if (isClosed) return item.reject(new StoreError('closed', 'the store is closed'));
      waiting.push(item);
      wake();
    },
    exclusive(task) {
      if (isClosed) return Promise.reject(new StoreError('closed', 'the store is closed'));
      return new Promise((resolve, reject) => {
        tasks.push(() => task().then(resolve, reject));
        wake();
      });
    },
    async close() {
      isClosed = true;
      while (running !== null) await running;
    },
  };
}
