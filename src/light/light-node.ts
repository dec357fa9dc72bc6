/**
 * The embeddable node: the same core and driver as the full node, as a client that stores nothing for others.
 * In memory by default; no file, no server. Composes the parts and decides when it counts as joined; any port can be replaced.
 */
import type { Host } from '../adapters/libp2p/host-types.ts';
import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import { createNobleAgreement } from '../adapters/system/noble-agreement.ts';
import { createSigner as createNobleSigner } from '../core/ed25519.ts';
import { gossipTopics } from '../core/gossip/announcement.ts';
import { createClientPeer } from '../core/peer/client-peer.ts';
import { type PeerConfig, peerConfigDefault } from '../core/peer/peer-config.ts';
import { createChangeBus } from '../driver/change-bus.ts';
import { createDriver, type Driver, type DriverPorts } from '../driver/driver.ts';
import { createNetworkCalls, type NetworkCalls } from '../driver/network-calls.ts';
import type { Clock } from '../ports/clock.ts';
import type { Gossip } from '../ports/gossip.ts';
import { type Log, silentLog } from '../ports/log.ts';
import type { Overlay } from '../ports/overlay.ts';
import type { PrivatePath } from '../private/private-path.ts';
import { agentIdsOf } from './agent-name.ts';
import { type Contact, createContact } from './contact.ts';
import { createEmitter, type EmitterSource } from './emitter.ts';
import { createJoining } from './joining.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { lightErrorOf } from './light-error.ts';
import { emitChange } from './light-events.ts';
import { createLightNames } from './light-names.ts';
import { createLightPath, createLightPrivate } from './light-private.ts';
import { createLightResolve } from './light-resolve.ts';
import { createLightSearch } from './light-search.ts';
import type { LightEvents, LightNode, LightNodeOptions, LightParts } from './light-types.ts';
import { createOwnAgents, type OwnAgents } from './own-agents.ts';
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
/** Bootstrap peers that a start waits for, once one of them is connected, and for how long. */
const peersAtStart = 3;
const severalWithinMs = 500;
/** Three to listen to, and one to compare them with. */
const peersWanted = 4;
/** Agents come and go in long runs; a connection that no agent needs is closed beyond so many. */
const connectionsMax = 32;
/** Of what a light node resolves and holds: an index of a few megabytes. */
const agentsMax = 100_000;
/** An open connection is looked at so often; more would be most of what an idle node sends. */
const livenessMs = 120_000;

/** A node that joins as a client; nothing runs before `start`. @throws LightNodeError `bad-argument` for an address that cannot work. */
export async function createLightNodeWith(parts: LightParts, options: LightNodeOptions): Promise<LightNode> {
  const clock = options.ports?.clock ?? createSystemClock();
  const log = options.ports?.log ?? silentLog;
  const contact = createContact(clock);
  const events = createEmitter<LightEvents>((error) =>
    log.error({ error }, 'a listener of the light node failed'),
  );
  const composed = await compose(parts, options, {
    clock,
    log,
    events,
    contact,
    connected: () => own.connected(),
  });
  const { host, calls, joining, used } = composed;
  const { resolve, resolveOnce } = createLightResolve({
    ...composed,
    contact,
    clock,
    maxStalenessMs: options.maxStalenessMs ?? maxStalenessMsDefault,
  });
  const own = createOwnAgents({
    calls: { ...calls, resolve: resolveOnce },
    store: composed.ports.store,
    clock,
    entropy: createSystemEntropy(),
    log: log.child({ subsystem: 'custody' }),
    createSigner: parts.createSigner ?? createNobleSigner,
    refenceSeconds: options.refenceSeconds ?? refenceSecondsDefault,
  });
  const { guarded, start, stop } = createLifecycle({
    async startParts() {
      await composed.driver.start([]);
      await host.start();
      calls.setRunning(true);
      await own.start();
    },
    async stopParts() {
      const ending = own.stop();
      used.stop();
      events.close();
      composed.close();
      await ending;
      await host.stop();
      await composed.ports.verifier.close();
      await composed.ports.store.close();
    },
    async connected(signal) {
      if (!contact.isConnected) await events.emitter.once('connected', { signal });
      // The word of one may be a lie: those that were named beside it are waited for, a moment.
      await joining.whenMet(Math.min(peersAtStart, options.bootstrap.length), severalWithinMs, signal);
    },
  });
  return {
    peer: host.peer,
    events: events.emitter,
    get offlineSinceMs() {
      return contact.offlineSinceMs;
    },
    start,
    stop,
    watch: (agents, given) => calls.changes({ agents: agentIdsOf(agents), ...given }),
    publish: guarded(calls.publish),
    held: own.held,
    ...guardedAgents(own, guarded),
    ...guardedReads(parts, options, { ...composed, contact, clock, resolve }, guarded),
  };
}

