/**
 * The table of settings: every key with its schema, its name in the environment, its flag and what it means.
 * The defaults stand in config/default.json; config/README.md shows both, and a test keeps the three alike.
 */
import {
  flag,
  integer,
  type KeySchema,
  multiaddrs,
  namespaces,
  oneOf,
  optionalAgent,
  optionalPath,
  optionalUrl,
  origins,
  path,
  text,
  urls,
} from './key-schema.ts';

export interface ConfigKey {
  /** Dots lead into objects: `api.port`. */
  readonly path: string;
  readonly schema: KeySchema;
  readonly environment: string;
  /** Of `weft start`, without its argument; null: only `--set <key>=<value>`. */
  readonly flag: string | null;
  readonly meaning: string;
  /** Empty where there is none. */
  readonly unit: string;
  /** What zero, an empty list or null means; empty where it may not be. */
  readonly zero: string;
}

const secondsMax = 30 * 86_400;

function key(
  keyPath: string,
  schema: KeySchema,
  meaning: string,
  extra: { unit?: string; zero?: string; flag?: string; environment?: string } = {},
): ConfigKey {
  return {
    path: keyPath,
    schema,
    meaning,
    environment: extra.environment ?? environmentName(keyPath),
    flag: extra.flag ?? null,
    unit: extra.unit ?? '',
    zero: extra.zero ?? '',
  };
}

