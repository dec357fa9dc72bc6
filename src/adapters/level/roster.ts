/**
 * What the store must hold: each key with the sequence of its last commit, in a LevelDB of its own. It is written after
 * the synced commit and not synced itself, so it costs little and is never ahead of the records. LevelDB drops damaged
 * parts of its log without a word; the roster is how the store notices, and knows what to ask the network for. After a
 * power cut its last moments may be missing; what the records have beyond it is adopted (audit).
 */
import { ClassicLevel } from 'classic-level';
import { StoreError } from '../../ports/store.ts';
import { type Database, type DatabaseOptions, type Level, openDatabase } from './database.ts';
import { classifyLevelError } from './level-error.ts';
import { decodeNumbers, encodeNumbers } from './roster-line.ts';

/** The sequence of the last write, or null for a delete; and whether the key is new, or was there, where that is known. */
export type RosterChange = readonly [key: string, sequence: number | null, isNew?: boolean | undefined];

export interface Roster {
  /** Keys held; null while the disk is too full to know. */
  entries(): number | null;
  /** The highest sequence noted. */
  sequence(): number;
  /** Queues changes; they are written in order. Never throws: what cannot be written is tried again with the next. */
  note(changes: readonly RosterChange[]): void;
  /** From now on looks itself whether a key is new: what writers know may be wrong after a failure. */
  doubt(): void;
  /** Resolves when everything noted so far is written. */
  flushed(): Promise<void>;
  /** Counts anew what is held. */
  recount(): Promise<void>;
  /** Gives back the room of what was deleted. */
  compact(): Promise<void>;
  /** Gives back the memory of what was read. @throws StoreError when the disk is too full to open the database anew. */
  refresh(): Promise<void>;
  /** Null when what the roster says of this key is damaged; undefined also while the roster cannot be read. */
  sequenceOf(key: string): Promise<number | null | undefined>;
  /** Up to `limit` keys behind `after`, in order. */
  page(after: string, limit: number): Promise<readonly RosterChange[]>;
  close(): Promise<void>;
}

const keyPrefix = 'k/';
const keysEnd = 'k0';
const summaryKey = 'summary';
/** Everything here is text: that costs half of bytes on the way through the binding. */
const text = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

/** What is to be written of a key; `isNew` as of before all that waits, undefined where the roster looks. */
interface Pending {
  readonly sequence: number | null;
  readonly isNew: boolean | undefined;
}

