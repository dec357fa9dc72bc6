/** One rule of a zone about credentials: which of those shown count, how many independent ones they make, what is missing. */

import { bytesToHex } from '../core/bytes.ts';
import { type AgentId, formatAgentDid } from '../core/identity/agent-id.ts';
import type { JsonObject, JsonValue } from '../facts/bounded-json.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import { matchIndependent } from './independence.ts';
import type { Shown } from './shown.ts';
import { chainDepthMax } from './trust-limits.ts';
import type { TrustPaths } from './trust-paths.ts';
import type { RuleFinding } from './verdict.ts';
import type { VerifiedCredential } from './verify-credential.ts';
import type { ZoneRule } from './zone-policy.ts';

/** What all rules look at. */
export interface RuleScene {
  readonly agentId: AgentId;
  readonly facts: VerifiedFacts | null;
  readonly shown: readonly Shown[];
  /** Those of them that hold. */
  readonly holding: readonly VerifiedCredential[];
  readonly paths: TrustPaths;
  readonly nowSeconds: number;
}

const reasonsShown = 4;

export function judgeRule(rule: ZoneRule, scene: RuleScene): RuleFinding {
  const { atLeast = 1, independent = true, credential: type, id } = rule;
  const did = formatAgentDid(scene.agentId);
  const counting: VerifiedCredential[] = [];
  const misses: string[] = [];
  for (const { credential, finding } of scene.shown) {
    if (!finding.types.includes(type)) continue;
    const why = credential === null ? `${finding.code}: ${finding.why}` : missOf(rule, credential, scene);
    if (why === null) counting.push(credential!);
    else misses.push(`${finding.issuer ?? 'one'}: ${why}`);
  }
  const matched = independent
    ? matchIndependent(
        counting.map(({ key, issuer }) => ({ key, roots: [...scene.paths.reach(issuer, type).keys()] })),
      )
    : null;
  const count = matched === null ? counting.length : matched.size;
  const passed = count >= atLeast;
  const by = matched === null ? counting : onePerKey(counting.filter(({ key }) => matched.has(key)));
  return {
    rule: id,
    passed,
    found: foundWords({ type, atLeast, count, given: counting.length, misses, independent }),
    satisfy: passed ? null : satisfyWords(rule, did, atLeast - count, matched),
    by: by.map(({ digest }) => digest),
  };
}

/** Why one that holds does not count; null: it counts. */
function missOf(rule: ZoneRule, credential: VerifiedCredential, scene: RuleScene): string | null {
  const { subject, issuer, claims, validFrom, validUntil, status } = credential;
  if (subject !== formatAgentDid(scene.agentId)) return 'it speaks of another agent';
  if ((rule.independent ?? true) && isOwn(credential, scene)) return 'the agent issued it itself';
  if (scene.paths.reach(issuer, rule.credential).size === 0)
    return `its issuer is no root of the zone for ${rule.credential}, nor cross-signed by one`;
  const wrong = Object.entries(rule.claims ?? {}).find(([path, wanted]) => claimAt(claims, path) !== wanted);
  if (wrong !== undefined) return `its ${wrong[0]} is not ${String(wrong[1])}`;
  if (rule.maxAgeSeconds !== undefined && scene.nowSeconds - validFrom > rule.maxAgeSeconds)
    return `it is older than ${rule.maxAgeSeconds} seconds`;
  if (rule.maxLifetimeSeconds !== undefined && validUntil - validFrom > rule.maxLifetimeSeconds)
    return `it lives longer than ${rule.maxLifetimeSeconds} seconds`;
  if (rule.status === true && status.length === 0) return 'it has no status list';
  if (rule.chain !== undefined && !leadsTo(rule.chain, credential, scene))
    return `it does not lead to a ${rule.chain.credential} that holds and is trusted`;
  return null;
}

/** By name, or by the key that signs for the agent now. */
function isOwn({ issuer, key }: VerifiedCredential, { agentId, facts }: RuleScene): boolean {
  if (issuer === formatAgentDid(agentId)) return true;
  return facts?.signingKey !== undefined && facts.signingKey !== null && bytesToHex(facts.signingKey) === key;
}

/** Follows hashes through what was shown, breadth first; every link on the way holds. */
function leadsTo(
  { credential: type, depthMax = chainDepthMax }: NonNullable<ZoneRule['chain']>,
  from: VerifiedCredential,
  { holding, paths }: RuleScene,
): boolean {
  const byDigest = new Map(holding.map((one) => [one.digest, one]));
  const seen = new Set([from.digest]);
  let edge: readonly VerifiedCredential[] = [from];
  for (let depth = 0; depth < depthMax && edge.length > 0; depth++) {
    const next: VerifiedCredential[] = [];
    for (const link of edge.flatMap(({ links }) => links)) {
      const linked = byDigest.get(link);
      if (linked === undefined || seen.has(link)) continue;
      seen.add(link);
      if (linked.types.includes(type) && paths.reach(linked.issuer, type).size > 0) return true;
      next.push(linked);
    }
    edge = next;
  }
  return false;
}

function claimAt(claims: JsonObject, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

function onePerKey(credentials: readonly VerifiedCredential[]): readonly VerifiedCredential[] {
  return [...new Map(credentials.toReversed().map((one) => [one.key, one])).values()];
}

function foundWords(found: {
  readonly type: string;
  readonly atLeast: number;
  readonly count: number;
  readonly given: number;
  readonly misses: readonly string[];
  readonly independent: boolean;
}): string {
  const { type, atLeast, count, given, misses, independent } = found;
  const what = `${count} of ${atLeast} ${independent && atLeast > 1 ? 'independent ' : ''}${type}`;
  const copies = given > count ? `; ${given - count} more stand under the same root or issuer` : '';
  const shown = misses.slice(0, reasonsShown).join('; ');
  const rest = misses.length > reasonsShown ? `; and ${misses.length - reasonsShown} more` : '';
  return misses.length === 0 ? what + copies : `${what}${copies}; not counted: ${shown}${rest}`;
}

function satisfyWords(
  { credential: type, claims, chain, status, maxAgeSeconds }: ZoneRule,
  did: string,
  missing: number,
  matched: ReadonlyMap<string, string> | null,
): string {
  const parts = [`show ${missing} more ${type} about ${did}`];
  const used = [...(matched?.values() ?? [])];
  parts.push(
    used.length === 0
      ? 'of a root of the zone, or of somebody that a root cross-signs'
      : `of an issuer under another root than ${used.join(', ')}`,
  );
  if (claims !== undefined)
    parts.push(
      `with ${Object.entries(claims)
        .map(([path, value]) => `${path} = ${String(value)}`)
        .join(', ')}`,
    );
  if (status === true) parts.push('with a status list');
  if (maxAgeSeconds !== undefined) parts.push(`not older than ${maxAgeSeconds} seconds`);
  if (chain !== undefined) parts.push(`that refers by hash to a trusted ${chain.credential}, shown with it`);
  return parts.join(', ');
}
