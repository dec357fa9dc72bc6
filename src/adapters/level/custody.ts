/**
 * Keeps what was acknowledged and what is served the same: an entry that is damaged, older than what the roster says,
 * or missing, is taken out of service and reported, so that the node fetches it again. Runs between two commits, when
 * records and roster agree.
 */
import type { Log } from '../../ports/log.ts';
import type { Database } from './database.ts';
import { entryKey, quarantineKey, readEntry } from './entry.ts';
import { openFrame } from './record-frame.ts';
import type { Roster } from './roster.ts';

export type LevelOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export type EntryFault = 'damaged' | 'outdated' | 'lost';

export interface CustodyOptions {
  readonly database: Database;
  readonly roster: Roster;
  /** Runs a task between two commits. */
  readonly exclusive: <Value>(task: () => Promise<Value>) => Promise<Value>;
  /** Writes synced. */
  readonly apply: (operations: LevelOperation[]) => Promise<void>;
  readonly log?: Log;
}

export interface Custody {
  /** Looks at these entries again, alone, and acts on what is wrong; the faults found. */
  examine(keys: readonly string[]): Promise<readonly EntryFault[]>;
  /** Calls back with each entry taken out of service, those before the call included. */
  onFault(listener: (key: string) => void): void;
  /** Since the store was opened. */
  faults(): number;
}

/** Damaged entries kept for whoever wants to know how it came about; more are deleted. */
const quarantinedMax = 256;
/** Faults before there is a listener. Bounded: an audit reports each key once. */
const unheardMax = 1_000_000;

export function createCustody({ database, roster, exclusive, apply, log }: CustodyOptions): Custody {
  const listeners: ((key: string) => void)[] = [];
  const unheard = new Set<string>();
  let faults = 0;

  function report(key: string, fault: EntryFault): void {
    faults += 1;
    roster.doubt();
    log?.warn({ key, fault }, 'an entry was taken out of service');
    if (listeners.length === 0 && unheard.size < unheardMax) unheard.add(key);
    for (const listener of listeners) listener(key);
  }

  async function remove(key: string, frame: Uint8Array): Promise<void> {
    const kept: LevelOperation[] =
      faults < quarantinedMax ? [{ type: 'put', key: quarantineKey(key), value: frame }] : [];
    await apply([...kept, { type: 'del', key: entryKey(key) }]).catch((error: unknown) => {
      log?.error({ error, key }, 'a damaged entry could not be moved to quarantine');
    });
  }

  async function examineOne(key: string): Promise<EntryFault | null> {
    const frame = await readEntry(database, key);
    const expected = await roster.sequenceOf(key);
    if (frame === undefined) {
      if (expected === undefined) return null;
      roster.note([[key, null]]);
      // A damaged entry of the roster may never have been a key.
      return expected === null ? null : 'lost';
    }
    const opened = openFrame(key, frame);
    if (opened !== null && opened.sequence >= (expected ?? 0)) {
      if (opened.sequence !== expected) roster.note([[key, opened.sequence]]);
      return null;
    }
    await remove(key, frame);
    roster.note([[key, null]]);
    return opened === null ? 'damaged' : 'outdated';
  }

  return {
    examine: (keys) =>
      exclusive(async () => {
        await roster.flushed();
        const found: EntryFault[] = [];
        for (const key of keys) {
          const fault = await examineOne(key);
          if (fault === null) continue;
          found.push(fault);
          report(key, fault);
        }
        return found;
      }),
    onFault(listener) {
      listeners.push(listener);
      for (const key of unheard) listener(key);
      unheard.clear();
    },
    faults: () => faults,
  };
}
