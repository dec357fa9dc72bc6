/** What a host is made of that differs between Node and a browser; everything else is the same on both. */
import type { Libp2p, PeerInfo, ServiceMap } from '@libp2p/interface';
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p';
import type { Log } from '../../ports/log.ts';
import type { HostOptions } from './host-types.ts';

/** What the platform may ask of the host that is being composed. */
export interface PlatformContext {
  /** Of both directions, the default filled in. */
  readonly connectionsMax: number;
  /** Call it for each peer that is found on the local network, known ones included. */
  peerFoundLocally(peer: PeerInfo): void;
}

/** Runs beside the host; `peerRemoved` is told of each full peer that is gone for good. */
export interface Companion {
  start(): void;
  stop(): void;
  peerRemoved(peer: string): void;
}

export interface PlatformParts {
  readonly settings: Pick<Libp2pOptions, 'transports' | 'peerDiscovery' | 'connectionProtector'>;
  /** Services beside identify, ping and gossip, which every host has. */
  readonly services: ServiceFactoryMap;
  /** Called once, with the node that was made of these. */
  attach(libp2p: Libp2p<ServiceMap>, log: Log): Companion;
}

/** @throws HostError `bad-option` for what the platform cannot do. */
export type HostPlatform = (options: HostOptions, context: PlatformContext) => PlatformParts;
