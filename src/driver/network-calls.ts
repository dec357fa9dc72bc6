/**
 * The node's calls to the network, timed and counted: resolve, publish, and streams of changes that watch what they ask for.
 */

import { parseTag } from '../core/capability/tag.ts';
import { ProtocolError } from '../core/errors.ts';
import { type AgentId, agentIdFromKey, agentKey } from '../core/identity/agent-id.ts';
import { capabilityHitsMax } from '../core/limits.ts';
import type {
  AnnounceResult,
  CapabilitySearch,
  NameLookUp,
  NamePublication,
  PublishResult,
  Resolution,
} from '../core/peer/effects.ts';
import type { Clock } from '../ports/clock.ts';
import type { AgentChange, PublishOptions, ResolveOptions, SearchOptions } from './call-types.ts';
import type { ChangeBus } from './change-bus.ts';
import type { Driver } from './driver.ts';
import { NodeError } from './node-error.ts';

const resolveTimeoutMs = 10_000;
const publishTimeoutMs = 15_000;
const announceTimeoutMs = 15_000;
const searchTimeoutMs = 5_000;
const searchLimitDefault = 20;

export interface NetworkCalls {
  /** @throws NodeError `not-running`. */
  resolve(agentId: AgentId, options?: ResolveOptions): Promise<Resolution>;
  /** Publishes a signed bundle. @throws ProtocolError when this node refuses it itself. */
  publish(bundle: Uint8Array, options?: PublishOptions): Promise<PublishResult>;
  /** Brings a signed announcement of capabilities to the storing peers of its tags. @throws NodeError `not-running`. */
  announce(
    announcement: Uint8Array,
    options?: Omit<PublishOptions, 'acknowledgements'> & { readonly formerTags?: readonly string[] },
  ): Promise<AnnounceResult>;
  /**
   * Who announced a tag, or one below it: hints, whose signatures hold and whose agents this node does not know to have
   * ended. @throws ProtocolError `bad-tag`, NodeError `bad-argument`, `not-running`.
   */
  search(tag: string, options?: SearchOptions): Promise<CapabilitySearch>;
  /** Brings a signed name record to its storing peers. @throws NodeError `not-running`. */
  publishName(
    record: Uint8Array,
    options?: Omit<PublishOptions, 'acknowledgements'>,
  ): Promise<NamePublication>;
  /** The newest record of a name that counts, as its storing peers show it. @throws NodeError `not-running`. */
  lookUpName(
    agentId: AgentId,
    point: Uint8Array,
    options?: Omit<PublishOptions, 'acknowledgements'>,
  ): Promise<NameLookUp>;
  /** What is accepted from now on; of the agents named, or of all that are heard of. Agents that are named are watched. */
  changes(options?: {
    readonly agents?: readonly AgentId[];
    readonly signal?: AbortSignal;
  }): AsyncIterable<AgentChange>;
  /** Watches these agents until `unwatch`, whoever else begins and ends to. */
  watch(agents: readonly AgentId[]): void;
  unwatch(agents: readonly AgentId[]): void;
  /** Calls are taken from now on, or no more. */
  setRunning(isRunning: boolean): void;
}

/** Told of each call that came to an end. */
export interface CallMeasures {
  /** `isCached`: from this node's own memory, within the ttl. */
  resolved(status: Resolution['status'], seconds: number, isCached: boolean): void;
  published(status: PublishResult['status'], seconds: number): void;
}

