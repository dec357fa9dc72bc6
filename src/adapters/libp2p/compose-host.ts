/**
 * Composes a host on any platform: gossip, the record protocol, the service that keeps it joined, and what the platform
 * adds. create-host.ts is this in Node, create-browser-host.ts in a page.
 */
import type { PeerInfo } from '@libp2p/interface';
import { silentLog } from '../../ports/log.ts';
import { createAddresses } from './addresses.ts';
import { createDialer } from './dialer.ts';
import { createGossip } from './gossip.ts';
import type { HostPlatform } from './host-platform.ts';
import { type Host, HostError, type HostOptions, type HostTiming, type PeerDetails } from './host-types.ts';
import { createIdentifyAgain } from './identify-again.ts';
import { composeLibp2p, connectionsMaxDefault } from './libp2p-options.ts';
import { createLiveness } from './liveness.ts';
import { contactAddresses, type DialTarget, parseAddress, parseDialTarget } from './multiaddrs.ts';
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
  identifyMs: 6_000,
};

/**
 * A host that is ready to start; see Host for the order of use.
 * @throws HostError `bad-option` for an address, key or prefix that cannot work.
 */
export async function composeHost(platform: HostPlatform, options: HostOptions): Promise<Host> {
  const parts = await composeParts(platform, options, checkOptions(options));
  const { libp2p, peer, dialer, directory, overlay, gossip, addresses } = parts;
  let stopping: Promise<void> | null = null;

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
      gossipScore: known.isConnected ? gossip.scoreOf(known.peer) : null,
      connectedAtMs: known.connectedAtMs,
      protocols: known.protocols,
    }));
  }

  async function dial(address: string): Promise<void> {
    const target = parseDialTarget(address);
    try {
      await dialer.connect({ peer: target.peer, addresses: [target.address] });
    } catch (error) {
      throw new HostError('dial-failed', (error as Error).message, { cause: error });
    }
  }

  return {
    peer,
    overlay,
    gossip,
    libp2p,
    start: () => startParts(parts, options),
    stop: () => (stopping ??= stopParts(parts)),
    addresses: () => libp2p.getMultiaddrs().map((address) => address.toString()),
    peers,
    network: () => ({
      isNew: addresses.isNew,
      fullPeers: directory.fullPeers(),
      connections: libp2p.getConnections().length,
      knownPeers: new Set([...directory.all().map((known) => known.peer), ...addresses.contacts()]).size,
    }),
    dial,
  };
}

type Parts = Awaited<ReturnType<typeof composeParts>>;

async function composeParts(platform: HostPlatform, options: HostOptions, bootstrap: readonly DialTarget[]) {
  const { profile, mode, topics } = options;
  const timing = { ...timingDefaults, ...options.timing };
  const log = (options.log ?? silentLog).child({ subsystem: 'libp2p' });
  const recordProtocol = `${options.protocolPrefix}/record/1.0.0`;
  const connectionsMax = options.connectionsMax ?? connectionsMaxDefault;
  const platformParts = platform(options, {
    connectionsMax,
    peerFoundLocally: (found) => peerFoundLocally(found),
  });
  const { libp2p, topologies } = await composeLibp2p(options, timing, platformParts);
  const { pubsub, identify } = libp2p.services;
  const peer = libp2p.peerId.toString();
  const dialer = createDialer(libp2p, profile);
  const directory = createPeerDirectory({ libp2p, dialer, profile, recordProtocol, connectionsMax, log });
  const connectionDoubted = createLiveness(libp2p, log).check;
  const overlay = createOverlay({
    libp2p,
    directory,
    dialer,
    profile,
    recordProtocol,
    mode,
    connectionDoubted,
    frameRefused: (code) => options.listeners?.frameRefused?.(code),
    log,
  });
  const gossip = createGossip({ libp2p, pubsub, topologies, topics, log });
  const addresses = createAddresses({
    self: peer,
    bootstrap,
    store: options.contacts,
    directory,
    dialer,
    listeners: options.listeners ?? {},
    timing,
    log,
  });
  const identifyAgain = createIdentifyAgain(libp2p, identify, timing.identifyMs, log);
  const companion = platformParts.attach(libp2p, log);
  directory.listen({ peerRemoved: companion.peerRemoved });

  /** A crowded local network is met through its answers, not by dialling all of it. */
  function peerFoundLocally({ id, multiaddrs }: PeerInfo): void {
    const found = id.toString();
    if (found === peer || dialer.isConnected(found) || directory.fullPeers() >= localPeersWanted) return;
    dialer.connect({ peer: found, addresses: contactAddresses(profile, multiaddrs) }).catch((error) => {
      log.debug({ error, peer: found }, 'a peer of the local network does not answer');
    });
  }

  return { libp2p, peer, dialer, directory, overlay, gossip, addresses, identifyAgain, companion };
}

async function startParts(parts: Parts, { listen }: HostOptions): Promise<void> {
  const { libp2p, directory, gossip, addresses, identifyAgain, companion } = parts;
  directory.start();
  identifyAgain.start();
  try {
    await libp2p.start();
  } catch (error) {
    directory.stop();
    identifyAgain.stop();
    throw new HostError(
      'listen-failed',
      `cannot listen on ${listen.join(', ')}: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  gossip.networkStarted();
  companion.start();
  await addresses.start();
}

async function stopParts(parts: Parts): Promise<void> {
  const { libp2p, directory, overlay, gossip, addresses, identifyAgain, companion } = parts;
  await addresses.stop();
  companion.stop();
  identifyAgain.stop();
  directory.stop();
  await gossip.stop();
  await overlay.stop();
  await libp2p.stop();
  gossip.networkStopped();
}

/** @throws HostError `bad-option` */
function checkOptions(options: HostOptions): DialTarget[] {
  if (!/^(\/[a-z0-9][a-z0-9._-]*)+$/.test(options.protocolPrefix)) {
    throw new HostError(
      'bad-option',
      `${options.protocolPrefix} is no protocol prefix; one looks like /weft: lower case, no slash at the end`,
    );
  }
  for (const address of [...options.listen, ...(options.announce ?? [])]) parseAddress(address);
  return options.bootstrap.map(parseDialTarget);
}
