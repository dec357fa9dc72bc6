/**
 * A query from candidates to an ordered answer: who announced the skill, whose facts are here, what was seen in passing;
 * then, the best first, each resolved, its facts found and verified, every filter held against them, until there are enough.
 * Bounded in agents, fetches and time; what was not checked is said to be so.
 */
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import type { IndexHit, IndexQuery } from '../facts/facts-index.ts';
import { type CheckParts, createChecker } from './check-candidate.ts';
import { candidatesMax, checksAtOnce } from './query-limits.ts';
import type {
  AgentQuery,
  Candidate,
  FilterOutcome,
  QueryAnswer,
  QueryHorizon,
  QueryResult,
} from './query-types.ts';
import type { SeenAgents } from './seen-agents.ts';

/** One agent that announced, as a search of the overlay shows it. */
export interface AnnouncedAgent {
  readonly agentId: AgentId;
  readonly tags: readonly string[];
  readonly score: number;
  readonly expiresAtSeconds: number;
}

export interface QueryParts extends CheckParts {
  searchOverlay(query: {
    readonly tag: string;
    readonly limit: number;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<{
    readonly results: readonly AnnouncedAgent[];
    readonly asked: number;
    readonly responders: number;
    readonly isComplete: boolean;
  }>;
  /** Facts that this node serves. */
  searchHosted(query: IndexQuery): Promise<readonly IndexHit[]>;
  readonly seen: SeenAgents;
}

/** @throws ProtocolError `bad-tag`, NodeError of the search */
export async function runQuery(query: AgentQuery, parts: QueryParts): Promise<QueryAnswer> {
  const deadline = AbortSignal.timeout(query.timeoutMs);
  const signal = query.signal === undefined ? deadline : AbortSignal.any([query.signal, deadline]);
  const { candidates, overlay } = await findCandidates(query, parts);
  const looked = candidates.slice(0, candidatesMax);
  const horizon = { overlay, seen: parts.seen.horizon(), candidates: candidates.length };
  if (!query.verify) {
    const results = looked.map((candidate) => hintOf(candidate, query)).slice(0, query.limit);
    return {
      results: query.strict ? [] : results,
      horizon: { ...horizon, checked: 0, fetched: 0, isTimedOut: false },
    };
  }
  const checker = createChecker(query, parts, signal);
  const found: QueryResult[] = [];
  let checked = 0;
  for (let first = 0; first < looked.length && !signal.aborted; first += checksAtOnce) {
    // Whoever comes first is as good as those after it, unless something about it could not be checked.
    if (found.filter(({ mark }) => mark === 'verified').length >= query.limit) break;
    const batch = looked.slice(first, first + checksAtOnce);
    checked += batch.length;
    found.push(
      ...(await Promise.all(batch.map(checker.check))).flatMap((one) => (one === null ? [] : [one])),
    );
  }
  const kept = query.strict ? found.filter(({ mark }) => mark === 'verified') : found;
  const results = kept.sort(byStanding).slice(0, query.limit);
  const counts: Pick<QueryHorizon, 'checked' | 'fetched' | 'isTimedOut'> = {
    checked,
    fetched: checker.fetches(),
    isTimedOut: deadline.aborted,
  };
  return { results, horizon: { ...horizon, ...counts } };
}

async function findCandidates(
  { skill, text, limit, timeoutMs, signal }: AgentQuery,
  parts: QueryParts,
): Promise<{ readonly candidates: readonly Candidate[]; readonly overlay: QueryHorizon['overlay'] }> {
  const tags = skill === undefined ? {} : { tags: [skill] };
  const words = { ...(text !== undefined && { text }), ...tags, limit: candidatesMax };
  const wanted = Math.min(candidatesMax, Math.max(20, 2 * limit));
  // Half of the time is left to look at what was found.
  const timing = { timeoutMs: Math.ceil(timeoutMs / 2), ...(signal && { signal }) };
  const [announced, hosted] = await Promise.all([
    skill === undefined ? null : parts.searchOverlay({ tag: skill, limit: wanted, ...timing }),
    parts.searchHosted(words),
  ]);
  const nowMs = parts.nowMs();
  for (const one of announced?.results ?? []) parts.seen.announced(one, nowMs);
  const seen = parts.seen.search(words);
  const candidates = [
    ...hosted.map((hit) => candidateOf(hit, 'hosted', text)),
    ...seen.map((hit) => candidateOf(hit, 'seen', text)),
    ...(announced?.results ?? []).filter(({ tags: said }) => hasWords(said, text)).map(announcedCandidate),
  ];
  const overlay =
    announced === null
      ? null
      : {
          ...{ tag: skill!, asked: announced.asked, responders: announced.responders },
          isComplete: announced.isComplete,
        };
  return { candidates: joined(candidates), overlay };
}

/** Each agent once, with the best that is known of it; the best match first, and one order for one set. */
function joined(all: readonly Candidate[]): Candidate[] {
  const byKey = new Map<string, Candidate>();
  for (const one of all) {
    const key = agentKey(one.agentId);
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? one : together(known, one));
  }
  return [...byKey]
    .sort(([left, one], [right, other]) => other.score - one.score || (left < right ? -1 : 1))
    .map(([, one]) => one);
}

function together(known: Candidate, other: Candidate): Candidate {
  return {
    ...known,
    name: known.name ?? other.name,
    description: known.description ?? other.description,
    tags: [...new Set([...known.tags, ...other.tags])],
    score: Math.max(known.score, other.score),
    sources: [...new Set([...known.sources, ...other.sources])],
    expiresAtSeconds: known.expiresAtSeconds ?? other.expiresAtSeconds,
  };
}

function candidateOf(hit: IndexHit, source: 'hosted' | 'seen', text: string | undefined): Candidate {
  const { agentId, name, description, tags } = hit;
  const words = { name: name === '' ? null : name, description: description === '' ? null : description };
  // Scores of two indexes are shares of their own best match: words that stand there as they were asked for compare them.
  const score = Math.round(hit.score * (0.5 + 0.5 * wordShare(hit, text)));
  return { agentId, ...words, tags, score, sources: [source], expiresAtSeconds: null };
}

/** Of the words that were asked for, how many begin a word of name, description or tags. */
function wordShare({ name, description, tags }: IndexHit, text = ''): number {
  const asked = wordsOf(text);
  if (asked.length === 0) return 1;
  const said = wordsOf(`${name} ${description} ${tags.join(' ')}`);
  return asked.filter((word) => said.some((one) => one.startsWith(word))).length / asked.length;
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[\s\p{Z}\p{P}]+/u)
    .filter((word) => word !== '');
}

