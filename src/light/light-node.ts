/**
 * The embeddable node: the same core and driver as the full node, as a client that stores nothing for others.
 * In memory by default; no file, no server. Decides when what is held may be served; any port can be replaced.
 */
import type { Host } from '../adapters/libp2p/host-types.ts';
import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import { createSigner as createNobleSigner } from '../core/ed25519.ts';
import { gossipTopics } from '../core/gossip/announcement.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import type { Resolution } from '../core/peer/effects.ts';
import { createPeer } from '../core/peer/peer.ts';
import { type PeerConfig, peerConfigDefault } from '../core/peer/peer-config.ts';
import type { ResolveOptions } from '../driver/call-types.ts';
import { createChangeBus } from '../driver/change-bus.ts';
import { createDriver, type Driver, type DriverPorts } from '../driver/driver.ts';
import { createNetworkCalls } from '../driver/network-calls.ts';
import type { Clock } from '../ports/clock.ts';
import type { Gossip } from '../ports/gossip.ts';
import type { Log } from '../ports/log.ts';
import type { Overlay } from '../ports/overlay.ts';
import { agentIdOf, agentIdsOf } from './agent-name.ts';
import { createContact } from './contact.ts';
import { createEmitter } from './emitter.ts';
import { createJoining } from './joining.ts';
import { createLifecycle } from './lifecycle.ts';
import { LightNodeError, lightErrorOf } from './light-error.ts';
import { emitChange } from './light-events.ts';
import { lightRecordOf } from './light-record.ts';
import type { LightEvents, LightNode, LightNodeOptions, LightParts } from './light-types.ts';
import { createOwnAgents } from './own-agents.ts';
import { createShards, type Shards } from './shards.ts';
import { createUsedAgents } from './used-agents.ts';

export type {
  LightChange,
  LightNode,
  LightNodeOptions,
  LightParts,
} from './light-types.ts';

const maxStalenessMsDefault = 30_000;
const refenceSecondsDefault = 22 * 3600;
const seedBytes = 32;
const resolveTimeoutMs = 10_000;
/** Bootstrap peers that a start waits for, once one of them is connected, and for how long. */
const peersAtStart = 3;
const severalWithinMs = 500;
/** How long a call waits for a full node that it has not met, when those that it has say nothing of use. */
const othersWithinMs = 2_000;
/** Three to listen to, and one to compare them with. */
const peersWanted = 4;
/** Agents come and go in long runs; a connection that no agent needs is closed beyond so many. */
const connectionsMax = 32;
/** Of what a light node resolves and holds: an index of a few megabytes. */
const agentsMax = 100_000;
/** An open connection is looked at so often; more would be most of what an idle node sends. */
const livenessMs = 120_000;

const silentLog: Log = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};

