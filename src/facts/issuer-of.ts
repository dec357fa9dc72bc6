/** From the DID of an issuer to the key that must have signed, and to the state of the agent that it is. */
import type { SignatureCheck } from '../core/ed25519.ts';
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { Grant } from '../core/identity/delegation-grant.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { FactsError } from './facts-error.ts';
import {
  activeState,
  agentOfDid,
  type IssuerKind,
  keyOfAgent,
  keyOfDidKey,
  type ProofTimes,
} from './issuer-keys.ts';

export interface IssuerOf {
  readonly key: Uint8Array;
  /** `self` and `delegate`: of the subject that was given. */
  readonly kind: IssuerKind;
  /** Signed by a delegate with the right `facts`, of whomever. */
  readonly isDelegate: boolean;
  /** Seconds since 1970 when the grant of a delegate ends; Infinity without one. */
  readonly until: number;
  /** Null for a bare key. */
  readonly state: AgentState | null;
  /** Owed beside its own signature, by the grant of a delegate. */
  readonly checks: readonly SignatureCheck[];
}

/**
 * @param subject its own state, where it is known already
 * @param grants shown with what was signed, of which one may let the key sign facts
 * @throws FactsError `wrong-issuer`, `issuer-unknown`, `issuer-not-active`, `key-not-current`, and what the resolve throws
 */
export async function issuerOf(
  issuer: string,
  method: string,
  times: ProofTimes,
  resolve: (agentId: AgentId) => Promise<Resolution>,
  subject: AgentState | null = null,
  grants: readonly Grant[] = [],
): Promise<IssuerOf> {
  if (issuer.startsWith('did:key:')) {
    const key = keyOfDidKey(issuer, method);
    return { key, kind: 'key', isDelegate: false, until: Number.POSITIVE_INFINITY, state: null, checks: [] };
  }
  if (!issuer.startsWith('did:nanda:'))
    throw new FactsError('wrong-issuer', 'issuers are agents (did:nanda) or keys (did:key)', { issuer });
  const issuerId = agentOfDid(issuer, 'wrong-issuer');
  const isSelf = subject !== null && agentKey(issuerId) === agentKey(subject.agentId);
  const state = isSelf ? subject : activeState(await resolve(issuerId), 'issuer-not-active');
  const signedBy = keyOfAgent(state, method, times, grants);
  return { ...signedBy, kind: isSelf ? (signedBy.isDelegate ? 'delegate' : 'self') : 'agent', state };
}