/** @throws StoreError as openDatabase; a roster that is damaged beyond repair is begun anew. */
export async function openRoster(options: DatabaseOptions): Promise<Roster> {
  const database = await openOrBeginAnew(options);
  let entries: number | null = null;
  let sequence = 0;
  let pending = new Map<string, Pending>();
  let waiting: (() => void)[] = [];
  let writing: Promise<void> | null = null;
  let isWritable = true;
  let isDoubtful = false;

  async function load(level: Level): Promise<void> {
    if (entries !== null) return;
    const line = await level.get<string, string>(summaryKey, text);
    const [count, last] = (line === undefined ? null : decodeNumbers(summaryKey, line, 2)) ?? [0, 0];
    entries = count!;
    sequence = Math.max(sequence, last!);
  }

  async function write(changes: ReadonlyMap<string, Pending>, sync: boolean): Promise<void> {
    await database.use(async (level) => {
      await load(level);
      const count = Math.max(0, entries! + (await growth(level, changes)));
      const operations = [...changes].map(([key, { sequence: at }]) => operationOf(key, at));
      const value = encodeNumbers(summaryKey, [count, sequence]);
      await level.batch<string, string>([...operations, { type: 'put', key: summaryKey, value }], {
        ...text,
        sync,
      });
      entries = count;
    });
  }

  /** LevelDB must be reopened after a failed write. */
  async function rewrite(error: unknown, changes: Map<string, Pending>): Promise<void> {
    // The batch may have been written all the same.
    for (const [key, change] of changes) changes.set(key, { ...change, isNew: undefined });
    await database.reopen({ repair: classifyLevelError(error) === 'corrupt' });
    await write(changes, false);
  }

  /** False when the changes could not be written: they are kept, bounded by the entries of the store. */
  async function writeOrKeep(changes: Map<string, Pending>): Promise<boolean> {
    try {
      await write(changes, false).catch((error: unknown) => rewrite(error, changes));
      return true;
    } catch (error) {
      options.log?.warn({ error }, 'the roster of entries cannot be written yet');
      for (const [key, { sequence: at }] of pending) changes.set(key, { sequence: at, isNew: undefined });
      pending = changes;
      return false;
    }
  }

  async function drain(): Promise<void> {
    isWritable = true;
    while (isWritable && (pending.size > 0 || waiting.length > 0)) {
      const changes = pending;
      const answered = waiting;
      pending = new Map();
      waiting = [];
      if (changes.size > 0) isWritable = await writeOrKeep(changes);
      for (const resolve of answered) resolve();
    }
  }

  function wake(): void {
    writing ??= drain().finally(() => {
      writing = null;
      if (waiting.length > 0 || (isWritable && pending.size > 0)) wake();
    });
  }

  function note(changes: readonly RosterChange[]): void {
    for (const [key, at, isNew] of changes) {
      const earlier = pending.get(key);
      const known = isDoubtful ? undefined : isNew;
      pending.set(key, { sequence: at, isNew: earlier === undefined ? known : earlier.isNew });
      if (at !== null && at > sequence) sequence = at;
    }
    wake();
  }

  async function recount(): Promise<void> {
    try {
      entries = await database.use(countKeys);
    } catch (error) {
      options.log?.warn({ error }, 'the roster of entries cannot be counted');
    }
  }

  function flushed(): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(resolve);
      wake();
    });
  }

  await database.use(load).catch((error: unknown) => {
    options.log?.warn({ error }, 'the roster of entries cannot be read until there is space');
  });

  return {
    entries: () => entries,
    sequence: () => sequence,
    note,
    doubt() {
      isDoubtful = true;
    },
    flushed,
    async recount() {
      await flushed();
      // Changes noted meanwhile wait until the count is done.
      while (writing !== null) await writing;
      writing = recount().finally(() => {
        writing = null;
        wake();
      });
      await writing;
    },
    compact: () => database.use((level) => level.compactRange<string>(keyPrefix, keysEnd, text)),
    refresh: () => database.reopen({ repair: false }),
    sequenceOf: (key) =>
      database
        .use(async (level) => sequenceIn(key, await level.get<string, string>(keyPrefix + key, text)))
        .catch((error: unknown) => {
          if (error instanceof StoreError && error.code === 'closed') throw error;
          return undefined;
        }),
    page: (after, limit) =>
      database.use(async (level) => {
        const range = { gt: keyPrefix + after, lt: keysEnd, limit, ...text };
        const found = await level.iterator<string, string>(range).all();
        return found.map(([name, line]): RosterChange => {
          const key = name.slice(keyPrefix.length);
          return [key, sequenceIn(key, line) ?? null];
        });
      }),
    async close() {
      await flushed();
      await write(pending, true).catch((error: unknown) => {
        options.log?.warn({ error }, 'the roster of entries is not complete; the next start compares it');
      });
      await database.close();
    },
  };
}

async function openOrBeginAnew(options: DatabaseOptions): Promise<Database> {
  try {
    return await openDatabase(options, true);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'open-failed') throw error;
    options.log?.warn({ error }, 'the roster of entries cannot be read: it is begun anew');
    await ClassicLevel.destroy(options.location);
    return openDatabase(options, true);
  }
}

function operationOf(name: string, sequence: number | null) {
  const key = keyPrefix + name;
  return sequence === null
    ? { type: 'del' as const, key }
    : { type: 'put' as const, key, value: encodeNumbers(name, [sequence]) };
}

/**
 * By how many keys these changes grow the roster. A look for a key reads a table now and then, which LevelDB keeps
 * mapped: only those are looked for of which nothing is known.
 */
async function growth(level: Level, changes: ReadonlyMap<string, Pending>): Promise<number> {
  const unknown: string[] = [];
  let added = 0;
  for (const [key, { sequence, isNew }] of changes) {
    if (isNew === undefined) unknown.push(keyPrefix + key);
    added += (sequence === null ? 0 : 1) - (isNew === false ? 1 : 0);
  }
  const held = unknown.length > 0 ? await level.hasMany(unknown, text) : [];
  return added - held.filter(Boolean).length;
}

async function countKeys(level: Level): Promise<number> {
  let count = 0;
  const keys = level.keys<string>({ gt: keyPrefix, lt: keysEnd, keyEncoding: 'utf8' });
  try {
    for (;;) {
      const batch = await keys.nextv(1024);
      if (batch.length === 0) return count;
      count += batch.length;
    }
  } finally {
    await keys.close();
  }
}

function sequenceIn(key: string, line: string | undefined): number | null | undefined {
  return line === undefined ? undefined : (decodeNumbers(key, line, 1)?.[0] ?? null);
}
