/** libp2p's own settings for each network profile. Every departure from the defaults says why. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { type GossipSub, gossipsub } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import type { Libp2p, ServiceMap, Topology } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { type Ping, ping } from '@libp2p/ping';
import { CODE_P2P, type Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2pOptions, type ServiceFactoryMap } from 'libp2p';
import { dialTimeoutMs } from './dialer.ts';
import { earlyProtocol } from './early-protocol.ts';
import { gossipOptions } from './gossip-options.ts';
import type { PlatformParts } from './host-platform.ts';
import { HostError, type HostOptions, type HostTiming } from './host-types.ts';
import { lazyWindows } from './lazy-windows.ts';
import { isRelayed, isUsable } from './multiaddrs.ts';
import { quietDecoder } from './quiet-decoder.ts';
import { quietLogger } from './quiet-logger.ts';

export const connectionsMaxDefault = 300;
const negotiationTimeoutMs = 5000;
const daysMs = 86_400_000;

/** The services of every host; a platform adds its own. */
export interface HostServices extends ServiceMap {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly pubsub: GossipSub;
}

export interface ComposedLibp2p {
  readonly libp2p: Libp2p<HostServices>;
  /** Everything registered for a protocol, through libp2p's own registrar. */
  readonly topologies: (protocol: string) => readonly Topology[];
}

/** A libp2p node that is not started. @throws HostError `bad-option` */
export async function composeLibp2p(
  options: HostOptions,
  timing: HostTiming,
  platform: PlatformParts,
): Promise<ComposedLibp2p> {
  quietDecoder();
  const { profile } = options;
  const connectionsMax = options.connectionsMax ?? connectionsMaxDefault;
  let topologies: ComposedLibp2p['topologies'] = () => [];
  let node: Libp2p<HostServices> | null = null;
  const ownAddresses = (): readonly Multiaddr[] => node?.getMultiaddrs() ?? [];

  const settings: Libp2pOptions<HostServices> = {
    start: false,
    privateKey: await keyPairFromSeed(options.privateKey),
    nodeInfo: { userAgent: options.agentVersion ?? 'weft' },
    addresses: {
      listen: [...options.listen],
      announce: [...(options.announce ?? [])],
      announceFilter: (addresses) => addresses.filter((address) => isUsable(profile, address)),
    },
    ...platform.settings,
    connectionEncrypters: [noise()],
    // A window beyond the read buffer (4 MiB) would let a fast peer reset a paused stream.
    streamMuxers: [earlyProtocol(lazyWindows({ streamOptions: { maxStreamWindowSize: 2 * 1024 * 1024 } }))],
    connectionGater: {
      denyDialMultiaddr: (address) => !isUsable(profile, address) || isOneOf(address, ownAddresses()),
      filterMultiaddrForPeer: (_peer, address) => isUsable(profile, address),
    },
    connectionManager: { maxConnections: connectionsMax, ...connectionLimits(profile) },
    // Its ping is a new stream per connection; at its default of 10 s it is most of what an idle node does.
    connectionMonitor: { pingInterval: timing.livenessMs, pingTimeout: { minTimeout: 10_000 } },
    // Addresses of a connected peer are written once, at identify; after the default of an hour they are gone.
    peerStore: { maxAddressAge: 7 * daysMs, maxPeerAge: 7 * daysMs },
    logger: quietLogger,
    services: {
      ...platform.services,
      identify: identify(),
      ping: ping(),
      pubsub: (components) => {
        topologies = (protocol) => components.registrar.getTopologies(protocol);
        const { topics, listeners } = options;
        const { heartbeatMs } = timing;
        const copyReceived = listeners?.gossipCopyReceived;
        return gossipsub(gossipOptions({ profile, topics, heartbeatMs, copyReceived }))(components);
      },
    } as ServiceFactoryMap<HostServices>,
  };
  try {
    node = await createLibp2p(settings);
  } catch (error) {
    throw new HostError('bad-option', `libp2p refuses these options: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return { libp2p: node, topologies: (protocol) => topologies(protocol) };
}

async function keyPairFromSeed(seed: Uint8Array) {
  if (seed.length !== 32) throw new HostError('bad-option', `a private key is 32 bytes, not ${seed.length}`);
  return generateKeyPairFromSeed('Ed25519', seed);
}

/**
 * One host, one NAT: every peer dials from one address, and all of them at once after a restart. On the open Internet
 * a second of 20 dials from one address is a burst already.
 */
function connectionLimits(profile: HostOptions['profile']): NonNullable<Libp2pOptions['connectionManager']> {
  const common = {
    maxParallelDials: 32,
    dialTimeout: dialTimeoutMs,
    // Long: a busy machine that gives up its handshakes half way only has more of them.
    addressDialTimeout: 6000,
    inboundUpgradeTimeout: 10_000,
    outboundStreamProtocolNegotiationTimeout: negotiationTimeoutMs,
    inboundStreamProtocolNegotiationTimeout: negotiationTimeoutMs,
  };
  return profile === 'private'
    ? { ...common, inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1024 }
    : { ...common, inboundConnectionThreshold: 20, maxIncomingPendingConnections: 64 };
}

/** A relayed address is the relay's, whoever is behind it. */
function isOneOf(address: Multiaddr, own: readonly Multiaddr[]): boolean {
  if (isRelayed(address)) return false;
  const bare = address.decapsulateCode(CODE_P2P).toString();
  return own.some((other) => other.decapsulateCode(CODE_P2P).toString() === bare);
}
