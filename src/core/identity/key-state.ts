/**
 * Where an agent's authority stands: the value that fork-choice computes and everything else is judged against (§1).
 */
import type { AgentId } from './agent-id.ts';
import type { KeyEvent } from './key-event.ts';

export type KeyStatus = 'active' | 'forked' | 'tombstoned';

export interface KeyState {
  readonly agentId: AgentId;
  readonly status: KeyStatus;
  /** From `icp` to the head; when forked, to the fork point. At most 32. */
  readonly chain: readonly KeyEvent[];
  readonly head: KeyEvent;
  /** Digest of the head: what every signature of the agent is bound to. */
  readonly establishment: Uint8Array;
  /** Null unless active: a frozen agent signs nothing. */
  readonly signingKey: Uint8Array | null;
  /** Of the head. */
  readonly sequence: number;
  /** n in force after the head; null when there is none, or the head is a tombstone. */
  readonly rotationDigest: Uint8Array | null;
  /** r in force at the head, set by the last `icp` or `rec`; null when there is none. */
  readonly recoveryDigest: Uint8Array | null;
  /** When forked: the two events with the lowest digests that no one controller in good order signs. */
  readonly proof: readonly [KeyEvent, KeyEvent] | null;
  /** All that a peer keeps of the log: chain, proof, and what leads to it; by sequence, then digest. At most 96. */
  readonly retained: readonly KeyEvent[];
}

/** True when that event stands on the chosen chain. */
export function isOnChain(state: KeyState, event: KeyEvent): boolean {
  return state.chain.some((other) => other.key === event.key);
}
