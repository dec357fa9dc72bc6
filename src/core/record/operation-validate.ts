/**
 * Whether an operation may stand on a fence (§3): its base, its slot's token, that token's rights and field mask.
 * Permanent faults are errors; what only time or a revocation undoes is projection's to leave out.
 */
import { bytesEqual } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { type Delegation, mayChangeField } from '../identity/delegation.ts';
import { digest16Bytes } from '../limits.ts';
import type { AgentAddr } from './agent-addr.ts';
import type { Operation } from './operation.ts';

/** True when the operation names this token. */
export function operationUsesToken(operation: Operation, token: Delegation): boolean {
  return (
    operation.delegation !== null && bytesEqual(operation.delegation, token.hash.subarray(0, digest16Bytes))
  );
}

/**
 * Throws unless the operation stands on that fence and its signer may write that field.
 * @param delegations the tokens that travel with it.
 * @throws ProtocolError `stale-base`, `bad-delegation` without its token, `bad-operation` outside slot, rights or mask.
 */
export function assertOperation(
  operation: Operation,
  addr: AgentAddr | null,
  delegations: readonly Delegation[],
): void {
  if (addr === null || !bytesEqual(operation.base, addr.digest16)) {
    throw new ProtocolError(
      'stale-base',
      'the operation stands on another fence: write it again on the current one',
    );
  }
  if (operation.slot === 0) return;
  const token = delegations.find((candidate) => operationUsesToken(operation, candidate));
  if (token === undefined) {
    throw new ProtocolError('bad-delegation', 'the token that the operation names does not come with it', {
      slot: operation.slot,
    });
  }
  if (token.slot !== operation.slot) {
    throw new ProtocolError('bad-operation', `the token holds slot ${token.slot}, not ${operation.slot}`);
  }
  if (!mayChangeField(token, operation.field)) {
    throw new ProtocolError('bad-operation', `the token does not permit to change ${operation.field}`);
  }
}