/** `api.tokenFile` → `WEFT_API_TOKEN_FILE`. */
function environmentName(keyPath: string): string {
  return `WEFT_${keyPath
    .replace(/([A-Z])/g, '_$1')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

const listenAddresses = multiaddrs({ ofPeers: false, example: '/ip4/0.0.0.0/tcp/4801' });
const byProfile = oneOf('auto', 'on', 'off');
const peerAddresses = multiaddrs({ ofPeers: true, example: '/ip4/192.0.2.7/tcp/4801/p2p/12D3KooW...' });

/** In the order of config/README.md. */
export const configKeys: readonly ConfigKey[] = [
  key('dataDirectory', path, 'folder of everything that the node keeps; `~` is the home folder', {
    flag: '--data',
    environment: 'WEFT_DATA',
  }),
  key(
    'listen',
    listenAddresses,
    'addresses to listen on, with `/ws` at the end for WebSockets, by which pages connect; port 0 takes a free one',
    {
      flag: '--listen',
      zero: 'empty: no inbound connections',
    },
  ),
  key('announce', listenAddresses, 'addresses to tell others in place of those listened on', {
    flag: '--announce',
    zero: 'empty: the ones listened on',
  }),
  key('bootstrap', peerAddresses, 'peers through which this node joins the network', {
    flag: '--bootstrap',
    zero: 'empty: the peers known from before, or a new network',
  }),
  key(
    'profile',
    oneOf('private', 'public'),
    '`private`: peers share hosts and addresses (one host, NAT or cluster); `public`: the Internet',
    {
      flag: '--profile',
    },
  ),
  key(
    'protocolPrefix',
    text(/^\/[a-z0-9][a-z0-9/-]{0,30}$/, 'a slash and lower case letters, such as "/weft"'),
    'first part of every protocol id and topic; nodes with different ones do not meet',
    {
      flag: '--protocol-prefix',
    },
  ),
  key('mode', oneOf('full', 'client'), '`full` stores records for others; `client` only asks', {
    flag: '--mode',
  }),
  key('mdns', flag, 'find peers on the local network', { flag: '--mdns' }),
  key('preSharedKeyFile', optionalPath, 'libp2p swarm key of a private network', {
    flag: '--pre-shared-key',
    zero: 'null: anybody may connect',
  }),
  key('connectionsMax', integer(4, 10_000), 'open connections to peers', { unit: 'connections' }),
  key(
    'reach.relay',
    byProfile,
    'relay connections for nodes behind a NAT; a node that needs that adds `/p2p-circuit` to `listen`. `auto`: on a public network',
  ),
  key('reach.reservationsMax', integer(1, 10_000), 'nodes that can be reached through this one at once', {
    unit: 'nodes',
  }),
  key('reach.relayedConnectionsMax', integer(1, 10_000), 'relayed connections at once', {
    unit: 'connections',
  }),
  key('reach.relayedBytesMax', integer(4096, 2 ** 40), 'what one relayed connection may carry', {
    unit: 'bytes',
  }),
  key('reach.relayedSecondsMax', integer(10, 86_400), 'how long one relayed connection may last', {
    unit: 'seconds',
  }),
  key(
    'reach.probe',
    byProfile,
    'have peers dial back, tell others only public addresses on which they could, and do the same for them. `auto`: on a public network',
  ),
  key('reach.upnp', flag, 'ask the router of the local network for a port'),
  key(
    'privatePath.relay',
    flag,
    'pass on sealed questions of others, which this node cannot read, to peers of the overlay',
  ),
  key(
    'privatePath.contentBytesMax',
    integer(65_536, 2 ** 40),
    'facts that are kept for others, all together',
    {
      unit: 'bytes',
    },
  ),
  key(
    'store.ballastBytes',
    integer(0, 2 ** 40),
    'file that is given up when the disk is full, so that the store can still open',
    {
      unit: 'bytes',
      zero: '0: no such file',
    },
  ),
  key('store.freeBytesMin', integer(0, 2 ** 50), 'free space of the disk below which puts are refused', {
    unit: 'bytes',
    zero: '0: only a full disk refuses',
  }),
  key('store.agentsMax', integer(1, 100_000_000), 'agents of which anything is kept', { unit: 'agents' }),
  key('store.cachedAgentsMax', integer(1, 10_000_000), 'decoded agents kept in memory', { unit: 'agents' }),
  key('replication.count', integer(1, 20), 'k: peers that store a record', { unit: 'peers' }),
  key(
    'replication.acknowledgements',
    integer(1, 20),
    'w: peers that must have stored a record before a call returns',
    { unit: 'peers' },
  ),
  key(
    'replication.responders',
    integer(1, 20),
    'peers that a resolve hears before it answers, where there are so many',
    { unit: 'peers' },
  ),
  key(
    'replication.handOverSeconds',
    integer(10, secondsMax),
    'how often records are handed on to the peers closest to them',
    { unit: 'seconds' },
  ),
  key(
    'quotas.putsPerSecond',
    integer(1, 1_000_000),
    'records of up to 1 KiB that one peer may put, on average',
    {
      unit: 'records/s',
    },
  ),
  key('quotas.putsBurst', integer(1, 10_000_000), 'records of up to 1 KiB that one peer may put at once', {
    unit: 'records',
  }),
  key('quotas.findsPerSecond', integer(1, 1_000_000), 'agents that one peer may ask for, on average', {
    unit: 'agents/s',
  }),
  key('quotas.findsBurst', integer(1, 10_000_000), 'agents that one peer may ask for at once', {
    unit: 'agents',
  }),
  key(
    'verifier',
    oneOf('sodium', 'node-crypto', 'noble'),
    'library that checks signatures; all give the same verdicts',
  ),
  key('verifierWorkers', integer(0, 64), 'threads that check signatures', {
    unit: 'threads',
    zero: '0: checked on the main thread',
  }),
  key(
    'sync.intervalSeconds',
    integer(5, 86_400),
    'how often key logs and revocations are reconciled with two random neighbours',
    { unit: 'seconds' },
  ),
  key(
    'refenceSeconds',
    integer(60, 7 * 86_400),
    'age at which records in custody are signed anew; a record must live longer than that',
    { unit: 'seconds' },
  ),
  key('api.host', text(/^[A-Za-z0-9.:-]+$/, 'an address or host name'), 'address of the control API', {
    flag: '--api-host',
  }),
  key('api.port', integer(0, 65_535), 'port of the control API', {
    flag: '--api-port',
    zero: '0: any free one; `api.json` in the data folder says which',
  }),
  key(
    'api.remote',
    flag,
    'allow an `api.host` that is not loopback; the API speaks plain HTTP, so put TLS before it',
  ),
  key('api.tokenFile', optionalPath, 'file of the token that callers present, mode 0600, made at start', {
    zero: 'null: `api.token` in the data folder',
  }),
  key('api.connectionsMax', integer(1, 20_000), 'open connections to the API, streams of changes included', {
    unit: 'connections',
  }),
  key(
    'api.reads',
    oneOf('auto', 'open', 'token'),
    'who may resolve, list peers and follow changes: `open` everybody that reaches the API, `token` holders of the token, `auto` everybody when `api.host` is loopback',
  ),
  key('api.requestsPerSecond', integer(0, 1_000_000), 'requests of one client address, on average', {
    unit: 'requests/s',
    zero: '0: no limit',
  }),
  key('api.requestsBurst', integer(1, 1_000_000), 'requests of one client address at once', {
    unit: 'requests',
  }),
  key('api.corsOrigins', origins, 'web pages of these origins may call the API from a browser', {
    zero: 'empty: none',
  }),
  key(
    'api.publicUrl',
    optionalUrl,
    'URL under which the API is known outside, for links in agent cards and catalogs',
    { zero: 'null: as each caller called it' },
  ),
  key('api.agent', optionalAgent, 'agent whose facts and card stand at the well-known addresses', {
    zero: 'null: the only one whose facts are served; of several none',
  }),
  key('nanda.enabled', flag, 'serve the interface of the NANDA index, version 1, on a port of its own'),
  key(
    'nanda.host',
    text(/^[A-Za-z0-9.:-]+$/, 'an address or host name'),
    'address of that interface; its writes need no token, so one that is not loopback also needs `nanda.remote`',
  ),
  key('nanda.port', integer(0, 65_535), 'port of that interface', {
    zero: '0: any free one; `weft start` says which',
  }),
  key(
    'nanda.remote',
    flag,
    'allow a `nanda.host` that is not loopback: whoever reaches it may then register agents in custody here',
  ),
  key(
    'resolution.registries',
    urls,
    'private registries, by the URLs of their APIs, that `weft endpoint` asks in this order before the overlay; they may stand in private networks',
    { zero: 'empty: the overlay alone is asked' },
  ),
  key('resolution.overlay', flag, 'whether `weft endpoint` asks the overlay, after the registries'),
  key(
    'resolution.allowPrivate',
    flag,
    'let facts, status lists and adaptive resolvers be fetched from this machine and from private networks, for whoever may read the API',
  ),
  key(
    'resolution.ipfsGateway',
    optionalUrl,
    'gateway for facts on `ipfs://` that the overlay does not hold; its answers are held to the hash of the CID',
    { zero: 'null: none is asked' },
  ),
  key(
    'trust.policies',
    optionalPath,
    'folder of the zone policies that this node judges by, a JSON file each',
    {
      zero: 'null: no zone is known here',
    },
  ),
  key(
    'trust.reputation',
    optionalPath,
    'file of reputations, `{"<agent id>": 0 to 1}`, read anew for each verdict',
    { zero: 'null: nothing is known of anybody' },
  ),
  key(
    'names.resolver',
    text(
      /^(?:system|tcp:\/\/[0-9A-Fa-f.:[\]]+|tls:\/\/[0-9A-Fa-f.:[\]]+#[A-Za-z0-9.-]+|https:\/\/[^\s?#@]+)$/,
      '"system", "tcp://127.0.0.1", "tls://9.9.9.9#dns.quad9.net" or "https://dns.quad9.net/dns-query"',
    ),
    'resolver of the DNS that is asked whose a zone is; what it says of DNSSEC counts over TLS and on this machine',
  ),
  key(
    'names.dnssec',
    oneOf('any', 'required'),
    '`required` refuses names that rest on a zone which the resolver did not validate, or on a did:web',
  ),
  key(
    'names.home',
    namespaces,
    'namespaces in which `@word` is looked up, in this order: private ones first, then public ones',
    { zero: 'empty: words are not looked up' },
  ),
  key(
    'adaptive.enabled',
    flag,
    'answer for the agents that are routed here at `/adaptive/<agent>`, as their adaptive resolver',
  ),
  key(
    'log.level',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    'least severe entry that is written (to stderr)',
    { flag: '--log-level' },
  ),
  key('log.pretty', flag, 'one readable line an entry in place of JSON', { flag: '--log-pretty' }),
  key(
    'log.eventsBytesMax',
    integer(0, 2 ** 40),
    'size of the log of key events in the data folder, which `weft events` shows; the oldest half goes when it is reached',
    { unit: 'bytes', zero: '0: none is written' },
  ),
  key('tracing.enabled', flag, 'send traces of requests, resolves and puts to an OpenTelemetry collector'),
  key(
    'tracing.endpoint',
    text(/^https?:\/\/[^\s/]+\/\S*$/, 'a URL such as "http://127.0.0.1:4318/v1/traces"'),
    'where the collector takes OTLP over HTTP, with the path; `OTEL_EXPORTER_OTLP_HEADERS` in the environment adds headers',
  ),
  key(
    'tracing.samplePercent',
    integer(0, 100),
    'traces that are recorded, of those that begin here; callers that send `traceparent` decide for theirs',
    { unit: 'percent', zero: '0: only those of callers' },
  ),
  key(
    'tracing.serviceName',
    text(/^[\w.-]{1,64}$/, 'letters, digits, dots, dashes and underscores'),
    'name of this node in traces',
  ),
  key('keystore.directory', optionalPath, 'folder of the key files', {
    zero: 'null: `keys` in the data folder',
  }),
  key(
    'keystore.protection',
    oneOf('passphrase', 'none'),
    '`passphrase` encrypts key files with one; `none` leaves them to the mode of the files',
  ),
  key('keystore.passphraseFile', optionalPath, 'file whose first line is the passphrase', {
    environment: 'WEFT_PASSPHRASE_FILE',
    zero: 'null: asked for on the terminal',
  }),
  key(
    'keystore.scryptCost',
    integer(1024, 2 ** 20, { powerOfTwo: true }),
    'work to derive a key from the passphrase (N of scrypt)',
    { unit: 'KiB of memory' },
  ),
];

/** Rows by key. */
export const configKeyByPath: ReadonlyMap<string, ConfigKey> = new Map(
  configKeys.map((row) => [row.path, row]),
);
