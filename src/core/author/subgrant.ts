/**
 * What a delegate signs under its own grant (§5, §7): a narrower grant to another key, and the end of what is below its own
 * token or of a credential. Decides whether the key may; the shape of what it signs is identity's.
 */
import { bytesEqual } from '../bytes.ts';
import type { Signer } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { createDelegation, hasRight } from '../identity/delegation.ts';
import { createGrant, type Grant } from '../identity/delegation-grant.ts';
import { assertGrantHolds } from '../identity/delegation-standing.ts';
import type { ReasonCode } from '../identity/reason-code.ts';
import { createRevocation, type Revocation } from '../identity/revocation.ts';
import { bundleRevocationsMax, delegationDepthMax } from '../limits.ts';
import { type AgentState, joinStates } from '../record/agent-state.ts';
import { controllerOf } from './writer.ts';

export interface SubgrantDraft {
  readonly state: AgentState;
  /** The grant that the signer holds; null: the signer is the controller. */
  readonly parent: Grant | null;
  readonly signer: Signer;
  readonly audience: Uint8Array;
  /** Sum of rightBits, without `op` and `publish`: those take a slot of the record (delegateAgent). */
  readonly rights: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  /** 8 bytes. */
  readonly nonce: Uint8Array;
  readonly nowSeconds: number;
}

/**
 * A grant without a slot: it travels by hand, and the state stays as it is.
 * @throws ProtocolError `bad-delegation` for what the signer cannot grant, `bad-key` for a signer that holds no such grant,
 * and what assertGrantHolds throws of its own.
 */
export function grantBelow(draft: SubgrantDraft): Grant {
  const { state, parent, signer, nowSeconds, ...terms } = draft;
  const { agentId, keyState } = state;
  if (parent === null) controllerOf(keyState, signer);
  else {
    assertHolder(parent, signer);
    assertGrantHolds(parent.chain, state, nowSeconds);
    if (parent.token.depth === delegationDepthMax)
      throw new ProtocolError('bad-delegation', `a chain has at most ${delegationDepthMax} tokens`);
  }
  const token = createDelegation({
    ...terms,
    agentId,
    establishment: keyState.establishment,
    parent: parent?.token ?? null,
    signer,
    slot: 0,
    fieldMask: 0,
    notBefore: Math.max(terms.notBefore, parent?.token.notBefore ?? 0),
  });
  const grant = createGrant([...(parent?.chain ?? []), token]);
  assertGrantHolds(grant.chain, state, nowSeconds);
  return grant;
}

export interface SubrevocationDraft {
  readonly state: AgentState;
  readonly signer: Signer;
  readonly reason: ReasonCode;
  readonly nowSeconds: number;
}

/**
 * The state with the end of a grant, signed by a delegate above it.
 * @throws ProtocolError `bad-revocation` for a key that is not above it, or when the bundle is full.
 */
export function revokeBelow(draft: SubrevocationDraft & { readonly grant: Grant }): AgentState {
  const { state, grant, signer, reason, nowSeconds } = draft;
  const { chain, token } = grant;
  const above = chain.slice(0, -1).findIndex(({ audience }) => bytesEqual(audience, signer.publicKey));
  if (above === -1)
    throw new ProtocolError(
      'bad-revocation',
      'a grant is revoked by the controller, or by a delegate above it',
    );
  assertCurrent(state, token.establishment);
  return withRevocation(
    state,
    createRevocation({
      ...{
        agentId: state.agentId,
        kind: 'delegation',
        establishment: token.establishment,
        chain,
        signer,
        reason,
      },
      ...{ target: token.hash, depth: above + 1, issuedAt: nowSeconds, expiresAt: token.expiresAt },
    }),
    nowSeconds,
  );
}

/**
 * The state with the end of a credential that the agent issued, signed by the controller or under a grant with `revoke`.
 * @param draft.digest 32 bytes: the credential's name in revocations
 * @param draft.expiresAt when the credential ends by itself, seconds
 * @throws ProtocolError `bad-delegation` without the right, `bad-revocation` when the bundle is full.
 */
export function revokeCredential(
  draft: SubrevocationDraft & {
    readonly grant: Grant | null;
    readonly digest: Uint8Array;
    readonly expiresAt: number;
  },
): AgentState {
  const { state, grant, signer, digest, expiresAt, reason, nowSeconds } = draft;
  if (grant === null) controllerOf(state.keyState, signer);
  else {
    assertHolder(grant, signer);
    assertGrantHolds(grant.chain, state, nowSeconds);
    if (!hasRight(grant.token, 'revoke'))
      throw new ProtocolError('bad-delegation', 'a delegate revokes credentials by the right "revoke"');
  }
  const { agentId, keyState } = state;
  return withRevocation(
    state,
    createRevocation({
      ...{ agentId, kind: 'credential', establishment: keyState.establishment, signer, reason },
      ...{ target: digest, depth: grant?.token.depth ?? 0, issuedAt: nowSeconds, expiresAt },
      chain: grant?.chain ?? [],
    }),
    nowSeconds,
  );
}

function assertHolder({ token }: Grant, signer: Signer): void {
  if (bytesEqual(token.audience, signer.publicKey)) return;
  throw new ProtocolError('bad-key', 'this key does not hold the grant');
}

function assertCurrent({ keyState }: AgentState, establishment: Uint8Array): void {
  if (bytesEqual(establishment, keyState.establishment)) return;
  throw new ProtocolError('bad-revocation', 'the grant is void already: the keys were rotated since');
}

function withRevocation(state: AgentState, revocation: Revocation, nowSeconds: number): AgentState {
  if (state.revocations.length >= bundleRevocationsMax) {
    throw new ProtocolError(
      'bad-revocation',
      `a bundle holds ${bundleRevocationsMax} revocations: let the controller rotate instead`,
    );
  }
  const incoming = { ...state, revocations: [...state.revocations, revocation] };
  return joinStates(state, incoming, nowSeconds).state;
}
