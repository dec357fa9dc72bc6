/**
 * The way into the log: what a peer accepted is written beside the agent it is about, in the same batch, so that it is
 * durable exactly when the acceptance is, and costs no commit of its own. It waits there for the tree.
 */
import { concatBytes } from '../../core/bytes.ts';
import type { AcceptedEvent } from '../../core/record/accepted.ts';
import type { Store, StoreWrite } from '../../ports/store.ts';
import { encodeLeaf } from '../leaf.ts';
import { frameEntry, splitEntries } from '../tile/entry-bundle.ts';
import { queueBlock, queueBlockPrefix, queueKey, queuePrefix, queueSequence } from './log-rows.ts';

export interface LogQueue {
  /** The row that goes into the same batch as what was accepted. */
  row(accepted: readonly AcceptedEvent[], seenAtSeconds: number): StoreWrite;
  /** The oldest durable rows with the entries in them, at most about so many entries. */
  take(entriesMax: number): Promise<QueuedEntries>;
  /** Those rows are in the tree now. */
  taken(keys: readonly string[]): void;
  /** Rows that were handed out, durable or not, and are not in the tree. */
  readonly length: number;
}

export interface QueuedEntries {
  readonly keys: readonly string[];
  readonly entries: readonly Uint8Array[];
}

/** Continues behind what a run before left. */
export async function openLogQueue(store: Pick<Store, 'entries'>): Promise<LogQueue> {
  let first: number | null = null;
  let next = 0;
  let length = 0;
  for await (const [key] of store.entries(queuePrefix)) {
    first ??= queueSequence(key);
    next = queueSequence(key) + 1;
    length += 1;
  }
  /** Nothing below this is in the queue any more. */
  let from = first ?? next;

  async function take(entriesMax: number): Promise<QueuedEntries> {
    const keys: string[] = [];
    const entries: Uint8Array[] = [];
    const end = next;
    for (let at = from; at < end; at = (Math.floor(at / queueBlock) + 1) * queueBlock) {
      for await (const [key, value] of store.entries(queueBlockPrefix(at))) {
        if (entries.length >= entriesMax) return { keys, entries };
        keys.push(key);
        entries.push(...(splitEntries(value) ?? []));
      }
    }
    // What the disk refused was counted, and never came.
    length = keys.length + (next - end);
    return { keys, entries };
  }

  return {
    row(accepted, seenAt) {
      const value = concatBytes(...accepted.map((event) => frameEntry(encodeLeaf({ ...event, seenAt }))));
      length += 1;
      return { key: queueKey(next++), value, isNew: true };
    },
    take,
    taken(keys) {
      const last = keys.at(-1);
      if (last === undefined) return;
      length = Math.max(0, length - keys.length);
      // A row below may still be on its way to the disk: the block is walked again as long as it is the newest.
      from = Math.max(from, Math.floor(queueSequence(last) / queueBlock) * queueBlock);
    },
    get length() {
      return length;
    },
  };
}
