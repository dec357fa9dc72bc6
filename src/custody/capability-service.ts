/**
 * What agents in custody can do, announced and kept announced: signed by their current keys, sent again soon after and
 * then at least once an hour, signed anew in the middle of its time and whenever the keys change, and over with the agent.
 * Source: docs/protocol.md §7. An agent that announces nothing costs nothing.
 */
import { type CapabilityAnnouncement, signCapabilities } from '../core/capability/announcement.ts';
import { parseTag } from '../core/capability/tag.ts';
import { type AgentId, agentKey, formatAgentId } from '../core/identity/agent-id.ts';
import { capabilityTagsMax } from '../core/limits.ts';
import type { AnnounceResult } from '../core/peer/effects.ts';
import {
  type CapabilityQuery,
  type FoundCapabilities,
  searchCapabilities,
} from '../driver/capability-search.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import { NodeError } from '../driver/node-error.ts';
import type { CapabilityJournal } from './capability-journal.ts';
import { createCustodySchedule } from './custody-schedule.ts';
import { createCustodySigners, nodeErrorOf } from './custody-signers.ts';
import type { CustodyParts } from './custody-types.ts';
import { createExclusive } from './exclusive.ts';

export interface AnnounceOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface AnnouncedCapabilities {
  readonly agentId: AgentId;
  /** In their normal form; none after a withdrawal. */
  readonly tags: readonly string[];
  /** When it ends unless it is announced again, seconds since 1970. */
  readonly expiresAtSeconds: number;
  readonly announce: AnnounceResult;
}

/** Capabilities of agents whose signing key this node holds, and search for those of all. */
export interface CapabilityService {
  /**
   * Announces these tags in place of all earlier ones, and keeps them announced; none at all withdraw.
   * @throws ProtocolError `bad-tag`, NodeError `bad-argument`, `not-custodial`, `no-key`, `agent-not-active`.
   */
  announce(
    agentId: AgentId,
    tags: readonly string[],
    options?: AnnounceOptions,
  ): Promise<AnnouncedCapabilities>;
  withdraw(agentId: AgentId, options?: AnnounceOptions): Promise<AnnouncedCapabilities>;
  /** What this node keeps announced of an agent. */
  announced(agentId: AgentId): readonly string[];
  search(query: CapabilityQuery): Promise<FoundCapabilities>;
}

export interface RunningCapabilityService extends CapabilityService {
  /** Goes on announcing what the journal knows; returns before the network has answered. */
  start(): Promise<void>;
  /** Announces no more for an agent whose keys go elsewhere; what was announced ends by itself. */
  release(agentId: AgentId): Promise<void>;
  /** Waits for the calls under way; nothing is announced afterwards. */
  stop(): Promise<void>;
}

/** An announcement is sent again after this, then after twice as long, and so on up to the longest. */
const firstPauseMs = 30_000;
/** Below an hour, so that each agent takes part in each draw. */
const longestPauseMs = 50 * 60_000;
/** After a failure, the first time; after each more twice as long: new keys are in use once their publication is done. */
const firstRetryMs = 1_000;
/** Announcements sent again side by side; more wait. */
const sendsMax = 4;
const firstPauses = { pauseMs: firstPauseMs, retryMs: firstRetryMs };

interface Entry {
  readonly agentId: AgentId;
  tags: readonly string[];
  /** Where the agent stood before the tags changed. */
  formerTags: readonly string[];
  issuedAt: number;
  /** Null: to be signed anew. */
  signed: CapabilityAnnouncement | null;
  pauseMs: number;
  retryMs: number;
}

type Parts<Secret> = Pick<
  CustodyParts<Secret>,
  'keys' | 'createSigner' | 'createSecret' | 'clock' | 'log' | 'changes'
> &
  Pick<NetworkCalls, 'announce' | 'search' | 'resolve'> & { readonly journal: CapabilityJournal };

