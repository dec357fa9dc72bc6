/** Whether somebody certified an agent: by signing its facts, or by a credential that stands in them and holds now. */
import { formatAgentDid } from '../core/identity/agent-id.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import { embeddedCredentials } from '../trust/facts-credentials.ts';
import { type CredentialContext, verifyCredential } from '../trust/verify-credential.ts';
import type { FactsOutcome } from './match-facts.ts';

/** Credentials of one agent that are looked at. */
const credentialsMax = 8;

/** `unchecked`: the facts claim it, and prove nothing. */
export async function certificationBy(
  wanted: string,
  verified: VerifiedFacts,
  context: CredentialContext,
): Promise<FactsOutcome> {
  if (verified.issuer.did === wanted) return 'match';
  const subject = formatAgentDid(verified.agentId);
  for (const document of embeddedCredentials(verified.facts).slice(0, credentialsMax)) {
    try {
      const credential = await verifyCredential(document, context);
      if (credential.issuer === wanted && credential.subject === subject) return 'match';
    } catch (error) {
      if (!(error instanceof FactsError)) throw error;
    }
  }
  return verified.facts.certification?.issuer === wanted ? 'unchecked' : 'none';
}
