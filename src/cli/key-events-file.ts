/** Reads the log of key events, the older file first, and waits for more where that is wanted. */
import { type FileHandle, open, stat } from 'node:fs/promises';

const chunkBytes = 64 * 1024;
/** Between two looks at a file that somebody else writes. */
const lookEveryMs = 300;

/** Whole lines, without their line feed. Ends at the end, or at the signal when it follows. */
export async function* readLines(
  path: string,
  options: { readonly follow: boolean; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  const { follow, signal } = options;
  const older = await openIfThere(`${path}.1`);
  if (older !== null) yield* linesOf(older, async () => false);
  while (!signal.aborted) {
    const file = await openIfThere(path);
    if (file !== null) {
      const { ino } = await file.stat();
      // A file that was moved away gets no more lines once the new one is there.
      yield* linesOf(file, async () => follow && (await waited(signal)) && (await inodeOf(path)) === ino);
    } else if (follow) await waited(signal);
    if (!follow) return;
  }
}

/** @param isMore asked at the end of the file: whether to look again */
async function* linesOf(file: FileHandle, isMore: () => Promise<boolean>): AsyncGenerator<string> {
  const buffer = Buffer.alloc(chunkBytes);
  let rest = '';
  try {
    for (let isLast = false; ; ) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, null);
      if (bytesRead === 0) {
        // Once more after the last look: a line may have come just before the file was moved away.
        if (isLast) return;
        isLast = !(await isMore());
        continue;
      }
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

async function inodeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ ino }) => ino,
    () => null,
  );
}

/** False when the signal came. */
function waited(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(end, lookEveryMs);
    signal.addEventListener('abort', end);
  });
}
