/**
 * Names of the NANDA index that this daemon gave out, each with the agent in custody that stands behind it and what the
 * network does not carry: status, tags, capabilities. One file, to which each change adds a line; bounded.
 */
import { ApiError } from '../api-error.ts';
import { type LineFile, openLineFile } from './line-file.ts';

/** Names that one daemon gives out. */
export const namesMax = 10_000;
const header = '{"file":"names of the NANDA index","version":1}';
/** Lines that say nothing any more, beyond one for each name, before the file is written anew. */
const staleLinesMax = 2000;

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
  readonly size: number;
  /** Goes up with each change. */
  readonly version: number;
  get(name: string): NamedAgent | undefined;
  /** In the order in which they came. */
  all(): readonly NamedAgent[];
  /** Durable, and visible, when it resolves. @throws ApiError `too-many-names`, `names-not-kept` */
  set(entry: NamedAgent): Promise<void>;
  /** @throws ApiError `names-not-kept` */
  delete(name: string): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

interface Removal {
  readonly name: string;
  readonly removed: true;
}

/** Opens the book in that file, which is made when it is not there. @throws ApiError `bad-names-file` */
export async function openNameBook(path: string): Promise<NameBook> {
  const entryByName = new Map<string, NamedAgent>();
  let staleLines = 0;
  let version = 0;

  function apply(change: NamedAgent | Removal): void {
    version++;
    if ('removed' in change) {
      staleLines += entryByName.delete(change.name) ? 2 : 1;
      return;
    }
    if (entryByName.has(change.name)) staleLines++;
    entryByName.set(change.name, change);
  }

  const file = await openLineFile(path, {
    header,
    onLine: (line, lineNumber) => apply(readChange(line, lineNumber, path)),
    notOurs: () => badFile(path, 'its first line is not the one that weft writes'),
  }).catch((error: unknown) => {
    throw error instanceof ApiError ? error : badFile(path, (error as Error).message, error);
  });

  async function save(change: NamedAgent | Removal): Promise<void> {
    try {
      await file.append(JSON.stringify(change), () => apply(change));
    } catch (error) {
      throw new ApiError('names-not-kept', 'the names of this node cannot be written', { cause: error });
    }
    if (staleLines > entryByName.size + staleLinesMax) await shorten(file);
  }

  async function shorten(lines: LineFile): Promise<void> {
    staleLines = 0;
    try {
      await lines.replace(() => linesOf([...entryByName.values()]));
    } catch {
      // The long file is as good as the short one; the next change that is one too many tries again.
    }
  }

  return {
    get size() {
      return entryByName.size;
    },
    get version() {
      return version;
    },
    get: (name) => entryByName.get(name),
    all: () => [...entryByName.values()],
    async set(entry) {
      if (!entryByName.has(entry.name)) assertRoom(entryByName.size);
      await save(entry);
    },
    delete: (name) => save({ name, removed: true }),
    close: () => file.close(),
  };
}

/** @throws ApiError `too-many-names` when one more does not fit beside so many. */
export function assertRoom(names: number): void {
  if (names >= namesMax)
    throw new ApiError('too-many-names', `this node gives out ${namesMax} names and no more`);
}

/** One after the other, so that the event loop has its turns between them. */
function* linesOf(entries: readonly NamedAgent[]): Generator<string> {
  for (const entry of entries) yield JSON.stringify(entry);
}

function readChange(line: string, lineNumber: number, path: string): NamedAgent | Removal {
  try {
    const change: unknown = JSON.parse(line);
    if (isChange(change)) return change;
  } catch {
    // Not JSON: the same complaint.
  }
  throw badFile(path, `line ${lineNumber} is damaged`);
}

function isChange(value: unknown): value is NamedAgent | Removal {
  if (typeof value !== 'object' || value === null) return false;
  const { name, removed, agentId, agentUrl, apiUrl, alive, assignedTo, lastUpdate, capabilities, tags } =
    value as Record<string, unknown>;
  const isText = (part: unknown): boolean => typeof part === 'string';
  const isTexts = (part: unknown): boolean => Array.isArray(part) && part.every(isText);
  if (!isText(name)) return false;
  if (removed !== undefined) return removed === true;
  return (
    /^nanda:[a-z2-7]{52}$/.test(String(agentId)) &&
    [agentUrl, lastUpdate].every(isText) &&
    [apiUrl, assignedTo].every((part) => part === null || isText(part)) &&
    typeof alive === 'boolean' &&
    [capabilities, tags].every(isTexts)
  );
}

function badFile(path: string, what: string, cause?: unknown): ApiError {
  return new ApiError('bad-names-file', `${path} cannot be used: ${what}`, { cause });
}
