/** Facts become a credential: the envelope, and the proof of whoever issues it. */
import type { Signer } from '../core/ed25519.ts';
import type { Grant } from '../core/identity/delegation-grant.ts';
import type { AgentFacts } from './agent-facts.ts';
import type { JsonObject } from './bounded-json.ts';
import { credentialsContext } from './contexts.ts';
import { credentialTypes, factsContext, instantOf, readCredential } from './credential.ts';
import { addProof } from './data-integrity.ts';
import { evidenceOf } from './delegate-evidence.ts';
import { FactsError } from './facts-error.ts';
import { validitySecondsMax, validitySecondsMin } from './facts-limits.ts';

export interface IssueOptions {
  /** The DID of who signs. */
  readonly issuer: string;
  /** The DID URL of the key that signs. */
  readonly verificationMethod: string;
  readonly signer: Signer;
  readonly nowSeconds: number;
  readonly validitySeconds: number;
  /** Such as urn:uuid:…; left out: the credential has no name of its own. */
  readonly id?: string;
  /** By which a delegate signs; left out: the issuer's own key does. */
  readonly grant?: Grant;
}

/** The signed credential. @throws FactsError `bad-facts` for a validity out of bounds, and those of readCredential */
export function issueFacts(facts: AgentFacts, options: IssueOptions): JsonObject {
  const { issuer, verificationMethod, signer, nowSeconds, validitySeconds, id, grant } = options;
  if (validitySeconds < validitySecondsMin || validitySeconds > validitySecondsMax)
    throw new FactsError('bad-facts', `a validity is ${validitySecondsMin} to ${validitySecondsMax} seconds`);
  const created = instantOf(nowSeconds);
  const unsecured: JsonObject = {
    '@context': [credentialsContext, factsContext],
    ...(id !== undefined && { id }),
    type: [...credentialTypes],
    issuer,
    validFrom: created,
    validUntil: instantOf(nowSeconds + validitySeconds),
    credentialSubject: facts as unknown as JsonObject,
    ...(grant !== undefined && { evidence: [evidenceOf(grant)] }),
  };
  const secured = addProof(
    unsecured,
    { created, verificationMethod, proofPurpose: 'assertionMethod' },
    signer,
  );
  return readCredential(secured).document;
}
