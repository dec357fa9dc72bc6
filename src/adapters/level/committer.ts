/**
 * One group commit: what may not grow the store is refused, the rest is written in one synced batch and noted in the
 * roster. A failed batch means that LevelDB is reopened, and that the group is tried once more, on a full disk only
 * its deletes. A write that is refused after a failure may have been applied all the same, whole.
 */
import type { Log } from '../../ports/log.ts';
import type { StoreCommit } from '../../ports/store.ts';
import type { CommitItem } from './commit-queue.ts';
import type { LevelOperation } from './custody.ts';
import type { Database } from './database.ts';
import type { DiskSpace } from './disk-space.ts';
import { entryKey } from './entry.ts';
import { classifyLevelError, diskFull, type LevelFailure, toStoreError } from './level-error.ts';
import { bytesToReopen } from './orphan-tables.ts';
import { sealFrame } from './record-frame.ts';
import type { Roster, RosterChange } from './roster.ts';

/** One call of `write`; frames are null where the entry is deleted, their headers are filled in here. */
export interface PendingWrite extends CommitItem {
  readonly changes: readonly {
    readonly key: string;
    readonly frame: Buffer | null;
    readonly isNew: boolean | undefined;
  }[];
  readonly grows: boolean;
}

export interface CommitterOptions {
  readonly directory: string;
  /** Of the database, below the directory. */
  readonly location: string;
  readonly database: Database;
  readonly roster: Roster;
  readonly space: DiskSpace;
  /** Runs a task between two commits. */
  readonly exclusive: <Value>(task: () => Promise<Value>) => Promise<Value>;
  /** Told of each batch that is on the disk. */
  readonly committed: (commit: StoreCommit) => void;
  readonly log?: Log;
}

export interface Committer {
  /** Settles every item. */
  commit(items: readonly PendingWrite[]): Promise<void>;
  /** A synced batch; after a failure the next one opens the database anew. */
  apply(operations: LevelOperation[]): Promise<void>;
  /** Looks after a full store in the background: gives back the room of what was deleted, and of what went wrong. */
  tend(): void;
  /** Opens the database anew where there is room for it; not while a commit runs. */
  refresh(): Promise<void>;
}

/** A full store is compacted after so many deletes, and looked after so often. */
const deletesPerReclaim = 512;
const tendMsMin = 5000;
/** Never there. */
const probeKey = Buffer.from('probe', 'latin1');

export function createCommitter(options: CommitterOptions): Committer {
  const { directory, location, database, roster, space, exclusive, committed, log } = options;
  let sequence = roster.sequence();
  let deletesWhileFull = 0;
  let isTending = false;
  let hasTended = true;
  let tendedAtMs = performance.now();
  let failed: LevelFailure | null = null;

  async function apply(operations: LevelOperation[]): Promise<void> {
    if (failed !== null) await revive(failed);
    try {
      await database.use((level) => level.batch(operations, { sync: true }));
    } catch (error) {
      failed = classifyLevelError(error);
      if (failed === 'no-space') await space.makeRoom();
      throw error;
    }
  }

  async function hasRoomToReopen(): Promise<boolean> {
    return (await space.freeBytes()) >= (await bytesToReopen(location));
  }

  /** A database that failed a write still reads; it is given up only where it is likely to open again. */
  async function revive(failure: LevelFailure): Promise<void> {
    if (failure === 'no-space' && !(await hasRoomToReopen())) throw diskFull(directory);
    await database.reopen({ repair: failure === 'corrupt' || failure === 'missing-file' });
    failed = null;
  }

  async function applyItems(items: readonly PendingWrite[]): Promise<void> {
    // At least the time, so that a sequence is not used again when the roster lost its last moments.
    sequence = Math.max(sequence + 1, Date.now());
    const operations: LevelOperation[] = [];
    const noted: RosterChange[] = [];
    let writtenBytes = 0;
    for (const { changes, sizeBytes } of items) {
      writtenBytes += sizeBytes;
      for (const { key, frame, isNew } of changes) {
        if (frame === null) {
          operations.push({ type: 'del', key: entryKey(key) });
          noted.push([key, null, isNew]);
        } else {
          sealFrame(key, frame, sequence);
          operations.push({ type: 'put', key: entryKey(key), value: frame });
          noted.push([key, sequence, isNew]);
        }
      }
    }
    const startMs = performance.now();
    await apply(operations);
    committed({
      durationMs: performance.now() - startMs,
      entries: operations.length,
      sizeBytes: writtenBytes,
    });
    roster.note(noted);
    space.wrote(writtenBytes);
    for (const item of items) item.resolve();
  }

  function refuseGrowth(items: readonly PendingWrite[], cause?: unknown): readonly PendingWrite[] {
    for (const item of items) if (item.grows) item.reject(diskFull(directory, cause));
    return items.filter((item) => !item.grows);
  }

  async function applyOrRetry(items: readonly PendingWrite[]): Promise<void> {
    let admitted = items;
    try {
      await applyItems(admitted);
    } catch (error) {
      if (classifyLevelError(error) === 'no-space') admitted = refuseGrowth(admitted, error);
      if (admitted.length === 0) return;
      await applyItems(admitted).catch((again: unknown) => {
        for (const item of admitted) item.reject(toStoreError(again, directory));
      });
    }
  }

  async function commit(items: readonly PendingWrite[]): Promise<void> {
    const isFull = await space.isFull();
    const admitted = isFull ? refuseGrowth(items) : items;
    if (admitted.length > 0) await applyOrRetry(admitted);
    if (!isFull) return;
    for (const { changes } of admitted) deletesWhileFull += changes.length;
    tend();
  }

  function tend(): void {
    const isLongAgo = performance.now() - tendedAtMs >= tendMsMin;
    const isUrgent = hasTended && deletesWhileFull >= deletesPerReclaim;
    if (isTending || !(isLongAgo || isUrgent)) return;
    const deletes = deletesWhileFull;
    isTending = true;
    deletesWhileFull = 0;
    reclaim(deletes > 0)
      .then(
        () => {
          hasTended = true;
        },
        (error: unknown) => {
          log?.warn({ error }, 'the full store could not be compacted; this is tried again');
          hasTended = false;
          deletesWhileFull += deletes;
        },
      )
      .finally(() => {
        isTending = false;
        tendedAtMs = performance.now();
        // Deletes went on meanwhile.
        if (deletesWhileFull > 0) tend();
      });
  }

  /**
   * Deletes give back no room before LevelDB compacts, which it does for size only: here it is asked to. It does not
   * tell when a compaction fails, it refuses the next write: this one, and what the failure left is swept.
   */
  async function reclaim(isCompacting: boolean): Promise<void> {
    if (isCompacting) await database.use((level) => level.compactRange(entryKey(''), entryKey('\xff')));
    await exclusive(async () => {
      await apply([{ type: 'del', key: probeKey }]).catch(async (error: unknown) => {
        if (failed !== null) await revive(failed);
        throw error;
      });
    });
    if (isCompacting) await roster.compact();
  }

  async function refresh(): Promise<void> {
    if (failed === null && (await hasRoomToReopen())) await database.reopen({ repair: false });
  }

  return { commit, apply, tend, refresh };
}
