/** Names inside the record database, and reading it: a page at a time, so that no reader pins old files. */
import { StoreError } from '../../ports/store.ts';
import type { Database, Level } from './database.ts';
import { classifyLevelError, isDamage, levelMessage } from './level-error.ts';

const entryPrefix = 'd/';
const quarantinePrefix = 'q/';
const keyLengthMax = 512;
const isAscii = /^[ -~]*$/;
/** Behind every text. */
const behindText = '\u{10ffff}';

interface KeyRange {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt: string;
  readonly limit: number;
}

/** An entry as found, its checksum not looked at. */
export interface RawEntry {
  readonly key: string;
  readonly frame: Uint8Array;
}

/** Entries in the order of the database. */
export interface EntryPage {
  readonly entries: readonly RawEntry[];
  /** Every key of the range up to this one was in this page or an earlier one; null: to the end. */
  readonly through: string | null;
  /** False when keys stood out of order: a damaged key hides its neighbours from a lookup. */
  readonly isOrdered: boolean;
}

/** Where an entry stands. Keys are latin1 here, so that a damaged one stays what it is. */
export function entryKey(key: string): Buffer {
  return Buffer.from(entryPrefix + key, 'latin1');
}

/** Where what was found under a key is kept once it was taken out of service. */
export function quarantineKey(key: string): Buffer {
  return Buffer.from(quarantinePrefix + key, 'latin1');
}

/** @throws TypeError on a key that is no short printable ASCII: a mistake of the caller. */
export function assertKey(key: string): void {
  if (key.length > keyLengthMax || !/^[!-~]+$/.test(key)) {
    throw new TypeError(`a key is 1 to ${keyLengthMax} printable ASCII characters: ${JSON.stringify(key)}`);
  }
}

/** The frame of one entry. Damaged tables are repaired on the way, which may leave the entry missing. */
export function readEntry(database: Database, key: string): Promise<Uint8Array | undefined> {
  return readOrRepair(database, () => database.use((level) => level.get(entryKey(key))));
}

/** Every entry whose key starts with the prefix. */
export async function* readPages(
  database: Database,
  prefix: string,
  limit: number,
): AsyncGenerator<EntryPage, void, undefined> {
  let after: string | null = null;
  for (;;) {
    const bound = after === null ? { gte: entryPrefix + prefix } : { gt: entryPrefix + after };
    const range = { ...bound, lt: entryPrefix + prefix + behindText, limit };
    const entries = await readOrRepair(database, () => readPage(database, range));
    const before: string = after ?? '';
    const last = entries.at(-1)?.key ?? before;
    const isOrdered: boolean = entries.every(({ key }, index) => key > (entries[index - 1]?.key ?? before));
    // Out of order there is no telling how far the page went: the furthest key makes sure that the next goes on.
    const furthest: string = isOrdered
      ? last
      : entries.reduce((max, { key }) => (key > max ? key : max), before);
    const isLast = entries.length < limit || furthest === before;
    yield { entries, through: isLast ? null : furthest, isOrdered };
    if (isLast) return;
    after = furthest;
  }
}

/** Keys as text cost half of keys as bytes, and are the same unless a key is damaged. */
function readPage(database: Database, range: KeyRange): Promise<readonly RawEntry[]> {
  return database.use(async (level) => {
    const found = await level.iterator<string, Uint8Array>({ ...range, keyEncoding: 'utf8' }).all();
    const isText = found.every(([key]) => isAscii.test(key));
    return (isText ? found : await readBytes(level, range)).map(([key, frame]) => ({
      key: key.slice(entryPrefix.length),
      frame,
    }));
  });
}

async function readBytes(level: Level, range: KeyRange): Promise<[string, Uint8Array][]> {
  const bytes = Object.entries(range).map(([name, bound]) => [
    name,
    typeof bound === 'string' ? Buffer.from(bound) : bound,
  ]);
  const found = await level.iterator(Object.fromEntries(bytes)).all();
  return found.map(([key, frame]) => [Buffer.from(key).toString('latin1'), frame]);
}

async function readOrRepair<Value>(database: Database, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (!isDamage(classifyLevelError(error))) throw error;
    await database.reopen({ repair: true });
    return await read().catch((again: unknown) => {
      if (again instanceof StoreError) throw again;
      throw new StoreError(
        'open-failed',
        `the store cannot be read: ${levelMessage(again)}; check the disk`,
        {
          cause: again,
        },
      );
    });
  }
}
