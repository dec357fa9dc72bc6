/**
 * Names of the NANDA index that this daemon gave out, each with the agent in custody that stands behind it and what the
 * network does not carry: status, tags, capabilities. One JSON file, written whole; bounded.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { ApiError } from '../api-error.ts';

/** Names that one daemon gives out. */
const namesMax = 10_000;

export interface NamedAgent {
  readonly name: string;
  /** `nanda:` text. */
  readonly agentId: string;
  readonly agentUrl: string;
  readonly apiUrl: string | null;
  readonly alive: boolean;
  /** A client's name. */
  readonly assignedTo: string | null;
  /** ISO 8601. */
  readonly lastUpdate: string;
  readonly capabilities: readonly string[];
  readonly tags: readonly string[];
}

export interface NameBook {
  get(name: string): NamedAgent | undefined;
  /** In the order in which they came. */
  all(): readonly NamedAgent[];
  /** Durable when it returns. @throws ApiError `too-many-names` */
  set(entry: NamedAgent): void;
  delete(name: string): void;
  /** @throws ApiError `too-many-names` when one more does not fit. */
  assertRoom(): void;
}

/** Opens the book in that file; there is none at first. */
export function openNameBook(file: string): NameBook {
  const entryByName = new Map(readEntries(file).map((entry) => [entry.name, entry]));

  function save(): void {
    const descriptor = openSync(`${file}.new`, 'w', 0o600);
    try {
      writeSync(descriptor, `${JSON.stringify([...entryByName.values()])}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(`${file}.new`, file);
  }

  function assertRoom(): void {
    if (entryByName.size >= namesMax)
      throw new ApiError('too-many-names', `this node gives out ${namesMax} names and no more`);
  }

  return {
    get: (name) => entryByName.get(name),
    all: () => [...entryByName.values()],
    set(entry) {
      if (!entryByName.has(entry.name)) assertRoom();
      entryByName.set(entry.name, entry);
      save();
    },
    delete(name) {
      if (entryByName.delete(name)) save();
    },
    assertRoom,
  };
}

function readEntries(file: string): readonly NamedAgent[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as readonly NamedAgent[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
