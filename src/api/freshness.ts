/** How long a resolve may be kept by who asked (`Cache-Control`), and how it is recognised again (`ETag`). */
import { bytesToHex } from '../core/bytes.ts';
import { agentKey } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { addrExpiresAt } from '../core/record/agent-addr.ts';
import { type AgentState, stateDigest } from '../core/record/agent-state.ts';
import { ttlSeconds } from '../core/record/durations.ts';
import { materialise } from '../core/record/merge.ts';

/** Agents whose last asking is remembered; of others nothing is promised. */
const agentsMax = 10_000;

/** Headers of one answer. */
export interface Freshness {
  readonly etag: string | null;
  readonly cacheControl: string;
}

/** What is made once for each state: its tag, ttl and end. Goes with the state. */
const factsByState = new WeakMap<AgentState, { digest: string; ttlSeconds: number; expiresAt: number }>();

/**
 * Headers for resolutions, in the order in which they come. What the node answered from its own cache has used up a part
 * of the ttl: only what this API saw being fetched may be kept, for the rest of the ttl.
 */
export function createFreshness(
  openReads: boolean,
  nowMs: () => number = Date.now,
): (resolution: Resolution) => Freshness {
  const fetchedAtByAgent = new Map<string, number>();
  const scope = openReads ? 'public' : 'private';

  return (resolution) => {
    const { state, status, cached } = resolution;
    if (state === null) return { etag: null, cacheControl: 'no-store' };
    const facts = factsOf(state);
    const etag = `W/"${status}-${facts.digest}"`;
    if (status !== 'ok') return { etag, cacheControl: `${scope}, no-cache` };
    const key = agentKey(resolution.agentId);
    const now = nowMs();
    if (!cached) remember(fetchedAtByAgent, key, now);
    const fetchedAt = fetchedAtByAgent.get(key) ?? Number.NEGATIVE_INFINITY;
    const rest = Math.min(fetchedAt / 1000 + facts.ttlSeconds, facts.expiresAt) - now / 1000;
    return { etag, cacheControl: `${scope}, max-age=${Math.max(0, Math.floor(rest))}, must-revalidate` };
  };
}

/** True when the caller says that it has this answer already. Weakly compared (RFC 9110 §13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, etag: string | null): boolean {
  if (ifNoneMatch === undefined || etag === null) return false;
  const plain = etag.replace(/^W\//, '');
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(plain);
}

function remember(fetchedAtByAgent: Map<string, number>, key: string, now: number): void {
  fetchedAtByAgent.delete(key);
  fetchedAtByAgent.set(key, now);
  if (fetchedAtByAgent.size > agentsMax) fetchedAtByAgent.delete(fetchedAtByAgent.keys().next().value!);
}

function factsOf(state: AgentState) {
  const known = factsByState.get(state);
  if (known !== undefined) return known;
  const facts = {
    digest: bytesToHex(stateDigest(state)),
    ttlSeconds: state.addr === null ? 0 : ttlSeconds(materialise(state).fields.ttl.code),
    expiresAt: state.addr === null ? 0 : addrExpiresAt(state.addr),
  };
  factsByState.set(state, facts);
  return facts;
}
