/**
 * The full node: the one place where the core, the driver and the adapters are put together. Every port can be replaced.
 */
import { readFile } from 'node:fs/promises';
import { createHost } from '../adapters/libp2p/create-host.ts';
import type { Host, HostListeners, HostOptions } from '../adapters/libp2p/host-types.ts';
import { encodeArchive } from '../archive/archive-format.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { packageVersion } from '../config/package-root.ts';
import { gossipTopics } from '../core/gossip/announcement.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { ChangeKind } from '../core/peer/effects.ts';
import { createPeer, type Peer } from '../core/peer/peer.ts';
import { createChangeBus } from '../driver/change-bus.ts';
import { createDriver, type DriverListeners, type DriverPorts } from '../driver/driver.ts';
import { createNetworkCalls } from '../driver/network-calls.ts';
import { createContactStore } from './contact-store.ts';
import { createMeasures, type NodeMeasures } from './measures.ts';
import { createNodeAgents } from './node-agents.ts';
import { type NodeAudit, openNodeAudit } from './node-audit.ts';
import { createNodeCapabilities } from './node-capabilities.ts';
import { createNodeAdaptive, createNodeEndpoints } from './node-endpoints.ts';
import { createNodeNames } from './node-names.ts';
import { type NodePorts, type NodeReplacements, openPorts } from './node-ports.ts';
import { createNodeKeeper, createNodePrivatePath } from './node-private.ts';
import { createNodeQuery } from './node-query.ts';
import { createNodeTrust } from './node-trust.ts';
import type { NodeStatus, PeerStatus, WeftNode } from './node-types.ts';
import { peerConfigOf } from './peer-settings.ts';
import { storedBundles } from './stored-bundles.ts';
import { timedPorts } from './timed-ports.ts';
import { traceAgents, traceCalls, tracePrivate } from './traced-calls.ts';

const seedBytes = 16;

/**
 * Opens the data directory and puts a node together; `start()` joins the network.
 * @throws StoreError `locked`, `wrong-schema`, `open-failed`; KeystoreError; HostError; ConfigError.
 */
export async function createNode(config: NodeConfig, replace: NodeReplacements = {}): Promise<WeftNode> {
  const ports = await openPorts(config, replace);
  try {
    return await compose(config, ports, replace.openHost ?? createHost);
  } catch (error) {
    await Promise.allSettled([ports.verifier.close(), ports.store.close()]);
    throw error;
  }
}

async function compose(
  config: NodeConfig,
  ports: NodePorts,
  openHost: NonNullable<NodeReplacements['openHost']>,
): Promise<WeftNode> {
  const { store, verifier, clock, log } = ports;
  const topics = gossipTopics(config.protocolPrefix);
  const listeners = hostListeners((metric, label) => measures.counted(metric, label, 1));
  const host = await openHost(await hostOptions(config, ports, topics, listeners));
  const bus = createChangeBus();
  const peer = createCore(config, ports, host);
  const custody = (): ReturnType<typeof agents.upkeep> => agents.upkeep();
  const measures = createMeasures(ports, { host, config, snapshot: peer.snapshot, custody });
  const { path, audit, driverPorts } = await openNetworkPorts(config, ports, host, measures);
  const driver = createDriver(
    peer,
    driverPorts,
    driverListeners(bus, measures, ports, (agentId, change) => endpoints.changed(agentId, change)),
  );
  const { acknowledgements } = config.replication;
  const made = createNetworkCalls({ driver, bus, measures, clock, acknowledgements });
  const calls = traceCalls(made, ports.tracing);
  const agents = createNodeAgents(config, ports, calls, measures.counted);
  const capabilities = createNodeCapabilities(ports, calls);
  const { trust, facts } = createNodeTrust(config, ports, { ...calls, agents, peer: host.peer });
  const privately = tracePrivate(path.calls, ports.tracing);
  const overlayFacts = createNodeKeeper(ports, { ...calls, agents, facts, hold: privately.hold });
  const names = createNodeNames(config, ports, calls);
  const endpoints = createNodeEndpoints(config, ports, {
    resolve: calls.resolve,
    ...{ resolveName: names.resolveName, checkStatus: trust.checkStatus, judge: trust.judgeZone },
    privately,
  });
  const adaptive = await createNodeAdaptive(config, ports, calls.resolve);
  const startedAtMs = clock.nowMs();
  let state: NodeStatus['state'] = 'starting';
  let stopping: Promise<void> | null = null;

  async function start(): Promise<void> {
    await driver.start(topics);
    await host.start();
    calls.setRunning(true);
    await agents.start();
    await capabilities.start();
    await names.start();
    await overlayFacts.start();
    audit.start();
    state = 'ready';
    measures.start();
    log.info({ peer: host.peer, addresses: host.addresses() }, 'the node is running');
  }

  async function stopOnce(): Promise<void> {
    const wasRunning = state === 'ready';
    state = 'stopping';
    measures.stop();
    await audit.stop();
    await overlayFacts.stop();
    await trust.stop();
    await names.stop();
    await capabilities.stop();
    await agents.stop();
    if (wasRunning) await driver.handOver();
    calls.setRunning(false);
    bus.close();
    driver.close();
    await host.stop();
    await verifier.close();
    await store.close();
    log.info({}, 'the node has stopped');
  }

  async function status(): Promise<NodeStatus> {
    const snapshot = peer.snapshot();
    const network = host.network();
    const [statistics, custodial] = await Promise.all([store.statistics(), agents.list()]);
    const { rss, heapUsed } = process.memoryUsage();
    return {
      version: packageVersion(),
      peer: host.peer,
      addresses: host.addresses(),
      network: { protocolPrefix: config.protocolPrefix, profile: config.profile, isNew: network.isNew },
      state,
      startedAtMs,
      connectedPeers: network.connections,
      knownPeers: network.knownPeers,
      agents: { stored: snapshot.held, known: snapshot.agents, custodial: custodial.length },
      store: statistics,
      memory: { residentBytes: rss, heapUsedBytes: heapUsed },
    };
  }

  return {
    peer: host.peer,
    agents: traceAgents(agents, ports.tracing),
    capabilities,
    query: createNodeQuery(config, ports, { ...calls, ...trust, capabilities, facts, privately }),
    names,
    facts,
    trust,
    overlayFacts,
    ...callSurface(calls, privately),
    endpoints,
    adaptive,
    audit: audit.log,
    addresses: host.addresses,
    start,
    stop() {
      stopping ??= stopOnce();
      return stopping;
    },
    status,
    peers: () => peerStatuses(host),
    keyspace: peer.keyspace,
    samples: measures.samples,
    archive: () => encodeArchive(storedBundles(store), Math.floor(clock.nowMs() / 1000)),
    metrics: measures.render,
  };
}

