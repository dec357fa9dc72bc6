/**
 * Who signs what an agent says of others: the agent itself. The right `facts` lets a delegate say what the agent is, and
 * not whom it vouches for, what it has revoked, or that it is there.
 */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { ProofTimes } from '../facts/issuer-keys.ts';
import { type IssuerOf, issuerOf } from '../facts/issuer-of.ts';

/** As issuerOf, for the key of the issuer alone. @throws FactsError, `wrong-issuer` for a delegate's key */
export async function ownIssuerOf(
  issuer: string,
  method: string,
  times: ProofTimes,
  resolve: (agentId: AgentId) => Promise<Resolution>,
): Promise<IssuerOf> {
  const found = await issuerOf(issuer, method, times, resolve);
  if (!found.isDelegate) return found;
  throw new FactsError(
    'wrong-issuer',
    'a delegate signed this: it may sign the facts of the agent, and nothing else in its name',
  );
}
