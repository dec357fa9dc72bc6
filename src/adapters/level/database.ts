/**
 * A LevelDB that can be closed and opened again under its users. That is needed because LevelDB, once a write has
 * failed, either refuses every later write or appends behind a half-written record, which the next recovery then drops:
 * after any failure it is reopened before anything else is acknowledged.
 */
import { readdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import type { Log } from '../../ports/log.ts';
import { StoreError } from '../../ports/store.ts';
import { classifyLevelError, levelMessage } from './level-error.ts';
import { sweepOrphanTables } from './orphan-tables.ts';

/** Keys and values are bytes, so that a damaged key stays what it is. */
export type Level = ClassicLevel<Uint8Array, Uint8Array>;

export interface DatabaseOptions {
  readonly location: string;
  readonly writeBufferBytes: number;
  readonly cacheBytes: number;
  /** Called when there is no space to open; true when it is worth another try. */
  readonly makeRoom: () => Promise<boolean>;
  /** Who holds the directory, for the message when it is locked. */
  readonly describeHolder?: () => Promise<string>;
  readonly log?: Log;
}

export interface Database {
  /** Runs a task on the open database; waits while it is being reopened. @throws StoreError `closed`, or as open. */
  use<Value>(task: (level: Level) => Promise<Value>): Promise<Value>;
  /** Waits for running tasks, closes and opens; `repair` salvages what can be read in between. */
  reopen(options: { readonly repair: boolean }): Promise<void>;
  close(): Promise<void>;
}

const retryMsMin = 250;
const repairMsMin = 60_000;
/** What LevelDB writes at most when it opens: its log as a table, and a little. */
const openingMebibytes = 8;
const everythingBegin = new Uint8Array([0]);
const everythingEnd = new Uint8Array([0xff, 0xff]);

/**
 * With `mayWait` a database that finds no space to open is opened when it is used.
 * @throws StoreError `locked`, `disk-full`, `open-failed`.
 */
export async function openDatabase(options: DatabaseOptions, mayWait = false): Promise<Database> {
  let level: Level | null = await openLevel(options).catch((error: unknown) => {
    if (mayWait && error instanceof StoreError && error.code === 'disk-full') return null;
    throw error;
  });
  let isClosed = false;
  let active = 0;
  let onIdle: (() => void) | null = null;
  let gate: Promise<void> | null = null;
  let repairedAtMs = Number.NEGATIVE_INFINITY;
  let lastFailure: { readonly error: unknown; readonly atMs: number } | null = null;

  async function swap(repair: boolean): Promise<void> {
    if (active > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      onIdle = null;
    }
    const previous = level;
    level = null;
    await previous?.close().catch((error: unknown) => {
      options.log?.warn({ error }, 'LevelDB reported an error when it was closed');
    });
    if (isClosed) return;
    // A disk that goes on to fail is not mended by repairing at every read.
    const isRepair = repair && performance.now() - repairedAtMs >= repairMsMin;
    if (isRepair) repairedAtMs = performance.now();
    level = await openLevel(options, isRepair);
  }

  function reopen(repair: boolean): Promise<void> {
    if (gate !== null) return gate;
    const swapping = swap(repair)
      .catch((error: unknown) => {
        lastFailure = { error, atMs: performance.now() };
        throw error;
      })
      .finally(() => {
        gate = null;
      });
    gate = swapping;
    return swapping;
  }

  /** After a failed reopening each use tries again, but not all at once. */
  function reopenLater(): Promise<void> {
    if (lastFailure !== null && performance.now() - lastFailure.atMs < retryMsMin)
      return Promise.reject(lastFailure.error);
    return reopen(false);
  }

  return {
    async use(task) {
      for (;;) {
        if (gate !== null) await gate.catch(() => undefined);
        else if (isClosed) throw new StoreError('closed', 'the store is closed');
        else if (level === null) await reopenLater();
        else break;
      }
      active += 1;
      try {
        return await task(level);
      } finally {
        active -= 1;
        if (active === 0) onIdle?.();
      }
    },
    reopen: ({ repair }) => reopen(repair),
    async close() {
      while (gate !== null) await gate.catch(() => undefined);
      isClosed = true;
      await reopen(false);
    },
  };
}

async function openLevel(options: DatabaseOptions, isRepair = false): Promise<Level> {
  const { location, makeRoom, describeHolder, log } = options;
  let hasRepaired = isRepair || (await hasLostItsCurrent(location));
  if (hasRepaired) await repairLevel(options);
  for (;;) {
    const level: Level = new ClassicLevel(location, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      // Records are keys and signatures: they do not compress, and in a plain block a flipped bit stays where it is.
      compression: false,
      writeBufferSize: options.writeBufferBytes,
      cacheSize: options.cacheBytes,
    });
    try {
      await level.open();
      // A repaired database has all its tables on one level, where a lookup may find an older version first.
      if (hasRepaired) await level.compactRange(everythingBegin, everythingEnd);
      return level;
    } catch (error) {
      await level.close().catch(() => undefined);
      const failure = classifyLevelError(error);
      if (failure === 'locked') {
        const holder = (await describeHolder?.()) ?? '';
        throw new StoreError(
          'locked',
          `${location} is in use by another process${holder}: stop it, or give this node another data directory`,
          { cause: error },
        );
      }
      if (failure === 'no-space') {
        if ((await sweepOrphanTables(location)) > 0 || (await makeRoom())) continue;
        throw new StoreError(
          'disk-full',
          `${location} cannot be opened, the disk is full: free ${openingMebibytes} MiB and start again`,
          { cause: error },
        );
      }
      if (!['corrupt', 'missing-file'].includes(failure) || hasRepaired) {
        throw new StoreError('open-failed', `${location} cannot be opened: ${levelMessage(error)}`, {
          cause: error,
        });
      }
      log?.error({ error, location }, 'the database is damaged: what can be read is salvaged');
      hasRepaired = true;
      await repairLevel(options);
    }
  }
}

/** Without its CURRENT file LevelDB would begin an empty database over a full one. */
async function hasLostItsCurrent(location: string): Promise<boolean> {
  const names = await readdir(location).catch((): string[] => []);
  return !names.includes('CURRENT') && names.some((name) => /\.(ldb|sst|log)$/.test(name));
}

async function repairLevel({ location, makeRoom, log }: DatabaseOptions): Promise<void> {
  for (;;) {
    try {
      await ClassicLevel.repair(location);
      log?.warn(
        { location },
        'the database was repaired; entries that are missing now are reported one by one',
      );
      return;
    } catch (error) {
      if (classifyLevelError(error) === 'no-space' && (await makeRoom())) continue;
      throw new StoreError('open-failed', `${location} cannot be repaired: ${levelMessage(error)}`, {
        cause: error,
      });
    }
  }
}
