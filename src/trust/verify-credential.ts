/**
 * The verdict on one credential by itself: shape, time, issuer, key, signature, revocation, status, the cheapest first.
 * Says that its issuer stands by it now; whether that issuer's word counts is for a zone to say.
 */
import { bytesToHex } from '../core/bytes.ts';
import type { SignatureCheck } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { readProof } from '../facts/data-integrity.ts';
import { FactsError } from '../facts/facts-error.ts';
import { agentOfDid, assertNotRevoked, type IssuerKind } from '../facts/issuer-keys.ts';
import { assertStatus, type StatusCheck } from '../facts/status-entry.ts';
import { assertTimes } from '../facts/verify-facts.ts';
import { readTrustCredential, type TrustCredential } from './credential.ts';
import { ownIssuerOf } from './own-issuer.ts';

/** What a verdict stands on. */
export interface CredentialContext {
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  /** The one verification rule (docs/protocol.md §1), key admission included. */
  readonly check: (check: SignatureCheck) => boolean;
  readonly nowSeconds: number;
  /** Looks a status up; left out: a credential with a status is refused. */
  readonly checkStatus?: StatusCheck;
  /** Revocations that were heard of before, whatever the network shows now. */
  readonly isRevoked?: (digest: string, issuer: string) => boolean;
}

export interface VerifiedCredential extends TrustCredential {
  readonly verificationMethod: string;
  /** `agent` or `key`. */
  readonly issuerKind: IssuerKind;
  /** The key that signed, hexadecimal: who signs under two names is one issuer. */
  readonly key: string;
}

/** @throws FactsError, and what the resolve throws */
export async function verifyCredential(
  value: unknown,
  context: CredentialContext,
): Promise<VerifiedCredential> {
  const credential = readTrustCredential(value);
  const claim = readProof(credential.document);
  const { issuer, subject, digest, status } = credential;
  const created = assertTimes(credential, claim, context.nowSeconds);
  if (subject.startsWith('did:nanda:')) agentOfDid(subject, 'wrong-subject');
  if (context.isRevoked?.(digest, issuer) === true)
    throw new FactsError('revoked', 'the credential was revoked');
  const times = { created, now: context.nowSeconds };
  const { key, kind, state } = await ownIssuerOf(issuer, claim.verificationMethod, times, context.resolve);
  const { message, signature } = claim;
  if (!context.check({ publicKey: key, message, signature }))
    throw new FactsError(
      'bad-proof',
      'the signature does not fit: the document was altered, or signed by another key',
    );
  assertNotRevoked(digest, [state]);
  await assertStatus(status, issuer, context.checkStatus);
  return {
    ...credential,
    verificationMethod: claim.verificationMethod,
    issuerKind: kind,
    key: bytesToHex(key),
  };
}