/** A node that joins as a client; nothing runs before `start`. @throws LightNodeError `bad-argument` for an address that cannot work. */
export async function createLightNodeWith(parts: LightParts, options: LightNodeOptions): Promise<LightNode> {
  const { maxStalenessMs: maxStalenessMsOfNode = maxStalenessMsDefault } = options;
  const protocolPrefix = options.protocolPrefix ?? peerConfigDefault.protocolPrefix;
  const entropy = createSystemEntropy();
  const clock = options.ports?.clock ?? createSystemClock();
  const log = options.ports?.log ?? silentLog;
  const contact = createContact(clock);
  const bus = createChangeBus();
  const events = createEmitter<LightEvents>((error) =>
    log.error({ error }, 'a listener of the light node failed'),
  );
  const host = await openHost(parts, options, {
    privateKey: entropy.randomBytes(seedBytes),
    protocolPrefix,
    log,
    joined(fullPeers) {
      contact.connected();
      events.emit('connected', { fullPeers });
      // After the core has heard of that peer.
      clock.schedule(0, () => own.connected());
    },
    isolated() {
      contact.lost();
      events.emit('offline', { sinceMs: clock.nowMs() });
    },
  });
  const joining = createJoining(host.overlay, clock);
  const ports = lightPorts(joining.overlay, host.gossip, parts, options, { clock, log });
  const peer = createPeer({
    config: lightConfig(protocolPrefix),
    self: { peer: host.peer, addresses: [] },
    seed: entropy.randomBytes(seedBytes),
  });
  const driver = createDriver(peer, ports, {
    changed({ agentId, change, state, source }, acceptedAtMs) {
      bus.emit({ agentId, change, state, source, acceptedAtMs });
      emitChange(events, agentId, change, state);
    },
    counted: () => {},
    alarmed: (alarm) => log.warn({ alarm }, `alarm: ${alarm}`),
  });
  const shards = createShards({ gossip: host.gossip, clock, protocolPrefix });
  const calls = createNetworkCalls({
    driver: listening(driver, shards),
    bus,
    measures: { resolved() {}, published() {} },
    clock,
    acknowledgements: peerConfigDefault.acknowledgements,
  });
  const used = createUsedAgents(clock, calls);

  async function resolveNoting(agentId: AgentId, given: ResolveOptions): Promise<Resolution> {
    const resolution = await calls.resolve(agentId, given);
    const isConfirmed = !resolution.cached && resolution.holders > 0;
    if (resolution.state !== null) used.resolved(agentId, isConfirmed);
    return resolution;
  }

  const own = createOwnAgents({
    calls: { ...calls, resolve: (agentId, given = {}) => resolveNoting(agentId, given) },
    store: ports.store,
    clock,
    entropy,
    log: log.child({ subsystem: 'custody' }),
    createSigner: parts.createSigner ?? createNobleSigner,
    refenceSeconds: options.refenceSeconds ?? refenceSecondsDefault,
  });

  const resolve: LightNode['resolve'] = async (agent, given = {}) => {
    const { fresh = false, maxStalenessMs = maxStalenessMsOfNode, ...rest } = given;
    const agentId = agentIdOf(agent);
    const isStale = contact.unheardMs(used.confirmedAtMs(agentId)) > maxStalenessMs;
    const deadlineMs = clock.nowMs() + (rest.timeoutMs ?? resolveTimeoutMs);
    const metBefore = joining.met;
    const first = await resolveNoting(agentId, { ...rest, fresh: fresh || isStale });
    const resolution = isAnswered(first)
      ? first
      : ((await resolveAgain(agentId, rest, metBefore, deadlineMs)) ?? first);
    assertAnswered(resolution, contact.offlineSinceMs);
    const { status, state } = resolution;
    return { ...resolution, record: status === 'ok' && state !== null ? lightRecordOf(state) : null };
  };

  /** Those who were asked said nothing of use; others that have been met since, or are in a moment, may. */
  async function resolveAgain(
    agentId: AgentId,
    { signal }: ResolveOptions,
    metBefore: number,
    deadlineMs: number,
  ): Promise<Resolution | null> {
    if (!contact.isConnected) return null;
    const leftMs = (): number => deadlineMs - clock.nowMs();
    await joining.whenMet(metBefore + 1, Math.min(othersWithinMs, leftMs()), signal);
    return joining.met > metBefore && leftMs() > 0
      ? resolveNoting(agentId, { fresh: true, timeoutMs: leftMs(), ...(signal && { signal }) })
      : null;
  }

  const lifecycle = createLifecycle({
    startParts: async () => {
      await driver.start([]);
      await host.start();
      calls.setRunning(true);
      await own.start();
    },
    async stopParts() {
      const ending = own.stop();
      used.stop();
      shards.stop();
      events.close();
      bus.close();
      calls.setRunning(false);
      driver.close();
      await ending;
      await host.stop();
      await ports.verifier.close();
      await ports.store.close();
    },
    async connected(signal) {
      if (!contact.isConnected) await events.emitter.once('connected', { signal });
      // The word of one may be a lie: those that were named beside it are waited for, a moment.
      await joining.whenMet(Math.min(peersAtStart, options.bootstrap.length), severalWithinMs, signal);
    },
  });

  const { guarded } = lifecycle;
  return {
    peer: host.peer,
    events: events.emitter,
    get offlineSinceMs() {
      return contact.offlineSinceMs;
    },
    start: lifecycle.start,
    resolve: guarded(resolve),
    watch: (agents, given) => calls.changes({ agents: agentIdsOf(agents), ...given }),
    register: guarded(own.register),
    adopt: guarded(own.adopt),
    release: guarded(own.release),
    update: guarded(own.update),
    rotate: guarded(own.rotate),
    recover: guarded(own.recover),
    delegate: guarded(own.delegate),
    revoke: guarded(own.revoke),
    held: own.held,
    publish: guarded(calls.publish),
    stop: lifecycle.stop,
  };
}

/** Whom this node listens for, it also hears in the gossip of few shards. */
function listening(driver: Driver, shards: Shards): Driver {
  return {
    ...driver,
    watch(agentIds) {
      shards.add(agentIds);
      driver.watch(agentIds);
    },
    unwatch(agentIds) {
      shards.remove(agentIds);
      driver.unwatch(agentIds);
    },
  };
}

function lightConfig(protocolPrefix: string): PeerConfig {
  return { ...peerConfigDefault, role: 'client', protocolPrefix, peersWanted, agentsMax };
}

async function openHost(
  parts: LightParts,
  { bootstrap, profile = 'private', timing }: LightNodeOptions,
  given: {
    readonly privateKey: Uint8Array;
    readonly protocolPrefix: string;
    readonly log: Log;
    joined(fullPeers: number): void;
    isolated(): void;
  },
): Promise<Host> {
  const { protocolPrefix, privateKey, log, ...listeners } = given;
  try {
    return await parts.createHost({
      privateKey,
      protocolPrefix,
      log,
      listeners,
      listen: [],
      bootstrap,
      profile,
      mode: 'client',
      topics: gossipTopics(protocolPrefix),
      connectionsMax,
      timing: { livenessMs, ...timing },
    });
  } catch (error) {
    throw lightErrorOf(error);
  }
}

function lightPorts(
  overlay: Overlay,
  gossip: Gossip,
  parts: LightParts,
  options: LightNodeOptions,
  shared: { readonly clock: Clock; readonly log: Log },
): DriverPorts {
  return {
    ...shared,
    overlay,
    gossip,
    soon: (callback) => queueMicrotask(callback),
    store: options.ports?.store ?? parts.store ?? createMemoryStore(),
    verifier: options.ports?.verifier ?? parts.verifier,
  };
}

/**
 * What the network has said is an answer; that nobody said anything is none. An agent that is known to have ended or to
 * be frozen stays so, whoever is away.
 */
function isAnswered({ cached, responders, status }: Resolution): boolean {
  return cached || responders.length > 0 || status === 'tombstoned' || status === 'forked';
}

function assertAnswered(resolution: Resolution, offlineSinceMs: number | null): void {
  if (isAnswered(resolution)) return;
  throw offlineSinceMs === null
    ? new LightNodeError(
        'no-usable-answers',
        'no full node gave an answer that holds: try again, or join through other full nodes',
      )
    : new LightNodeError(
        'offline',
        `no full node is connected since ${new Date(offlineSinceMs).toISOString()}, and what is held may have been overtaken: wait for "connected", or allow a longer maxStalenessMs`,
      );
}
