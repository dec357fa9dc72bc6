/**
 * One participant of the network as a state machine: events in, effects out.
 *
 * The contract: the caller performs effects in order; an effect with a `requestId` is answered by exactly one event with
 * that id; `wake-at` replaces the previous one and an early wake is harmless; `turn-ended` follows whenever the caller
 * has no more events for now, and lets what gathered leave as batches. `handle` never throws on network input (a verdict
 * is a value), only on a caller's mistake. Same configuration, same seed, same events at the same times: same effects.
 *
 * Decides everything that §3 to §6 of docs/protocol.md decide; signs nothing, verifies nothing itself (signature checks
 * leave as effects), and knows no clock, socket or disk.
 */
import { agentIdFromKey } from '../identity/agent-id.ts';
import { createRoutingTable } from '../overlay/routing-table.ts';
import { createPlaceFinder } from '../place/place-finder.ts';
import { createPlaceSearcher } from '../place/place-searcher.ts';
import { createRandom } from '../rng.ts';
import { type AgentTable, createAgentTable } from './agent-table.ts';
import { raiseAlarms } from './alarms.ts';
import { type Announcer, createAnnouncer } from './announcer.ts';
import { type CapabilitySearcher, createCapabilitySearcher } from './capability-searcher.ts';
import type { CapabilityServer } from './capability-server.ts';
import { createLedger, type PeerContext } from './context.ts';
import type { PeerEffect } from './effects.ts';
import type { PeerContact, PeerEvent } from './events.ts';
import { createGossipIntake } from './gossip-intake.ts';
import { createIngest, type IngestResult, type IngestSource } from './ingest.ts';
import { describeKeyspace, type Keyspace } from './keyspace.ts';
import type { NameServer } from './name-server.ts';
import { createNames } from './names.ts';
import { createNeighbourhood } from './neighbourhood.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import type { PeerConfig } from './peer-config.ts';
import { createPublisher } from './publisher.ts';
import { createResolver } from './resolver.ts';
import { createServer, type Server } from './server.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';
import { createSynchroniser } from './synchroniser.ts';
import { createTimers } from './timers.ts';
import { createUpkeep } from './upkeep.ts';
import { createWatchers } from './watchers.ts';

/** Counts for status and metrics; nothing in it is needed to go on. */
export interface PeerSnapshot {
  readonly agents: number;
  readonly held: number;
  /** Decoded, or of which a write is under way. */
  readonly cachedAgents: number;
  readonly routedPeers: number;
  readonly watchedAgents: number;
  /** Agents whose announcements of capabilities are kept here. */
  readonly announcedAgents: number;
  /** Names that are kept here. */
  readonly keptNames: number;
  readonly subscriptions: number;
  readonly activeResolves: number;
  readonly activePublishes: number;
  readonly activeSyncs: number;
  readonly waitingRequests: number;
}

export interface Peer {
  handle(event: PeerEvent, nowMs: number): readonly PeerEffect[];
  /** Something waits for the end of the turn; otherwise `turn-ended` does nothing. */
  gathers(): boolean;
  snapshot(): PeerSnapshot;
  /** For who looks on; nothing in it is needed to go on. */
  keyspace(): Keyspace;
}

export interface PeerOptions {
  readonly config: PeerConfig;
  readonly self: PeerContact;
  /** At least 16 random bytes. */
  readonly seed: Uint8Array;
}

/** The sides that only a storing peer has. */
export interface StoringSides {
  readonly capabilities: (context: PeerContext, table: AgentTable) => CapabilityServer;
  readonly names: (context: PeerContext, table: AgentTable, outbox: Outbox) => NameServer;
}

