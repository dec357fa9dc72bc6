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
import { createCustodySigners, nodeErrorOf } from './custody-signers.ts';
import type { CustodyParts } from './custody-types.ts';
import { createPublications, firstPauses, type Pauses, type Publications } from './publications.ts';

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

/** Below an hour, so that each agent takes part in each draw. */
const longestPauseMs = 50 * 60_000;

interface Entry extends Pauses {
  readonly agentId: AgentId;
  tags: readonly string[];
  /** Where the agent stood before the tags changed. */
  formerTags: readonly string[];
  issuedAt: number;
  /** Null: to be signed anew. */
  signed: CapabilityAnnouncement | null;
}

type Parts<Secret> = Pick<
  CustodyParts<Secret>,
  'keys' | 'createSigner' | 'createSecret' | 'clock' | 'log' | 'changes'
> &
  Pick<NetworkCalls, 'announce' | 'search' | 'resolve'> & { readonly journal: CapabilityJournal };

export function createCapabilityService<Secret>(parts: Parts<Secret>): RunningCapabilityService {
  const { journal, clock } = parts;
  const signers = createCustodySigners(parts);
  // Bounded by the agents in custody.
  const publications: Publications<Entry> = createPublications(parts, {
    ...{ what: 'capabilities', longestPauseMs },
    agentOf: ({ agentId }) => agentId,
    keysOf: (agentId) => (entryByKey.has(agentKey(agentId)) ? [agentKey(agentId)] : []),
    send,
    void(entry) {
      entry.signed = null;
    },
    remove: ({ agentId }) => journal.remove(agentId),
  });
  const { entryByKey } = publications;

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
    return publications.run(key, async () => {
      const before = entryByKey.get(key);
      const formerTags = [...(before?.tags ?? []), ...(before?.formerTags ?? [])];
      const issuedAt = before?.issuedAt ?? 0;
      const entry: Entry = { agentId, tags, formerTags, issuedAt, signed: null, ...firstPauses };
      try {
        entry.signed = await sign(entry, options);
      } catch (error) {
        throw nodeErrorOf(error);
      }
      if (tags.length === 0) await publications.forget(key);
      else {
        await journal.write(entry);
        publications.keep(key, entry);
      }
      const result = await parts.announce(entry.signed.bytes, { ...options, formerTags });
      if (tags.length > 0) publications.plan(key, entry, result);
      return { agentId, tags, expiresAtSeconds: entry.signed.expiresAt, announce: result };
    });
  }

  /** The same bytes again, or new ones in the middle of their time. */
  async function send(entry: Entry, signal: AbortSignal): Promise<AnnounceResult> {
    const nowSeconds = clock.nowMs() / 1000;
    if (entry.signed === null || nowSeconds >= (entry.signed.issuedAt + entry.signed.expiresAt) / 2) {
      entry.signed = await sign(entry, { signal });
      await journal.write(entry);
    }
    const { formerTags } = entry;
    const result = await parts.announce(entry.signed.bytes, { signal, formerTags });
    // Whoever stored the former tags has heard by now.
    if (2 * entry.pauseMs >= longestPauseMs) entry.formerTags = [];
    return result;
  }

  return {
    announce,
    withdraw: (agentId, options) => announce(agentId, [], options),
    announced: (agentId) => entryByKey.get(agentKey(agentId))?.tags ?? [],
    search: (query) => searchCapabilities(parts, query),
    async start() {
      for (const note of await journal.all()) {
        const key = agentKey(note.agentId);
        publications.restore(key, { ...note, formerTags: [], signed: null, ...firstPauses });
      }
    },
    release: (agentId) => publications.run(agentKey(agentId), () => publications.forget(agentKey(agentId))),
    stop: publications.stop,
  };
}
