/**
 * The grants over an agent as a tree: tokens of its record, grants that this node keeps, and those that revocations show.
 * Grants without a slot travel by hand, so nobody knows all of them; the answer says where each is known from.
 */
import { bytesToHex } from '../core/bytes.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { Delegation } from '../core/identity/delegation.ts';
import { chainStanding, type TokenStanding } from '../core/identity/delegation-standing.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import type { KeptGrant } from '../node/node-types.ts';
import { delegationView, type JsonObject, timeView } from './views.ts';

type Source = 'record' | 'kept' | 'revocation';

/** A token as the tree and a verdict show it. */
export function tokenRow({ token, standing, isInherited, revocation }: TokenStanding): JsonObject {
  return {
    ...delegationView(token),
    standing,
    isInherited,
    revoked:
      revocation === null
        ? null
        : { at: timeView(revocation.issuedAt), reason: revocation.reason, depth: revocation.depth },
  };
}

/** Every token that is known, parents before children, and the revocations of those that are not. */
export function grantTree(state: AgentState, kept: readonly KeptGrant[], nowSeconds: number): JsonObject {
  const rows = new Map<string, JsonObject>();
  const held = new Set(kept.filter(({ isHeld }) => isHeld).map(({ grant }) => grant.token.key));
  const add = (chain: readonly Delegation[], source: Source): void => {
    chainStanding(chain, state, nowSeconds).forEach((one, index) => {
      const { key } = one.token;
      if (rows.has(key)) return;
      const parent = chain[index - 1]?.key ?? null;
      rows.set(key, { ...tokenRow(one), parent, source, isHeld: held.has(key) });
    });
  };
  for (const token of state.delegations) add([token], 'record');
  for (const { grant } of kept) add(grant.chain, 'kept');
  const ended = state.revocations.filter(({ kind }) => kind === 'delegation');
  for (const { chain } of ended) if (chain.length > 0) add(chain, 'revocation');
  const unknown = ended.filter(({ target }) => !rows.has(bytesToHex(target)));
  return {
    agentId: formatAgentId(state.agentId),
    status: state.keyState.status,
    establishment: bytesToHex(state.keyState.establishment),
    grants: [...rows.values()],
    revokedUnknown: unknown.map(({ target, reason, issuedAt, expiresAt }) => ({
      hash: bytesToHex(target),
      reason,
      at: timeView(issuedAt),
      expiresAt: timeView(expiresAt),
    })),
  };
}
