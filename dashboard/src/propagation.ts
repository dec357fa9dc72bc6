/**
 * How long a change took to get here, as far as anybody can say: signatures state whole seconds, rounded down, so the
 * figure is a bound from above, by the clocks of both ends.
 */
import type { Change } from './api/answers.ts';

/** Milliseconds from the second that the signature states to its acceptance here; null when it states none, or a later one. */
export function arrivalBoundMs({ change, state, acceptedAtMs }: Change): number | null {
  const issuedAt = issuedAtOf(change, state);
  if (issuedAt === null) return null;
  const bound = acceptedAtMs - Date.parse(issuedAt);
  return bound < 0 ? null : bound;
}

function issuedAtOf(change: Change['change'], { keys, record, revocations }: Change['state']): string | null {
  switch (change) {
    case 'rotated':
    case 'recovered':
    case 'tombstoned':
      return keys?.events.at(-1)?.issuedAt ?? null;
    case 'delegation-revoked':
    case 'credential-revoked':
      return latest(revocations.map((revocation) => revocation.issuedAt));
    case 'changed':
      return latest([
        ...(record === null ? [] : [record.issuedAt, ...record.operations.map((one) => one.issuedAt)]),
      ]);
    case 'forked':
      return null;
  }
}

function latest(times: readonly string[]): string | null {
  return times.toSorted().at(-1) ?? null;
}
