/**
 * Which revocations a bundle keeps when there are more than 16 (§2): one for each target, those of the controller
 * before a delegate's, so that no delegate can push out what its controller revoked. A total order, the same everywhere.
 */
import { bytesToHex, compareBytes } from '../bytes.ts';
import { type Revocation, revocationKinds } from '../identity/revocation.ts';
import { bundleRevocationsMax } from '../limits.ts';

/** Negative when the left one is kept before the right: lower depth, delegations first, later end, then bytes. */
export function compareRevocations(left: Revocation, right: Revocation): number {
  return (
    left.depth - right.depth ||
    revocationKinds.indexOf(left.kind) - revocationKinds.indexOf(right.kind) ||
    right.expiresAt - left.expiresAt ||
    compareBytes(left.target, right.target) ||
    compareBytes(left.bytes, right.bytes)
  );
}

/** At most 16 of them, one for each target, in order. */
export function boundRevocations(revocations: readonly Revocation[]): readonly Revocation[] {
  if (revocations.length < 2) return revocations;
  const byTarget = new Map<string, Revocation>();
  for (const revocation of [...revocations].sort(compareRevocations)) {
    const target = `${revocation.kind} ${bytesToHex(revocation.target)}`;
    if (!byTarget.has(target)) byTarget.set(target, revocation);
  }
  return [...byTarget.values()].slice(0, bundleRevocationsMax);
}
