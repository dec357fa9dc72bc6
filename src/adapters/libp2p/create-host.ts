/** Composes a host: transport, routing, gossip, the record protocol, and the service that keeps it joined. */
import type { PeerInfo } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { Log } from '../../ports/log.ts';
import { type Addresses, createAddresses } from './addresses.ts';
import { createDialer } from './dialer.ts';
import { createGossip } from './gossip.ts';
import { type Host, HostError, type HostOptions, type HostTiming, type PeerDetails } from './host-types.ts';
import { createNeighbourSearch, removeFromTable } from './kad-router.ts';
import { composeLibp2p, connectionsMaxDefault } from './libp2p-options.ts';
import { createLiveness } from './liveness.ts';
import { contactAddresses, parseAddress, parseDialTarget } from './multiaddrs.ts';
import { createOverlay } from './overlay.ts';
import { createPeerDirectory } from './peer-directory.ts';

/** Full peers beyond which those of the local network are no longer dialled because they were seen. */
const localPeersWanted = 8;

const timingDefaults: HostTiming = {
  heartbeatMs: 1000,
  rejoinFirstMs: 500,
  rejoinLongestMs: 15_000,
  reconnectMs: 5_000,
  saveMs: 30_000,
  livenessMs: 60_000,
};

/**
 * A host that is ready to start; see Host for the order of use.
 * @throws HostError `bad-option` for an address, key or prefix that cannot work.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  const bootstrap = checkOptions(options);
  const timing = { ...timingDefaults, ...options.timing };
  const log = (options.log ?? silentLog).child({ subsystem: 'libp2p' });
  const { profile } = options;
  const recordProtocol = `${options.protocolPrefix}/record/1.0.0`;
  const { libp2p, topologies } = await composeLibp2p(options, timing, peerFoundLocally);
  const peer = libp2p.peerId.toString();
  const dialer = createDialer(libp2p, profile);
  const directory = createPeerDirectory({
    libp2p,
    dialer,
    profile,
    recordProtocol,
    connectionsMax: options.connectionsMax ?? connectionsMaxDefault,
    log,
  });
  const liveness = createLiveness(libp2p, log);
  const overlay = createOverlay({
    libp2p,
    directory,
    dialer,
    profile,
    recordProtocol,
    mode: options.mode,
    connectionDoubted: liveness.check,
    log,
  });
  const { pubsub, kad } = libp2p.services;
  const gossip = createGossip({ libp2p, pubsub, topologies, topics: options.topics, log });
  const addresses: Addresses = createAddresses({
    self: peer,
    bootstrap,
    store: options.contacts,
    directory,
    dialer,
    listeners: options.listeners ?? {},
    timing,
    log,
  });
  const neighbourSearch = createNeighbourSearch(kad, libp2p.peerId, log);
  directory.listen({
    peerAdded: () => neighbourSearch.peerMet(directory.fullPeers()),
    peerRemoved: (gone) => {
      removeFromTable(kad, peerIdFromString(gone)).catch((error: unknown) => {
        log.debug({ error, peer: gone }, 'a peer could not be taken out of the routing table');
      });
    },
  });
  let stopping: Promise<void> | null = null;

  /** A crowded local network is met through its answers, not by dialling all of it. */
  function peerFoundLocally({ id, multiaddrs }: PeerInfo): void {
    const found = id.toString();
    if (found === peer || dialer.isConnected(found) || directory.fullPeers() >= localPeersWanted) return;
    dialer
      .connect({ peer: found, addresses: contactAddresses(profile, multiaddrs) })
      .catch((error: unknown) => {
        log.debug({ error, peer: found }, 'a peer of the local network does not answer');
      });
  }

  async function start(): Promise<void> {
    directory.start();
    try {
      await libp2p.start();
    } catch (error) {
      directory.stop();
      throw new HostError(
        'listen-failed',
        `cannot listen on ${options.listen.join(', ')}: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
    gossip.networkStarted();
    neighbourSearch.start();
    await addresses.start();
  }

  async function stop(): Promise<void> {
    await addresses.stop();
    neighbourSearch.stop();
    directory.stop();
    await gossip.stop();
    await overlay.stop();
    await libp2p.stop();
  }

  function peers(): readonly PeerDetails[] {
    const meshPeers = gossip.meshPeers();
    return directory.all().map((known) => ({
      peer: known.peer,
      addresses: known.addresses,
      connected: known.isConnected,
      direction: known.direction,
      latencyMs: overlay.latencyMs(known.peer),
      agentVersion: known.agentVersion,
      isFull: known.isFull,
      inMesh: meshPeers.has(known.peer),
    }));
  }

  return {
    peer,
    overlay,
    gossip,
    libp2p,
    start,
    stop: () => (stopping ??= stop()),
    addresses: () => libp2p.getMultiaddrs().map((address) => address.toString()),
    peers,
    network: () => ({
      isNew: addresses.isNew,
      fullPeers: directory.fullPeers(),
      connections: libp2p.getConnections().length,
      knownPeers: new Set([...directory.all().map((known) => known.peer), ...addresses.contacts()]).size,
    }),
    async dial(address) {
      const target = parseDialTarget(address);
      try {
        await dialer.connect({ peer: target.peer, addresses: [target.address] });
      } catch (error) {
        throw new HostError('dial-failed', (error as Error).message, { cause: error });
      }
    },
  };
}

/** @throws HostError `bad-option` */
function checkOptions(options: HostOptions) {
  if (!/^(\/[a-z0-9][a-z0-9._-]*)+$/.test(options.protocolPrefix)) {
    throw new HostError(
      'bad-option',
      `${options.protocolPrefix} is no protocol prefix; one looks like /weft: lower case, no slash at the end`,
    );
  }
  for (const address of [...options.listen, ...(options.announce ?? [])]) parseAddress(address);
  return options.bootstrap.map(parseDialTarget);
}

const silentLog: Log = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
