/**
 * Which peers there are: who is connected, who serves the record protocol and where, and who is gone. A full peer is
 * known from its identify until it cannot be dialled any more; losing a connection alone removes nobody.
 */
import type { Connection, IdentifyResult, Libp2p, PeerId } from '@libp2p/interface';
import type { Log } from '../../ports/log.ts';
import type { PeerAddress } from '../../ports/overlay.ts';
import type { Dialer } from './dialer.ts';
import type { NetworkProfile } from './host-types.ts';
import { createLostPeers } from './lost-peers.ts';
import { contactAddresses } from './multiaddrs.ts';

/** Full peers without a connection that are kept for the core's table; the one lost longest ago goes first. */
const lostPeersMax = 4096;
/** Of what a peer says that it speaks; the rest is libp2p's own. */
const shownProtocolsMax = 8;
const shownProtocolLengthMax = 64;

export interface KnownPeer {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly agentVersion: string | null;
  readonly isFull: boolean;
  readonly isConnected: boolean;
  readonly direction: 'inbound' | 'outbound' | null;
  /** Milliseconds since 1970; null while there is no connection. */
  readonly connectedAtMs: number | null;
  /** Of this network and of gossip, as its identify named them; at most 8. */
  readonly protocols: readonly string[];
}

export interface DirectoryListener {
  /** A full peer came, or its addresses changed. */
  peerAdded?(peer: PeerAddress): void;
  peerRemoved?(peer: string): void;
  peerConnected?(peer: string): void;
  peerDisconnected?(peer: string): void;
}

export interface PeerDirectory {
  /** Listens to libp2p; call it before libp2p starts. */
  start(): void;
  stop(): void;
  listen(listener: DirectoryListener): void;
  all(): readonly KnownPeer[];
  /** Connected full peers. */
  fullPeers(): number;
  get(peer: string): KnownPeer | undefined;
  /** A dial to this peer failed: look whether it is gone. */
  suspect(peer: string): void;
}

export interface DirectoryOptions {
  readonly libp2p: Libp2p;
  readonly dialer: Dialer;
  readonly profile: NetworkProfile;
  readonly recordProtocol: string;
  readonly connectionsMax: number;
  readonly log: Log;
}

const stranger = {
  addresses: [],
  agentVersion: null,
  isFull: false,
  isConnected: false,
  direction: null,
  connectedAtMs: null,
  protocols: [],
} as const;

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

export function createPeerDirectory(options: DirectoryOptions): PeerDirectory {
  const { libp2p, dialer, profile, recordProtocol, connectionsMax, log } = options;
  const ownProtocols = recordProtocol.replace(/record\/[^/]*$/, '');
  /** Insertion order is the order of the last loss or meeting. Bounded by connections and `lostPeersMax`. */
  const peers = new Map<string, Mutable<KnownPeer>>();
  const listeners: DirectoryListener[] = [];
  const lostPeers = createLostPeers({
    lookUp: (peer) => peers.get(peer),
    dial: dialer.connect,
    isConnected: dialer.isConnected,
    gone: remove,
    log,
  });

  function tell(call: (listener: DirectoryListener) => void): void {
    for (const listener of listeners) {
      try {
        call(listener);
      } catch (error) {
        log.error({ error }, 'a listener to the peer directory failed');
      }
    }
  }

  function touch(peer: string): Mutable<KnownPeer> {
    const known = peers.get(peer) ?? { peer, ...stranger };
    peers.delete(peer);
    peers.set(peer, known);
    return known;
  }

  function connectionOpened({ detail }: CustomEvent<Connection>): void {
    const known = touch(detail.remotePeer.toString());
    known.direction = detail.direction;
    if (known.isConnected) return;
    known.isConnected = true;
    known.connectedAtMs = detail.timeline.open;
    tell((listener) => listener.peerConnected?.(known.peer));
  }

  function peerIdentified({ detail }: CustomEvent<IdentifyResult>): void {
    const peer = detail.peerId.toString();
    if (!dialer.isConnected(peer)) return;
    const known = touch(peer);
    known.agentVersion = detail.agentVersion ?? null;
    known.protocols = shownProtocols(detail.protocols);
    const wasFull = known.isFull;
    known.isFull = detail.protocols.includes(recordProtocol);
    const addresses = contactAddresses(profile, detail.signedPeerRecord?.addresses ?? detail.listenAddrs);
    const isMoved = addresses.join() !== known.addresses.join();
    known.addresses = addresses;
    if (known.isFull && (!wasFull || isMoved)) tell((listener) => listener.peerAdded?.({ peer, addresses }));
    if (!known.isFull && wasFull) tell((listener) => listener.peerRemoved?.(peer));
    if (!known.isFull && detail.connection.direction === 'outbound') leaveStranger(detail);
  }

  function shownProtocols(protocols: readonly string[]): readonly string[] {
    return protocols
      .filter((name) => name.startsWith(ownProtocols) || name.startsWith('/meshsub/'))
      .filter((name) => name.length <= shownProtocolLengthMax)
      .slice(0, shownProtocolsMax);
  }

  /** Whom this node dials should serve the record protocol of its network; who dials in may be a client. */
  function leaveStranger({ peerId, connection }: IdentifyResult): void {
    log.warn({ peer: peerId.toString() }, 'a peer that was dialled is not of this network');
    connection.close().catch((error: unknown) => connection.abort(error as Error));
  }

  function peerDisconnected({ detail }: CustomEvent<PeerId>): void {
    const peer = detail.toString();
    if (!peers.has(peer) || dialer.isConnected(peer)) return;
    const known = touch(peer);
    known.isConnected = false;
    known.direction = null;
    known.connectedAtMs = null;
    tell((listener) => listener.peerDisconnected?.(peer));
    if (known.isFull) suspect(peer);
    else peers.delete(peer);
    forgetLongestLost();
  }

  function forgetLongestLost(): void {
    if (peers.size <= connectionsMax + lostPeersMax) return;
    for (const known of peers.values()) {
      if (known.isConnected) continue;
      remove(known.peer);
      return;
    }
  }

  function remove(peer: string): void {
    const known = peers.get(peer);
    peers.delete(peer);
    if (known?.isFull) tell((listener) => listener.peerRemoved?.(peer));
  }

  /** At the limit of connections a lost one is more likely pruned than dead: then it stays until a request fails. */
  function suspect(peer: string): void {
    if (peers.get(peer)?.isFull !== true) return;
    if (libp2p.getConnections().length < connectionsMax * 0.9) lostPeers.check(peer);
  }

  return {
    start() {
      libp2p.addEventListener('connection:open', connectionOpened);
      libp2p.addEventListener('peer:identify', peerIdentified);
      libp2p.addEventListener('peer:disconnect', peerDisconnected);
    },
    stop() {
      lostPeers.stop();
      libp2p.removeEventListener('connection:open', connectionOpened);
      libp2p.removeEventListener('peer:identify', peerIdentified);
      libp2p.removeEventListener('peer:disconnect', peerDisconnected);
    },
    listen: (listener) => void listeners.push(listener),
    all: () => [...peers.values()],
    fullPeers: () => [...peers.values()].filter((known) => known.isConnected && known.isFull).length,
    get: (peer) => peers.get(peer),
    suspect,
  };
}
