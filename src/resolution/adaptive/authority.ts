/**
 * Who may sign statements for an agent: its signing key of now, or a delegate with the right `facts`, as for its facts.
 * What a rotated key signed is void at once, and so is everything of an agent that ended.
 */
import { bytesEqual } from '../../core/bytes.ts';
import type { SignatureCheck } from '../../core/ed25519.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import type { AgentState } from '../../core/record/agent-state.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { type AgentKey, activeState, keyOfAgent } from '../../facts/issuer-keys.ts';
import { ResolutionError } from '../resolution-error.ts';
import type { Statement } from './jws.ts';

/** What a statement is judged by. */
export interface Authority {
  readonly state: AgentState;
  readonly check: (check: SignatureCheck) => boolean;
  readonly nowSeconds: number;
}

/** The state of an agent that may speak. @throws ResolutionError `wrong-key` for one that has ended or is not known */
export function speakingState(agentId: AgentId, resolution: Resolution): AgentState {
  if (!bytesEqual(resolution.agentId, agentId))
    throw new ResolutionError('wrong-key', 'the index answered with another agent');
  try {
    return activeState(resolution, 'issuer-not-active');
  } catch (error) {
    throw asWrongKey(error);
  }
}

/**
 * Returns when the grant of a delegate that signed ends, seconds since 1970; Infinity for the agent itself.
 * @throws ResolutionError `wrong-key` unless the agent, or a delegate of it, signed exactly this
 */
export function assertSpeaks({ kid, signed }: Statement, issuedAt: number, authority: Authority): number {
  const { state, check, nowSeconds } = authority;
  let by: AgentKey;
  try {
    by = keyOfAgent(state, kid, { created: issuedAt, now: nowSeconds });
  } catch (error) {
    throw asWrongKey(error);
  }
  if (check({ publicKey: by.key, ...signed })) return by.until;
  throw new ResolutionError('wrong-key', 'the signature does not fit the key that it names');
}

function asWrongKey(error: unknown): unknown {
  return error instanceof FactsError ? new ResolutionError('wrong-key', error.message, error.data) : error;
}
