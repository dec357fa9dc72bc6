/**
 * One group commit: what may not grow the store is refused, the rest is written in one synced batch and noted in the
 * roster. A failed batch means that LevelDB is reopened, and that the group is tried once more, on a full disk only
 * its deletes. A write that is refused after a failure may have been applied all the same, whole.
 */
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
  readonly changes: readonly { readonly key: string; readonly frame: Buffer | null }[];
  readonly grows: boolean;
}

export interface CommitterOptions {
  readonly directory: string;
  /** Of the database, below the directory. */
  readonly location: string;
  readonly database: Database;
  readonly roster: Roster;
  readonly space: DiskSpace;
}

export interface Committer {
  /** Settles every item. */
  commit(items: readonly PendingWrite[]): Promise<void>;
  /** A synced batch; after a failure the next one opens the database anew. */
  apply(operations: LevelOperation[]): Promise<void>;
  /** Opens the database anew where there is room for it; not while a commit runs. */
  refresh(): Promise<void>;
}

/** A full disk gets room from compaction only, and LevelDB does not compact for deletes: so often we ask it to. */
const deletesPerCompaction = 512;

export function createCommitter({
  directory,
  location,
  database,
  roster,
  space,
}: CommitterOptions): Committer {
  let sequence = roster.sequence();
  let deletesWhileFull = 0;
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
      for (const { key, frame } of changes) {
        if (frame === null) {
          operations.push({ type: 'del', key: entryKey(key) });
          noted.push([key, null]);
        } else {
          sealFrame(key, frame, sequence);
          operations.push({ type: 'put', key: entryKey(key), value: frame });
          noted.push([key, sequence]);
        }
      }
    }
    await apply(operations);
    roster.note(noted);
    space.wrote(writtenBytes);
    for (const item of items) item.resolve();
  }

  function refuseGrowth(items: readonly PendingWrite[], cause?: unknown): readonly PendingWrite[] {
    for (const item of items) if (item.grows) item.reject(diskFull(directory, cause));
    return items.filter((item) => !item.grows);
  }

  async function commit(items: readonly PendingWrite[]): Promise<void> {
    const isFull = await space.isFull();
    let admitted = isFull ? refuseGrowth(items) : items;
    if (admitted.length === 0) return;
    try {
      await applyItems(admitted);
    } catch (error) {
      if (classifyLevelError(error) === 'no-space') admitted = refuseGrowth(admitted, error);
      if (admitted.length === 0) return;
      await applyItems(admitted).catch((again: unknown) => {
        for (const item of admitted) item.reject(toStoreError(again, directory));
      });
    }
    if (isFull) await reclaim(admitted.reduce((sum, { changes }) => sum + changes.length, 0));
  }

  async function reclaim(deletes: number): Promise<void> {
    deletesWhileFull += deletes;
    if (deletesWhileFull < deletesPerCompaction) return;
    deletesWhileFull = 0;
    await database.use((level) => level.compactRange(entryKey(''), entryKey('\xff'))).catch(() => undefined);
  }

  async function refresh(): Promise<void> {
    if (failed === null && (await hasRoomToReopen())) await database.reopen({ repair: false });
  }

  return { commit, apply, refresh };
}
