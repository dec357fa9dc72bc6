/**
 * Chains of delegation tokens, root first (§7). Decides whether tokens form a chain from the controller and which
 * signature checks it owes; does not know revocations or time.
 */
import { bytesEqual } from '../bytes.ts';
import type { SignatureCheck } from '../ed25519.ts';
import { ProtocolError } from '../errors.ts';
import { delegationDepthMax } from '../limits.ts';
import type { AgentId } from './agent-id.ts';
import { assertNarrower, type Delegation, delegationCheck } from './delegation.ts';

/** Throws `bad-delegation` unless these tokens, root first, lead from that agent's controller down, each narrower. */
export function assertDelegationChain(chain: readonly Delegation[], agentId: AgentId): void {
  if (chain.length > delegationDepthMax) {
    throw new ProtocolError('bad-delegation', `a chain has at most ${delegationDepthMax} tokens`);
  }
  assertNoCycle(chain);
  let parent: Delegation | null = null;
  for (const token of chain) {
    if (parent !== null) assertNarrower(token, parent);
    else if (token.depth !== 1 || !bytesEqual(token.issuer, agentId)) {
      throw new ProtocolError(
        'bad-delegation',
        'a chain begins with a token of the controller of this agent',
      );
    }
    parent = token;
  }
}

/** A key that stands twice would be its own issuer: whoever is revoked above could not tell what goes with it. */
function assertNoCycle(chain: readonly Delegation[]): void {
  const isTwice = chain.some((token, index) =>
    chain.slice(0, index).some((above) => bytesEqual(above.audience, token.audience)),
  );
  if (isTwice) throw new ProtocolError('bad-delegation', 'a key stands twice in the chain');
}

/** The checks that a chain owes, root first: the controller's key signs the first, each audience the next. */
export function delegationChainChecks(
  chain: readonly Delegation[],
  agentId: AgentId,
  controllerKey: Uint8Array,
): SignatureCheck[] {
  return chain.map((token, index) =>
    delegationCheck(token, agentId, chain[index - 1]?.audience ?? controllerKey),
  );
}

/**
 * The chain, root first, that ends with this token, its parents taken from `tokens` by hash.
 * Null when a parent is missing; that each is narrower than its parent is assertDelegationChain's to say.
 */
export function findDelegationChain(token: Delegation, tokens: readonly Delegation[]): Delegation[] | null {
  const chain = [token];
  for (let first = token; first.depth > 1; first = chain[0]!) {
    const below = first;
    const parent = tokens.find((candidate) => bytesEqual(candidate.hash, below.issuer));
    if (parent === undefined || parent.depth >= below.depth) return null;
    chain.unshift(parent);
  }
  return chain;
}
