/** What the dashboard draws: the key space, the peers, the last hour; of live nodes, and of a clock that a test turns. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { samplesView } from '../../src/api/views.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { kadIdOfAgent, kadIdOfPeer } from '../../src/core/overlay/distance.ts';
import type { PeerSnapshot } from '../../src/core/peer/peer.ts';
import { createSampler } from '../../src/node/sampler.ts';
import type { Log } from '../../src/ports/log.ts';
import { createLiveNetwork, eventually, type LiveNode } from '../helpers/live-nodes.ts';

interface KeyspaceAnswer {
  readonly place: string;
  readonly held: readonly number[];
  readonly peers: readonly { readonly peer: string; readonly place: string; readonly sharedBits: number }[];
}

describe('over live nodes', () => {
  const network = createLiveNetwork();
  let nodes: readonly LiveNode[];
  const agentIds: Uint8Array[] = [];

  beforeAll(async () => {
    nodes = await network.startMany(3);
    for (let index = 0; index < 12; index++) {
      const { agents } = nodes[index % 3]!.node;
      agentIds.push((await agents.register({}, { acknowledgements: 2 })).agentId);
    }
  }, 60_000);
  afterAll(() => network.stop());

  async function ask<Answer>(live: LiveNode, url: string): Promise<Answer> {
    const onDefect = (error: unknown): never => {
      throw error;
    };
    const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 4, onDefect };
    const api = createApi(live.node, { ...options, openReads: true });
    try {
      const answer = await api.inject({ url, headers: { host: 'localhost' } });
      expect(answer.statusCode, answer.body).toBe(200);
      return answer.json<Answer>();
    } finally {
      await api.close();
    }
  }

  /** How many of the agents stand in each of the 256 parts. */
  function countsOf(ids: readonly Uint8Array[]): number[] {
    const counts = Array<number>(256).fill(0);
    for (const id of ids) counts[kadIdOfAgent(id).bytes[0]!]!++;
    return counts;
  }

  const isEverywhere = (ids: readonly Uint8Array[]) => async () => {
    const { held } = await ask<KeyspaceAnswer>(nodes[0]!, '/v1/keyspace');
    return held.join() === countsOf(ids).join();
  };

  it('counts the records held in each part of the key space, after a restart as well', async () => {
    await eventually(isEverywhere(agentIds), { what: 'all records at the first node' });
    await nodes[0]!.stop();
    await nodes[0]!.start([nodes[1]!.address]);
    expect(await isEverywhere(agentIds)()).toBe(true);
  });

  it('puts the node and its peers where kad-dht would, the closest first', async () => {
    const { place, peers } = await ask<KeyspaceAnswer>(nodes[1]!, '/v1/keyspace');
    const placeOf = (peer: string): string => bytesToHex(kadIdOfPeer(peer).bytes.subarray(0, 8));
    expect(place).toBe(placeOf(nodes[1]!.node.peer));
    expect(peers.map(({ peer }) => peer).sort()).toEqual(
      [nodes[0]!, nodes[2]!].map(({ node }) => node.peer).sort(),
    );
    for (const { peer, place: stands } of peers) expect(stands).toBe(placeOf(peer));
    const bits = peers.map(({ sharedBits }) => sharedBits);
    expect(bits).toEqual(bits.toSorted((left, right) => right - left));
  });

  it('says of each peer since when it is connected, what it speaks, and what gossip thinks of it', async () => {
    type Told = { connectedAt: string; protocols: string[]; gossipScore: number; isFull: boolean };
    let peers: readonly Told[] = [];
    const areIdentified = async (): Promise<boolean> => {
      ({ peers } = await ask<{ peers: readonly Told[] }>(nodes[1]!, '/v1/peers'));
      return peers.length === 2 && peers.every((peer) => peer.connectedAt !== null && peer.isFull);
    };
    await eventually(areIdentified, { what: 'both peers connected again, and identified' });
    for (const { connectedAt, protocols, gossipScore, isFull } of peers) {
      expect(Math.abs(Date.now() - Date.parse(connectedAt))).toBeLessThan(60_000);
      expect(protocols).toContain('/weft/record/1.0.0');
      expect(protocols.some((name) => name.startsWith('/meshsub/'))).toBe(true);
      expect(gossipScore).toBeGreaterThanOrEqual(0);
      expect(isFull).toBe(true);
    }
  });

  it('names as many peers as it is asked for, those that are connected first', async () => {
    const all = await ask<{ peers: readonly { peer: string }[] }>(nodes[1]!, '/v1/peers');
    const one = await ask<{ peers: readonly { peer: string }[] }>(nodes[1]!, '/v1/peers?max=1');
    expect(all.peers).toHaveLength(2);
    expect(one.peers).toEqual([expect.objectContaining({ connected: true })]);
  });

  it('has a sample from the start on', async () => {
    type Samples = { timesMs: number[]; series: Record<string, number[]> };
    const { timesMs, series } = await ask<Samples>(nodes[2]!, '/v1/samples?points=10');
    expect(timesMs.length).toBeGreaterThan(0);
    for (const values of Object.values(series)) expect(values).toHaveLength(timesMs.length);
    expect(series['residentBytes']!.at(-1)).toBeGreaterThan(10_000_000);
  });
});

