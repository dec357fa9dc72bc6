/**
 * Room on the disk. Above the high-water mark nothing grows; the ballast is room set aside for the moment at which the
 * disk is full all the same (another program filled it): it is given up so that LevelDB can open, compact and delete,
 * and made again when there is space. While it is spent the store counts as full.
 */
import { randomFillSync } from 'node:crypto';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../ports/log.ts';

export interface DiskSpaceOptions {
  readonly directory: string;
  /** 0: none. */
  readonly ballastBytes: number;
  /** The high-water mark: below so much free space the store is full. 0: only when the disk itself is. */
  readonly freeBytesMin: number;
  /** Free bytes for this process; asks the file system when left out. */
  readonly freeBytes?: (directory: string) => Promise<number>;
  readonly log?: Log;
}

export interface DiskSpace {
  freeBytes(): Promise<number>;
  /** Asks the file system and makes the ballast again where there is room. */
  look(): Promise<boolean>;
  /** The same, but asks at most every 100 ms or every MiB written. */
  isFull(): Promise<boolean>;
  /** So many bytes were written since. */
  wrote(bytes: number): void;
  /** The disk is full: gives up the ballast. False when there was none to give. */
  makeRoom(): Promise<boolean>;
  /** Waits for a ballast that is being written. */
  close(): Promise<void>;
}

/** An answer of the file system holds for so long. */
const answerMsMax = 100;
const answerWrittenBytesMax = 1024 * 1024;
/** Two write buffers of LevelDB: what it takes to open and to flush. */
const workingBytes = 8 * 1024 * 1024;
const chunkBytes = 1024 * 1024;

/** Looks at what is there; writes nothing yet (isFull does). */
export async function createDiskSpace(options: DiskSpaceOptions): Promise<DiskSpace> {
  const { directory, ballastBytes, freeBytesMin, log } = options;
  const ballastPath = join(directory, 'ballast');
  let hasBallast = ballastBytes > 0 && (await fileSize(ballastPath)) === ballastBytes;
  let wasExhausted = false;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let writtenBytes = 0;
  let full = false;
  let looking: Promise<boolean> | null = null;
  let preparing: Promise<void> | null = null;

  const freeBytes = (): Promise<number> => (options.freeBytes ?? freeBytesOf)(directory);

  async function ask(): Promise<boolean> {
    const free = await freeBytes();
    const isWanting = ballastBytes > 0 && !hasBallast && preparing === null;
    if (isWanting && free >= ballastBytes + freeBytesMin + workingBytes) preparing = prepare();
    if (free >= freeBytesMin + workingBytes) wasExhausted = false;
    full = free < freeBytesMin || wasExhausted || (ballastBytes > 0 && !hasBallast && preparing === null);
    lookedAtMs = performance.now();
    writtenBytes = 0;
    return full;
  }

  function look(): Promise<boolean> {
    looking ??= ask().finally(() => {
      looking = null;
    });
    return looking;
  }

  async function prepare(): Promise<void> {
    hasBallast = await writeBallast(ballastPath, ballastBytes);
    preparing = null;
    if (hasBallast) log?.info({ ballastBytes }, 'the ballast is set aside');
  }

  return {
    freeBytes,
    look,
    isFull() {
      const isRecent = performance.now() - lookedAtMs < answerMsMax && writtenBytes < answerWrittenBytesMax;
      return isRecent ? Promise.resolve(full) : look();
    },
    wrote(bytes) {
      writtenBytes += bytes;
    },
    async makeRoom() {
      wasExhausted = true;
      full = true;
      lookedAtMs = performance.now();
      await preparing;
      if (!hasBallast) return false;
      hasBallast = false;
      await rm(ballastPath, { force: true });
      log?.warn({ ballastBytes }, 'the disk is full: the ballast is given up');
      return true;
    },
    async close() {
      await looking?.catch(() => undefined);
      await preparing;
    },
  };
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

async function fileSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}

/** Random bytes, not a hole: a file system that compresses or keeps files sparse would set nothing aside. */
async function writeBallast(path: string, sizeBytes: number): Promise<boolean> {
  const chunk = randomFillSync(Buffer.allocUnsafe(Math.min(chunkBytes, sizeBytes)));
  try {
    const file = await open(path, 'w', 0o600);
    try {
      for (let left = sizeBytes; left > 0; left -= chunk.length) {
        await file.write(chunk, 0, Math.min(left, chunk.length));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  } catch {
    await rm(path, { force: true });
    return false;
  }
}
