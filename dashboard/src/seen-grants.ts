/** Grants that this page has seen: a revocation names its target by digest alone, and what it struck is worth showing. */
import type { AgentState, Grant } from './api/answers.ts';

/** The oldest go first. */
const seenMax = 500;
const grantByHash = new Map<string, Grant>();

/** Remembers the grants of this state. */
export function noteGrants({ delegations, revocations }: AgentState): void {
  for (const grant of [...delegations, ...revocations.flatMap((revocation) => revocation.grants)]) {
    grantByHash.set(grant.hash, grant);
    if (grantByHash.size > seenMax) grantByHash.delete(grantByHash.keys().next().value!);
  }
}

export function seenGrant(hash: string): Grant | undefined {
  return grantByHash.get(hash);
}
