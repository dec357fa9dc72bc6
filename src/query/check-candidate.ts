/**
 * One candidate held against a query: its record resolved, its facts taken from where they are, verified whatever their
 * source, and every filter decided. An agent that has ended, or that does not match, is no answer.
 */
import type { SignatureCheck } from '../core/ed25519.ts';
import { isProtocolError } from '../core/errors.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { StatusCheck } from '../facts/status-entry.ts';
import { type VerifiedFacts, verifyFacts } from '../facts/verify-facts.ts';
import { judge } from '../trust/judge.ts';
import { TrustError } from '../trust/trust-error.ts';
import { certificationBy } from './certification.ts';
import { matchFacts } from './match-facts.ts';
import { fetchesMax, fetchTimeoutMs } from './query-limits.ts';
import {
  type AgentQuery,
  type Candidate,
  type FilterName,
  type FilterOutcome,
  type QueryResult,
  type TrustLevel,
  trustLevels,
} from './query-types.ts';
import type { SeenAgents } from './seen-agents.ts';

export interface CheckParts {
  readonly resolve: (
    agentId: AgentId,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ) => Promise<Resolution>;
  readonly check: (check: SignatureCheck) => boolean;
  /** The credential of facts that this node serves; null when it serves none, or they hold no more. */
  readonly readHosted: (agentId: AgentId) => Promise<unknown>;
  /** The document behind the agent's record, past the guard. @throws FactsError */
  readonly fetch: (agentId: AgentId, state: Resolution, timeoutMs: number) => Promise<unknown>;
  readonly checkStatus?: StatusCheck;
  /** A named zone's word; left out: no zone has a name here. */
  readonly judgeZone?: (zone: string, facts: VerifiedFacts) => Promise<{ readonly isTrusted: boolean }>;
  readonly seen: SeenAgents;
  nowMs(): number;
}

type Outcomes = Partial<Record<FilterName, FilterOutcome>>;
interface FoundFacts {
  readonly verified: VerifiedFacts | null;
  readonly from: QueryResult['factsFrom'];
  readonly reason: string | null;
}

const noFacts: FoundFacts = { verified: null, from: null, reason: null };

export function createChecker(
  query: AgentQuery,
  parts: CheckParts,
  signal: AbortSignal,
): {
  /** Null: it is no answer. */
  check(candidate: Candidate): Promise<QueryResult | null>;
  fetches(): number;
} {
  let fetches = 0;
  const context = (): Parameters<typeof verifyFacts>[1] => ({
    resolve: (agentId) => parts.resolve(agentId, { timeoutMs: fetchTimeoutMs, signal }),
    check: parts.check,
    nowSeconds: Math.floor(parts.nowMs() / 1000),
    issuers: [...(query.issuers ?? []), ...(query.certifiedBy === undefined ? [] : [query.certifiedBy])],
    ...(parts.checkStatus && { checkStatus: parts.checkStatus }),
  });

  async function factsOf(agentId: AgentId, resolution: Resolution): Promise<FoundFacts> {
    let reason: string | null = null;
    const sources = [
      ['hosted', () => parts.readHosted(agentId)],
      ['seen', async () => parts.seen.credentialOf(agentId, parts.nowMs())],
      ['fetched', () => fetchOnce(agentId, resolution)],
    ] as const;
    for (const [from, read] of sources) {
      try {
        const document = await read();
        if (document === null) continue;
        const verified = await verifyFacts(document, { ...context(), subject: agentId });
        if (from !== 'seen') parts.seen.verified(verified, parts.nowMs());
        return { verified, from, reason: null };
      } catch (error) {
        reason = codeOf(error);
      }
    }
    return { ...noFacts, reason: reason ?? 'not-read' };
  }

  async function fetchOnce(agentId: AgentId, resolution: Resolution): Promise<unknown> {
    const isWanted = hasFilters(query) || parts.seen.isStale(agentId, parts.nowMs());
    if (!query.fetch || !isWanted || signal.aborted || fetches >= fetchesMax) return null;
    fetches++;
    return parts.fetch(agentId, resolution, fetchTimeoutMs);
  }

  async function check(candidate: Candidate): Promise<QueryResult | null> {
    const { agentId } = candidate;
    const resolution = await parts
      .resolve(agentId, { timeoutMs: fetchTimeoutMs, signal })
      .catch((error: unknown) => {
        if (isProtocolError(error)) return null;
        throw error;
      });
    const status = resolution?.status ?? 'not-found';
    if (status === 'tombstoned' || status === 'forked') {
      parts.seen.forget(agentId);
      return null;
    }
    const isResolved = resolution !== null && status === 'ok';
    const found = isResolved ? await factsOf(agentId, resolution) : noFacts;
    const outcomes = await outcomesOf(query, found.verified, context());
    if (outcomes === null) return null;
    const isInZone = found.verified !== null && (await isTrusted(query, parts, found.verified, context()));
    const trust = trustOf(query, isResolved, found.verified, outcomes, isInZone);
    const isEnough = trustLevels.indexOf(trust) >= trustLevels.indexOf(query.minTrust ?? 'hint');
    // Facts that could not be read leave the question open; facts that say too little answer it.
    if (query.minTrust !== undefined && !isEnough && isResolved && found.reason === null) return null;
    const filters: Outcomes = {
      ...outcomes,
      ...(query.minTrust !== undefined && { minTrust: isEnough ? 'match' : 'unchecked' }),
    };
    const isOpen = Object.values(filters).some((outcome) => outcome !== 'match');
    // Words stand in facts; those that hold no more prove nothing of them.
    const hasWords = query.text === undefined || found.verified !== null;
    return {
      ...candidate,
      ...(found.verified !== null && {
        name: found.verified.facts.label,
        description: found.verified.facts.description,
      }),
      mark: isResolved && !isOpen && hasWords ? 'verified' : 'hint',
      trust,
      filters,
      reason: isResolved ? (hasFilters(query) || !hasWords ? found.reason : null) : status,
      factsFrom: found.from,
      issuer: found.verified?.issuer.did ?? null,
    };
  }

  return { check, fetches: () => fetches };
}

