/** Takes an archive in, bundle after bundle, and counts what became of each. */
import type { Archive } from '../../archive/archive-reader.ts';
import { ProtocolError } from '../../core/errors.ts';
import type { TakeOutcome } from '../../node/offline-store.ts';
import { authorityOf } from './daemon-intake.ts';

export interface TakeTally {
  /** Of them, `withoutRecord`: the record's time is over, its key log and revocations are kept. */
  imported: number;
  withoutRecord: number;
  /** The same was there, or newer. */
  known: number;
  refused: number;
  /** How many were refused, by reason. */
  readonly refusals: Record<string, number>;
}

type Take = (bundles: readonly Uint8Array[]) => Promise<readonly TakeOutcome[]>;

export function createTally(): TakeTally {
  return { imported: 0, withoutRecord: 0, known: 0, refused: 0, refusals: {} };
}

/**
 * Counts into the tally as it goes, so that it says what was taken when the archive turns out to be broken.
 * @throws ArchiveError, and what `take` throws when nothing more can be taken.
 */
export async function takeArchive(
  archive: Archive,
  take: Take,
  tally: TakeTally,
  onBatch: () => void,
): Promise<void> {
  for await (const bundles of archive.bundles()) {
    const outcomes = await take(bundles);
    const expired: Uint8Array[] = [];
    outcomes.forEach((outcome, index) => {
      const authority = outcome.code === 'expired' ? authorityOfSound(bundles[index]!) : null;
      if (authority === null) count(tally, outcome);
      else expired.push(authority);
    });
    if (expired.length > 0) {
      for (const outcome of await take(expired)) {
        count(tally, outcome);
        if (outcome.status === 'imported') tally.withoutRecord++;
      }
    }
    onBatch();
  }
}

/** What was refused for its age alone was decoded before. */
function authorityOfSound(bundle: Uint8Array): Uint8Array | null {
  try {
    return authorityOf(bundle);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function count(tally: TakeTally, { status, code }: TakeOutcome): void {
  tally[status]++;
  if (status !== 'refused') return;
  const reason = code ?? 'refused';
  tally.refusals[reason] = (tally.refusals[reason] ?? 0) + 1;
}
