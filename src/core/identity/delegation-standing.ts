/**
 * Whether a chain of tokens holds now (§5, §7), beside what is known of its agent: key log, revocations, time. A token falls
 * with every token above it. Decides all but signatures, whose checks it hands back.
 */
import { bytesEqual } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { clockSkewSecondsMax } from '../limits.ts';
import type { Delegation } from './delegation.ts';
import { assertDelegationChain, delegationChainChecks } from './delegation-chain.ts';
import type { KeyState } from './key-state.ts';
import { type Revocation, revokesDelegation } from './revocation.ts';

/** What is known of an agent that bears on its grants. */
export interface Authority {
  readonly keyState: KeyState;
  readonly revocations: readonly Revocation[];
}

/**
 * `void`: the keys were rotated, or the agent is not active. The worst of a token and those above it counts, in this order:
 * void, revoked, expired, not-yet-valid.
 */
export type Standing = 'holds' | 'void' | 'revoked' | 'expired' | 'not-yet-valid';

export interface TokenStanding {
  readonly token: Delegation;
  readonly standing: Standing;
  /** True when the token falls only because one above it does. */
  readonly isInherited: boolean;
  /** Of this very token; null when it was not revoked, or by a revocation that is not known. */
  readonly revocation: Revocation | null;
}

const order: readonly Standing[] = ['void', 'revoked', 'expired', 'not-yet-valid', 'holds'];

/** How each token of a chain stands, root first. The chain must be one (assertDelegationChain). */
export function chainStanding(
  chain: readonly Delegation[],
  authority: Authority,
  nowSeconds: number,
): readonly TokenStanding[] {
  let above: Standing = 'holds';
  return chain.map((token) => {
    const revocation = authority.revocations.find((one) => revokesDelegation(one, token)) ?? null;
    const own = ownStanding(token, authority.keyState, revocation, nowSeconds);
    const standing = order[Math.min(order.indexOf(own), order.indexOf(above))]!;
    above = standing;
    return { token, standing, isInherited: standing !== own, revocation };
  });
}

/**
 * The checks that a grant owes, once everything else about it holds now.
 * @throws ProtocolError `wrong-establishment` after a rotation, `forked`, `tombstoned`, `revoked`, `expired`,
 * `from-the-future`, `bad-delegation`.
 */
export function assertGrantHolds(
  chain: readonly Delegation[],
  authority: Authority,
  nowSeconds: number,
): SignatureCheck[] {
  const { agentId, status, signingKey } = authority.keyState;
  assertDelegationChain(chain, agentId);
  if (status !== 'active' || signingKey === null)
    throw new ProtocolError(status === 'forked' ? 'forked' : 'tombstoned', `the agent is ${status}`);
  if (chain.some((token) => bytesEqual(token.audience, signingKey)))
    throw new ProtocolError('bad-delegation', 'the controller is no delegate of its own agent');
  const fallen = chainStanding(chain, authority, nowSeconds).find(({ standing }) => standing !== 'holds');
  if (fallen === undefined) return delegationChainChecks(chain, agentId, signingKey);
  const [code, what] = refusals[fallen.standing as Exclude<Standing, 'holds'>];
  const { depth } = fallen.token;
  throw new ProtocolError(code, `${depth === chain.length ? 'the grant' : 'a grant above it'} ${what}`, {
    depth,
  });
}

const refusals: Readonly<Record<Exclude<Standing, 'holds'>, readonly [ProtocolErrorCode, string]>> = {
  void: ['wrong-establishment', 'is void: the keys of the agent were rotated since'],
  revoked: ['revoked', 'was revoked'],
  expired: ['expired', 'has ended'],
  'not-yet-valid': ['from-the-future', 'begins later'],
};

function ownStanding(
  token: Delegation,
  keyState: KeyState,
  revocation: Revocation | null,
  nowSeconds: number,
): Standing {
  if (keyState.status !== 'active' || !bytesEqual(token.establishment, keyState.establishment)) return 'void';
  if (revocation !== null) return 'revoked';
  if (token.expiresAt <= nowSeconds) return 'expired';
  return token.notBefore > nowSeconds + clockSkewSecondsMax ? 'not-yet-valid' : 'holds';
}
