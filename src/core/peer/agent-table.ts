/**
 * Everything that this peer keeps of agents: a small index in memory of all of them, decoded states of the recent ones,
 * the rest in the store. Decides what is cached; does not decide what is true (ingest does).
 * Bounds: `agentsMax` index rows of about 100 bytes, `cachedAgentsMax` agents in the cache (0.7 kB, 4 kB
 * with a decoded state), and on a full disk `unsavedAgentsMax` more.
 */
import { bytesEqual } from '../bytes.ts';
import { hasAuthority } from '../gossip/announcement.ts';
import { type AgentId, agentIdFromKey, agentKey } from '../identity/agent-id.ts';
import { tombstoneKeptSeconds, validityCodeMax } from '../limits.ts';
import { kadIdOfAgent } from '../overlay/distance.ts';
import type { AcceptedEvent } from '../record/accepted.ts';
import { type AgentState, authorityState, bundleDigest, encodeState } from '../record/agent-state.ts';
import { validitySeconds } from '../record/durations.ts';
import { decodeState } from '../record/stored-state.ts';
import { remembered } from '../remembered.ts';
import { stateExpiresAt } from '../resolve/verdict.ts';
import { type BucketSummary, createBucketSummary } from '../sync/buckets.ts';
import {
  type AgentIndex,
  type AgentRow,
  createAgentIndex,
  type IndexRow,
  type RowSet,
} from './agent-index.ts';
import { type CachedAgent, createCachedAgent } from './cached-agent.ts';
import type { PeerContext, StoreFailure } from './context.ts';
import { type AgentEntry, decodeEntry, encodeEntry } from './entry.ts';
import { createPlaceCounts, type PlaceCounts } from './keyspace.ts';
import { createUnstoredAgents, type UnstoredAgents } from './unstored-agents.ts';

/** Agents whose news the store refuses and that stay in memory: about 20 MB. */
const unsavedAgentsMax = 8192;

export interface AgentTable {
  size(): number;
  cachedCount(): number;
  /** A copy. */
  row(key: string): IndexRow | undefined;
  /** The rows of a set, or those of some buckets of it (AgentIndex); nothing may be saved or dropped meanwhile. */
  rows(set: RowSet, firstBytes?: ReadonlySet<number>): IterableIterator<AgentRow>;
  /** Keys for a walk in steps, from `size` downwards (AgentIndex). */
  keysBelow: AgentIndex['keysBelow'];
  /** The cached state, or what the store has, or null. Calls back at once when it is cached or unknown. */
  load(key: string, onLoaded: (agent: CachedAgent | null) => void): void;
  cached(key: string): CachedAgent | undefined;
  /** The encoded bundle without decoding it. */
  loadBundle(key: string, onLoaded: (bundle: Uint8Array | null) => void): void;
  /** False when the table is full and the agent is new. */
  hasRoom(key: string): boolean;
  /** In memory at once, durable when it calls back without a failure. */
  save(
    state: AgentState,
    isHeld: boolean,
    onDurable: (failure: StoreFailure) => void,
    known?: {
      /** The state's canonical bundle, where the caller has it already. */
      readonly encoded?: Uint8Array;
      /** Key events and revocations that this save accepts: durable with it, or with the next that is. */
      readonly accepted?: readonly AcceptedEvent[];
    },
  ): CachedAgent;
  /** Forgets the agent here and in the store. */
  drop(key: string): void;
  /** From the store at start. */
  restore(key: string, bytes: Uint8Array): void;
  /** The store lost it: forgets the row so that the network is asked again. */
  forget(key: string): void;
  /** Summaries of what anti-entropy reconciles: key logs and revocations of all agents, and the records held. */
  readonly authority: BucketSummary;
  readonly held: BucketSummary;
  /** How many of the records held stand in each part of the key space. */
  readonly places: PlaceCounts;
  readonly unstored: UnstoredAgents;
}

