/**
 * Tables that no version of the database refers to: what a compaction left that ran out of space. LevelDB removes them
 * once it has opened, but on a full disk it cannot open while they are there. Which tables are in use stands in the
 * MANIFEST: a log (blocks of 32 KiB; records with checksum, length and type) of edits (tagged varints and byte strings).
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const blockBytes = 32_768;
const headerBytes = 7;
/** Types of a record in a log: whole, or the first, a middle or the last part. */
const wholeRecord = 1;
const firstPart = 2;
const lastPart = 4;

/** Room beyond the log for what LevelDB writes when it opens. */
const openingBytes = 1024 * 1024;

/** Removes the orphans of a closed database; the bytes that were freed. */
export async function sweepOrphanTables(location: string): Promise<number> {
  let freedBytes = 0;
  for (const { path, sizeBytes } of await orphanTables(location)) {
    await rm(path, { force: true });
    freedBytes += sizeBytes;
  }
  return freedBytes;
}

/** Free bytes that it takes to close the database and open it again: its log becomes a table, its orphans go first. */
export async function bytesToReopen(location: string): Promise<number> {
  const logs = (await readdir(location)).filter((name) => name.endsWith('.log'));
  const logBytes = await Promise.all(logs.map((name) => sizeOf(join(location, name))));
  const orphans = await orphanTables(location);
  return (
    openingBytes +
    logBytes.reduce((sum, bytes) => sum + bytes, 0) -
    orphans.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  );
}

async function orphanTables(
  location: string,
): Promise<readonly { readonly path: string; readonly sizeBytes: number }[]> {
  const live = await liveTables(location).catch(() => null);
  if (live === null) return [];
  const orphans = (await readdir(location))
    .filter((name) => /^\d+\.(ldb|sst)$/.test(name) && !live.has(Number.parseInt(name, 10)))
    .map((name) => join(location, name));
  return Promise.all(orphans.map(async (path) => ({ path, sizeBytes: await sizeOf(path) })));
}

/** Numbers of the tables in use. @throws RangeError when the MANIFEST is not what it should be. */
export async function liveTables(location: string): Promise<ReadonlySet<number>> {
  const current = (await readFile(join(location, 'CURRENT'), 'latin1')).trim();
  const manifest = await readFile(join(location, current));
  const levelsByTable = new Map<number, Set<number>>();
  for (const record of logRecords(manifest)) {
    const { added, deleted } = readEdit(record);
    for (const { level, table } of deleted) levelsByTable.get(table)?.delete(level);
    for (const { level, table } of added) {
      levelsByTable.set(table, (levelsByTable.get(table) ?? new Set()).add(level));
    }
  }
  return new Set([...levelsByTable].filter(([, levels]) => levels.size > 0).map(([table]) => table));
}

function* logRecords(log: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (let at = 0; at + headerBytes <= log.length; ) {
    const leftInBlock = blockBytes - (at % blockBytes);
    if (leftInBlock < headerBytes) {
      at += leftInBlock;
      continue;
    }
    const length = log.readUInt16LE(at + 4);
    const type = log[at + 6]!;
    const end = at + headerBytes + length;
    // A record cut short at the end was never applied.
    if (type < wholeRecord || type > lastPart || end > log.length) return;
    const part = log.subarray(at + headerBytes, end);
    parts = type === wholeRecord || type === firstPart ? [part] : [...parts, part];
    if (type === wholeRecord || type === lastPart) yield Buffer.concat(parts);
    at = end;
  }
}

interface TableAtLevel {
  readonly level: number;
  readonly table: number;
}

function readEdit(bytes: Buffer): { added: readonly TableAtLevel[]; deleted: readonly TableAtLevel[] } {
  const added: TableAtLevel[] = [];
  const deleted: TableAtLevel[] = [];
  let at = 0;
  const integer = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('the MANIFEST ends within a number');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const skipBytes = (): void => {
    const length = integer();
    at += length;
  };
  while (at < bytes.length) {
    const tag = integer();
    if (tag === 1) skipBytes();
    else if (tag === 2 || tag === 3 || tag === 4 || tag === 9) integer();
    else if (tag === 5) {
      integer();
      skipBytes();
    } else if (tag === 6) deleted.push({ level: integer(), table: integer() });
    else if (tag === 7) {
      added.push({ level: integer(), table: integer() });
      integer();
      skipBytes();
      skipBytes();
    } else throw new RangeError(`the MANIFEST holds an unknown tag ${tag}`);
  }
  return { added, deleted };
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
