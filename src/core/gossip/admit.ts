/**
 * Accept, ignore or reject: the verdict on one gossip message from what its admission showed.
 * Reject penalises the neighbour and is for messages that no honest peer sends; Ignore is for what is known (the replay
 * rule: state, not the seen-cache, remembers) or over budget; Accept for what is new and proves itself.
 * Source: docs/protocol.md §5.
 */
import type { ProtocolErrorCode } from '../errors.ts';
import type { ChangeKind } from '../peer/effects.ts';
import type { GossipVerdict } from '../peer/events.ts';

/** Refusals that depend on this node's clock, load or state, and so say nothing about the neighbour. */
const blameless: ReadonlySet<ProtocolErrorCode> = new Set([
  'busy',
  'store-full',
  'store-failed',
  'over-quota',
  'from-the-future',
  'expired',
  'wrong-establishment',
]);

export function gossipVerdict(
  refusal: ProtocolErrorCode | null,
  changes: readonly ChangeKind[],
  isWithinBudget: boolean,
): GossipVerdict {
  if (refusal !== null) return blameless.has(refusal) ? 'ignore' : 'reject';
  if (!changes.some((change) => change !== 'changed')) return 'ignore';
  return isWithinBudget ? 'accept' : 'ignore';
}
