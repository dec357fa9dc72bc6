/** The two rules that every zone has of itself: on the agent's facts, and on its reputation. */
import { type AgentId, agentKey, formatAgentDid } from '../core/identity/agent-id.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import type { TrustPaths } from './trust-paths.ts';
import type { RuleFinding } from './verdict.ts';
import type { ZonePolicy } from './zone-policy.ts';

/** What facts are called where a root may sign them. */
const factsType = 'AgentFactsCredential';

/** None where the policy asks for no facts and there are none. */
export function judgeFacts(
  policy: ZonePolicy,
  agentId: AgentId,
  facts: VerifiedFacts | null,
  nowSeconds: number,
  paths: TrustPaths,
): readonly RuleFinding[] {
  const { required = true, selfSigned = true, maxAgeSeconds } = policy.facts ?? {};
  const finding = (passed: boolean, found: string, satisfy: string | null): readonly RuleFinding[] => [
    { rule: 'facts', passed, found, satisfy, by: [] },
  ];
  if (facts === null)
    return required
      ? finding(false, 'there are no facts that hold', 'publish facts that the agent signs now')
      : [];
  if (agentKey(facts.agentId) !== agentKey(agentId))
    return finding(
      false,
      'these are the facts of another agent',
      `show the facts of ${formatAgentDid(agentId)}`,
    );
  const isOwn = facts.issuer.kind === 'self' || facts.issuer.kind === 'delegate';
  const isVouched = paths.reach(facts.issuer.did, factsType).size > 0;
  if (!(isOwn && selfSigned) && !isVouched)
    return finding(
      false,
      isOwn
        ? 'the agent signed its facts itself, which is not enough here'
        : `the facts are signed by ${facts.issuer.did}, whom the zone does not trust`,
      'have the facts signed by a root of the zone, or by somebody that a root cross-signs for AgentFactsCredential',
    );
  const age = nowSeconds - facts.validFrom;
  if (maxAgeSeconds !== undefined && age > maxAgeSeconds)
    return finding(
      false,
      `the facts are ${age} seconds old, at most ${maxAgeSeconds} are taken`,
      'sign the facts again',
    );
  return finding(true, isOwn ? 'signed by the agent' : `signed by ${facts.issuer.did}`, null);
}

/** None where the policy asks for no reputation. */
export function judgeReputation(
  { reputation }: ZonePolicy,
  source: string | null,
  score: number | null,
): readonly RuleFinding[] {
  if (reputation === undefined) return [];
  const { atLeast, whenUnknown } = reputation;
  const satisfy = `a score of at least ${atLeast}${source === null ? ': name a source of reputation' : ` by ${source}`}`;
  if (score === null) {
    const passed = whenUnknown === 'accept';
    const found =
      source === null ? 'no source of reputation is given' : `${source} knows nothing of this agent`;
    return [{ rule: 'reputation', passed, found, satisfy: passed ? null : satisfy, by: [] }];
  }
  const passed = score >= atLeast;
  const found = `${score} by ${source}, ${atLeast} is needed`;
  return [{ rule: 'reputation', passed, found, satisfy: passed ? null : satisfy, by: [] }];
}
