/** Credentials and verdicts of zones as JSON. */
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { IssuedCredential, RevocationOutcome } from '../trust/issuer/issuer-types.ts';
import type { TrustVerdict } from '../trust/verdict.ts';
import type { VerifiedCredential } from '../trust/verify-credential.ts';
import { type JsonObject, timeView } from './views.ts';

export function issuedView(issued: IssuedCredential): JsonObject {
  const { serial, digest, types, subject, url, renews, hasStatus, isSuspended, revoked, document } = issued;
  return {
    ...{ serial, digest, types, subject, url },
    ...{ validFrom: timeView(issued.validFrom), validUntil: timeView(issued.validUntil) },
    ...{ renews, hasStatus, isSuspended },
    revoked: revoked === null ? null : { at: timeView(revoked.at), reason: revoked.reason },
    credential: document as JsonObject,
  };
}

export function revokedView({
  revoked,
  pushed,
  acknowledgements,
  lateSecondsMax,
}: RevocationOutcome): JsonObject {
  return { revoked: revoked.map(({ serial }) => serial), pushed, acknowledgements, lateSecondsMax };
}

export function verifiedView(verified: VerifiedCredential): JsonObject {
  const { digest, types, issuer, subject, verificationMethod, validFrom, validUntil, status } = verified;
  return {
    ...{ valid: true, digest, types, issuer, subject, verificationMethod },
    ...{ validFrom: timeView(validFrom), validUntil: timeView(validUntil), hasStatus: status.length > 0 },
  };
}

export function verdictView(verdict: TrustVerdict): JsonObject {
  const { zone, agentId, trusted, rules, credentials, reputation, validUntil, issuers } = verdict;
  return {
    ...{ agentId: formatAgentId(agentId), zone, trusted, validUntil: timeView(validUntil) },
    rules: rules.map((rule) => ({ ...rule })),
    credentials: credentials.map((one) => ({
      ...one,
      validUntil: one.validUntil === null ? null : timeView(one.validUntil),
    })),
    reputation,
    issuers,
  };
}