export function createCapabilityService<Secret>(parts: Parts<Secret>): RunningCapabilityService {
  const { journal, clock, log } = parts;
  const signers = createCustodySigners(parts);
  const exclusive = createExclusive();
  const stopping = new AbortController();
  const schedule = createCustodySchedule(clock, (key) => {
    waiting.push(key);
    sendNext();
  });
  // Both bounded by the agents in custody.
  const entryByAgent = new Map<string, Entry>();
  const waiting: string[] = [];
  let sending = 0;
  let isFollowing = false;

  /** A few at a time, so that many agents do not use up the quota of their storing peers in one moment. */
  function sendNext(): void {
    while (sending < sendsMax && !stopping.signal.aborted) {
      const key = waiting.shift();
      if (key === undefined) return;
      sending++;
      void renew(key).finally(() => {
        sending--;
        sendNext();
      });
    }
  }

  async function sign(entry: Entry, options: AnnounceOptions): Promise<CapabilityAnnouncement> {
    const { agentId } = entry;
    await signers.signerOf(agentId, 'signing');
    const { state } = await parts.resolve(agentId, options);
    if (state === null)
      throw new NodeError('not-custodial', `nothing is known of ${formatAgentId(agentId)} in the network`);
    const { signer } = await signers.controllerOf(state);
    entry.issuedAt = Math.max(Math.floor(clock.nowMs() / 1000), entry.issuedAt + 1);
    return signCapabilities({
      keyState: state.keyState,
      signer,
      tags: entry.tags,
      issuedAt: entry.issuedAt,
    });
  }

  async function announce(
    agentId: AgentId,
    wanted: readonly string[],
    options: AnnounceOptions = {},
  ): Promise<AnnouncedCapabilities> {
    const tags = [...new Set(wanted.map(parseTag))].sort();
    if (tags.length > capabilityTagsMax)
      throw new NodeError('bad-argument', `an agent announces at most ${capabilityTagsMax} tags`);
    const key = agentKey(agentId);
    return exclusive.run(key, async () => {
      const before = entryByAgent.get(key);
      const formerTags = [...(before?.tags ?? []), ...(before?.formerTags ?? [])];
      const issuedAt = before?.issuedAt ?? 0;
      const entry: Entry = { agentId, tags, formerTags, issuedAt, signed: null, ...firstPauses };
      try {
        entry.signed = await sign(entry, options);
      } catch (error) {
        throw nodeErrorOf(error);
      }
      if (tags.length === 0) await forget(key);
      else {
        await journal.write(entry);
        entryByAgent.set(key, entry);
        follow();
      }
      const result = await parts.announce(entry.signed.bytes, { ...options, formerTags });
      if (tags.length > 0) schedule.set(key, clock.nowMs() + entry.pauseMs);
      return { agentId, tags, expiresAtSeconds: entry.signed.expiresAt, announce: result };
    });
  }

  async function forget(key: string): Promise<void> {
    const entry = entryByAgent.get(key);
    schedule.remove(key);
    entryByAgent.delete(key);
    if (entry !== undefined) await journal.remove(entry.agentId);
  }

  /** The same bytes again, or new ones in the middle of their time. */
  async function renew(key: string): Promise<void> {
    const entry = entryByAgent.get(key);
    if (entry === undefined || stopping.signal.aborted) return;
    try {
      await exclusive.run(key, () => send(key, entry));
    } catch (error) {
      if (stopping.signal.aborted || entryByAgent.get(key) !== entry) return;
      const agent = formatAgentId(entry.agentId);
      if (error instanceof NodeError && error.code === 'not-custodial') {
        log.warn({ agent }, 'the keys of an agent are gone: its capabilities are announced no longer');
        await forget(key);
        return;
      }
      log.warn({ error, agent }, 'capabilities could not be announced; it is tried again');
      schedule.set(key, clock.nowMs() + entry.retryMs);
      entry.retryMs = Math.min(longestPauseMs, 2 * entry.retryMs);
    }
  }

  async function send(key: string, entry: Entry): Promise<void> {
    if (entryByAgent.get(key) !== entry) return;
    const { signal } = stopping;
    const nowSeconds = clock.nowMs() / 1000;
    if (entry.signed === null || nowSeconds >= (entry.signed.issuedAt + entry.signed.expiresAt) / 2) {
      entry.signed = await sign(entry, { signal });
      await journal.write(entry);
    }
    const { holders } = await parts.announce(entry.signed.bytes, { signal, formerTags: entry.formerTags });
    log.debug({ agent: formatAgentId(entry.agentId), holders }, 'capabilities are announced again');
    entry.retryMs = firstRetryMs;
    // Nobody has it yet: it is not sent more rarely before somebody does.
    if (holders > 0) entry.pauseMs = Math.min(longestPauseMs, 2 * entry.pauseMs);
    if (entry.pauseMs === longestPauseMs) entry.formerTags = [];
    if (entryByAgent.get(key) === entry) schedule.set(key, clock.nowMs() + entry.pauseMs);
  }

  /** From the first announcement on. */
  function follow(): void {
    if (isFollowing) return;
    isFollowing = true;
    followChanges().catch((error: unknown) => log.error({ error }, 'changes are no longer followed'));
  }

  async function followChanges(): Promise<void> {
    for await (const { agentId, change, state } of parts.changes({ signal: stopping.signal })) {
      const key = agentKey(agentId);
      const entry = entryByAgent.get(key);
      if (entry === undefined || change === 'changed') continue;
      const { status } = state.keyState;
      if (status === 'tombstoned') await forget(key);
      else if (status === 'forked') schedule.remove(key);
      else if (change === 'rotated' || change === 'recovered') {
        entry.signed = null;
        Object.assign(entry, firstPauses);
        schedule.set(key, clock.nowMs());
      }
    }
  }

  return {
    announce,
    withdraw: (agentId, options) => announce(agentId, [], options),
    announced: (agentId) => entryByAgent.get(agentKey(agentId))?.tags ?? [],
    search: (query) => searchCapabilities(parts, query),
    async start() {
      for (const note of await journal.all()) {
        const key = agentKey(note.agentId);
        entryByAgent.set(key, { ...note, formerTags: [], signed: null, ...firstPauses });
        schedule.set(key, clock.nowMs());
      }
      if (entryByAgent.size > 0) follow();
    },
    release: (agentId) => exclusive.run(agentKey(agentId), () => forget(agentKey(agentId))),
    async stop() {
      stopping.abort();
      schedule.stop();
      waiting.length = 0;
      await exclusive.idle();
    },
  };
}
