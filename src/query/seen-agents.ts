/**
 * What a node has seen of agents in passing: announcements that searches showed, and facts that were verified here. Searched
 * by words and tags; facts are given back as they came, to be verified again. Bounded in agents and bytes, the longest
 * untouched going first; in memory alone.
 */
import { type AgentId, agentKey } from '../core/identity/agent-id.ts';
import { ttlOf } from '../facts/agent-facts.ts';
import type { JsonObject } from '../facts/bounded-json.ts';
import { createFactsIndex, type FactsIndex, type IndexHit, type IndexQuery } from '../facts/facts-index.ts';
import { indexedFacts } from '../facts/facts-summary.ts';
import type { VerifiedFacts } from '../facts/verify-facts.ts';
import { seenAgentsMax, seenBytesMax } from './query-limits.ts';
import type { SeenHorizon } from './query-types.ts';

export interface SeenAnnouncement {
  readonly agentId: AgentId;
  readonly tags: readonly string[];
  readonly expiresAtSeconds: number;
}

export interface SeenAgents {
  announced(announcement: SeenAnnouncement, nowMs: number): void;
  verified(
    facts: Pick<VerifiedFacts, 'agentId' | 'facts' | 'credential' | 'validUntil'>,
    nowMs: number,
  ): void;
  /** The agent has ended. */
  forget(agentId: AgentId): void;
  /** Facts within their ttl, to be verified again. */
  credentialOf(agentId: AgentId, nowMs: number): JsonObject | null;
  /** There were facts, whose ttl is over: they are to be had anew. */
  isStale(agentId: AgentId, nowMs: number): boolean;
  search(query: IndexQuery): readonly IndexHit[];
  horizon(): SeenHorizon;
}

interface Seen {
  readonly agentId: AgentId;
  readonly credential: JsonObject | null;
  readonly sizeBytes: number;
  /** How long the facts may be used, milliseconds since 1970. */
  readonly freshUntilMs: number;
}

export async function createSeenAgents(
  bounds: { readonly agentsMax: number; readonly bytesMax: number } = {
    agentsMax: seenAgentsMax,
    bytesMax: seenBytesMax,
  },
): Promise<SeenAgents> {
  const index: FactsIndex = await createFactsIndex(bounds.agentsMax);
  // In the order of last use.
  const seenByKey = new Map<string, Seen>();
  let sizeBytes = 0;
  let sinceMs: number | null = null;
  let forgotten = 0;

  function drop(key: string): void {
    const seen = seenByKey.get(key);
    if (seen === undefined) return;
    seenByKey.delete(key);
    sizeBytes -= seen.sizeBytes;
    index.remove(seen.agentId);
  }

  function put(key: string, seen: Seen, nowMs: number): void {
    sinceMs ??= nowMs;
    drop(key);
    seenByKey.set(key, seen);
    sizeBytes += seen.sizeBytes;
    for (const oldest of seenByKey.keys()) {
      if (seenByKey.size <= bounds.agentsMax && sizeBytes <= bounds.bytesMax) return;
      drop(oldest);
      forgotten++;
    }
  }

  return {
    announced({ agentId, tags, expiresAtSeconds }, nowMs) {
      const key = agentKey(agentId);
      // What the agent says in its facts is more than its tags.
      if (seenByKey.get(key)?.credential != null) return;
      put(key, { agentId, credential: null, sizeBytes: 0, freshUntilMs: expiresAtSeconds * 1000 }, nowMs);
      if (seenByKey.has(key)) index.put({ agentId, name: '', description: '', tags, words: '' });
    },
    verified({ agentId, facts, credential, validUntil }, nowMs) {
      const key = agentKey(agentId);
      const sizeBytes = JSON.stringify(credential).length;
      const freshUntilMs = Math.min(validUntil * 1000, nowMs + ttlOf(facts) * 1000);
      put(key, { agentId, credential, sizeBytes, freshUntilMs }, nowMs);
      if (seenByKey.has(key)) index.put(indexedFacts(agentId, facts));
    },
    forget: (agentId) => drop(agentKey(agentId)),
    credentialOf(agentId, nowMs) {
      const key = agentKey(agentId);
      const seen = seenByKey.get(key);
      if (seen?.credential == null || seen.freshUntilMs <= nowMs) return null;
      seenByKey.delete(key);
      seenByKey.set(key, seen);
      return seen.credential;
    },
    isStale(agentId, nowMs) {
      const seen = seenByKey.get(agentKey(agentId));
      return seen?.credential != null && seen.freshUntilMs <= nowMs;
    },
    search: (query) => index.search(query),
    horizon() {
      const facts = [...seenByKey.values()].filter(({ credential }) => credential !== null).length;
      return { agents: seenByKey.size, facts, sinceMs, forgotten };
    },
  };
}
