/**
 * A file of lines that grows at its end: a line is durable when its promise resolves, lines that come together share one
 * sync, and the event loop waits for none of it. What a crash left half written was promised to nobody and goes.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const ownerOnly = 0o600;
const newline = 10;
/** Lines that are written in one go when all are replaced. */
const linesPerWriteMax = 256;

export interface LineFile {
  /** @param onKept hears that the line stands, before any later line does and before the file is replaced */
  append(line: string, onKept: () => void): Promise<void>;
  /** All lines but the first, at once or not at all. @param lines is asked when nothing is being written */
  replace(lines: () => Iterable<string>): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export interface LineFileOptions {
  /** The first line, by which the file is known. */
  readonly header: string;
  /** Is given every line after the first, with its number in the file. */
  readonly onLine: (line: string, lineNumber: number) => void;
  /** What is thrown for a file that does not begin so. */
  readonly notOurs: () => Error;
}

interface Waiting {
  readonly line: string;
  readonly onKept: () => void;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Opens the file, or makes it. @throws what `onLine` and `notOurs` do, and errors of node:fs. */
export async function openLineFile(path: string, options: LineFileOptions): Promise<LineFile> {
  let handle = await openHandle(path, constants.O_RDWR | constants.O_CREAT);
  let sizeBytes: number;
  try {
    sizeBytes = await readWhatIsThere(handle, options);
  } catch (error) {
    await handle.close();
    throw error;
  }
  const waiting: Waiting[] = [];
  let broken: unknown = null;
  let turn: Promise<void> = Promise.resolve();

  /** One after the other. */
  function inTurn(task: () => Promise<void>): Promise<void> {
    const done = turn.then(task);
    turn = done.catch(() => {});
    return done;
  }

  async function writeWaiting(): Promise<void> {
    const batch = waiting.splice(0);
    if (batch.length === 0) return;
    try {
      if (broken !== null) throw broken;
      const bytes = Buffer.from(batch.map(({ line }) => `${line}\n`).join(''));
      await writeAt(handle, bytes, sizeBytes);
      sizeBytes += bytes.length;
      for (const { onKept, resolve } of batch) {
        onKept();
        resolve();
      }
    } catch (error) {
      // Half a line would spoil the one after it.
      await handle.truncate(sizeBytes).catch((reason: unknown) => {
        broken = reason;
      });
      for (const { reject } of batch) reject(error);
    }
  }

  async function replaceNow(lines: () => Iterable<string>): Promise<void> {
    const next = await writeWhole(path, options.header, lines());
    await handle.close();
    ({ handle, sizeBytes } = next);
    broken = null;
    await syncFolder(dirname(path));
  }

  return {
    append: (line, onKept) =>
      new Promise((resolve, reject) => {
        waiting.push({ line, onKept, resolve, reject });
        void inTurn(writeWaiting);
      }),
    replace: (lines) => inTurn(() => replaceNow(lines)),
    close: () => inTurn(() => handle.close()),
  };
}

/** A file with these lines in the place of that one, whole and synced, some lines a turn of the event loop. */
async function writeWhole(
  path: string,
  header: string,
  lines: Iterable<string>,
): Promise<{ readonly handle: FileHandle; readonly sizeBytes: number }> {
  const handle = await openHandle(`${path}.new`, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC);
  let sizeBytes = 0;
  let some = [header];
  async function write(): Promise<void> {
    const bytes = Buffer.from(some.map((line) => `${line}\n`).join(''));
    some = [];
    await writeAll(handle, bytes, sizeBytes);
    sizeBytes += bytes.length;
  }
  try {
    for (const line of lines) {
      if (some.length === linesPerWriteMax) await write();
      some.push(line);
    }
    await write();
    await handle.datasync();
    await rename(`${path}.new`, path);
    return { handle, sizeBytes };
  } catch (error) {
    await handle.close();
    await rm(`${path}.new`, { force: true });
    throw error;
  }
}

async function openHandle(path: string, flags: number): Promise<FileHandle> {
  const handle = await open(path, flags, ownerOnly);
  // Also where somebody made it readable since.
  await handle.chmod(ownerOnly);
  return handle;
}

/** Reads to the last whole line, takes away what follows it, and returns how long the file is now. */
async function readWhatIsThere(handle: FileHandle, options: LineFileOptions): Promise<number> {
  const { header, onLine, notOurs } = options;
  let lineNumber = 0;
  let sizeBytes = 0;
  const rest = await eachLine(handle, (line) => {
    lineNumber++;
    if (lineNumber === 1 && line !== header) throw notOurs();
    if (lineNumber > 1) onLine(line, lineNumber);
    sizeBytes += Buffer.byteLength(line) + 1;
  });
  if (lineNumber > 0) {
    if (rest.length > 0) await handle.truncate(sizeBytes);
    return sizeBytes;
  }
  if (!header.startsWith(rest.toString('utf8'))) throw notOurs();
  const bytes = Buffer.from(`${header}\n`);
  await writeAt(handle, bytes, 0);
  return bytes.length;
}

/** Calls back with each line that has its end; returns the bytes after the last one. */
async function eachLine(handle: FileHandle, take: (line: string) => void): Promise<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline, from)) {
      take(rest.toString('utf8', from, end));
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
  return rest;
}

async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  await writeAll(handle, bytes, position);
  await handle.datasync();
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** So that a rename outlives a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
