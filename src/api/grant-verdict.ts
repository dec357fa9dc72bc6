/** Whether a grant holds now, judged beside what the network shows of its agent. */
import { isAdmissiblePublicKey, type SignatureCheck, verifyAdmitted } from '../core/ed25519.ts';
import { isProtocolError } from '../core/errors.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import { hasRight, type Right } from '../core/identity/delegation.ts';
import { formatGrant, type Grant } from '../core/identity/delegation-grant.ts';
import { assertGrantHolds, chainStanding } from '../core/identity/delegation-standing.ts';
import type { ResolveOptions, WeftNode } from '../node/node-types.ts';
import { tokenRow } from './grant-tree.ts';
import { delegationView, type JsonObject } from './views.ts';

export interface GrantQuestion {
  readonly resolve: WeftNode['resolve'];
  readonly options?: ResolveOptions;
  readonly nowSeconds: number;
  /** A right that it must give. */
  readonly right?: Right;
}

/** As JSON: `holds`, and where it does not, the code of the reason and words for it. */
export async function judgeGrant(grant: Grant, question: GrantQuestion): Promise<JsonObject> {
  const { status, state } = await question.resolve(grant.agentId, question.options);
  const refusal = refusalOf(grant, question, status, state);
  const chain = state === null ? [] : chainStanding(grant.chain, state, question.nowSeconds);
  return {
    holds: refusal === null,
    code: refusal?.code ?? null,
    reason: refusal?.reason ?? null,
    agentId: formatAgentId(grant.agentId),
    agentStatus: status,
    ...delegationView(grant.token),
    grant: formatGrant(grant),
    chain:
      state === null
        ? grant.chain.map((token) => ({ ...delegationView(token), standing: null }))
        : chain.map(tokenRow),
  };
}

interface Refusal {
  readonly code: string;
  readonly reason: string;
}

function refusalOf(
  { chain, token }: Grant,
  { nowSeconds, right }: GrantQuestion,
  status: string,
  state: Awaited<ReturnType<WeftNode['resolve']>>['state'],
): Refusal | null {
  if (state === null) return { code: 'not-found', reason: 'nobody that answered knows the agent' };
  if (status === 'rolled-back')
    return { code: 'rolled-back', reason: 'the network shows less of the agent than was known before' };
  try {
    if (!assertGrantHolds(chain, state, nowSeconds).every(verifyByRule))
      return { code: 'bad-signature', reason: 'a signature of the chain does not fit' };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { code: error.code, reason: error.message };
  }
  if (right === undefined || hasRight(token, right)) return null;
  return { code: 'bad-delegation', reason: `the grant does not give the right "${right}"` };
}

function verifyByRule(check: SignatureCheck): boolean {
  return isAdmissiblePublicKey(check.publicKey) && verifyAdmitted(check);
}
