/**
 * Compares the records with the roster, both in key order, in the background after each start: what the roster knows
 * and the records lack was lost; what the records have beyond the roster is adopted. Whatever looks wrong is handed to
 * custody, which looks again between two commits, so a write in between does no harm.
 */
import type { Custody, EntryFault } from './custody.ts';
import type { Database } from './database.ts';
import { type EntryPage, readPages } from './entry.ts';
import { openFrame } from './record-frame.ts';
import type { Roster } from './roster.ts';

/** What an audit found. */
export interface AuditReport {
  readonly entries: number;
  readonly damaged: number;
  readonly outdated: number;
  readonly lost: number;
  /** False when the store was closed, or could not be read, before the end. */
  readonly isComplete: boolean;
}

export interface AuditOptions {
  readonly database: Database;
  readonly roster: Roster;
  readonly custody: Custody;
  readonly isStopped: () => boolean;
}

const pageEntries = 256;

/** Goes through everything once. @throws StoreError when the store cannot be read. */
export async function auditStore({
  database,
  roster,
  custody,
  isStopped,
}: AuditOptions): Promise<AuditReport> {
  const count: Record<EntryFault, number> = { damaged: 0, outdated: 0, lost: 0 };
  let entries = 0;
  let after = '';
  for await (const page of readPages(database, '', pageEntries)) {
    if (isStopped()) return { entries, ...count, isComplete: false };
    const expected = await readRoster(roster, after, page.through);
    const suspects = suspectsOf(page, expected);
    if (suspects.length > 0) {
      for (const fault of await custody.examine(suspects)) count[fault] += 1;
    }
    entries += page.entries.length;
    after = page.through ?? after;
  }
  await roster.recount();
  return { entries, ...count, isComplete: true };
}

/** What the roster says of the keys behind `after` up to `through`. */
async function readRoster(
  roster: Roster,
  after: string,
  through: string | null,
): Promise<ReadonlyMap<string, number | null>> {
  const sequenceByKey = new Map<string, number | null>();
  let from = after;
  for (;;) {
    const found = await roster.page(from, pageEntries);
    for (const [key, sequence] of found) {
      if (through !== null && key > through) return sequenceByKey;
      sequenceByKey.set(key, sequence);
    }
    if (found.length < pageEntries) return sequenceByKey;
    from = found.at(-1)![0];
  }
}

/** One damaged entry puts its whole page under suspicion: a lookup may no longer find the neighbours. */
function suspectsOf(page: EntryPage, expected: ReadonlyMap<string, number | null>): readonly string[] {
  const found = new Map(page.entries.map(({ key, frame }) => [key, openFrame(key, frame)]));
  const all = [...new Set([...found.keys(), ...expected.keys()])];
  if (!page.isOrdered || [...found.values()].includes(null)) return all;
  return all.filter((key) => {
    const opened = found.get(key);
    return opened === undefined || opened === null || opened.sequence !== expected.get(key);
  });
}
