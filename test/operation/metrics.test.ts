/** Metrics of live nodes: all of those that the documents name and no others, and values that say what happened. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiMetrics } from '../../src/api/api-metrics.ts';
import { startNandaIndex } from '../../src/api/nanda/nanda-server.ts';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createMetrics } from '../../src/node/metrics.ts';
import { type Observer, openObserver } from '../../src/node/observed-node.ts';
import type { Log } from '../../src/ports/log.ts';
import {
  createLiveNetwork,
  eventually,
  everyoneHears,
  type LiveNetwork,
  type LiveNode,
  meshed,
  watchUncaught,
} from '../helpers/live-nodes.ts';
import { documentedMetrics, parseScrape, type Scrape } from './scrape.ts';

const silent: Log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const isPromtoolHere = spawnSync('promtool', ['--version']).error === undefined;
if (!isPromtoolHere)
  console.warn('promtool is not here (Debian package prometheus): the format is not read by it');

const token = 'a token of the tests';
const headers = { authorization: `Bearer ${token}` };
const units =
  /_(total|seconds|bytes|peers|agents|entries|records|requests|hops|resolves|publishes|syncs|connections|streams)$/;
/** What has no unit: sums, facts and what is cumulative by its own name. */
const unitless = new Set(['weft_node_info', 'weft_store_full', 'weft_records_held', 'weft_connections_max']);

