/** A question for agents by what they are, and an answer that says of each filter whether it was checked. */
import type { AgentId } from '../core/identity/agent-id.ts';
import type { ZonePolicy } from '../trust/zone-policy.ts';

/**
 * How much stands behind a result, each level on top of those before it. `hint`: announced or heard of. `record`: its record
 * was resolved and counts now. `facts`: its facts were verified. `issuer`: somebody whom the asker named vouches for it.
 * `zone`: the policy that the asker gave is satisfied.
 */
export const trustLevels = ['hint', 'record', 'facts', 'issuer', 'zone'] as const;
export type TrustLevel = (typeof trustLevels)[number];

export interface AgentQuery {
  /** A tag in its normal form, or the beginning of tags. */
  readonly skill?: string;
  /** Words in what agents say of themselves, as far as this node has seen it. */
  readonly text?: string;
  /** What is taken or given: `text`, or a media type. */
  readonly modality?: string;
  /** BCP 47; `en` also finds `en-GB`. */
  readonly language?: string;
  /** The beginning of a label: `eu` also finds `eu-west-1`. */
  readonly region?: string;
  /** The DID of who must have certified it. */
  readonly certifiedBy?: string;
  /** DIDs whose word on facts counts beside the agents' own. */
  readonly issuers?: readonly string[];
  readonly minTrust?: TrustLevel;
  /** For `zone`: a policy, or the name of a zone that this node knows. */
  readonly policy?: ZonePolicy;
  readonly zone?: string;
  readonly limit: number;
  /** False: nobody is asked but the storing peers of the skill; all results are hints. */
  readonly verify: boolean;
  /** False: facts are taken from what this node has, and fetched from nowhere. */
  readonly fetch: boolean;
  /** Leaves out agents of which a filter could not be checked. */
  readonly strict: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export const factsFilters = ['skill', 'modality', 'language', 'region', 'certifiedBy', 'minTrust'] as const;
export type FilterName = (typeof factsFilters)[number];
/** `announced`: the agent said so in its announcement, and its facts were not read. */
export type FilterOutcome = 'match' | 'announced' | 'unchecked';

export interface QueryResult {
  readonly agentId: AgentId;
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  /** 0 to 100: how well it fits. Nothing about trust. */
  readonly score: number;
  /** `verified`: its record counts now, and every filter was checked. */
  readonly mark: 'verified' | 'hint';
  readonly trust: TrustLevel;
  /** Of the filters that were given. */
  readonly filters: Readonly<Partial<Record<FilterName, FilterOutcome>>>;
  /** Why facts could not be read or do not hold, as an error code; null when they were read or not needed. */
  readonly reason: string | null;
  readonly sources: readonly ('announcement' | 'hosted' | 'seen')[];
  /** Where the facts were taken from. */
  readonly factsFrom: 'hosted' | 'seen' | 'fetched' | null;
  /** Who signed the facts; null when they were not read. */
  readonly issuer: string | null;
  /** When the announcement ends, seconds since 1970. */
  readonly expiresAtSeconds: number | null;
}

/** An agent that may be an answer. */
export interface Candidate {
  readonly agentId: AgentId;
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly score: number;
  readonly sources: readonly QueryResult['sources'][number][];
  readonly expiresAtSeconds: number | null;
}

/** How far was looked. */
export interface QueryHorizon {
  /** The storing peers of the skill; null when none was asked for. */
  readonly overlay: {
    readonly tag: string;
    readonly asked: number;
    readonly responders: number;
    readonly isComplete: boolean;
  } | null;
  /** What words were looked for in. */
  readonly seen: SeenHorizon;
  readonly candidates: number;
  /** Candidates that were resolved; the others were left out for time or number. */
  readonly checked: number;
  readonly fetched: number;
  readonly isTimedOut: boolean;
}

export interface SeenHorizon {
  /** Agents that this node has seen announcements or verified facts of, and still remembers. */
  readonly agents: number;
  /** Of them, those of which it has the facts. */
  readonly facts: number;
  /** When it began to remember, milliseconds since 1970; null: it has seen nothing. */
  readonly sinceMs: number | null;
  /** Agents that had to go for others. */
  readonly forgotten: number;
}

export interface QueryAnswer {
  readonly results: readonly QueryResult[];
  readonly horizon: QueryHorizon;
}

/** @throws ProtocolError `bad-tag`, and what the search of the overlay throws */
export type QueryAgents = (query: AgentQuery) => Promise<QueryAnswer>;