export function composePeer(options: PeerOptions, storing: StoringSides): Peer {
  const { config, self } = options;
  const ledger = createLedger(config.requestTimeoutMs);
  const timers = createTimers();
  let nowMs = 0;
  let wakeAtMs: number | null = null;

  const context: PeerContext = {
    ...ledger.context,
    config,
    self,
    timers,
    random: createRandom(options.seed),
    routing: createRoutingTable(self.peer),
    after: (delayMs, callback) => timers.at(nowMs + delayMs, callback),
    nowMs: () => nowMs,
    nowSeconds: () => Math.floor(nowMs / 1000),
  };
  const parts = createParts(context, storing);

  function handle(event: PeerEvent, timeMs: number): readonly PeerEffect[] {
    nowMs = timeMs;
    if (event.type === 'turn-ended') ledger.endTurn();
    else if ('requestId' in event) ledger.answer(event);
    else if (event.type === 'woken') {
      wakeAtMs = null;
      timers.run(nowMs);
    } else parts.handle(event);
    if (timers.isSet || wakeAtMs === null) {
      timers.isSet = false;
      const nextMs = timers.nextMs();
      if (nextMs !== null && (wakeAtMs === null || nextMs < wakeAtMs)) {
        wakeAtMs = nextMs;
        context.emit({ type: 'wake-at', timeMs: nextMs });
      }
    }
    return ledger.takeEffects();
  }

  return {
    handle,
    gathers: ledger.gathers,
    snapshot: () => ({ ...parts.snapshot(), waitingRequests: ledger.waiting() }),
    keyspace: parts.keyspace,
  };
}

type OutsideEvent = Exclude<
  PeerEvent,
  { readonly requestId: number } | { readonly type: 'woken' } | { readonly type: 'turn-ended' }
>;