function guardedReads(
  { openZones }: LightParts,
  { names: settings }: LightNodeOptions,
  given: Pick<LightNode, 'resolve'> & {
    readonly calls: NetworkCalls;
    readonly path: PrivatePath;
    readonly contact: Contact;
    readonly clock: Clock;
  },
  guarded: Lifecycle['guarded'],
) {
  const { calls, path, contact, resolve } = given;
  return {
    resolve: guarded(resolve),
    search: guarded(createLightSearch(calls, contact)),
    resolveName: guarded(createLightNames({ ...given, openZones, settings })),
    ...createLightPrivate(path.calls, contact, guarded),
  };
}

function guardedAgents(own: OwnAgents, guarded: Lifecycle['guarded']) {
  return {
    register: guarded(own.register),
    adopt: guarded(own.adopt),
    release: guarded(own.release),
    update: guarded(own.update),
    rotate: guarded(own.rotate),
    recover: guarded(own.recover),
    delegate: guarded(own.delegate),
    grant: guarded(own.grant),
    acceptGrant: guarded(own.acceptGrant),
    presentGrant: guarded(own.presentGrant),
    revoke: guarded(own.revoke),
    announce: guarded(own.announce),
  };
}

interface Shared {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EmitterSource<LightEvents>;
  readonly contact: Contact;
  /** A full node is connected, and the core knows of it. */
  connected(): void;
}

/** The host, the core and the driver, and the calls over them. */
async function compose(parts: LightParts, options: LightNodeOptions, shared: Shared) {
  const { clock, log, events } = shared;
  const protocolPrefix = options.protocolPrefix ?? peerConfigDefault.protocolPrefix;
  const { randomBytes } = createSystemEntropy();
  const seed = randomBytes(seedBytes);
  const host = await openHost(parts, options, { ...shared, protocolPrefix, privateKey: seed });
  const joining = createJoining(host.overlay, clock);
  const ports = lightPorts(joining.overlay, host.gossip, parts, options, { clock, log });
  const agreement = parts.agreement ?? createNobleAgreement();
  const config: PeerConfig = {
    ...peerConfigDefault,
    ...{ role: 'client', protocolPrefix, peersWanted, agentsMax },
  };
  const path = createLightPath(ports, { agreement, entropy: { randomBytes }, config, seed });
  const bus = createChangeBus();
  const peer = createClientPeer({
    config,
    self: { peer: host.peer, addresses: [] },
    seed: randomBytes(seedBytes),
  });
  const driver = createDriver(
    peer,
    { ...ports, overlay: path.overlay },
    {
      changed({ agentId, change, state, source }, acceptedAtMs) {
        bus.emit({ agentId, change, state, source, acceptedAtMs });
        emitChange(events, agentId, change, state);
      },
      counted: () => {},
      alarmed: (alarm) => log.warn({ alarm }, `alarm: ${alarm}`),
    },
  );
  const shards = createShards({ gossip: host.gossip, clock, protocolPrefix });
  const calls = createNetworkCalls({
    driver: listening(driver, shards),
    bus,
    measures: { resolved() {}, published() {} },
    clock,
    acknowledgements: peerConfigDefault.acknowledgements,
  });
  return {
    ...{ host, joining, ports, driver, calls, path },
    used: createUsedAgents(clock, calls),
    /** No call is taken any more, and open ones reject. */
    close() {
      shards.stop();
      bus.close();
      calls.setRunning(false);
      driver.close();
    },
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

async function openHost(
  parts: LightParts,
  { bootstrap, profile = 'private', timing }: LightNodeOptions,
  given: Shared & { readonly privateKey: Uint8Array; readonly protocolPrefix: string },
): Promise<Host> {
  const { protocolPrefix, privateKey, log, clock, contact, events } = given;
  try {
    return await parts.createHost({
      ...{ privateKey, protocolPrefix, log, bootstrap, profile, connectionsMax },
      listen: [],
      mode: 'client',
      topics: gossipTopics(protocolPrefix),
      timing: { livenessMs, ...timing },
      listeners: {
        joined(fullPeers) {
          contact.connected();
          events.emit('connected', { fullPeers });
          // The core hears of that peer next.
          clock.schedule(0, given.connected);
        },
        isolated() {
          contact.lost();
          events.emit('offline', { sinceMs: clock.nowMs() });
        },
      },
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
