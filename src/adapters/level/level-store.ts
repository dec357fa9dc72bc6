/**
 * The durable store: records in one LevelDB, written in synced group commits with a checksum each; a roster of what
 * must be there; a ballast for the day on which the disk is full. docs/decisions/0002-store.md says why.
 *
 * Below the directory: schema.json, records/ and roster/ (LevelDB each), ballast, holder (who has it open).
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../ports/log.ts';
import { type Store, type StoreCommit, StoreError, type StoreWrite } from '../../ports/store.ts';
import { type AuditReport, auditStore } from './audit.ts';
import { createCommitQueue } from './commit-queue.ts';
import { createCommitter, type PendingWrite } from './committer.ts';
import { createCustody } from './custody.ts';
import { type Database, openDatabase } from './database.ts';
import { createDiskSpace, type DiskSpaceOptions } from './disk-space.ts';
import { assertKey, readEntry, readPages } from './entry.ts';
import { toOpenError } from './level-error.ts';
import { bytesToReopen } from './orphan-tables.ts';
import { createFrame, openFrame } from './record-frame.ts';
import { openRoster } from './roster.ts';
import { assertSchema, syncDirectory } from './schema-file.ts';

export interface LevelStoreOptions {
  /** Made when it is not there. One process at a time. */
  readonly directory: string;
  /** Room given up when the disk is full; 0: none. Default 16 MiB. */
  readonly ballastBytes?: number;
  /** Below so much free space nothing grows; 0: only when the disk is full. Default 0. */
  readonly freeBytesMin?: number;
  /** Cache of LevelDB. Default 8 MiB. */
  readonly cacheBytes?: number;
  /** Free bytes for this process; asks the file system when left out. */
  readonly freeBytes?: DiskSpaceOptions['freeBytes'];
  readonly log?: Log;
}

export interface LevelStore extends Store {
  /** The comparison of records and roster that each start makes in the background. Never rejects. */
  readonly audited: Promise<AuditReport>;
}

const ballastBytesDefault = 16 * 1024 * 1024;
const cacheBytesDefault = 8 * 1024 * 1024;
const recordsWriteBufferBytes = 4 * 1024 * 1024;
const rosterBytes = 1024 * 1024;
const pageEntries = 256;
const mappedEntriesMax = 10_000;

/**
 * Opens the store, or makes it. Damage is repaired, and what is missing after it reported through `onCorrupt`.
 * @throws StoreError `locked`, `wrong-schema`, `disk-full`, `open-failed`.
 */
export async function createLevelStore(options: LevelStoreOptions): Promise<LevelStore> {
  const { directory, log } = options;
  const parts = await openParts(options).catch((error: unknown) => {
    throw toOpenError(error, directory);
  });
  const { database, roster, space } = parts;
  const commitListeners: ((commit: StoreCommit) => void)[] = [];
  const commit = createCommitter({
    directory,
    location: join(directory, 'records'),
    ...parts,
    exclusive: (task) => queue.exclusive(task),
    committed: (made) => commitListeners.forEach((listener) => void listener(made)),
    ...(log && { log }),
  });
  const queue = createCommitQueue<PendingWrite>(commit.commit);
  const watched = { database, roster, ...(log && { log }) };
  const custody = createCustody({ ...watched, exclusive: queue.exclusive, apply: commit.apply });
  let isClosed = false;
  const audited = audit().catch((error: unknown): AuditReport => {
    if (!isClosed) log?.error({ error }, 'the store could not be compared with its roster');
    return { entries: roster.entries() ?? 0, damaged: 0, outdated: 0, lost: 0, isComplete: false };
  });

  async function audit(): Promise<AuditReport> {
    const report = await auditStore({ database, roster, custody, isStopped: () => isClosed });
    // LevelDB maps every table that it reads, and keeps it mapped: this gives the memory back.
    if (report.isComplete && report.entries >= mappedEntriesMax) {
      await queue.exclusive(commit.refresh);
      if ((await space.freeBytes()) >= (await bytesToReopen(join(directory, 'roster'))))
        await roster.refresh();
    }
    return report;
  }

  async function* entries(prefix: string): AsyncGenerator<readonly [string, Uint8Array], void, undefined> {
    for await (const page of readPages(database, prefix, pageEntries)) {
      const damaged: string[] = [];
      for (const { key, frame } of page.entries) {
        const opened = openFrame(key, frame);
        if (opened === null) damaged.push(key);
        else yield [key, opened.value];
      }
      if (damaged.length > 0) await custody.examine(damaged);
    }
  }

  return {
    audited,
    entries,
    async get(key) {
      assertKey(key);
      const frame = await readEntry(database, key);
      const opened = frame === undefined ? null : openFrame(key, frame);
      if (opened !== null) return opened.value;
      // Nothing, or nothing that may be served: report it unless that is as it should be.
      if (frame !== undefined || (await roster.sequenceOf(key)) !== undefined) await custody.examine([key]);
      return undefined;
    },
    async write(writes) {
      for (const { key } of writes) assertKey(key);
      if (writes.length > 0) await new Promise<void>(enqueue(queue.push, writes, roster.doubt));
    },
    async statistics() {
      if (isClosed) throw new StoreError('closed', 'the store is closed');
      await roster.flushed();
      const isFull = await space.look();
      if (isFull) commit.tend();
      return {
        entries: roster.entries() ?? (await countEntries(database)),
        sizeBytes: await sizeOf([join(directory, 'records'), join(directory, 'roster')]),
        freeBytes: await space.freeBytes(),
        full: isFull,
        quarantined: custody.faults(),
      };
    },
    onCorrupt: custody.onFault,
    onCommit: (listener) => void commitListeners.push(listener),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await queue.close();
      await audited;
      await roster.close();
      await space.close();
      await rm(join(directory, 'holder'), { force: true });
      await database.close();
    },
  };
}

