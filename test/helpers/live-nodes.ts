/**
 * Full nodes in this process: real sockets on loopback, real LevelDB, real signatures. Only keys and log are replaced,
 * and the host is opened through a hand that tests use to cut, reset and look.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GossipSub } from '@libp2p/gossipsub';
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface';
import { createHost } from '../../src/adapters/libp2p/create-host.ts';
import type { Host, HostTiming } from '../../src/adapters/libp2p/host-types.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { ChangeKind } from '../../src/core/peer/effects.ts';
import type { CustodyKeys } from '../../src/custody/custody-types.ts';
import { createNode } from '../../src/node/create-node.ts';
import type { NodePorts } from '../../src/node/node-ports.ts';
import type { AgentChange, WeftNode } from '../../src/node/node-types.ts';
import type { Log } from '../../src/ports/log.ts';
import { eventually } from '../adapters/libp2p/network.ts';
import { createMemoryKeys } from '../node/fake-network.ts';

export { eventually, watchUncaught } from '../adapters/libp2p/network.ts';

type Settings = NonNullable<NonNullable<Parameters<typeof loadConfig>[0]>['flags']>;

export interface LiveNodeOptions {
  readonly bootstrap?: readonly string[];
  /** By configuration key. */
  readonly settings?: Settings;
  readonly timing?: Partial<HostTiming>;
  /** Ports in place of those that the configuration makes. */
  readonly replace?: Partial<NodePorts>;
  /** What the node gets in place of its host, such as one whose overlay is listened to. */
  readonly wrapHost?: (host: Host) => Host;
  /** Kept by the caller; left out: a temporary one that goes with the network. */
  readonly dataDirectory?: string;
}

