/** What a libp2p host is made of and what it offers: the surface that a node is composed from. */
import type { Libp2p } from '@libp2p/interface';
import type { PeerContact } from '../../core/peer/events.ts';
import type { Gossip } from '../../ports/gossip.ts';
import type { Log } from '../../ports/log.ts';
import type { Overlay } from '../../ports/overlay.ts';

/**
 * `private`: one host, one NAT or one cluster, where many peers share an address and private addresses are the real
 * ones. `public`: the open Internet, where private addresses are neither told nor dialled and one address may not
 * carry unbounded many peers.
 */
export type NetworkProfile = 'private' | 'public';

/** Where the addresses of other peers live between two runs. Both may be called at any time, one call at a time. */
export interface ContactStore {
  load(): Promise<readonly PeerContact[]>;
  /** The best contacts first; at most 256. */
  save(contacts: readonly PeerContact[]): Promise<void>;
}

/** Told as they happen; each is called from a fresh stack and must not throw. */
export interface HostListeners {
  /** `start` found neither a bootstrap address nor a known peer: this node is the first of a new network. */
  networkCreated?(): void;
  /** The first full peer is connected (again). */
  joined?(fullPeers: number): void;
  /** The last full peer is gone; the host dials on until one answers. */
  isolated?(): void;
  /** A peer sent what is no frame of the record protocol, and its stream was ended. */
  frameRefused?(code: string): void;
  /** A neighbour sent a gossip message, known or not; in the turn in which it came. */
  gossipCopyReceived?(): void;
}

/** What is done for nodes that cannot be dialled, this one among them. */
export interface ReachOptions {
  /** Relays connections for others within these bounds; null: does not. */
  readonly relay: {
    /** Nodes that may be reached through this one at once. */
    readonly reservationsMax: number;
    /** Relayed connections at once. */
    readonly connectionsMax: number;
    /** Of one relayed connection. */
    readonly bytesMax: number;
    readonly secondsMax: number;
  } | null;
  /** Asks peers to dial back, and tells only public addresses on which they could; does the same for them. */
  readonly probe: boolean;
  /** Asks the router of the local network for a port. */
  readonly upnp: boolean;
}

export interface HostOptions {
  /** 32 bytes: the seed of the peer's Ed25519 key. */
  readonly privateKey: Uint8Array;
  /** Multiaddrs to listen on; none: a node that only dials. */
  readonly listen: readonly string[];
  /** Multiaddrs to tell others instead of the ones listened on; none: those. */
  readonly announce?: readonly string[];
  /** Multiaddrs with /p2p of the peers through which this node joins. */
  readonly bootstrap: readonly string[];
  readonly profile: NetworkProfile;
  /** First part of every protocol id, e.g. `/weft`. Peers of another prefix are strangers. */
  readonly protocolPrefix: string;
  /** `client` serves nobody and is never told to others as a peer. */
  readonly mode: 'full' | 'client';
  /** Gossip topics of this network; nothing else is ever subscribed, tracked or passed on. */
  readonly topics: readonly string[];
  /** Find peers on the local network by multicast DNS. */
  readonly mdns?: boolean;
  /** Contents of a libp2p swarm key file; only holders of the same key can connect. */
  readonly preSharedKey?: Uint8Array | null;
  /** Left out: nothing, and relayed addresses are not dialled. Only in Node. */
  readonly reach?: ReachOptions;
  /** Open connections, both directions, beyond which the least useful are closed; default 300. */
  readonly connectionsMax?: number;
  /** Where peers are remembered; left out: they are forgotten at the end. */
  readonly contacts?: ContactStore;
  /** Told to others by identify; default `weft`. */
  readonly agentVersion?: string;
  readonly log?: Log;
  readonly listeners?: HostListeners;
  /** Intervals that a test may shorten. */
  readonly timing?: Partial<HostTiming>;
}

/** Every interval of the host, in milliseconds. */
export interface HostTiming {
  /** Heartbeat of the gossip mesh, and the watchdog's look at its streams. */
  readonly heartbeatMs: number;
  /** First and longest pause between two rounds of dialling while no full peer is connected. */
  readonly rejoinFirstMs: number;
  readonly rejoinLongestMs: number;
  /** Between two looks at lost peers, one of which is dialled, while others are connected. */
  readonly reconnectMs: number;
  /** Between two writes of the contact store, at least. */
  readonly saveMs: number;
  /** Between two liveness checks of each connection. */
  readonly livenessMs: number;
  /** Before a connection that is not identified is asked again; longer than libp2p's own 5 s. */
  readonly identifyMs: number;
}

/** One peer as an operator sees it. */
export interface PeerDetails {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly connected: boolean;
  readonly direction: 'inbound' | 'outbound' | null;
  /** Moving average of the round trips of this host's own requests, the other side's work included; null before the first. */
  readonly latencyMs: number | null;
  readonly agentVersion: string | null;
  /** A full node: speaks the record protocol as a server. */
  readonly isFull: boolean;
  /** In this node's gossip mesh of at least one topic. */
  readonly inMesh: boolean;
  /** What gossip thinks of it (docs/operating.md); null for who is not connected. */
  readonly gossipScore: number | null;
  readonly connectedAtMs: number | null;
  /** What it speaks, of this network and of gossip. */
  readonly protocols: readonly string[];
}

export interface NetworkState {
  /** True when `start` found neither a bootstrap address nor a known peer. */
  readonly isNew: boolean;
  /** Full peers with an open connection; 0: isolated. */
  readonly fullPeers: number;
  /** Open connections of all kinds. */
  readonly connections: number;
  /** Peers that are connected, in the routing table or remembered. */
  readonly knownPeers: number;
}

/**
 * A libp2p node with the two ports on it. The order of use: `overlay.start` and `gossip.start` attach their handlers,
 * then `start` opens the sockets and joins; nothing arrives before it. `stop` closes everything, the ports included.
 */
export interface Host {
  /** This peer's id in text. */
  readonly peer: string;
  readonly overlay: Overlay;
  readonly gossip: Gossip;
  /** The node below, for tests that break things and programs that embed more than this surface. */
  readonly libp2p: Libp2p;
  /** @throws HostError `listen-failed`. Resolves when listening; joining goes on in the background. */
  start(): Promise<void>;
  /** Saves the contacts, closes streams, connections and sockets. Idempotent. */
  stop(): Promise<void>;
  /** Multiaddrs with /p2p under which others reach this node. */
  addresses(): readonly string[];
  peers(): readonly PeerDetails[];
  network(): NetworkState;
  /** Dials now and resolves when connected. For operators and tests; the host joins by itself. */
  dial(address: string): Promise<void>;
}

export type HostErrorCode = 'bad-option' | 'listen-failed' | 'dial-failed';

/** What can go wrong before a host runs; the message says what to do. */
export class HostError extends Error {
  readonly code: HostErrorCode;

  constructor(code: HostErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'HostError';
    this.code = code;
  }
}
