/**
 * Reopens gossip streams that were lost under a living connection. gossipsub opens its outbound stream once, when a
 * peer is identified; after a reset it leaves that neighbour deaf or mute until the connection itself ends. The
 * watchdog looks at each heartbeat and tells gossipsub again, through the topology it registered, that the peer is
 * there: harmless where the stream exists.
 */
import type { Connection, Libp2p, Topology } from '@libp2p/interface';
import type { Log } from '../../ports/log.ts';

/** Doubles from the first to the longest while a peer keeps resetting its stream. */
const firstPauseHeartbeats = 1;
const longestPauseHeartbeats = 32;

export interface GossipWatchdogOptions {
  readonly libp2p: Libp2p;
  /** gossipsub's own topologies, by protocol. */
  readonly topologies: (protocol: string) => readonly Topology[];
  readonly protocols: readonly string[];
  /** The peers that gossipsub counts with now; a broken inbound stream takes one out. */
  readonly knownPeers: () => ReadonlySet<string>;
  readonly log: Log;
}

export interface GossipWatchdog {
  start(): Promise<void>;
  stop(): void;
  /** To be called on each heartbeat. */
  check(): void;
}

interface Neighbour {
  missingHeartbeats: number;
  pauseHeartbeats: number;
}

export function createGossipWatchdog(options: GossipWatchdogOptions): GossipWatchdog {
  const { libp2p, topologies, protocols, knownPeers, log } = options;
  /** Connected peers that speak gossipsub; bounded by connections. */
  const neighbours = new Map<string, Neighbour>();
  const registrations: string[] = [];

  const topology: Topology = {
    onConnect: (peer) => {
      const id = peer.toString();
      if (!neighbours.has(id)) {
        neighbours.set(id, { missingHeartbeats: 0, pauseHeartbeats: firstPauseHeartbeats });
      }
    },
    onDisconnect: (peer) => void neighbours.delete(peer.toString()),
  };

  function check(): void {
    const missing = new Map(neighbours);
    const known = knownPeers();
    const connections = new Map<string, Connection>();
    for (const connection of libp2p.getConnections()) {
      if (connection.status !== 'open') continue;
      const peer = connection.remotePeer.toString();
      connections.set(peer, connection);
      if (known.has(peer) && hasOutboundStream(connection)) missing.delete(peer);
    }
    for (const [peer, neighbour] of neighbours) {
      if (!missing.has(peer)) {
        neighbour.missingHeartbeats = 0;
        if (neighbour.pauseHeartbeats > firstPauseHeartbeats) neighbour.pauseHeartbeats--;
      }
    }
    for (const [peer, neighbour] of missing) {
      const connection = connections.get(peer);
      if (connection === undefined) neighbours.delete(peer);
      else if (++neighbour.missingHeartbeats > neighbour.pauseHeartbeats) reopen(peer, neighbour, connection);
    }
  }

  function hasOutboundStream({ streams }: Connection): boolean {
    return streams.some(
      (stream) =>
        stream.direction === 'outbound' &&
        stream.writeStatus === 'writable' &&
        protocols.includes(stream.protocol),
    );
  }

  function reopen(peer: string, neighbour: Neighbour, connection: Connection): void {
    neighbour.missingHeartbeats = 0;
    neighbour.pauseHeartbeats = Math.min(longestPauseHeartbeats, neighbour.pauseHeartbeats * 2);
    log.debug({ peer }, 'the gossip stream to a connected peer is gone; opening another');
    for (const protocol of protocols) {
      for (const other of topologies(protocol)) {
        if (other === topology) continue;
        Promise.resolve(other.onConnect?.(connection.remotePeer, connection)).catch((error: unknown) => {
          log.debug({ peer, error }, 'the gossip stream could not be opened');
        });
        return;
      }
    }
  }

  return {
    async start() {
      for (const protocol of protocols) registrations.push(await libp2p.register(protocol, topology));
    },
    stop() {
      for (const registration of registrations) libp2p.unregister(registration);
      neighbours.clear();
    },
    check,
  };
}