export function createAgentTable(context: PeerContext): AgentTable {
  const index = createAgentIndex(context.random);
  const cache = new Map<string, CachedAgent>();
  const authority = createBucketSummary();
  const held = createBucketSummary();
  const places = createPlaceCounts();
  const unstored = createUnstoredAgents();
  /** Agents whose revocation or rotation the store refused: once seen it stands, on a full disk too (§5). */
  const unsaved = new Set<string>();
  /** What the store has in place of states that it refused and that were overtaken meanwhile. */
  const rowOfRefused = new WeakMap<CachedAgent, { readonly row: IndexRow | undefined }>();
  /** What writes that failed had accepted, of agents that stand in memory all the same; bounded as those are. */
  const owed = new Map<string, readonly AcceptedEvent[]>();
  /** Before that nothing stands in any of the three, and nobody looks. */
  let hasFailed = false;

  function setRow(
    key: string,
    row: IndexRow | null,
    before = index.get(key) ?? null,
    agentId = agentIdFromKey(key),
  ): void {
    if (row !== null) index.set(key, row);
    else if (before !== null) index.delete(key);
    else return;
    summarise(agentId, before, -1);
    summarise(agentId, row, 1);
  }

  function summarise(agentId: AgentId, row: IndexRow | null, change: 1 | -1): void {
    if (row?.authorityDigest) authority.toggle(agentId, row.authorityDigest, change);
    if (!row?.isHeld) return;
    held.toggle(agentId, row.digest, change);
    places.count(row.kadHigh, change);
  }

  function remember(key: string, agent: CachedAgent): void {
    cache.delete(key);
    cache.set(key, agent);
    trim();
  }

  /** More than one at a time: what a burst of writes held above the bound goes once they are done. */
  function trim(): void {
    if (cache.size <= context.config.cachedAgentsMax) return;
    for (const [oldest, candidate] of cache) {
      if (cache.size <= context.config.cachedAgentsMax) return;
      if (candidate.pendingWrites === 0) cache.delete(oldest);
    }
  }

  function decodeStored(key: string, bytes: Uint8Array | null): CachedAgent | null {
    if (bytes === null) {
      setRow(key, null);
      return null;
    }
    const entry = decodeEntry(bytes);
    const agent = createCachedAgent({ ...entry, state: decodeState(entry.bundle), confirmedAtMs: 0 });
    remember(key, agent);
    return agent;
  }

  function load(key: string, onLoaded: (agent: CachedAgent | null) => void): void {
    const agent = cache.get(key);
    if (agent !== undefined) {
      remember(key, agent);
      onLoaded(agent);
    } else if (!index.has(key)) {
      onLoaded(null);
    } else {
      context.readEntry(key, (bytes) => onLoaded(cache.get(key) ?? decodeStored(key, bytes)));
    }
  }

  function save(
    state: AgentState,
    isHeld: boolean,
    onDurable: (failure: StoreFailure) => void,
    { encoded = encodeState(state), accepted: news = [] }: Parameters<AgentTable['save']>[3] = {},
  ): CachedAgent {
    const key = agentKey(state.agentId);
    const before = cache.get(key);
    const rowBefore = index.get(key);
    const agent = nextAgent(state, encoded, isHeld, before, context.nowSeconds());
    const expiresAt = nextLookAt(agent);
    const row = describeRow(state, agent.bundle, isHeld, expiresAt, rowBefore);
    const gainsAuthority = !sameDigest(row.authorityDigest, rowBefore?.authorityDigest ?? null);
    agent.pendingWrites = 1;
    setRow(key, row, rowBefore ?? null, state.agentId);
    remember(key, agent);
    const { mark, learnedAt, bundle } = agent;
    const bytes = encodeEntry({ isHeld, mark, learnedAt, bundle, expiresAt });
    const accepted = hasFailed ? [...(owed.get(key) ?? []), ...news] : news;
    if (hasFailed) owed.delete(key);
    const write = {
      agentKey: key,
      bytes,
      isNew: rowBefore === undefined,
      ...(accepted.length > 0 && { accepted }),
    };
    context.writeEntries([write], (failure) => {
      agent.pendingWrites = 0;
      if (failure === null) {
        if (hasFailed) {
          unsaved.delete(key);
          // A write before this one failed, and what it accepted stands in this state.
          if (owed.has(key)) unsaved.add(key);
          saveNextUnsaved();
        }
      } else {
        hasFailed = true;
        if (agent.isShown) unstored.add(agent);
        if (accepted.length > 0) owed.set(key, [...(owed.get(key) ?? []), ...accepted]);
        const unsavedMax = rowBefore === undefined ? unsavedAgentsMax / 2 : unsavedAgentsMax;
        if (gainsAuthority && unsaved.size < unsavedMax) unsaved.add(key);
        const refused = before && rowOfRefused.get(before);
        const storedRow = refused === undefined ? rowBefore : refused.row;
        if (cache.get(key) !== agent) rowOfRefused.set(agent, { row: storedRow });
        else {
          const kept = gainsAuthority ? agent : before;
          if (unsaved.has(key) && kept !== undefined)
            keepUnsaved(key, kept, kept === agent ? row : rowBefore);
          else {
            // Not durable, so not accepted: back to what the store has.
            owed.delete(key);
            cache.delete(key);
            setRow(key, storedRow ?? null);
          }
        }
      }
      onDurable(failure);
      // Most agents that are new are not asked for again soon.
      if (rowBefore === undefined && failure === null) agent.rest();
      trim();
    });
    return agent;
  }

  /** In memory for as long as the store refuses it; an agent with a pending write is never evicted. */
  function keepUnsaved(key: string, agent: CachedAgent, row: IndexRow | undefined): void {
    agent.pendingWrites = 1;
    cache.set(key, agent);
    setRow(key, row ?? null);
  }

  /** The store takes writes again: one after another, each on the success of the last. */
  function saveNextUnsaved(): void {
    const [key] = unsaved;
    if (key === undefined) return;
    const agent = cache.get(key);
    if (agent === undefined) {
      unsaved.delete(key);
      owed.delete(key);
    } else save(agent.state, agent.isHeld, () => {});
  }

  function drop(key: string): void {
    unsaved.delete(key);
    owed.delete(key);
    cache.delete(key);
    setRow(key, null);
    context.writeEntries([{ agentKey: key, bytes: null }], () => {});
  }

  function restore(key: string, bytes: Uint8Array): void {
    const entry: AgentEntry = decodeEntry(bytes);
    const state = decodeState(entry.bundle);
    setRow(key, describeRow(state, entry.bundle, entry.isHeld, entry.expiresAt, undefined));
  }

  return {
    size: index.size,
    cachedCount: () => cache.size,
    row: (key) => index.get(key),
    rows: index.rows,
    keysBelow: index.keysBelow,
    load,
    cached: (key) => cache.get(key),
    loadBundle(key, onLoaded) {
      const agent = cache.get(key);
      if (agent !== undefined) onLoaded(agent.bundle);
      else if (!index.has(key)) onLoaded(null);
      else context.readEntry(key, (bytes) => onLoaded(bytes === null ? null : decodeEntry(bytes).bundle));
    },
    hasRoom: (key) => index.size() < context.config.agentsMax || index.has(key),
    save,
    drop,
    restore,
    forget(key) {
      unsaved.delete(key);
      owed.delete(key);
      cache.delete(key);
      setRow(key, null);
    },
    authority,
    held,
    places,
    unstored,
  };
}