describe('the metrics of a live node', () => {
  let network: LiveNetwork;
  let nodes: readonly LiveNode[];
  let home: LiveNode;
  let other: LiveNode;
  let api: ApiServer;
  const apiMetrics = createApiMetrics();
  let observer: Observer;
  let scrape: Scrape;
  const uncaught = watchUncaught();

  const read = async (): Promise<Scrape> => parseScrape(await (await fetch(`${api.url}/metrics`)).text());
  const value = (series: string): number => scrape.samples.get(series) ?? Number.NaN;

  beforeAll(async () => {
    network = createLiveNetwork();
    nodes = await network.startMany(3);
    [home, other] = nodes as [LiveNode, LiveNode];
    await meshed(nodes);
    const options = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 16, openReads: true };
    const config = loadConfig({ flags: { dataDirectory: other.dataDirectory } });
    observer = await openObserver(config, silent);
    api = await startApi(observer.observe(other.node), {
      ...options,
      metrics: apiMetrics,
      token,
      onDefect: (error) => expect.unreachable(`${error}`),
    });
    const { agentId } = await home.node.agents.register({ primaryFactsUrl: 'https://facts.example/a' });
    await other.node.resolve(agentId, { fresh: true });
    await other.node.resolve(agentId);
    await home.node.agents.rotate(agentId);
    await everyoneHears(nodes, agentId, 'rotated');
    await other.node.agents.register({ primaryFactsUrl: 'https://facts.example/b' });
    await fetch(`${api.url}/v1/agents/${formatAgentId(agentId)}`);
    await fetch(`${api.url}/nowhere/${formatAgentId(agentId)}`, { headers });
    scrape = await read();
  });

  afterAll(async () => {
    await api?.stop();
    await network?.stop();
    await observer?.close();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  it('are those of the tables in docs/operating.md, all of them and no others', () => {
    expect([...scrape.types.keys()].sort()).toEqual([...documentedMetrics()].sort());
  });

  it('have names that end in the unit, counters in total', () => {
    for (const [name, type] of scrape.types) {
      if (!name.startsWith('weft_')) continue;
      expect(unitless.has(name) || units.test(name), name).toBe(true);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
    }
  });

  it('count resolves by verdict and by where the answer came from, with the peers that were asked', () => {
    expect(value('weft_resolve_duration_seconds_count{status="ok",from="network"}')).toBeGreaterThan(0);
    expect(value('weft_resolve_duration_seconds_count{status="ok",from="cache"}')).toBeGreaterThan(0);
    const searches = value('weft_lookup_requests_count{kind="resolve"}');
    expect(searches).toBeGreaterThan(0);
    expect(value('weft_lookup_requests_sum{kind="resolve"}')).toBeGreaterThanOrEqual(searches);
    expect(value('weft_lookup_hops_count{kind="resolve"}')).toBeGreaterThan(0);
    expect(value('weft_peer_request_duration_seconds_count{outcome="answered"}')).toBeGreaterThan(0);
  });

  it('count puts and synced commits with what was in them', () => {
    expect(value('weft_publish_duration_seconds_count{status="stored"}')).toBe(1);
    expect(value('weft_store_commit_duration_seconds_count')).toBeGreaterThan(0);
    expect(value('weft_store_writes_total')).toBeGreaterThanOrEqual(
      value('weft_store_commit_duration_seconds_count'),
    );
    expect(value('weft_store_written_bytes_total')).toBeGreaterThan(value('weft_store_writes_total'));
    expect(value('weft_store_entries')).toBeGreaterThan(0);
  });

  it('count changes by what changed and where it was heard, with their age', () => {
    const heard = [...scrape.samples].filter(([series]) =>
      /^weft_changes_total\{change="rotated",source="(gossip|push|put)"\}$/.test(series),
    );
    expect(heard.map(([, count]) => count)).toEqual([1]);
    const ages = [...scrape.samples].filter(([series]) => series.startsWith('weft_change_age_seconds_sum'));
    expect(ages.length).toBeGreaterThan(0);
    for (const [, seconds] of ages) expect(seconds).toBeLessThan(30);
    expect(value('weft_verification_duration_seconds_count')).toBeGreaterThan(0);
  });

  it('say who is connected, and how the gossip mesh is', () => {
    expect(value('weft_full_peers')).toBe(2);
    expect(
      value('weft_connections{direction="inbound"}') + value('weft_connections{direction="outbound"}'),
    ).toBe(value('weft_connected_peers'));
    const meshes = [...scrape.samples].filter(([series]) => series.startsWith('weft_gossip_mesh_peers{'));
    expect(meshes.length).toBe(16);
    for (const [series, size] of meshes) expect(size, series).toBeGreaterThan(0);
  });

  it('say when custody signs next, and nothing where there is none', async () => {
    expect(value('weft_custody_agents')).toBe(1);
    expect(value('weft_custody_next_refence_seconds')).toBeGreaterThan(0);
    const third = parseScrape(await nodes[2]!.node.metrics());
    expect(third.types.has('weft_custody_next_refence_seconds')).toBe(true);
    expect(third.samples.has('weft_custody_next_refence_seconds')).toBe(false);
  });

  it('count the fences that custody signs by itself', async () => {
    const { agentId } = await home.node.agents.register({});
    // More operations in one slot than are left standing: they are folded into a fence.
    for (let index = 0; index < 5; index++)
      await home.node.agents.update(agentId, { primaryFactsUrl: `https://facts.example/${index}` });
    await eventually(async () => (await home.metric('weft_refences_total', 'done')) === 1);
    expect(await home.metric('weft_refences_total', 'failed')).toBe(0);
  });

  it('count requests of the API by route, one label for everything that is no route', async () => {
    expect(value('weft_api_requests_total{route="GET /v1/agents/:id",status="200"}')).toBe(1);
    expect(value('weft_api_request_duration_seconds_count{route="GET /v1/agents/:id"}')).toBe(1);
    expect(value('weft_api_requests_total{route="none",status="404"}')).toBe(1);
  });

  it.skipIf(!isPromtoolHere)(
    'are in the format and after the naming of Prometheus, which promtool reads',
    async () => {
      const input = await (await fetch(`${api.url}/metrics`)).text();
      const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
      // Three gauges that prom-client brings itself.
      expect(complaints.filter((line) => !/^nodejs_active_\w+_total non-counter/.test(line))).toEqual([]);
      expect([0, 3]).toContain(status);
    },
  );

  it('count requests of the NANDA index beside them, by its name', async () => {
    const index = await startNandaIndex(other.node, {
      ...{ host: '127.0.0.1', port: 0, remote: false, connectionsMax: 16, token, metrics: apiMetrics },
      file: join(other.dataDirectory, 'names.jsonl'),
      onDefect: (error) => expect.unreachable(`${error}`),
    });
    try {
      const idle = parseScrape(await apiMetrics.render()).samples.get('weft_api_connections')!;
      expect(await (await fetch(`${index.url}/lookup/nobody`)).json()).toEqual({
        error: "ID 'nobody' not found",
      });
      const { samples } = parseScrape(await apiMetrics.render());
      expect(samples.get('weft_api_requests_total{route="nanda GET /lookup/:id",status="404"}')).toBe(1);
      expect(samples.get('weft_api_connections')).toBe(idle + 1);
    } finally {
      await index.stop();
    }
  });

  it('have labels of which none is an agent, a peer or an address', () => {
    const labels = [...scrape.samples.keys()].join('\n');
    expect(labels).not.toMatch(/nanda:|12D3Koo|\/ip4\//);
    expect(labels).not.toContain(other.host.peer);
  });

  it('do not grow with what is asked for', async () => {
    // What nodes do beside it has series of its own, which begin when they will.
    const series = () => [...scrape.samples.keys()].filter((name) => name.startsWith('weft_api_'));
    scrape = await read();
    const before = series();
    for (let index = 0; index < 50; index++) await fetch(`${api.url}/nowhere/${index}`, { headers });
    await eventually(async () => {
      scrape = await read();
      return value('weft_api_requests_total{route="none",status="404"}') === 51;
    });
    expect(series()).toEqual(before);
  });
});

describe('a scrape', () => {
  const quiet = {
    snapshot: () => ({
      agents: 1,
      held: 1,
      cachedAgents: 0,
      routedPeers: 0,
      watchedAgents: 0,
      announcedAgents: 0,
      keptNames: 0,
      subscriptions: 0,
      activeResolves: 0,
      activePublishes: 0,
      activeSyncs: 0,
      waitingRequests: 0,
    }),
    connections: () => 0,
    network: () => ({ inbound: 0, outbound: 0, fullPeers: 0, knownPeers: 0 }),
    meshSizes: () => new Map<string, number>(),
    custody: () => ({ agents: 0, nextRefenceAtMs: null }),
    nowMs: () => 0,
    about: { version: '0', mode: 'full', profile: 'private' },
    connectionsMax: 1,
  };
  const statistics = { entries: 1, sizeBytes: 2, freeBytes: 3, full: false, quarantined: 0 };

  it('reads the store once, however many gauges show it', async () => {
    let reads = 0;
    const metrics = createMetrics({
      ...quiet,
      statistics: async () => ({ ...statistics, entries: ++reads }),
    });
    await metrics.render();
    expect(parseScrape(await metrics.render()).samples.get('weft_store_entries')).toBe(2);
    expect(reads).toBe(2);
  });

  it('goes without the store where the disk does not answer, and with everything else', async () => {
    let isBroken = true;
    const metrics = createMetrics({
      ...quiet,
      async statistics() {
        if (isBroken) throw new Error('EIO');
        return statistics;
      },
    });
    const broken = parseScrape(await metrics.render());
    expect(broken.samples.has('weft_store_bytes')).toBe(false);
    expect(broken.samples.get('weft_agents')).toBe(1);
    isBroken = false;
    expect(parseScrape(await metrics.render()).samples.get('weft_store_bytes')).toBe(2);
  });

  it('counts a metric that nobody knows as a defect', async () => {
    const metrics = createMetrics({ ...quiet, statistics: async () => statistics });
    metrics.counted('no_such_thing', 'x', 1);
    const { samples } = parseScrape(await metrics.render());
    expect(samples.get('weft_defects_total{kind="unknown-metric-no_such_thing"}')).toBe(1);
  });
});
