/** A durable ordered map of bytes. The one promise that matters: what `write` acknowledged survives a power cut. */

/** null deletes. Keys are short ASCII paths such as `agent/<hex>`. */
export interface StoreWrite {
  readonly key: string;
  readonly value: Uint8Array | null;
  /** What the writer knows: that there is no entry of this key yet, or that there is one. Left out, the store looks. */
  readonly isNew?: boolean;
}

export interface StoreStatistics {
  readonly entries: number;
  readonly sizeBytes: number;
  readonly freeBytes: number;
  /** True above the high-water mark: writes that grow the store are refused, reads and deletes work. */
  readonly full: boolean;
  /** Entries taken out of service since the store was opened: damaged, lost, or older than what was acknowledged. */
  readonly quarantined: number;
}

/** A group of writes that reached the disk together. */
export interface StoreCommit {
  /** Of the synced batch alone, without the wait before it. */
  readonly durationMs: number;
  /** Written or deleted. */
  readonly entries: number;
  readonly sizeBytes: number;
}

export interface Store {
  /**
   * The value, or undefined when there is none. An entry whose checksum fails is moved to quarantine, reported
   * through `onCorrupt`, and reads as undefined: it is never served.
   */
  get(key: string): Promise<Uint8Array | undefined>;
  /**
   * Applies all or nothing, durably: resolves after the synced group commit that contains it. What is refused for
   * `disk-full` before it is tried leaves no trace; after a failed write it may have been applied, whole.
   * @throws StoreError `disk-full`, `closed`, `write-failed`.
   */
  write(writes: readonly StoreWrite[]): Promise<void>;
  /** Entries whose key starts with the prefix, in key order; corrupt ones are quarantined and left out. */
  entries(prefix: string): AsyncIterable<readonly [string, Uint8Array]>;
  statistics(): Promise<StoreStatistics>;
  /**
   * Calls back with the key of each entry that was acknowledged and can no longer be served, so that it is fetched
   * again: its checksum failed, or it is missing, or an older version stands in its place. Those found before the
   * first listener came are reported to it.
   */
  onCorrupt(listener: (key: string) => void): void;
  /** Calls back after each group commit, where the store has such. The listener must not throw. */
  onCommit?(listener: (commit: StoreCommit) => void): void;
  close(): Promise<void>;
}

export type StoreErrorCode =
  | 'disk-full'
  | 'closed'
  | 'write-failed'
  | 'locked'
  | 'wrong-schema'
  | 'open-failed';

/** Errors of every store implementation; the message says what to do. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
