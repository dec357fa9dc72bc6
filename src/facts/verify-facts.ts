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
import type { AgentState } from '../core/record/agent-state.ts';
import type { AgentFacts } from './agent-facts.ts';
import type { JsonObject } from './bounded-json.ts';
import { type FactsCredential, isInstant, readCredential, secondsOf } from './credential.ts';
import { canonicalJson, type ProofClaim, readProof } from './data-integrity.ts';
import { FactsError } from './facts-error.ts';
import {
  activeState,
  agentOfDid,
  assertNotRevoked,
  type IssuerKind,
  keyOfAgent,
  keyOfDidKey,
} from './issuer-keys.ts';

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
}

export interface VerifiedFacts {
  readonly agentId: AgentId;
  readonly facts: AgentFacts;
  readonly credential: JsonObject;
  readonly issuer: { readonly did: string; readonly kind: IssuerKind };
  readonly verificationMethod: string;
  /** Seconds since 1970. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** SHA-256 of the canonical credential, hexadecimal: its name in revocations. */
  readonly digest: string;
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
  const { key, kind, state } = await issuerKey(issuer, claim.verificationMethod, subject, times, context);
  const { message, signature } = claim;
  if (!context.check({ publicKey: key, message, signature }))
    throw new FactsError(
      'bad-proof',
      'the signature does not fit: the document was altered, or signed by another key',
    );
  const name = credentialDigest(credential.document);
  assertNotRevoked(name, [subject, state]);
  return {
    agentId,
    facts: credential.facts,
    credential: credential.document,
    issuer: { did: issuer, kind },
    verificationMethod: claim.verificationMethod,
    validFrom: credential.validFrom,
    validUntil: credential.validUntil,
    digest: name,
  };
}

/** SHA-256 of the canonical form, proof included, in hexadecimal. */
export function credentialDigest(document: JsonObject): string {
  return bytesToHex(digest(utf8ToBytes(canonicalJson(document))));
}

/** Returns the time of the proof. */
function assertTimes({ validFrom, validUntil }: FactsCredential, claim: ProofClaim, now: number): number {
  if (claim.proofPurpose !== 'assertionMethod')
    throw new FactsError('unsupported-proof', 'the purpose of the proof is not assertionMethod');
  const { created, expires } = claim;
  if (created === null || !isInstant(created) || (expires !== null && !isInstant(expires)))
    throw new FactsError('bad-proof', 'the proof states no time that can be read');
  const createdSeconds = secondsOf(created);
  const latest = now + clockSkewSecondsMax;
  if (validFrom > latest || createdSeconds > latest)
    throw new FactsError('not-yet-valid', 'the facts begin in the future', { validFrom, now });
  if (validUntil <= now) throw new FactsError('expired', 'the facts have ended', { validUntil, now });
  if (expires !== null && secondsOf(expires) <= now) throw new FactsError('expired', 'the proof has ended');
  return createdSeconds;
}

function subjectOf({ facts }: FactsCredential, wanted: AgentId | undefined): AgentId {
  const agentId = agentOfDid(facts.id, 'wrong-subject');
  if (wanted !== undefined && agentKey(wanted) !== agentKey(agentId))
    throw new FactsError('wrong-subject', 'these are the facts of another agent', { subject: facts.id });
  return agentId;
}

async function issuerKey(
  issuer: string,
  method: string,
  subject: AgentState,
  times: { readonly created: number; readonly now: number },
  context: VerifyContext,
): Promise<{ key: Uint8Array; kind: IssuerKind; state: AgentState | null }> {
  if (issuer.startsWith('did:key:')) return { key: keyOfDidKey(issuer, method), kind: 'key', state: null };
  if (!issuer.startsWith('did:nanda:'))
    throw new FactsError('wrong-issuer', 'issuers are agents (did:nanda) or keys (did:key)', { issuer });
  const issuerId = agentOfDid(issuer, 'wrong-issuer');
  const isSelf = agentKey(issuerId) === agentKey(subject.agentId);
  const state = isSelf ? subject : activeState(await context.resolve(issuerId), 'issuer-not-active');
  const { key, isDelegate } = keyOfAgent(state, method, times);
  return { key, kind: isSelf ? (isDelegate ? 'delegate' : 'self') : 'agent', state };
}