/** One node, through all its restarts: what is asked of it goes to the run of now. */
export interface LiveNode {
  readonly name: string;
  readonly dataDirectory: string;
  readonly keys: CustodyKeys;
  readonly node: WeftNode;
  readonly host: Host;
  /** Everything that it accepted, over all runs, in order. */
  readonly changes: readonly AgentChange[];
  /** Lines of the log at level error. */
  readonly errors: readonly string[];
  /** Dialable, with the peer id; the same after a restart. */
  readonly address: string;
  heard(agentId: Uint8Array, change: ChangeKind): boolean;
  /** Value of a counter or gauge of its metrics; 0 when it is not there. */
  metric(name: string, kind?: string): Promise<number>;
  start(bootstrap?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface LiveNetwork {
  /** A running node. */
  start(name: string, options?: LiveNodeOptions): Promise<LiveNode>;
  /** So many nodes that joined through the first and know one another. */
  startMany(count: number, options?: LiveNodeOptions): Promise<readonly LiveNode[]>;
  /** Nothing passes between two sides from now on: connections end, dials are refused on both ends. */
  cut(sides: readonly (readonly LiveNode[])[]): void;
  heal(): void;
  stop(): Promise<void>;
}

/** libp2p as the tests need it: the gater is asked at each dial and each new connection. */
interface OpenLibp2p extends Libp2p {
  readonly components: { readonly connectionGater: Record<string, unknown> };
}

export const listen = ['/ip4/127.0.0.1/tcp/0'];

/** Small and quiet; everything that matters to a test is as by default. */
const settingsDefault: Settings = {
  verifierWorkers: 0,
  'store.ballastBytes': 0,
  'store.freeBytesMin': 0,
};

/** Lost peers are looked for sooner than on a real network. */
const timingDefault: Partial<HostTiming> = {
  rejoinFirstMs: 50,
  rejoinLongestMs: 500,
  reconnectMs: 200,
  saveMs: 100,
};

export function createLiveNetwork(): LiveNetwork {
  const nodes: LiveNode[] = [];
  const directories: string[] = [];
  const sideByPeer = new Map<string, number>();

  const isCut = (left: string, right: string): boolean => {
    const [one, other] = [sideByPeer.get(left), sideByPeer.get(right)];
    return one !== undefined && other !== undefined && one !== other;
  };

  async function openHost(...parameters: Parameters<typeof createHost>): Promise<Host> {
    const host = await createHost(...parameters);
    const { connectionGater } = (host.libp2p as OpenLibp2p).components;
    const isOnOtherSide = async (peer: PeerId): Promise<boolean> => isCut(host.peer, peer.toString());
    connectionGater['denyDialPeer'] = isOnOtherSide;
    connectionGater['denyInboundEncryptedConnection'] = isOnOtherSide;
    return host;
  }

  async function start(name: string, options: LiveNodeOptions = {}): Promise<LiveNode> {
    let { dataDirectory } = options;
    if (dataDirectory === undefined) {
      dataDirectory = await mkdtemp(join(tmpdir(), 'weft-live-'));
      directories.push(dataDirectory);
    }
    const live = createLiveNode(name, { ...options, dataDirectory }, openHost);
    nodes.push(live);
    await live.start(options.bootstrap);
    return live;
  }

  return {
    start,
    async startMany(count, options = {}) {
      const first = await start('node 0', options);
      const joined = [first];
      for (let index = 1; index < count; index++) {
        joined.push(await start(`node ${index}`, { ...options, bootstrap: [first.address] }));
      }
      await connected(joined);
      return joined;
    },
    cut(sides) {
      sides.forEach((side, index) => {
        for (const { host } of side) sideByPeer.set(host.peer, index);
      });
      for (const { host } of sides.flat()) {
        for (const connection of host.libp2p.getConnections()) {
          if (isCut(host.peer, connection.remotePeer.toString())) connection.abort(new Error('cut'));
        }
      }
    },
    heal: () => sideByPeer.clear(),
    async stop() {
      await Promise.all(nodes.splice(0).map((live) => live.stop()));
      await Promise.all(directories.splice(0).map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

function createLiveNode(
  name: string,
  options: LiveNodeOptions & { readonly dataDirectory: string },
  openHost: typeof createHost,
): LiveNode {
  const { dataDirectory } = options;
  const keys = createMemoryKeys();
  const changes: AgentChange[] = [];
  const errors: string[] = [];
  const log = createErrorLog(errors);
  let running: WeftNode | null = null;
  let host: Host | null = null;
  let address = '';

  const node = (): WeftNode => {
    if (running === null) throw new Error(`${name} is not running`);
    return running;
  };

  async function run(bootstrap: readonly string[] = []): Promise<void> {
    const flags = {
      ...settingsDefault,
      listen: address === '' ? listen : [address.split('/p2p/')[0]!],
      ...options.settings,
      dataDirectory,
      bootstrap,
    };
    running = await createNode(loadConfig({ flags }), {
      keys,
      log,
      ...options.replace,
      identitySeed: new Uint8Array(createHash('sha256').update(`live node ${name}`).digest()),
      async openHost(given) {
        host = await openHost({ ...given, timing: { ...timingDefault, ...options.timing } });
        return options.wrapHost?.(host) ?? host;
      },
    });
    void collect(running.changes(), changes);
    await running.start();
    address = running.addresses()[0] ?? '';
  }

  return {
    name,
    dataDirectory,
    keys,
    changes,
    errors,
    get node() {
      return node();
    },
    get host() {
      if (host === null) throw new Error(`${name} was never started`);
      return host;
    },
    get address() {
      return address;
    },
    heard(agentId, change) {
      const key = agentKey(agentId);
      return changes.some((one) => one.change === change && agentKey(one.agentId) === key);
    },
    metric: async (metric, kind) => readMetric(await node().metrics(), metric, kind),
    start: run,
    async stop() {
      const stopping = running;
      running = null;
      await stopping?.stop();
    },
  };
}

async function collect(from: AsyncIterable<AgentChange>, into: AgentChange[]): Promise<void> {
  for await (const change of from) into.push(change);
}

function createErrorLog(errors: string[]): Log {
  const quiet = (): void => {};
  const log: Log = {
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (data, message) => void errors.push(`${message}: ${String((data as { error?: unknown }).error)}`),
    child: () => log,
  };
  return log;
}

function readMetric(text: string, name: string, kind?: string): number {
  const head = kind === undefined ? `${name} ` : `${name}{kind="${kind}"} `;
  const line = text.split('\n').find((one) => one.startsWith(head));
  return line === undefined ? 0 : Number(line.slice(head.length));
}

/** Everybody serves everybody and has everybody in its routing table. */
export async function connected(nodes: readonly LiveNode[]): Promise<void> {
  const others = nodes.length - 1;
  await eventually(
    async () => {
      if (nodes.some(({ host }) => host.network().fullPeers < others)) return false;
      const routed = await Promise.all(nodes.map((live) => live.metric('weft_routed_peers')));
      return routed.every((count) => count >= others);
    },
    { what: () => `${others} peers at each of ${nodes.map(({ host }) => host.network().fullPeers)}` },
  );
}

/** Everybody has at least so many gossip neighbours in each topic. */
export async function meshed(nodes: readonly LiveNode[], atLeast = 1): Promise<void> {
  const smallest = (): number[] =>
    nodes.map(({ host }) => Math.min(...[...host.gossip.meshSizes().values()]));
  await eventually(() => smallest().every((size) => size >= atLeast), {
    withinMs: 25_000,
    what: () => `a mesh of ${atLeast} in every topic of ${smallest()}`,
  });
}

/** Resolves when every node has accepted that change, with the milliseconds that it took from now. */
export async function everyoneHears(
  nodes: readonly LiveNode[],
  agentId: Uint8Array,
  change: ChangeKind,
): Promise<number> {
  const startMs = performance.now();
  await eventually(() => nodes.every((live) => live.heard(agentId, change)), {
    what: () =>
      `that ${nodes.filter((live) => !live.heard(agentId, change)).map(({ name }) => name)} hear "${change}"`,
  });
  return performance.now() - startMs;
}

/** Open gossip streams of one direction, from libp2p's own books. */
export function gossipStreams(host: Host, direction: 'inbound' | 'outbound'): Stream[] {
  return host.libp2p
    .getConnections()
    .flatMap((connection: Connection) => connection.streams)
    .filter((stream) => stream.protocol.startsWith('/meshsub/') && stream.direction === direction);
}

/** gossipsub below a host. */
export function gossipsubOf(host: Host): GossipSub {
  return (host.libp2p as Libp2p<{ pubsub: GossipSub }>).services.pubsub;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);
