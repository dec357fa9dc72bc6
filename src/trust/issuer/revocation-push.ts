/**
 * How a revocation is told at once (docs/protocol.md §7): a bundle carries few, so credentials are named while they are few,
 * and the status lists that readers hold are ended where they are many. What a status list says for good need be told
 * only for as long as an older version of that list may be believed.
 */
import { clockSkewSecondsMax } from '../../core/limits.ts';
import { TrustError } from '../trust-error.ts';
import { pushedRevocationsMax, statusLivesPerTtl, statusTtlSecondsDefault } from '../trust-limits.ts';
import type { IssuedNote } from './issued-note.ts';
import type { RevocationOutcome } from './issuer-types.ts';
import type { ShelvedList } from './status-shelf.ts';

/** One digest that goes by gossip, and until when. */
export interface PushedDigest {
  readonly digest: string;
  readonly expiresAtSeconds: number;
}

export interface PushPlan {
  readonly kind: RevocationOutcome['pushed'];
  readonly digests: readonly PushedDigest[];
}

const listLifeSeconds = statusLivesPerTtl * statusTtlSecondsDefault + clockSkewSecondsMax;

/**
 * @param standing revocations of credentials that the issuer's bundle carries now
 * @throws TrustError `revocations-full` where neither gossip nor a list could tell
 */
export function planPush(
  notes: readonly IssuedNote[],
  lists: readonly ShelvedList[],
  standing: number,
  nowSeconds: number,
): PushPlan {
  const slots = Math.max(0, pushedRevocationsMax - standing);
  const alive = notes.flatMap((note) =>
    note.versions
      .filter(({ validUntil }) => validUntil > nowSeconds)
      .map(({ digest, validUntil }) => ({
        digest,
        expiresAtSeconds: hasRevocationBit(note)
          ? Math.min(validUntil, nowSeconds + listLifeSeconds)
          : validUntil,
      })),
  );
  if (alive.length <= slots) return { kind: 'credential', digests: alive };
  if (!notes.every(hasRevocationBit))
    throw new TrustError(
      'revocations-full',
      `the network carries ${pushedRevocationsMax} revocations of credentials for one issuer, and ${standing} stand: these have no status list`,
    );
  const ended = lists.flatMap(({ versions }) =>
    versions
      .filter(({ validUntil }) => validUntil > nowSeconds)
      .map(({ digest, validUntil }) => ({ digest, expiresAtSeconds: validUntil + clockSkewSecondsMax })),
  );
  return ended.length <= slots ? { kind: 'list', digests: ended } : { kind: 'none', digests: [] };
}

function hasRevocationBit({ status }: IssuedNote): boolean {
  return status.some(({ purpose }) => purpose === 'revocation');
}