/** What only facts can answer. */
function hasFilters({
  skill,
  modality,
  language,
  region,
  certifiedBy,
  minTrust = 'hint',
}: AgentQuery): boolean {
  const asked = [skill, modality, language, region, certifiedBy].some((one) => one !== undefined);
  return asked || trustLevels.indexOf(minTrust) >= trustLevels.indexOf('facts');
}

/** Null: a filter says no. */
async function outcomesOf(
  query: AgentQuery,
  verified: VerifiedFacts | null,
  context: Parameters<typeof verifyFacts>[1],
): Promise<Outcomes | null> {
  const outcomes: Outcomes = {};
  if (verified === null) {
    for (const name of ['modality', 'language', 'region', 'certifiedBy'] as const)
      if (query[name] !== undefined) outcomes[name] = 'unchecked';
    if (query.skill !== undefined) outcomes.skill = 'announced';
    return outcomes;
  }
  const matched = {
    ...matchFacts(verified.facts, query),
    ...(query.certifiedBy !== undefined && {
      certifiedBy: await certificationBy(query.certifiedBy, verified, context),
    }),
  };
  for (const [name, outcome] of Object.entries(matched)) {
    if (outcome === 'none') return null;
    outcomes[name as FilterName] = outcome;
  }
  return outcomes;
}

function trustOf(
  query: AgentQuery,
  isResolved: boolean,
  verified: VerifiedFacts | null,
  outcomes: Outcomes,
  isInZone: boolean,
): TrustLevel {
  if (!isResolved) return 'hint';
  if (verified === null) return 'record';
  if (isInZone) return 'zone';
  const isVouched = outcomes.certifiedBy === 'match' || (query.issuers ?? []).includes(verified.issuer.did);
  return isVouched ? 'issuer' : 'facts';
}

/** Of every zone that was asked for. An agent that shows more credentials than are judged does not fail the query of others. */
async function isTrusted(
  { policy, zone }: AgentQuery,
  { judgeZone }: CheckParts,
  verified: VerifiedFacts,
  context: Parameters<typeof verifyFacts>[1],
): Promise<boolean> {
  if (policy === undefined && zone === undefined) return false;
  try {
    const isByPolicy =
      policy === undefined || (await judge(policy, verified.agentId, verified, [], context)).trusted;
    return isByPolicy && (zone === undefined || (await judgeZone?.(zone, verified))?.isTrusted === true);
  } catch (error) {
    if (error instanceof TrustError) return false;
    throw error;
  }
}

/** Why facts are not there, or do not hold. What nobody planned is thrown. */
function codeOf(error: unknown): string {
  if (error instanceof FactsError || isProtocolError(error)) return error.code;
  throw error;
}
