/** Gauges: what is read anew at every scrape, each source once. */
import { Gauge, type Registry } from 'prom-client';
import type { PeerSnapshot } from '../core/peer/peer.ts';
import type { StoreStatistics } from '../ports/store.ts';

/** What is read at a scrape. */
export interface GaugeSources {
  snapshot(): PeerSnapshot;
  statistics(): Promise<StoreStatistics>;
  connections(): number;
  /** Connections by who opened them, full peers among those connected, and all peers that are known. */
  network(): {
    readonly inbound: number;
    readonly outbound: number;
    readonly fullPeers: number;
    readonly knownPeers: number;
  };
  /** Gossip neighbours by topic. */
  meshSizes(): ReadonlyMap<string, number>;
  custody(): { readonly agents: number; readonly nextRefenceAtMs: number | null };
  nowMs(): number;
  /** Labels of `weft_node_info`. */
  readonly about: Readonly<Record<'version' | 'mode' | 'profile', string>>;
  readonly connectionsMax: number;
}

/** Adds them all. A source that fails leaves its own gauges out of that scrape and harms no other. */
export function addGauges(registers: Registry[], sources: GaugeSources): void {
  const { about } = sources;
  new Gauge({
    name: 'weft_node_info',
    help: '1, with the version of weft, the mode and the profile',
    labelNames: ['version', 'mode', 'profile'],
    registers,
  }).set(about, 1);
  addPeerGauges(registers, sources);
  addNetworkGauges(registers, sources);
  addStoreGauges(registers, sources);
  addCustodyGauges(registers, sources);
}

interface GaugeRow<Source> {
  readonly name: string;
  readonly help: string;
  /** Undefined: not shown. */
  readonly value: (source: Source) => number | undefined;
}

/** Reads the source when the first of its gauges is collected; the others of the same scrape take that answer. */
function addGroup<Source>(
  registers: Registry[],
  read: () => Source | Promise<Source>,
  rows: readonly GaugeRow<Source>[],
): void {
  let reading: Promise<Source | null> | null = null;
  const readOnce = (): Promise<Source | null> => {
    reading ??= (async () => read())().catch(() => null);
    return reading;
  };
  rows.forEach(({ name, help, value }, index) => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        // Gauges of one registry are collected in the order in which they were made.
        if (index === 0) reading = null;
        const source = await readOnce();
        const now = source === null ? undefined : value(source);
        if (now === undefined) this.remove();
        else this.set(now);
      },
    });
  });
}

function addPeerGauges(registers: Registry[], { snapshot }: GaugeSources): void {
  addGroup(registers, snapshot, [
    { name: 'weft_agents', help: 'Agents of which anything is known', value: ({ agents }) => agents },
    {
      name: 'weft_records_held',
      help: 'Records that this node holds as a storing peer',
      value: ({ held }) => held,
    },
    {
      name: 'weft_routed_peers',
      help: 'Storing peers that are known',
      value: ({ routedPeers }) => routedPeers,
    },
    {
      name: 'weft_announced_agents',
      help: 'Agents whose announcements of capabilities are kept here',
      value: ({ announcedAgents }) => announcedAgents,
    },
    {
      name: 'weft_name_entries',
      help: 'Names that this node keeps as a storing peer',
      value: ({ keptNames }) => keptNames,
    },
    {
      name: 'weft_watched_agents',
      help: 'Agents that other peers watch here',
      value: ({ watchedAgents }) => watchedAgents,
    },
    {
      name: 'weft_followed_agents',
      help: 'Agents that this node watches at other peers',
      value: ({ subscriptions }) => subscriptions,
    },
    {
      name: 'weft_active_resolves',
      help: 'Searches of resolves under way',
      value: ({ activeResolves }) => activeResolves,
    },
    {
      name: 'weft_active_publishes',
      help: 'Puts under way',
      value: ({ activePublishes }) => activePublishes,
    },
    {
      name: 'weft_active_syncs',
      help: 'Reconciliations under way',
      value: ({ activeSyncs }) => activeSyncs,
    },
    {
      name: 'weft_waiting_requests',
      help: 'Port calls under way',
      value: ({ waitingRequests }) => waitingRequests,
    },
  ]);
}

function addNetworkGauges(registers: Registry[], sources: GaugeSources): void {
  addGroup(registers, sources.connections, [
    { name: 'weft_connected_peers', help: 'Peers with an open connection', value: (count) => count },
  ]);
  new Gauge({
    name: 'weft_connections',
    help: 'Open connections to peers, by who opened them',
    labelNames: ['direction'],
    registers,
    collect() {
      const { inbound, outbound } = sources.network();
      this.set({ direction: 'inbound' }, inbound);
      this.set({ direction: 'outbound' }, outbound);
    },
  });
  new Gauge({
    name: 'weft_connections_max',
    help: 'Setting connectionsMax',
    registers,
  }).set(sources.connectionsMax);
  addGroup(registers, sources.network, [
    {
      name: 'weft_full_peers',
      help: 'Connected peers that store records; 0 is an isolated node',
      value: ({ fullPeers }) => fullPeers,
    },
    {
      name: 'weft_known_peers',
      help: 'Peers that are connected, in the routing table or remembered',
      value: ({ knownPeers }) => knownPeers,
    },
  ]);
  new Gauge({
    name: 'weft_gossip_mesh_peers',
    help: 'Gossip neighbours, by topic',
    labelNames: ['topic'],
    registers,
    collect() {
      for (const [topic, size] of sources.meshSizes()) this.set({ topic }, size);
    },
  });
}

function addStoreGauges(registers: Registry[], { statistics }: GaugeSources): void {
  addGroup(registers, statistics, [
    { name: 'weft_store_entries', help: 'Entries of the store', value: ({ entries }) => entries },
    { name: 'weft_store_bytes', help: 'Size of the store on disk', value: ({ sizeBytes }) => sizeBytes },
    {
      name: 'weft_store_free_bytes',
      help: 'Free space on the disk of the store',
      value: ({ freeBytes }) => freeBytes,
    },
    {
      name: 'weft_store_quarantined_entries',
      help: 'Entries taken out of service since the start: damaged, lost or outdated',
      value: ({ quarantined }) => quarantined,
    },
    {
      name: 'weft_store_full',
      help: '1 while puts are refused for lack of space',
      value: ({ full }) => (full ? 1 : 0),
    },
  ]);
}

function addCustodyGauges(registers: Registry[], { custody, nowMs }: GaugeSources): void {
  addGroup(registers, custody, [
    { name: 'weft_custody_agents', help: 'Agents whose keys this node holds', value: ({ agents }) => agents },
    {
      name: 'weft_custody_next_refence_seconds',
      help: 'Until the next fence of a record in custody is due; not there when none is planned',
      value: ({ nextRefenceAtMs }) =>
        nextRefenceAtMs === null ? undefined : (nextRefenceAtMs - nowMs()) / 1000,
    },
  ]);
}
