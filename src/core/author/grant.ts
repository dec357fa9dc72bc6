/**
 * Giving rights to other keys and taking them back (§5, §7), by the controller. Decides the slot of a grant, and that a
 * publisher's revocation comes with a controller's fence; what a token permits is judged in delegation.
 */
import { bytesEqual } from '../bytes.ts';
import type { Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { createDelegation, type Delegation, hasRight } from '../identity/delegation.ts';
import type { ReasonCode } from '../identity/reason-code.ts';
import { createDelegationRevocation } from '../identity/revocation.ts';
import { bundleRevocationsMax, slotMax } from '../limits.ts';
import { type AgentState, joinStates } from '../record/agent-state.ts';
import { signFence } from './fence.ts';
import { type RecordValues, recordValuesOf } from './record-values.ts';
import { controllerOf, signingContext } from './writer.ts';

export interface GrantDraft {
  readonly state: AgentState;
  readonly signer: Signer;
  readonly audience: Uint8Array;
  /** Sum of rightBits. */
  readonly rights: number;
  /** Sum of fieldBits. */
  readonly fieldMask: number;
  /** 1..7; the lowest free one when left out; without `op` and `publish` there is none. */
  readonly slot?: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  /** 8 bytes. */
  readonly nonce: Uint8Array;
  readonly nowSeconds: number;
}

/**
 * A token, and the state that carries it: storing peers know a writer before it writes. A token without a slot travels
 * by hand, and the state stays as it is.
 * @throws ProtocolError `bad-delegation` for a grant that cannot be, or a slot that is taken.
 */
export function delegateAgent(draft: GrantDraft): { readonly state: AgentState; readonly token: Delegation } {
  const { state, signer, slot: wantedSlot, nowSeconds, ...grant } = draft;
  controllerOf(state.keyState, signer);
  const writes = hasRight(grant, 'op') || hasRight(grant, 'publish');
  const token = createDelegation({
    ...grant,
    ...signingContext(state.keyState),
    signer,
    parent: null,
    slot: wantedSlot ?? (writes ? lowestFreeSlot(state) : 0),
  });
  if (token.slot === 0) return { state, token };
  if (state.delegations.some((held) => held.slot === token.slot)) {
    throw new ProtocolError('bad-delegation', `slot ${token.slot} is taken: revoke its delegate first`, {
      slot: token.slot,
    });
  }
  const incoming = { ...state, delegations: [...state.delegations, token] };
  return { state: joinStates(state, incoming, nowSeconds).state, token };
}

/** 1..7. Throws `bad-delegation` when all are taken. */
function lowestFreeSlot(state: AgentState): number {
  const taken = new Set(state.delegations.map((token) => token.slot));
  for (let slot = 1; slot <= slotMax; slot++) if (!taken.has(slot)) return slot;
  throw new ProtocolError('bad-delegation', `all ${slotMax} slots are taken: revoke a delegate first`);
}

export interface RevokeDraft {
  readonly state: AgentState;
  readonly signer: Signer;
  readonly token: Delegation;
  readonly reason: ReasonCode;
  /** What the record says when the revoked delegate signed its fence: the last that the controller knows to be good. */
  readonly lastValues?: RecordValues | null;
  readonly nowSeconds: number;
}

/**
 * The state with the revocation. The delegate's operations go; when it could publish, the controller's own fence comes
 * along, or the record would go with the delegate's fence (§3).
 * @throws ProtocolError `bad-revocation` when the bundle is full of them, or the token is of another establishment.
 */
export function revokeDelegation(draft: RevokeDraft): AgentState {
  const { state, signer, token, reason, lastValues = null, nowSeconds } = draft;
  const { agentId, keyState } = state;
  const writer = controllerOf(keyState, signer);
  if (!bytesEqual(token.establishment, keyState.establishment)) {
    throw new ProtocolError('bad-revocation', 'the delegation is void already: the keys were rotated since');
  }
  if (state.revocations.length >= bundleRevocationsMax) {
    throw new ProtocolError(
      'bad-revocation',
      `a bundle holds ${bundleRevocationsMax} revocations: rotate instead`,
    );
  }
  const revocation = createDelegationRevocation({ agentId, token, signer, reason, issuedAt: nowSeconds });
  const revoked = joinStates(
    state,
    { ...state, revocations: [...state.revocations, revocation] },
    nowSeconds,
  ).state;
  const values = recordValuesOf(revoked) ?? lastValues ?? recordValuesOf(state);
  if (!hasRight(token, 'publish') || values === null) return revoked;
  const fence = signFence({ keyState, writer, values, held: state.addr, nowSeconds });
  return joinStates(revoked, { ...revoked, ...fence, operations: [] }, nowSeconds).state;
}
