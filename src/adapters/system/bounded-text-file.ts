/**
 * A text file that is only appended to and never outgrows its bound: when it is half of that, it becomes `<path>.1` in
 * place of the one before. Lines are written in the background; what a disk does not take is dropped and counted, and
 * the next line that is written says so.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';

export interface BoundedTextFileOptions {
  readonly path: string;
  /** Of both files together; at least 8 KiB. */
  readonly bytesMax: number;
  /** The line that says how many before it are missing. */
  readonly gapLine: (lost: number) => string;
  /** So many lines are in the file. */
  readonly onWritten: (lines: number) => void;
  /** So many lines are lost; with the error where there was one. */
  readonly onLost: (lines: number, error: unknown) => void;
}

export interface BoundedTextFile {
  /** Never throws, never waits. The line has no line feed. */
  append(line: string): void;
  /** Writes what waits, then closes. */
  close(): Promise<void>;
}

/** What may wait for the disk. */
const waitingBytesMax = 256 * 1024;
const fileBytesMin = 4096;

/** Opens nothing before the first line. */
export function createBoundedTextFile(options: BoundedTextFileOptions): BoundedTextFile {
  const { path, gapLine, onWritten, onLost } = options;
  const fileBytesMax = Math.max(fileBytesMin, Math.floor(options.bytesMax / 2));
  const waitingMax = Math.min(waitingBytesMax, Math.floor(fileBytesMax / 2));
  let waiting: string[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let file: FileHandle | null = null;
  let sizeBytes = 0;
  let writing: Promise<void> | null = null;

  function lose(lines: number, error: unknown): void {
    lost += lines;
    onLost(lines, error);
  }

  /** Continues after what is there; a line that a crash cut short is ended first. */
  async function openFile(): Promise<FileHandle> {
    const opened = await open(path, 'a+', 0o600);
    try {
      sizeBytes = (await opened.stat()).size;
      if (sizeBytes === 0) return opened;
      const { buffer } = await opened.read(Buffer.alloc(1), 0, 1, sizeBytes - 1);
      if (buffer[0] !== 0x0a) await write(opened, Buffer.from('\n'));
      return opened;
    } catch (error) {
      await opened.close().catch(() => undefined);
      throw error;
    }
  }

  async function write(to: FileHandle, bytes: Buffer): Promise<void> {
    await to.appendFile(bytes);
    sizeBytes += bytes.length;
  }

  async function rotate(): Promise<void> {
    await file?.close();
    file = null;
    await rename(path, `${path}.1`);
    file = await openFile();
  }

  async function put(lines: readonly string[]): Promise<void> {
    const text = lost > 0 ? [gapLine(lost), ...lines] : lines;
    const bytes = Buffer.from(`${text.join('\n')}\n`);
    file ??= await openFile();
    if (sizeBytes > 0 && sizeBytes + bytes.length > fileBytesMax) await rotate();
    await write(file!, bytes);
    lost = 0;
    onWritten(lines.length);
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      waitingBytes = 0;
      try {
        await put(lines);
      } catch (error) {
        await file?.close().catch(() => undefined);
        file = null;
        lose(lines.length, error);
      }
    }
    writing = null;
  }

  return {
    append(line) {
      const bytes = Buffer.byteLength(line) + 1;
      if (waitingBytes + bytes > waitingMax) {
        lose(1, null);
        return;
      }
      waiting.push(line);
      waitingBytes += bytes;
      // What comes in the same turn goes out in one write.
      writing ??= Promise.resolve().then(drain);
    },
    async close() {
      await writing;
      await file?.close().catch(() => undefined);
      file = null;
    },
  };
}
