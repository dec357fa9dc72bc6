/**
 * Who may sign as an issuer: from a verification method to a key, judged by the issuer's key log for `did:nanda`, by the
 * key itself for `did:key`. A rotated key signs nothing any more, whenever it claims to have done so.
 * Decides authority; checks no signature.
 */
import { isRevoked } from '../core/author/writer.ts';
import { bytesEqual, bytesToHex } from '../core/bytes.ts';
import type { SignatureCheck } from '../core/ed25519.ts';
import { isProtocolError } from '../core/errors.ts';
import { formatAgentDid, parseAgentId } from '../core/identity/agent-id.ts';
import { hasRight } from '../core/identity/delegation.ts';
import type { Grant } from '../core/identity/delegation-grant.ts';
import { assertGrantHolds } from '../core/identity/delegation-standing.ts';
import type { KeyState } from '../core/identity/key-state.ts';
import { clockSkewSecondsMax } from '../core/limits.ts';
import type { Resolution } from '../core/peer/effects.ts';
import type { AgentState } from '../core/record/agent-state.ts';
import { FactsError } from './facts-error.ts';
import { multikeyOf, parseMultikey } from './multikey.ts';

/** How the issuer stands to the agent: the agent itself, a delegate of it, another agent, or a bare key. */
export type IssuerKind = 'self' | 'delegate' | 'agent' | 'key';

/** When the proof says it was made, and when it is judged; seconds. */
export interface ProofTimes {
  readonly created: number;
  readonly now: number;
}

/** The key of a `did:key` method. @throws FactsError `wrong-issuer` */
export function keyOfDidKey(issuer: string, method: string): Uint8Array {
  const encoded = issuer.slice('did:key:'.length);
  const key = parseMultikey(encoded);
  if (key === null || method !== `${issuer}#${encoded}`)
    throw new FactsError('wrong-issuer', 'the verification method is not the key of the issuer');
  return key;
}

/** The agent of a `did:nanda`; its text must be the one that this project writes. @throws FactsError */
export function agentOfDid(did: string, code: 'wrong-issuer' | 'wrong-subject'): Uint8Array {
  try {
    const agentId = parseAgentId(did);
    if (formatAgentDid(agentId) === did) return agentId;
  } catch {
    // Not an agent id: the same answer as for another spelling of one.
  }
  throw new FactsError(code, 'this is not the DID of an agent: did:nanda: and 52 characters');
}

/** The state of an agent that may speak. @throws FactsError `issuer-unknown`, or the code given when it has ended */
export function activeState(
  { state, status }: Resolution,
  code: 'issuer-not-active' | 'subject-not-active',
): AgentState {
  if (state === null || status === 'not-found' || status === 'rolled-back')
    throw new FactsError('issuer-unknown', 'the network shows no state of this agent that can be believed', {
      status,
    });
  if (state.keyState.status !== 'active' || state.keyState.signingKey === null)
    throw new FactsError(code, `the agent is ${state.keyState.status}`, { status: state.keyState.status });
  return state;
}

/** A key that may sign, and the checks that its grant owes. */
export interface AgentKey {
  readonly key: Uint8Array;
  readonly isDelegate: boolean;
  /** Seconds since 1970 when its grant ends; Infinity for the agent's own. */
  readonly until: number;
  readonly checks: readonly SignatureCheck[];
}

/**
 * The key of a `did:nanda` method: the agent's signing key of now, or a delegate's with the right `facts`, by a token of the
 * record or by a grant that was shown.
 * @throws FactsError `wrong-issuer`, `key-not-current`
 */
export function keyOfAgent(
  state: AgentState,
  method: string,
  times: ProofTimes,
  grants: readonly Grant[] = [],
): AgentKey {
  const did = formatAgentDid(state.agentId);
  const [controller, fragment = '', ...more] = method.split('#');
  const key = parseMultikey(fragment);
  if (controller !== did || key === null || more.length > 0)
    throw new FactsError('wrong-issuer', 'the verification method is not a key of the issuer');
  const { keyState } = state;
  if (keyState.signingKey !== null && bytesEqual(keyState.signingKey, key)) {
    assertNotBackdated(keyState, times);
    return { key, isDelegate: false, until: Number.POSITIVE_INFINITY, checks: [] };
  }
  const granted = grantedBySlot(state, key, times) ?? grantedByHand(state, key, times, grants);
  if (granted !== null) return { key, isDelegate: true, ...granted };
  const wasKey = keyState.chain.some(({ body }) => body.type !== 'tomb' && bytesEqual(body.signingKey, key));
  throw wasKey
    ? new FactsError('key-not-current', 'the key that signed was rotated away: sign it again')
    : new FactsError('wrong-issuer', 'the key that signed is not one of the issuer');
}

/** @param digest of the credential, hexadecimal. @throws FactsError `revoked` when one of the states has its revocation */
export function assertNotRevoked(digest: string, states: readonly (AgentState | null)[]): void {
  const isGone = states.some((state) =>
    state?.revocations.some(({ kind, target }) => kind === 'credential' && bytesToHex(target) === digest),
  );
  if (isGone) throw new FactsError('revoked', 'the credential was revoked');
}

/** The verification method of an agent's key. */
export function methodOfAgent(agentId: Uint8Array, publicKey: Uint8Array): string {
  return `${formatAgentDid(agentId)}#${multikeyOf(publicKey)}`;
}

/** A key signs nothing before it was there. Times of key events are stated, not proven: this catches mistakes. */
function assertNotBackdated(keyState: KeyState, { created }: ProofTimes): void {
  const { signingKey, chain } = keyState;
  const since = chain.find(
    ({ body }) => body.type !== 'tomb' && signingKey !== null && bytesEqual(body.signingKey, signingKey),
  );
  if (since !== undefined && created < since.body.issuedAt - clockSkewSecondsMax)
    throw new FactsError('key-not-current', 'the proof claims a time at which the agent had another key');
}

type Granted = Pick<AgentKey, 'until' | 'checks'>;

/** By a token of the record, which is verified with it. */
function grantedBySlot(state: AgentState, key: Uint8Array, { created, now }: ProofTimes): Granted | null {
  const ends = state.delegations.flatMap((token) => {
    const fits =
      bytesEqual(token.audience, key) &&
      hasRight(token, 'facts') &&
      !isRevoked(state, token) &&
      token.notBefore <= created + clockSkewSecondsMax &&
      now < token.expiresAt;
    return fits ? [token.expiresAt] : [];
  });
  return ends.length === 0 ? null : { until: Math.max(...ends), checks: [] };
}

/** By the first grant that was shown and lets the key sign facts now. */
function grantedByHand(
  state: AgentState,
  key: Uint8Array,
  { created, now }: ProofTimes,
  grants: readonly Grant[],
): Granted | null {
  for (const { token, chain } of grants) {
    const fits =
      bytesEqual(token.audience, key) &&
      hasRight(token, 'facts') &&
      token.notBefore <= created + clockSkewSecondsMax;
    if (!fits) continue;
    try {
      return { until: token.expiresAt, checks: assertGrantHolds(chain, state, now) };
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      if (error.code === 'revoked')
        throw new FactsError('revoked', 'the grant of the delegate that signed was revoked');
      if (error.code === 'expired')
        throw new FactsError('expired', 'the grant of the delegate that signed has ended');
    }
  }
  return null;
}
