/** `weft/trust`: credentials, zones and their verdicts, for programs that accept or issue; over a full node or a light one. */
export { FactsError, type FactsErrorCode } from '../facts/facts-error.ts';
export { guardedFetch } from '../facts/fetch/guarded-fetch.ts';
export type { StatusCheck, StatusEntry, StatusPurpose } from '../facts/status-entry.ts';
export { type VerifiedFacts, type VerifyContext, verifyFacts } from '../facts/verify-facts.ts';
export { readTrustCredential, type TrustCredential } from './credential.ts';
export { type CredentialDraft, type CredentialTerms, issueCredential } from './issue-credential.ts';
export type {
  CredentialIssuer,
  CredentialWish,
  IssuedCredential,
  RevocationOutcome,
} from './issuer/issuer-types.ts';
export { type JudgeContext, judge } from './judge.ts';
export { type ReputationProvider, reputationOfText } from './reputation.ts';
export { createStatusChecker, type StatusChecker } from './status-checker.ts';
export { TrustError, type TrustErrorCode } from './trust-error.ts';
export type { CredentialFinding, RuleFinding, TrustVerdict } from './verdict.ts';
export type { HeardChange, TrustNetwork } from './verifier/trust-network.ts';
export {
  createTrustVerifier,
  type DroppedCredential,
  type TrustVerifier,
  type TrustVerifierParts,
} from './verifier/trust-verifier.ts';
export { type CredentialContext, type VerifiedCredential, verifyCredential } from './verify-credential.ts';
export { type PresentationDraft, present } from './views/presentation.ts';
export { parseZonePolicy, readZonePolicy, type ZonePolicy, zonePolicySchema } from './zone-policy.ts';