function createParts(
  context: PeerContext,
  storing: StoringSides,
): {
  handle(event: OutsideEvent): void;
  snapshot(): Omit<PeerSnapshot, 'waitingRequests'>;
  keyspace(): Keyspace;
} {
  const { routing } = context;
  const table = createAgentTable(context);
  const ingest = createIngest(context, table);
  const outbox = createOutbox(context);
  const watchers = createWatchers(context);
  // The server owns the closeness rule; those that need it are made first and ask it later.
  const shouldHold = (agentId: Uint8Array): boolean => server.shouldHold(agentId);
  const shared = { table, ingest, outbox, shouldHold };
  const synchroniser = createSynchroniser(context, shared);
  const capabilities = storing.capabilities(context, table);
  const server: Server = createServer(context, { table, ingest, watchers, synchroniser, capabilities });
  const resolver = createResolver(context, shared);
  const publisher = createPublisher(context, shared);
  const gossip = createGossipIntake(context, table, ingest);
  const neighbourhood = createNeighbourhood(context);
  const findPlaces = createPlaceFinder(context);
  const places = createPlaceSearcher(context, outbox);
  const upkeep = createUpkeep(context, { table, outbox, synchroniser, findPlaces });
  const names = createNames(context, storing.names(context, table, outbox), {
    ...{ table, outbox, findPlaces, places },
  });
  // Of the first call: of thousands of peers in one process most never watch, announce or search.
  let subscriptions: Subscriptions | null = null;
  let announcer: Announcer | null = null;
  let searcher: CapabilitySearcher | null = null;
  const cancelByCall = new Map<number, () => void>();

  ingest.onAccepted((result, source) => {
    gossip.accepted(result, source);
    subscriptions?.accepted(result);
    tell(result, source);
  });

  function tell(result: IngestResult, source: IngestSource): void {
    const { agent, changes } = result;
    if (agent === null) return;
    const { state } = agent;
    if (changes.length > 0) {
      capabilities.changed(state);
      names.changed(state);
    }
    for (const change of changes) {
      context.emit({ type: 'announce-change', agentId: state.agentId, change, state, source });
    }
    if (changes.length > 0) watchers.push(state.agentId, agent.bundle);
    raiseAlarms(context, result, state);
  }

  function call(callId: number, begin: (done: () => void) => () => void): void {
    let isDone = false;
    const cancel = begin(() => {
      isDone = true;
      cancelByCall.delete(callId);
    });
    if (!isDone) cancelByCall.set(callId, cancel);
  }

  function subscribe(): Subscriptions {
    subscriptions ??= createSubscriptions(context, { table, ingest, outbox });
    return subscriptions;
  }

  function peerAdded(contact: PeerContact): void {
    const isNew = !routing.has(contact.peer);
    if (!routing.add(contact) || !isNew) return;
    neighbourhood.peerAdded(contact);
    upkeep.neighbourAdded(contact);
    resolver.peerAdded(contact);
    places.peerAdded(contact);
    subscriptions?.peerCame();
  }

  function handle(event: OutsideEvent): void {
    switch (event.type) {
      case 'entries-loaded':
        for (const entry of event.entries) table.restore(entry.agentKey, entry.bytes);
        if (event.done) {
          upkeep.start();
          names.start();
        }
        return;
      case 'names-loaded':
        names.load(event.entries);
        return;
      case 'peer-added':
        peerAdded(event.contact);
        return;
      case 'peer-removed':
        routing.remove(event.peer);
        subscriptions?.peerGone(event.peer);
        return;
      case 'peer-connected': {
        const known = routing.get(event.peer);
        if (known === undefined) return;
        upkeep.neighbourAdded(known.contact);
        subscriptions?.peerCame();
        return;
      }
      case 'peer-disconnected':
        watchers.removePeer(event.peer);
        subscriptions?.peerGone(event.peer);
        return;
      case 'request-received':
        if (!names.handle(event.inboundId, event.peer, event.body))
          server.handle(event.inboundId, event.peer, event.body);
        return;
      case 'push-received':
        subscribe().pushed(event.peer, event.body);
        return;
      case 'gossip-received':
        gossip.handle(event.messageId, event.topic, event.from, event.data);
        return;
      case 'entry-quarantined':
        refetch(event.agentKey);
        return;
      case 'watch-called':
        for (const agentId of event.agentIds) subscribe().watch(agentId);
        return;
      case 'unwatch-called':
        for (const agentId of event.agentIds) subscriptions?.unwatch(agentId);
        return;
      case 'name-called':
      case 'look-up-called':
        handleNameCall(event);
        return;
      default:
        handleCall(event);
    }
  }

  function handleCall(
    event: Extract<
      OutsideEvent,
      {
        type:
          | 'resolve-called'
          | 'publish-called'
          | 'announce-called'
          | 'search-called'
          | 'call-aborted'
          | 'peer-stopping';
      }
    >,
  ): void {
    const { callId } = event;
    switch (event.type) {
      case 'resolve-called':
        call(callId, (done) =>
          resolver.resolve({
            ...event,
            onResolved(resolution) {
              done();
              context.emit({ type: 'complete-resolve', callId, resolution });
            },
          }),
        );
        return;
      case 'publish-called':
        call(callId, (done) =>
          publisher.publish({
            ...event,
            onPublished(result) {
              done();
              context.emit({ type: 'complete-publish', callId, result });
            },
          }),
        );
        return;
      case 'announce-called':
        announcer ??= createAnnouncer(context, { outbox, server: capabilities, findPlaces });
        call(callId, (done) =>
          announcer!.announce({
            ...event,
            onAnnounced(result) {
              done();
              context.emit({ type: 'complete-announce', callId, result });
            },
          }),
        );
        return;
      case 'search-called':
        searcher ??= createCapabilitySearcher(context, { table, places, server: capabilities });
        call(callId, (done) =>
          searcher!.search({
            ...event,
            onFound(found) {
              done();
              context.emit({ type: 'complete-search', callId, found });
            },
          }),
        );
        return;
      case 'call-aborted':
        cancelByCall.get(callId)?.();
        cancelByCall.delete(callId);
        return;
      case 'peer-stopping':
        upkeep.handOver(() => context.emit({ type: 'complete-stop', callId }));
    }
  }

  function handleNameCall(event: Extract<OutsideEvent, { type: 'name-called' | 'look-up-called' }>): void {
    const { callId } = event;
    call(callId, (done) =>
      event.type === 'name-called'
        ? names.publish({
            ...event,
            onPublished(result) {
              done();
              context.emit({ type: 'complete-name', callId, result });
            },
          })
        : names.find({
            ...event,
            onFound(found) {
              done();
              context.emit({ type: 'complete-look-up', callId, found });
            },
          }),
    );
  }

  /** The store lost an entry: the network still has it, and this peer's place among its holders is taken up again. */
  function refetch(key: string): void {
    const row = table.row(key);
    table.forget(key);
    if (row === undefined) return;
    context.count('entries_refetched', 'entry');
    resolver.resolve({ agentId: agentIdFromKey(key), fresh: true, timeoutMs: 30_000, onResolved: () => {} });
  }

  return {
    handle,
    snapshot: () => ({
      agents: table.size(),
      held: table.held.count,
      cachedAgents: table.cachedCount(),
      routedPeers: routing.size,
      watchedAgents: watchers.size(),
      announcedAgents: capabilities.store.size(),
      keptNames: names.size(),
      subscriptions: subscriptions?.size() ?? 0,
      activeResolves: resolver.active(),
      activePublishes: publisher.active(),
      activeSyncs: synchroniser.active(),
    }),
    keyspace: () => describeKeyspace(routing, table.places, context.nowMs()),
  };
}
