/**
 * kad-dht as a router and nothing else: it meets peers and keeps tables full. It stores nothing for anybody (its PUT
 * takes any valid record without quota, protocol §4), dials within a budget, and takes an open connection for proof
 * of life instead of a ping.
 */
import type { Connection, PeerId } from '@libp2p/interface';
import {
  type KadDHT,
  type KadDHTComponents,
  kadDHT,
  passthroughMapper,
  removePrivateAddressesMapper,
} from '@libp2p/kad-dht';
import { replicationCount } from '../../core/limits.ts';
import { createDialBudget } from './dial-budget.ts';
import type { NetworkProfile } from './host-types.ts';

const selfQueryMs = 300_000;
/** kad-dht reads the addresses of a new peer from the peer store, which is written at the same time. */
const peerStoreDelayMs = 50;

export interface KadRouterOptions {
  /** `<prefix>/kad/1.0.0`: with the stock name two networks merge. */
  readonly protocol: string;
  readonly profile: NetworkProfile;
  readonly mode: 'full' | 'client';
  readonly nowMs: () => number;
}

/** The part of kad-dht 16's table that its types leave out; the contract tests hold it. */
interface RoutingTable {
  readonly size: number;
  remove(peer: PeerId): Promise<void>;
}

/** A libp2p service factory. */
export function kadRouter(options: KadRouterOptions): (components: KadDHTComponents) => KadDHT {
  const create = kadDHT({
    protocol: options.protocol,
    clientMode: options.mode === 'client',
    kBucketSize: replicationCount,
    alpha: 3,
    disjointPaths: 1,
    allowQueryWithZeroPeers: false,
    initialQuerySelfInterval: 100,
    querySelfInterval: selfQueryMs,
    routingTableUpdateQueueConcurrency: 2,
    routingTableUpdateMaxQueueSize: 256,
    pingNewContactConcurrency: 2,
    pingOldContactConcurrency: 2,
    peerInfoMapper: options.profile === 'public' ? removePrivateAddressesMapper : passthroughMapper,
    reprovide: { interval: 2 ** 31 - 1 },
  });
  return (components) => create(boundComponents(components, options));
}

/** Takes a dead peer out: kad-dht itself only looks when a bucket is full. */
export async function removeFromTable(kad: KadDHT, peer: PeerId): Promise<void> {
  await (kad as unknown as { readonly routingTable: RoutingTable }).routingTable.remove(peer);
}

function boundComponents(components: KadDHTComponents, { nowMs }: KadRouterOptions): KadDHTComponents {
  const { connectionManager, peerStore } = components;
  const budget = createDialBudget();

  async function hasAddresses(peer: PeerId): Promise<boolean> {
    const stored = await peerStore.get(peer).catch(() => null);
    return stored !== null && stored.addresses.length > 0;
  }

  /** Throws where a dial is not worth it: kad-dht leaves that peer out and goes on. */
  async function admit(peer: PeerId): Promise<void> {
    if (connectionManager.getConnections(peer).some((connection) => connection.status === 'open')) return;
    if (!(await hasAddresses(peer))) {
      await new Promise((resolve) => setTimeout(resolve, peerStoreDelayMs));
      if (!(await hasAddresses(peer))) throw new Error('no address of that peer is known');
    }
    const connected = connectionManager.getConnectionsMap().size;
    if (!budget.tryTake(connected, nowMs())) throw new Error('the dial budget of routing is spent');
  }

  const boundManager = replaceMembers(connectionManager, {
    async openConnection(peer: PeerId, dialOptions?: object): Promise<Connection> {
      await admit(peer);
      return connectionManager.openConnection(peer, { ...dialOptions, priority: 10 });
    },
    async openStream(peer: PeerId, protocol: string, streamOptions?: object) {
      await admit(peer);
      return connectionManager.openStream(peer, protocol, { ...streamOptions, priority: 10 });
    },
  });
  const ping = {
    async ping(peer: PeerId, pingOptions?: object): Promise<number> {
      await boundManager.openConnection(peer, pingOptions);
      return 0;
    },
  };
  return replaceMembers(components, { connectionManager: boundManager, ping, datastore: emptyDatastore() });
}

/** A view of an object in which some members are others; methods keep their own `this`. */
function replaceMembers<Target extends object>(target: Target, members: object): Target {
  return new Proxy(target, {
    get(_target, name) {
      if (name in members) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Forgets every write and finds nothing. */
function emptyDatastore(): KadDHTComponents['datastore'] {
  const notFound = (): never => {
    throw Object.assign(new Error('nothing is stored here'), { name: 'NotFoundError' });
  };
  const nothing = async function* (): AsyncGenerator<never> {};
  return {
    has: () => false,
    get: notFound,
    getMany: nothing,
    put: (key) => key,
    putMany: nothing,
    delete: () => {},
    deleteMany: nothing,
    batch: () => ({ put() {}, delete() {}, async commit() {} }),
    query: nothing,
    queryKeys: nothing,
  } as KadDHTComponents['datastore'];
}