function describeRow(
  state: AgentState,
  bundle: Uint8Array,
  isHeld: boolean,
  expiresAt: number,
  before: IndexRow | undefined,
): IndexRow {
  const { kadHigh: high, kadLow: low } = before ?? rowPlace(state.agentId);
  return {
    digest: bundleDigest(bundle),
    authorityDigest: authorityDigest(state),
    isHeld,
    expiresAt,
    kadHigh: high,
    kadLow: low,
  };
}

/**
 * When the record dies; then, when the mark has done its work: no older fence can be valid longer than the longest
 * validity after it. A tombstone is kept 400 days (§5).
 */
function nextLookAt({ state, mark, learnedAt }: CachedAgent): number {
  if (state.addr !== null) return stateExpiresAt(state);
  if (state.keyState.status === 'tombstoned') return learnedAt + tombstoneKeptSeconds;
  if (hasAuthority(state)) return 0;
  return (mark?.issuedAt ?? learnedAt) + validitySeconds(validityCodeMax);
}

function rowPlace(agentId: AgentId): Pick<IndexRow, 'kadHigh' | 'kadLow'> {
  const { high, low } = kadIdOfAgent(agentId);
  return { kadHigh: high, kadLow: low };
}

const authorityDigest = remembered((state: AgentState): Uint8Array | null =>
  hasAuthority(state) ? bundleDigest(encodeState(authorityState(state))) : null,
);

function sameDigest(left: Uint8Array | null, right: Uint8Array | null): boolean {
  return left === null || right === null ? left === right : bytesEqual(left, right);
}

/** The mark only moves forward: to another establishment (fork choice decided that), or to a later iat on the same. */
function nextAgent(
  state: AgentState,
  bundle: Uint8Array,
  isHeld: boolean,
  before: CachedAgent | undefined,
  nowSeconds: number,
): CachedAgent {
  const sameHead = before?.state.keyState.head.key === state.keyState.head.key;
  const { addr } = state;
  const markBefore = before?.mark ?? null;
  const keepsMark = addr === null || (sameHead && markBefore !== null && markBefore.issuedAt > addr.issuedAt);
  return createCachedAgent({
    state,
    bundle,
    mark: keepsMark ? markBefore : { establishment: state.keyState.establishment, issuedAt: addr.issuedAt },
    isHeld,
    learnedAt: before !== undefined && sameHead ? before.learnedAt : nowSeconds,
    confirmedAtMs: before?.confirmedAtMs ?? 0,
  });
}