export function createNetworkCalls(parts: {
  readonly driver: Driver;
  readonly bus: ChangeBus;
  readonly measures: CallMeasures;
  readonly clock: Clock;
  readonly acknowledgements: number;
}): NetworkCalls {
  const { driver, bus, measures, clock } = parts;
  const readersByAgent = new Map<string, number>();
  let isRunning = false;

  function assertRunning(): void {
    if (!isRunning) throw new NodeError('not-running', 'the node is not running: call start() first');
  }

  async function resolve(agentId: AgentId, options: ResolveOptions = {}): Promise<Resolution> {
    assertRunning();
    const startMs = clock.nowMs();
    const { fresh = false, timeoutMs = resolveTimeoutMs, signal } = options;
    const resolution = await driver.resolve(agentId, { fresh, timeoutMs, ...(signal && { signal }) });
    measures.resolved(resolution.status, (clock.nowMs() - startMs) / 1000, resolution.cached);
    return resolution;
  }

  async function publish(bundle: Uint8Array, options: PublishOptions = {}): Promise<PublishResult> {
    assertRunning();
    const startMs = clock.nowMs();
    const { acknowledgements = parts.acknowledgements, timeoutMs = publishTimeoutMs, signal } = options;
    const result = await driver.publish(bundle, { acknowledgements, timeoutMs, ...(signal && { signal }) });
    measures.published(result.status, (clock.nowMs() - startMs) / 1000);
    if (result.status === 'refused' && result.asked === 0) {
      const code = result.refusal ?? 'store-failed';
      throw new ProtocolError(code, `this node refused the bundle itself: ${code}`);
    }
    return result;
  }

  async function announce(
    announcement: Uint8Array,
    { formerTags = [], timeoutMs = announceTimeoutMs, signal }: Parameters<NetworkCalls['announce']>[1] = {},
  ): Promise<AnnounceResult> {
    assertRunning();
    return driver.announce(announcement, { formerTags, timeoutMs, ...(signal && { signal }) });
  }

  async function search(tag: string, options: SearchOptions = {}): Promise<CapabilitySearch> {
    assertRunning();
    const { limit = searchLimitDefault, timeoutMs = searchTimeoutMs, signal } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > capabilityHitsMax)
      throw new NodeError('bad-argument', `a search shows 1 to ${capabilityHitsMax} agents`);
    return driver.search(parseTag(tag), { limit, timeoutMs, ...(signal && { signal }) });
  }

  async function publishName(
    record: Uint8Array,
    { timeoutMs = announceTimeoutMs, signal }: Parameters<NetworkCalls['publishName']>[1] = {},
  ): Promise<NamePublication> {
    assertRunning();
    return driver.name(record, { timeoutMs, ...(signal && { signal }) });
  }

  async function lookUpName(
    agentId: AgentId,
    point: Uint8Array,
    { timeoutMs = searchTimeoutMs, signal }: Parameters<NetworkCalls['lookUpName']>[2] = {},
  ): Promise<NameLookUp> {
    assertRunning();
    return driver.lookUp(agentId, point, { timeoutMs, ...(signal && { signal }) });
  }

  function setWatched(agents: readonly AgentId[], change: 1 | -1): void {
    const turned: AgentId[] = [];
    for (const key of agents.map(agentKey)) {
      const readers = (readersByAgent.get(key) ?? 0) + change;
      if (readers === 0) readersByAgent.delete(key);
      else readersByAgent.set(key, readers);
      if (readers === (change === 1 ? 1 : 0)) turned.push(agentIdFromKey(key));
    }
    if (change === 1) driver.watch(turned);
    else driver.unwatch(turned);
  }

  async function* watched(
    changes: AsyncIterable<AgentChange>,
    agents: readonly AgentId[],
  ): AsyncGenerator<AgentChange> {
    try {
      yield* changes;
    } finally {
      setWatched(agents, -1);
    }
  }

  return {
    resolve,
    publish,
    announce,
    search,
    publishName,
    lookUpName,
    changes(options = {}) {
      const changes = bus.read(options);
      if (options.agents === undefined) return changes;
      setWatched(options.agents, 1);
      return watched(changes, options.agents);
    },
    watch: (agents) => setWatched(agents, 1),
    unwatch: (agents) => setWatched(agents, -1),
    setRunning(running) {
      isRunning = running;
    },
  };
}
