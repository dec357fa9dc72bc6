/**
 * kad-dht as a router and nothing else: it answers whoever looks for peers, keeps its own table, and searches rarely;
 * the quick way to neighbours is the record protocol (core/peer/neighbourhood): a query of kad-dht costs a new stream
 * and twenty writes to the peer store with each peer that it asks. It stores nothing for anybody (its PUT takes any
 * valid record without quota, protocol §4), dials within a budget, and takes an open connection for proof of life
 * instead of a ping.
 */
import type { AbortOptions, Connection, PeerId } from '@libp2p/interface';
import {
  type KadDHT,
  type KadDHTComponents,
  kadDHT,
  passthroughMapper,
  removePrivateAddressesMapper,
} from '@libp2p/kad-dht';
import { replicationCount } from '../../core/limits.ts';
import type { Log } from '../../ports/log.ts';
import { createDialBudget, inDialTurn } from './dial-budget.ts';
import type { NetworkProfile } from './host-types.ts';
import { replaceMembers } from './replace-members.ts';

const searchEveryMs = 30 * 60_000;
const searchTimeoutMs = 20_000;
/** kad-dht's own schedule is one query right after the first peer, when others have just begun to join. */
const neverMs = 2 ** 31 - 1;
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
    initialQuerySelfInterval: neverMs,
    querySelfInterval: neverMs,
    routingTableUpdateQueueConcurrency: 2,
    routingTableUpdateMaxQueueSize: 256,
    pingNewContactConcurrency: 2,
    pingOldContactConcurrency: 2,
    peerInfoMapper: options.profile === 'public' ? removePrivateAddressesMapper : passthroughMapper,
    reprovide: { interval: neverMs },
  });
  return (components) => create(boundComponents(components, options));
}

/** Takes a dead peer out: kad-dht itself only looks when a bucket is full. */
export async function removeFromTable(kad: KadDHT, peer: PeerId): Promise<void> {
  await (kad as unknown as { readonly routingTable: RoutingTable }).routingTable.remove(peer);
}

/** A libp2p-wide search for this node's own neighbours, now and then: a second way to them beside our own protocol. */
export interface NeighbourSearch {
  start(): void;
  stop(): void;
}

/** What it finds lands in kad-dht's table and, once connected, in the peer directory. */
export function createNeighbourSearch(kad: KadDHT, self: PeerId, log: Log): NeighbourSearch {
  let stopped = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function plan(): void {
    // Spread, so that a network started at once does not search at once.
    timer = setTimeout(() => void search().finally(plan), searchEveryMs * (0.75 + Math.random() / 2));
    if (stopped.signal.aborted) clearTimeout(timer);
  }

  async function search(): Promise<void> {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(searchTimeoutMs)]);
    try {
      for await (const _event of kad.getClosestPeers(self.toMultihash().bytes, { signal })) {
        signal.throwIfAborted();
      }
    } catch (error) {
      log.debug({ error }, 'a search for neighbours ended early');
    }
  }

  return {
    start() {
      stopped = new AbortController();
      plan();
    },
    stop() {
      stopped.abort();
      clearTimeout(timer);
    },
  };
}

function boundComponents(components: KadDHTComponents, { nowMs }: KadRouterOptions): KadDHTComponents {
  const { connectionManager, peerStore } = components;
  const budget = createDialBudget();

  async function hasAddresses(peer: PeerId): Promise<boolean> {
    const stored = await peerStore.get(peer).catch(() => null);
    return stored !== null && stored.addresses.length > 0;
  }

  function isConnected(peer: PeerId): boolean {
    return connectionManager.getConnections(peer).some(({ status }) => status === 'open');
  }

  /** Throws where a dial is not worth it: kad-dht leaves that peer out and goes on. */
  async function admit(peer: PeerId): Promise<void> {
    if (!(await hasAddresses(peer))) {
      await new Promise((resolve) => setTimeout(resolve, peerStoreDelayMs));
      if (!(await hasAddresses(peer))) throw new Error('no address of that peer is known');
    }
    const connected = connectionManager.getConnectionsMap().size;
    if (!budget.tryTake(connected, nowMs())) throw new Error('the dial budget of routing is spent');
  }

  /** Opens the connection within the budget; what kad-dht does next finds it open. */
  async function reach(peer: PeerId, signal: AbortSignal | undefined): Promise<void> {
    if (isConnected(peer)) return;
    await admit(peer);
    await inDialTurn(() => connectionManager.openConnection(peer, signal ? { signal } : {}), signal);
  }

  const boundManager = replaceMembers(connectionManager, {
    async openConnection(peer: PeerId, options: AbortOptions = {}): Promise<Connection> {
      await reach(peer, options.signal);
      return connectionManager.openConnection(peer, options);
    },
    async openStream(peer: PeerId, protocol: string, options: AbortOptions = {}) {
      await reach(peer, options.signal);
      return connectionManager.openStream(peer, protocol, options);
    },
  });
  const ping = {
    async ping(peer: PeerId, options: AbortOptions = {}): Promise<number> {
      await reach(peer, options.signal);
      return 0;
    },
  };
  return replaceMembers(components, { connectionManager: boundManager, ping, datastore: emptyDatastore() });
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
