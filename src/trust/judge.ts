/**
 * What a zone makes of an agent: its facts, the credentials that it shows and its reputation against the zone's policy.
 * Each rule says by itself how it came out. Decides; fetches nothing but what its context resolves and looks up.
 */
import { type AgentId, formatAgentDid } from '../core/identity/agent-id.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import { embeddedCredentials } from './facts-credentials.ts';
import { judgeFacts, judgeReputation } from './judge-inputs.ts';
import { judgeRule, type RuleScene } from './judge-rule.ts';
import { type ReputationProvider, startReputationSession } from './reputation.ts';
import { distinct, lookAt } from './shown.ts';
import { TrustError } from './trust-error.ts';
import { presentedMax, statusTtlSecondsDefault } from './trust-limits.ts';
import { createTrustPaths, type TrustPaths } from './trust-paths.ts';
import type { CredentialFinding, RuleFinding, TrustVerdict } from './verdict.ts';
import type { CredentialContext, VerifiedCredential } from './verify-credential.ts';
import type { ZonePolicy } from './zone-policy.ts';

/** What a verdict stands on. */
export interface JudgeContext extends CredentialContext {
  /** Asked anew for each verdict; left out: nothing is known of anybody. */
  readonly reputation?: ReputationProvider;
}

/**
 * @param facts as verified before; null: there are none. Credentials that stand in them are judged as if shown.
 * @param credentials signed documents, not verified yet
 * @throws TrustError `too-many-credentials`
 */
export async function judge(
  policy: ZonePolicy,
  agentId: AgentId,
  facts: VerifiedFacts | null,
  credentials: readonly unknown[],
  context: JudgeContext,
): Promise<TrustVerdict> {
  const given = [...credentials, ...(facts === null ? [] : embeddedCredentials(facts.facts))];
  const most = policy.presentedMax ?? presentedMax;
  if (given.length > most)
    throw new TrustError(
      'too-many-credentials',
      `${given.length} credentials are shown, at most ${most} are judged`,
    );
  const shown = distinct(await Promise.all(given.map((one) => lookAt(one, context))));
  const holding = shown.flatMap(({ credential }) => (credential === null ? [] : [credential]));
  const paths = createTrustPaths(policy, holding);
  const { reputation } = context;
  const session = reputation === undefined ? null : startReputationSession(reputation);
  const score = session === null || policy.reputation === undefined ? null : await session.scoreOf(agentId);
  const scene: RuleScene = { agentId, facts, shown, holding, paths, nowSeconds: context.nowSeconds };
  const rules = [
    ...judgeFacts(policy, agentId, facts, context.nowSeconds, paths),
    ...policy.rules.map((rule) => judgeRule(rule, scene)),
    ...judgeReputation(policy, session?.source ?? null, score),
  ];
  return {
    zone: policy.zone,
    agentId,
    trusted: rules.every(({ passed }) => passed),
    rules,
    credentials: shown.map(({ finding }) => ({ ...finding, path: pathOf(finding, paths) })),
    reputation: session === null || score === null ? null : { score, source: session.source },
    ...standing(facts, rules, holding, paths, context.nowSeconds),
  };
}

function pathOf(
  { issuer, types, holds }: Omit<CredentialFinding, 'path'>,
  paths: TrustPaths,
): readonly string[] | null {
  if (!holds || issuer === null) return null;
  for (const type of types) {
    const [first] = paths.reach(issuer, type).values();
    if (first !== undefined) return first.path;
  }
  return null;
}

/** How long it lasts, and whose revocation would change it. */
function standing(
  facts: VerifiedFacts | null,
  rules: readonly RuleFinding[],
  holding: readonly VerifiedCredential[],
  paths: TrustPaths,
  nowSeconds: number,
): Pick<TrustVerdict, 'validUntil' | 'issuers'> {
  const counted = new Set(rules.flatMap(({ by }) => by));
  const used = holding.filter(({ digest }) => counted.has(digest));
  const reaches = used.flatMap(({ issuer, types }) =>
    types.flatMap((type) => [...paths.reach(issuer, type).values()]),
  );
  const signings = new Set(reaches.flatMap(({ digests }) => digests));
  const crossed = holding.filter(({ digest }) => signings.has(digest));
  const all = [...used, ...crossed];
  const hasStatus = all.some(({ status }) => status.length > 0);
  return {
    validUntil: Math.min(
      nowSeconds + (hasStatus ? statusTtlSecondsDefault : 86_400),
      ...all.map(({ validUntil }) => validUntil),
      ...(facts === null ? [] : [facts.validUntil]),
    ),
    issuers: [
      ...new Set([
        ...(facts === null ? [] : [formatAgentDid(facts.agentId), facts.issuer.did]),
        ...all.map(({ issuer }) => issuer),
      ]),
    ],
  };
}
