/**
 * Who signs a change: the controller, or a delegate under a token of the agent's bundle.
 * Decides whether a key may write for an agent at all; what one operation may touch is judged by the record's own rules.
 * Source: docs/protocol.md §3 (slots), §7 (rights).
 */
import { bytesEqual } from '../bytes.ts';
import type { Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import type { AgentId } from '../identity/agent-id.ts';
import { type Delegation, hasRight, mayChangeField } from '../identity/delegation.ts';
import type { KeyState } from '../identity/key-state.ts';
import { revokesDelegation } from '../identity/revocation.ts';
import type { AgentState } from '../record/agent-state.ts';
import type { FieldName } from '../record/field.ts';

export interface Writer {
  readonly signer: Signer;
  /** 0 the controller, 1..7 a delegate. */
  readonly slot: number;
  /** Null for the controller. */
  readonly token: Delegation | null;
}

/** The controller as a writer. Throws what assertActive throws, and `bad-key` when this is not the agent's signing key. */
export function controllerOf(keyState: KeyState, signer: Signer): Writer {
  const { signingKey } = assertActive(keyState);
  if (bytesEqual(signingKey, signer.publicKey)) return { signer, slot: 0, token: null };
  throw new ProtocolError(
    'bad-key',
    'this is not the signing key of the agent: it was rotated or recovered elsewhere',
  );
}

/**
 * A delegate as a writer: the token of the bundle whose audience is this key, which is valid now.
 * @throws ProtocolError `bad-delegation` when there is none, `revoked` when it was revoked, `expired` when its time is over.
 */
export function delegateOf(state: AgentState, signer: Signer, nowSeconds: number): Writer {
  assertActive(state.keyState);
  const named = state.delegations.filter(
    (token) => token.slot > 0 && bytesEqual(token.audience, signer.publicKey),
  );
  const standing = named.filter((token) => !isRevoked(state, token));
  const token = standing.find((one) => one.notBefore <= nowSeconds && nowSeconds < one.expiresAt);
  if (token !== undefined) return { signer, slot: token.slot, token };
  if (standing.some((one) => one.expiresAt <= nowSeconds)) {
    throw new ProtocolError(
      'expired',
      'the delegation to this key has expired; ask the controller for a new one',
    );
  }
  if (named.length > standing.length)
    throw new ProtocolError('revoked', 'the delegation to this key was revoked');
  throw new ProtocolError('bad-delegation', 'the agent has no delegation to this key that is valid now');
}

/** True when the writer may sign fences. */
export function mayPublish(writer: Writer): boolean {
  return writer.token === null || hasRight(writer.token, 'publish');
}

/** Throws `bad-delegation` unless the writer may change that field. */
export function assertMayChange(writer: Writer, field: FieldName): void {
  if (writer.token === null || mayChangeField(writer.token, field)) return;
  throw new ProtocolError('bad-delegation', `the delegation does not cover the field "${field}"`, { field });
}

/** True when a revocation in the state names that token. */
export function isRevoked(state: AgentState, token: Delegation): boolean {
  return state.revocations.some((revocation) => revokesDelegation(revocation, token));
}

/** The state with its signing key. Throws `forked` or `tombstoned` when the agent signs nothing. */
export function assertActive(keyState: KeyState): KeyState & { readonly signingKey: Uint8Array } {
  const { status, signingKey } = keyState;
  if (status === 'active' && signingKey !== null) return { ...keyState, signingKey };
  const message =
    status === 'forked'
      ? 'the key log is forked and the agent frozen: recover it with the recovery key'
      : 'the agent has ended (tombstone)';
  throw new ProtocolError(status === 'forked' ? 'forked' : 'tombstoned', message);
}

/** Where a signature is bound: the agent and its establishment. */
export function signingContext(keyState: KeyState): {
  readonly agentId: AgentId;
  readonly establishment: Uint8Array;
} {
  return { agentId: keyState.agentId, establishment: keyState.establishment };
}
