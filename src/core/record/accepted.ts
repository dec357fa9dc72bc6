/**
 * What a peer newly accepted of one agent: key events and revocations that were not there before. Records are not among
 * them. Decides nothing: an audit log writes it down. Source: docs/protocol.md §9.
 */
import type { AgentId } from '../identity/agent-id.ts';
import { remembered } from '../remembered.ts';
import type { AgentState } from './agent-state.ts';

/** In the order of their numbers on the wire: key events, then revocations by what they revoke. */
export const acceptedKinds = ['icp', 'rot', 'rec', 'tomb', 'delegation', 'credential'] as const;
export type AcceptedKind = (typeof acceptedKinds)[number];

export interface AcceptedEvent {
  readonly agentId: AgentId;
  readonly kind: AcceptedKind;
  /** The digest of the key event, or the hash of the revocation: 32 bytes. */
  readonly hash: Uint8Array;
}

/** In canonical order; empty when only the record changed. */
export function acceptedSince(before: AgentState | null, after: AgentState): readonly AcceptedEvent[] {
  return newIn(after, before);
}

const newIn = remembered((after: AgentState, before: AgentState | null): readonly AcceptedEvent[] => {
  const { agentId } = after;
  const accepted: AcceptedEvent[] = [];
  const events = before?.keyState.retained ?? [];
  if (events !== after.keyState.retained) {
    const known = new Set(events.map((event) => event.key));
    for (const { key, digest, body } of after.keyState.retained)
      if (!known.has(key)) accepted.push({ agentId, kind: body.type, hash: digest });
  }
  if (after.revocations.length > 0) {
    const known = new Set(before?.revocations.map((revocation) => revocation.key));
    for (const { key, hash, kind } of after.revocations)
      if (!known.has(key)) accepted.push({ agentId, kind, hash });
  }
  return accepted;
});