async function hostOptions(
  config: NodeConfig,
  ports: NodePorts,
  topics: readonly string[],
  listeners: HostListeners,
): Promise<HostOptions> {
  return {
    privateKey: ports.identitySeed,
    listen: config.listen,
    announce: config.announce,
    bootstrap: config.bootstrap,
    profile: config.profile,
    protocolPrefix: config.protocolPrefix,
    mode: config.mode,
    topics,
    mdns: config.mdns,
    preSharedKey: config.preSharedKeyFile === null ? null : await readFile(config.preSharedKeyFile),
    connectionsMax: config.connectionsMax,
    reach: reachOptions(config),
    contacts: createContactStore(ports.store),
    agentVersion: `weft/${packageVersion()}`,
    log: ports.log,
    listeners,
  };
}

function hostListeners(count: (metric: string, label: string) => void): HostListeners {
  return {
    frameRefused: (code) => count('frames_refused', code),
    gossipCopyReceived: () => count('gossip_copies', 'message'),
  };
}

function reachOptions({ profile, reach }: NodeConfig): NonNullable<HostOptions['reach']> {
  const isOn = (wish: 'auto' | 'on' | 'off'): boolean =>
    wish === 'on' || (wish === 'auto' && profile === 'public');
  return {
    relay: isOn(reach.relay)
      ? {
          reservationsMax: reach.reservationsMax,
          connectionsMax: reach.relayedConnectionsMax,
          bytesMax: reach.relayedBytesMax,
          secondsMax: reach.relayedSecondsMax,
        }
      : null,
    probe: isOn(reach.probe),
    upnp: reach.upnp,
  };
}

function driverListeners(
  bus: ReturnType<typeof createChangeBus>,
  measures: NodeMeasures,
  { log }: NodePorts,
  endedBy: (agentId: Uint8Array, change: ChangeKind) => void,
): DriverListeners {
  const alarmLog = log.child({ subsystem: 'alarm' });
  return {
    changed({ agentId, change, state, source }, acceptedAtMs) {
      const accepted = { agentId, change, state, source, acceptedAtMs };
      endedBy(agentId, change);
      measures.changed(accepted);
      bus.emit(accepted);
    },
    counted: measures.counted,
    alarmed(alarm, agentId) {
      measures.counted('alarms', alarm, 1);
      alarmLog.warn({ alarm, agent: formatAgentId(agentId) }, `alarm: ${alarm}`);
    },
  };
}

function createCore(config: NodeConfig, { entropy }: NodePorts, host: Host): Peer {
  return createPeer({
    config: peerConfigOf(config),
    self: { peer: host.peer, addresses: [] },
    seed: entropy.randomBytes(seedBytes),
  });
}

type NodePrivatePath = ReturnType<typeof createNodePrivatePath>;

/** What the driver speaks through: measured, and with the requests answered that are not for the core. */
async function openNetworkPorts(
  config: NodeConfig,
  ports: NodePorts,
  host: Host,
  measures: NodeMeasures,
): Promise<{
  path: NodePrivatePath;
  audit: NodeAudit;
  driverPorts: DriverPorts;
}> {
  const { store, verifier, clock, log } = ports;
  const timed = timedPorts(host, verifier, measures);
  const path = createNodePrivatePath(config, ports, timed.overlay, measures.counted);
  const peers = (): readonly string[] => fullPeers(host);
  const audit = await openNodeAudit(ports, path.overlay, { peers, counted: measures.counted });
  const { overlay, acceptedRow } = audit;
  return {
    path,
    audit,
    driverPorts: { ...timed, overlay, acceptedRow, store, clock, log, soon: setImmediate },
  };
}

function fullPeers(host: Host): string[] {
  return host.peers().flatMap(({ peer, connected, isFull }) => (connected && isFull ? [peer] : []));
}

function callSurface(
  { resolve, publish, changes }: Pick<WeftNode, 'resolve' | 'publish' | 'changes'>,
  privately: NodePrivatePath['calls'],
) {
  return {
    ...{ resolve, publish, changes },
    resolvePrivately: privately.resolve,
    fetchFactsPrivately: privately.fetch,
    fetchFacts: privately.fetchDirectly,
  };
}

function peerStatuses(host: Host): PeerStatus[] {
  return host.peers().map((details) => ({ ...details }));
}