function announcedCandidate({ agentId, tags, score, expiresAtSeconds }: AnnouncedAgent): Candidate {
  return { agentId, name: null, description: null, tags, score, sources: ['announcement'], expiresAtSeconds };
}

/** Beside a skill: of those that announced it, whose tags have every word. */
function hasWords(tags: readonly string[], text: string | undefined): boolean {
  const words = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => tags.some((tag) => tag.includes(word)));
}

/** Nothing of it was checked. */
function hintOf(candidate: Candidate, query: AgentQuery): QueryResult {
  const filters: Record<string, FilterOutcome> = {};
  for (const name of ['modality', 'language', 'region', 'certifiedBy', 'minTrust'] as const)
    if (query[name] !== undefined && query[name] !== 'hint') filters[name] = 'unchecked';
  if (query.skill !== undefined) filters['skill'] = 'announced';
  return { ...candidate, mark: 'hint', trust: 'hint', filters, reason: null, factsFrom: null, issuer: null };
}

/** Verified before hints, then who has the fewest open questions, then the better match. */
function byStanding(left: QueryResult, right: QueryResult): number {
  const open = ({ filters }: QueryResult): number =>
    Object.values(filters).filter((outcome) => outcome === 'unchecked').length;
  return (
    Number(right.mark === 'verified') - Number(left.mark === 'verified') ||
    open(left) - open(right) ||
    right.score - left.score ||
    (agentKey(left.agentId) < agentKey(right.agentId) ? -1 : 1)
  );
}
