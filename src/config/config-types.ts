/**
 * The configuration of a node: one checked, frozen object. Meaning, unit, default and what zero means of every key
 * stand in config/README.md; config-keys.ts is the table behind both.
 */

/** Levels of the log, quietest last. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** `private`: one host, one NAT or one cluster, where many peers share an address. `public`: the open Internet. */
export type NetworkProfile = 'private' | 'public';

export interface NodeConfig {
  /** Absolute; everything that the node keeps is below it. */
  readonly dataDirectory: string;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Multiaddrs to tell others instead of the ones listened on; empty: those. */
  readonly announce: readonly string[];
  /** Multiaddrs with /p2p of the peers through which this node joins; empty: a new network. */
  readonly bootstrap: readonly string[];
  readonly profile: NetworkProfile;
  /** First part of every protocol id and topic. */
  readonly protocolPrefix: string;
  /** `full` stores for others; `client` only asks. */
  readonly mode: 'full' | 'client';
  /** Find peers on the local network. */
  readonly mdns: boolean;
  /** Absolute path of a libp2p swarm key; null: anybody may connect. */
  readonly preSharedKeyFile: string | null;
  readonly connectionsMax: number;
  /** What is done for nodes that cannot be dialled. `auto` is on with the public profile, where NATs are. */
  readonly reach: {
    readonly relay: 'auto' | 'on' | 'off';
    readonly reservationsMax: number;
    readonly relayedConnectionsMax: number;
    /** Of one relayed connection. */
    readonly relayedBytesMax: number;
    readonly relayedSecondsMax: number;
    readonly probe: 'auto' | 'on' | 'off';
    readonly upnp: boolean;
  };
  readonly privatePath: {
    /** Passes on sealed questions of others. */
    readonly relay: boolean;
    /** Facts that are kept for others, bytes. */
    readonly contentBytesMax: number;
  };
  readonly store: {
    /** Size of the file that is given up when the disk is full; 0: none. */
    readonly ballastBytes: number;
    /** Below this much free space puts are refused; 0: only when the disk is full. */
    readonly freeBytesMin: number;
    /** Agents of which anything is kept at all. */
    readonly agentsMax: number;
    /** Decoded agents kept in memory. */
    readonly cachedAgentsMax: number;
  };
  readonly replication: {
    /** k: storing peers of a key. */
    readonly count: number;
    /** w: acknowledgements before a put returns. */
    readonly acknowledgements: number;
    /** Distinct peers that a resolver asks, where there are so many. */
    readonly responders: number;
    readonly handOverSeconds: number;
  };
  /** What one peer may ask of this node, before any signature is looked at. */
  readonly quotas: {
    readonly putsPerSecond: number;
    readonly putsBurst: number;
    readonly findsPerSecond: number;
    readonly findsBurst: number;
  };
  readonly verifier: 'sodium' | 'node-crypto' | 'noble';
  /** Threads that check signatures; 0: none of their own. */
  readonly verifierWorkers: number;
  readonly sync: { readonly intervalSeconds: number };
  /** Age at which the node signs a new fence for the agents in its custody. */
  readonly refenceSeconds: number;
  readonly api: {
    /** Loopback, unless `remote` allows another. */
    readonly host: string;
    /** 0: any free port; api.json in the data directory says which. */
    readonly port: number;
    /** Allows a host that is not loopback. The API speaks plain HTTP: put a TLS proxy before it. */
    readonly remote: boolean;
    /** Absolute; mode 0600; made when it is not there. */
    readonly tokenFile: string;
    readonly connectionsMax: number;
    /** `auto`: open on loopback, else for holders of the token. */
    readonly reads: 'auto' | 'open' | 'token';
    /** Of one client address; 0: no limit. */
    readonly requestsPerSecond: number;
    readonly requestsBurst: number;
    /** Whose pages may call; empty: nobody's. */
    readonly corsOrigins: readonly string[];
    /** Under which it is known outside; null: as each caller called it. */
    readonly publicUrl: string | null;
    /** Whose facts and card stand at the well-known addresses; null: those of the only one that is served. */
    readonly agent: string | null;
  };
  /** The interface of the NANDA index, version 1. */
  readonly nanda: {
    readonly enabled: boolean;
    /** Loopback, unless `remote` allows another: its clients present no token. */
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    readonly remote: boolean;
  };
  /** From names to live endpoints. */
  readonly resolution: {
    /** URLs of weft APIs, asked in this order before the overlay. */
    readonly registries: readonly string[];
    readonly overlay: boolean;
    /** Facts and resolvers may stand on this machine and in private networks. */
    readonly allowPrivate: boolean;
    /** For facts on IPFS that the overlay does not hold; null: there is none. */
    readonly ipfsGateway: string | null;
  };
  /** Zones that this node judges by; paths are absolute. */
  readonly trust: {
    readonly policies: string | null;
    readonly reputation: string | null;
  };
  /** From names to agents. */
  readonly names: {
    /** `system`, or one resolver as a URL: tcp, tls or https. */
    readonly resolver: string;
    readonly dnssec: 'any' | 'required';
    /** Namespaces in which words are looked up, in this order. */
    readonly home: readonly string[];
  };
  /** This node as the adaptive resolver of agents that are routed here. */
  readonly adaptive: { readonly enabled: boolean };
  readonly log: {
    readonly level: LogLevel;
    readonly pretty: boolean;
    /** Of the log of key events in the data folder; 0: none is written. */
    readonly eventsBytesMax: number;
  };
  /** OpenTelemetry traces of requests, resolves and puts. */
  readonly tracing: {
    readonly enabled: boolean;
    /** Of a collector that takes OTLP over HTTP, with the path. */
    readonly endpoint: string;
    /** Of the traces that begin here. */
    readonly samplePercent: number;
    readonly serviceName: string;
  };
  readonly keystore: {
    /** Absolute. */
    readonly directory: string;
    /** `passphrase`: key files are encrypted with it. `none`: the mode of the files alone protects them. */
    readonly protection: 'passphrase' | 'none';
    /** A file whose first line is the passphrase; null: asked for on the terminal. */
    readonly passphraseFile: string | null;
    /** N of scrypt, a power of two; memory is 1 KiB times N. */
    readonly scryptCost: number;
  };
}
