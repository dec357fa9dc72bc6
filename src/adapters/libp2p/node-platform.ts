/** A host in Node: TCP and WebSockets, kad-dht beside the record protocol's own search, mDNS, private networks. */
import type { Libp2p, ServiceMap } from '@libp2p/interface';
import type { KadDHT } from '@libp2p/kad-dht';
import { peerIdFromString } from '@libp2p/peer-id';
import { preSharedKey } from '@libp2p/pnet';
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p';
import type { Log } from '../../ports/log.ts';
import { guardedTcp } from './guarded-tcp.ts';
import { guardedWebSockets } from './guarded-websockets.ts';
import type { Companion, PlatformContext, PlatformParts } from './host-platform.ts';
import type { HostOptions } from './host-types.ts';
import { createNeighbourSearch, kadRouter, removeFromTable } from './kad-router.ts';
import { localDiscovery } from './local-discovery.ts';
import { type ReachParts, reachParts } from './reach.ts';

/** See HostPlatform. A client carries no kad-dht: it is never routed to, and the record protocol finds its neighbours. */
export function nodePlatform(options: HostOptions, context: PlatformContext): PlatformParts {
  const { mode } = options;
  const reach = reachParts(options);
  return {
    settings: settings(options, context, reach.transports),
    services: { ...reach.services, ...(mode === 'full' && { kad: kadService(options) }) },
    attach: (libp2p, log) => (mode === 'client' ? idle : routing(libp2p, log)),
  };
}

const idle: Companion = { start() {}, stop() {}, peerRemoved() {} };

function settings(
  options: HostOptions,
  context: PlatformContext,
  relayed: ReachParts['transports'],
): PlatformParts['settings'] {
  const maxConnections = 2 * context.connectionsMax;
  const transports: NonNullable<Libp2pOptions['transports']> = [
    guardedTcp({ maxConnections }),
    guardedWebSockets({ maxConnections }),
    ...relayed,
  ];
  return {
    transports,
    ...(options.mdns && {
      peerDiscovery: [localDiscovery(options.protocolPrefix, context.peerFoundLocally)],
    }),
    ...(options.preSharedKey && { connectionProtector: preSharedKey({ psk: options.preSharedKey }) }),
  };
}

/** What kad-dht needs of other services (ping) every host has. */
function kadService({ protocolPrefix, profile, mode }: HostOptions): ServiceFactoryMap['kad'] {
  const protocol = `${protocolPrefix}/kad/1.0.0`;
  const router = kadRouter({ protocol, profile, mode, nowMs: () => performance.now() });
  return router as unknown as ServiceFactoryMap['kad'];
}

function routing(libp2p: Libp2p<ServiceMap>, log: Log): Companion {
  const kad = libp2p.services['kad'] as KadDHT;
  const search = createNeighbourSearch(kad, libp2p.peerId, log);
  return {
    start: search.start,
    stop: search.stop,
    peerRemoved(peer) {
      removeFromTable(kad, peerIdFromString(peer)).catch((error: unknown) => {
        log.debug({ error, peer }, 'a peer could not be taken out of the routing table');
      });
    },
  };
}
