/** What a failure of LevelDB means for the store; LevelDB says it in the text of its status only. */
import { StoreError } from '../../ports/store.ts';

export type LevelFailure = 'locked' | 'no-space' | 'corrupt' | 'missing-file' | 'input-output' | 'other';

const noSpace = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

/** Looks through the chain of causes, since the outer error of a failed open only says that it failed. */
export function classifyLevelError(error: unknown): LevelFailure {
  for (const cause of causes(error)) {
    const code = (cause as { code?: unknown }).code;
    if (code === 'LEVEL_LOCKED') return 'locked';
    if (noSpace.test(cause.message)) return 'no-space';
    if (code === 'LEVEL_CORRUPTION') return 'corrupt';
    if (code === 'LEVEL_IO_ERROR')
      return /No such file/.test(cause.message) ? 'missing-file' : 'input-output';
  }
  return 'other';
}

/** True for failures of a read that a repair may mend: a damaged index also reads beyond the end of a file. */
export function isDamage(failure: LevelFailure): boolean {
  return failure === 'corrupt' || failure === 'missing-file' || failure === 'input-output';
}

/** The innermost message: the one that names the file. */
export function levelMessage(error: unknown): string {
  return causes(error).at(-1)?.message ?? String(error);
}

/** The error of a store that could not be opened; typed ones stay what they are. */
export function toOpenError(error: unknown, directory: string): StoreError {
  if (error instanceof StoreError) return error;
  if (classifyLevelError(error) === 'no-space') return diskFull(directory, error);
  return new StoreError('open-failed', `${directory} cannot be opened: ${levelMessage(error)}`, {
    cause: error,
  });
}

/** The error of a write or read that failed for good. */
export function toStoreError(error: unknown, directory: string): StoreError {
  if (error instanceof StoreError) return error;
  if (classifyLevelError(error) === 'no-space') return diskFull(directory, error);
  return new StoreError('write-failed', `${directory}: ${levelMessage(error)}; check the disk`, {
    cause: error,
  });
}

/** Refusal of a write that would grow the store. */
export function diskFull(directory: string, cause?: unknown): StoreError {
  return new StoreError(
    'disk-full',
    `${directory}: the disk is full; nothing new is stored until space is freed (reads and deletes work)`,
    { cause },
  );
}

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) chain.push(at);
  return chain;
}