describe('the samples', () => {
  const log: Log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => log };

  /** A sampler whose clock goes on when it is told to. */
  function createHarness() {
    let nowMs = 0;
    let due = (): void => {};
    let fails = false;
    const sampler = createSampler({
      snapshot: () => ({ held: nowMs / 1000, agents: 7 }) as PeerSnapshot,
      async statistics() {
        if (fails) throw new Error('the store is closed');
        return { entries: 1, sizeBytes: 100, freeBytes: 1, full: false, quarantined: 0 };
      },
      connections: () => 3,
      residentBytes: () => 5,
      clock: {
        nowMs: () => nowMs,
        schedule(delayMs, callback) {
          due = () => {
            nowMs += delayMs;
            callback();
          };
          return () => {
            due = () => {};
          };
        },
      },
      log,
    });
    return {
      sampler,
      fail: (whether: boolean) => {
        fails = whether;
      },
      async turn(): Promise<void> {
        due();
        await new Promise(setImmediate);
      },
    };
  }

  it('hold values of the moment, and totals by what they count', async () => {
    const { sampler, turn } = createHarness();
    sampler.start();
    await new Promise(setImmediate);
    sampler.counted('signatures_verified', 4);
    sampler.counted('bundles_refused', 1);
    sampler.counted('frames_refused', 1);
    sampler.counted('defects', 1);
    sampler.counted('__proto__', 1);
    sampler.resolved();
    sampler.published('failed');
    sampler.published('stored');
    await turn();
    expect(sampler.samples()).toEqual({
      intervalMs: 5000,
      timesMs: [0, 5000],
      series: {
        recordsHeld: [0, 5],
        agentsKnown: [7, 7],
        storeBytes: [100, 100],
        residentBytes: [5, 5],
        connectedPeers: [3, 3],
        signaturesVerified: [0, 4],
        resolves: [0, 1],
        publishes: [0, 2],
        requests: [0, 0],
        refused: [0, 2],
        failures: [0, 2],
      },
    });
    sampler.stop();
  });

  it('are those of the last hour, the oldest first, with a hole where the store failed', async () => {
    const { sampler, turn, fail } = createHarness();
    sampler.start();
    await new Promise(setImmediate);
    for (let index = 0; index < 800; index++) {
      fail(index === 790);
      await turn();
    }
    const { timesMs } = sampler.samples();
    expect(timesMs).toHaveLength(720);
    expect(timesMs.at(-1)).toBe(800 * 5000);
    expect(timesMs).not.toContain(791 * 5000);
    expect(timesMs).toEqual(timesMs.toSorted((left, right) => left - right));
    sampler.stop();
    await turn();
    expect(sampler.samples().timesMs.at(-1)).toBe(800 * 5000);
  });

  it('are thinned evenly to as many as are asked for, the newest always among them', () => {
    const timesMs = Array.from({ length: 720 }, (_, index) => index);
    const samples = { intervalMs: 5000, timesMs, series: { resolves: timesMs } as never };
    for (const points of [1, 7, 240, 719, 720, 9999]) {
      const thinned = samplesView(samples, points) as { timesMs: number[]; series: { resolves: number[] } };
      expect(thinned.timesMs.length).toBeLessThanOrEqual(points);
      expect(thinned.timesMs.at(-1)).toBe(719);
      expect(thinned.series.resolves).toEqual(thinned.timesMs);
      const steps = new Set(thinned.timesMs.slice(1).map((time, index) => time - thinned.timesMs[index]!));
      expect(steps.size).toBeLessThanOrEqual(1);
    }
  });
});
