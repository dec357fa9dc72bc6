/**
 * Bundles for a running daemon: each is published through its API, so that the daemon judges it as it judges what
 * strangers sign, keeps it, and gives it to the peers that store it.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openArchive } from '../../archive/archive-reader.ts';
import { decodeBundle, encodeBundle } from '../../core/record/bundle-codec.ts';
import { authorityBundle } from '../../core/record/stored-state.ts';
import type { TakeOutcome } from '../../node/offline-store.ts';
import { ControlError } from '../cli-error.ts';
import type { ControlClient } from '../control-client.ts';

/** Calls under way: enough to fill a group commit, few enough to leave the daemon to others. */
const callsMax = 16;
/** The daemon's copy; it spreads the others by itself. */
const path = '/v1/bundles?acknowledgements=1';
/** A daemon that says "too much" is left alone for so long, this many times. */
const pauseMs = 1_000;
const pausesMax = 60;

interface PublishAnswer {
  readonly publish: { readonly status: string; readonly refusal: string | null };
}

/** @param archive what the daemon has: asked for once, before the first bundle. */
export function createDaemonIntake(
  client: Pick<ControlClient, 'sendBytes'>,
  archive: () => AsyncIterable<Uint8Array>,
): (bundles: readonly Uint8Array[]) => Promise<readonly TakeOutcome[]> {
  let known: Promise<ReadonlySet<string>> | null = null;

  async function takeOne(bundle: Uint8Array, there: ReadonlySet<string>): Promise<TakeOutcome> {
    if (there.has(fingerprint(bundle))) return { status: 'known', code: null };
    for (let pauses = 0; ; pauses++) {
      try {
        const { publish } = (await client.sendBytes(path, bundle)) as unknown as PublishAnswer;
        if (publish.status === 'stale') return { status: 'known', code: null };
        if (publish.status === 'refused') return { status: 'refused', code: publish.refusal ?? 'refused' };
        return { status: 'imported', code: null };
      } catch (error) {
        if (!(error instanceof ControlError)) throw error;
        const { status, code } = error.problem;
        if (status === 429 && pauses < pausesMax) await sleep(pauseMs);
        // The daemon's disk, or the daemon itself: the next bundle would fare no better.
        else if (status >= 500 || status === 401) throw error;
        else return { status: 'refused', code };
      }
    }
  }

  return async (bundles) => {
    known ??= fingerprintsOf(archive());
    const there = await known;
    const outcomes: TakeOutcome[] = new Array(bundles.length);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < bundles.length) {
        const index = next++;
        outcomes[index] = await takeOne(bundles[index]!, there);
      }
    };
    await Promise.all(Array.from({ length: Math.min(callsMax, bundles.length) }, work));
    return outcomes;
  };
}

/** Of every bundle that the daemon has: 16 characters each, so that a million fit into memory. */
async function fingerprintsOf(archive: AsyncIterable<Uint8Array>): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const { bundles } = await openArchive(archive);
  for await (const batch of bundles()) for (const bundle of batch) found.add(fingerprint(bundle));
  return found;
}

function fingerprint(bundle: Uint8Array): string {
  return createHash('sha256').update(bundle).digest('base64').slice(0, 16);
}

/** Key log and revocations of a bundle, where it has more than the inception; null where there is nothing to keep. */
export function authorityOf(bytes: Uint8Array): Uint8Array | null {
  const bundle = decodeBundle(bytes);
  if (bundle.keyEvents.length <= 1 && bundle.revocations.length === 0) return null;
  return encodeBundle(authorityBundle(bundle));
}