function enqueue(push: (item: PendingWrite) => void, writes: readonly StoreWrite[], doubt: () => void) {
  return (resolve: () => void, refuse: (error: unknown) => void): void => {
    const reject = (error: unknown): void => {
      // What is known of the keys of other writes may come from this one.
      doubt();
      refuse(error);
    };
    const changes = writes.map(({ key, value, isNew }) => ({
      key,
      isNew,
      frame: value === null ? null : createFrame(value),
    }));
    const sizeBytes = changes.reduce((sum, { key, frame }) => sum + key.length + (frame?.length ?? 0), 0);
    push({ changes, sizeBytes, grows: changes.some(({ frame }) => frame !== null), resolve, reject });
  };
}

async function openParts(options: LevelStoreOptions) {
  const { directory, log } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = await readdir(directory);
  await assertSchema(directory, !names.includes('records') && !names.includes('roster'));
  const space = await createDiskSpace({
    directory,
    ballastBytes: options.ballastBytes ?? ballastBytesDefault,
    freeBytesMin: options.freeBytesMin ?? 0,
    ...(options.freeBytes && { freeBytes: options.freeBytes }),
    ...(log && { log }),
  });
  const holderPath = join(directory, 'holder');
  const database = await openDatabase({
    location: join(directory, 'records'),
    writeBufferBytes: recordsWriteBufferBytes,
    cacheBytes: options.cacheBytes ?? cacheBytesDefault,
    describeHolder: () =>
      readFile(holderPath, 'utf8').then(
        (text) => ` (${text.trim()})`,
        () => '',
      ),
    makeRoom: space.makeRoom,
    ...(log && { log }),
  });
  try {
    const roster = await openRoster({
      location: join(directory, 'roster'),
      writeBufferBytes: rosterBytes,
      cacheBytes: rosterBytes,
      // The ballast is for the records: the store works without its roster.
      makeRoom: async () => false,
      ...(log && { log }),
    });
    // On a full disk the name of the holder is not worth failing for.
    await writeFile(holderPath, `process ${process.pid}\n`, { mode: 0o600 }).catch(() => undefined);
    await syncDirectory(directory);
    await space.isFull();
    return { database, roster, space };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function countEntries(database: Database): Promise<number> {
  let count = 0;
  for await (const page of readPages(database, '', pageEntries)) count += page.entries.length;
  return count;
}

async function sizeOf(directories: readonly string[]): Promise<number> {
  let sizeBytes = 0;
  for (const directory of directories) {
    for (const name of await readdir(directory)) {
      // Compaction may remove a file between the two calls.
      sizeBytes += await stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      );
    }
  }
  return sizeBytes;
}
