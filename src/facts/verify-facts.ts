/**
 * The verdict on AgentFacts: shape, time, subject, issuer, key, signature, revocation, in this order, the cheapest first.
 * What passes is bound to an agent of the index and was signed by somebody whom the caller trusts for it.
 */
import { bytesToHex, utf8ToBytes } from '../core/bytes.ts';
import type { SignatureCheck } from '../core/ed25519.ts';
import { digest } from '../core/hash.ts';
import { type AgentId, agentKey, formatAgentDid } from '../core/identity/agent-id.ts';
import { clockSkewSecondsMax } from '../core/limits.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { AgentFacts } from './agent-facts.ts';
import type { JsonObject } from './bounded-json.ts';
import { type FactsCredential, isInstant, readCredential, secondsOf } from './credential.ts';
import { canonicalJson, type ProofClaim, readProof } from './data-integrity.ts';
import { grantsIn } from './delegate-evidence.ts';
import { FactsError } from './facts-error.ts';
import { activeState, agentOfDid, assertNotRevoked, type IssuerKind } from './issuer-keys.ts';
import { issuerOf } from './issuer-of.ts';
import { assertStatus, type StatusCheck } from './status-entry.ts';

/** What a verdict stands on. */
export interface VerifyContext {
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  /** The one verification rule (docs/protocol.md §1), key admission included. */
  readonly check: (check: SignatureCheck) => boolean;
  readonly nowSeconds: number;
  /** Whose facts these must be; left out: whoever they speak of. */
  readonly subject?: AgentId;
  /** DIDs that are trusted beside the agent itself; left out: nobody is. */
  readonly issuers?: readonly string[];
  /** Looks a status up; left out: a credential with a status is refused. */
  readonly checkStatus?: StatusCheck;
}

export interface VerifiedFacts {
  readonly agentId: AgentId;
  readonly facts: AgentFacts;
  readonly credential: JsonObject;
  readonly issuer: { readonly did: string; readonly kind: IssuerKind };
  readonly verificationMethod: string;
  /** Seconds since 1970. */
  readonly validFrom: number;
  /** Of the credential, or the end of the grant of the delegate that signed where that is sooner. */
  readonly validUntil: number;
  /** SHA-256 of the canonical credential, hexadecimal: its name in revocations. */
  readonly digest: string;
  /** The agent's signing key of now. */
  readonly signingKey: Uint8Array;
}

/** @throws FactsError, and what the resolve throws */
export async function verifyFacts(value: unknown, context: VerifyContext): Promise<VerifiedFacts> {
  const credential = readCredential(value);
  const claim = readProof(credential.document);
  const created = assertTimes(credential, claim, context.nowSeconds);
  const agentId = subjectOf(credential, context.subject);
  const { issuer } = credential;
  const did = formatAgentDid(agentId);
  if (issuer !== did && !(context.issuers ?? []).includes(issuer))
    throw new FactsError(
      'wrong-issuer',
      'the issuer is neither the agent nor anybody who is trusted for it',
      {
        issuer,
      },
    );
  const subject = activeState(await context.resolve(agentId), 'subject-not-active');
  const times = { created, now: context.nowSeconds };
  const { resolve } = context;
  const method = claim.verificationMethod;
  const grants = grantsIn(credential.document);
  const signedBy = await issuerOf(issuer, method, times, resolve, subject, grants);
  const { key, kind, state } = signedBy;
  const { message, signature } = claim;
  if (![{ publicKey: key, message, signature }, ...signedBy.checks].every(context.check))
    throw new FactsError(
      'bad-proof',
      'the signature does not fit: the document was altered, or signed by another key',
    );
  const name = credentialDigest(credential.document);
  assertNotRevoked(name, [subject, state]);
  await assertStatus(credential.status, issuer, context.checkStatus);
  return {
    agentId,
    facts: credential.facts,
    credential: credential.document,
    issuer: { did: issuer, kind },
    verificationMethod: claim.verificationMethod,
    validFrom: credential.validFrom,
    validUntil: Math.min(credential.validUntil, signedBy.until),
    digest: name,
    signingKey: subject.keyState.signingKey!,
  };
}

/** SHA-256 of the canonical form, proof included, in hexadecimal. */
export function credentialDigest(document: JsonObject): string {
  return bytesToHex(digest(utf8ToBytes(canonicalJson(document))));
}

/** Of the credential and of its proof. Returns the time of the proof. @throws FactsError */
export function assertTimes(
  { validFrom, validUntil }: Pick<FactsCredential, 'validFrom' | 'validUntil'>,
  claim: ProofClaim,
  now: number,
): number {
  if (claim.proofPurpose !== 'assertionMethod')
    throw new FactsError('unsupported-proof', 'the purpose of the proof is not assertionMethod');
  const { created, expires } = claim;
  if (created === null || !isInstant(created) || (expires !== null && !isInstant(expires)))
    throw new FactsError('bad-proof', 'the proof states no time that can be read');
  const createdSeconds = secondsOf(created);
  const latest = now + clockSkewSecondsMax;
  if (validFrom > latest || createdSeconds > latest)
    throw new FactsError('not-yet-valid', 'the credential begins in the future', { validFrom, now });
  if (validUntil <= now) throw new FactsError('expired', 'the credential has ended', { validUntil, now });
  if (expires !== null && secondsOf(expires) <= now) throw new FactsError('expired', 'the proof has ended');
  return createdSeconds;
}

function subjectOf({ facts }: FactsCredential, wanted: AgentId | undefined): AgentId {
  const agentId = agentOfDid(facts.id, 'wrong-subject');
  if (wanted !== undefined && agentKey(wanted) !== agentKey(agentId))
    throw new FactsError('wrong-subject', 'these are the facts of another agent', { subject: facts.id });
  return agentId;
}
