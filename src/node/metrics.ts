/** The node's Prometheus metrics; docs/operating.md explains each. Names end in the unit. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { PeerSnapshot } from '../core/peer/peer.ts';
import type { StoreStatistics } from '../ports/store.ts';

export interface NodeMetrics {
  counted(metric: string, label: string, value: number): void;
  resolved(status: string, seconds: number): void;
  published(status: string, seconds: number): void;
  /** Prometheus text exposition format. */
  render(): Promise<string>;
}

/** What is read anew at every scrape. */
export interface MetricSources {
  snapshot(): PeerSnapshot;
  statistics(): Promise<StoreStatistics>;
  connections(): number;
}

/** Metrics that the core may count; another name is a defect and is counted as one. */
const counterHelp: Readonly<Record<string, string>> = {
  requests: 'Requests of other peers that were answered, by type',
  frames_refused: 'Streams of other peers that were ended because they carried no frames, by code',
  requests_refused: 'Requests of other peers that were refused, by code',
  answers_refused: 'Answers of other peers that were of no use, by code',
  bundles_refused: 'Bundles that were refused at any door, by code',
  pushes_refused: 'Pushed changes that were refused, by code',
  gossip_received: 'Gossip messages, by verdict and reason',
  gossip_published: 'Announcements published by this node',
  gossip_delayed: 'Announcements that wait for an agent’s budget',
  repairs: 'Records given to peers that lagged behind',
  syncs: 'Reconciliations with a neighbour, by outcome',
  watches: 'Watch requests to other peers, by outcome',
  records_expired: 'Records and agents forgotten after their end',
  records_handed_over: 'Records given up to closer peers',
  entries_refetched: 'Store entries lost to corruption and fetched again',
  signatures_verified: 'Signatures verified, by verifier',
  alarms: 'Alarms raised, by kind',
  defects: 'Failures of the protocol core on an event, by event: each is a bug to report',
};

const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(sources: MetricSources): NodeMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counters = new Map(
    Object.entries(counterHelp).map(([name, help]) => [
      name,
      new Counter({ name: `weft_${name}_total`, help, labelNames: ['kind'], registers }),
    ]),
  );
  const histogram = (name: string, help: string): Histogram<'status'> =>
    new Histogram({ name, help, labelNames: ['status'], buckets: latencyBuckets, registers });
  const resolves = histogram('weft_resolve_duration_seconds', 'Time of a resolve, by status');
  const publishes = histogram(
    'weft_publish_duration_seconds',
    'Time of a put to its acknowledgements, by status',
  );
  addGauges(registers, sources);

  function counted(metric: string, label: string, value: number): void {
    const counter = counters.get(metric);
    if (counter === undefined) counters.get('defects')!.inc({ kind: `unknown-metric-${metric}` });
    else counter.inc({ kind: label }, value);
  }

  return {
    counted,
    resolved: (status, seconds) => resolves.observe({ status }, seconds),
    published: (status, seconds) => publishes.observe({ status }, seconds),
    render: () => registry.metrics(),
  };
}

function addGauges(registers: Registry[], sources: MetricSources): void {
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  };
  gauge('weft_agents', 'Agents of which anything is known', () => sources.snapshot().agents);
  gauge('weft_records_held', 'Records that this node holds as a storing peer', () => sources.snapshot().held);
  gauge('weft_routed_peers', 'Storing peers that are known', () => sources.snapshot().routedPeers);
  gauge('weft_connected_peers', 'Peers with an open connection', sources.connections);
  gauge('weft_watched_agents', 'Agents that other peers watch here', () => sources.snapshot().watchedAgents);
  gauge('weft_waiting_requests', 'Port calls under way', () => sources.snapshot().waitingRequests);
  gauge('weft_store_bytes', 'Size of the store on disk', async () => (await sources.statistics()).sizeBytes);
  gauge(
    'weft_store_free_bytes',
    'Free space on the disk of the store',
    async () => (await sources.statistics()).freeBytes,
  );
  gauge(
    'weft_store_quarantined_entries',
    'Entries whose checksum failed since the start',
    async () => (await sources.statistics()).quarantined,
  );
  gauge('weft_store_full', '1 while puts are refused for lack of space', async () =>
    (await sources.statistics()).full ? 1 : 0,
  );
}
