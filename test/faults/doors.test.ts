/** Bad input at every door of a running node: each is answered or ended, counted, and nothing else changes. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { encodeCanonical } from '../../src/core/cbor.ts';
import { encodeAnnouncements, gossipTopic, gossipTopics } from '../../src/core/gossip/announcement.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { announcementBytesMax, requestItemsMax } from '../../src/core/limits.ts';
import { encodeRequest } from '../../src/core/overlay/message.ts';
import { createStranger, ended } from '../adapters/libp2p/stranger.ts';
import { createGossipNeighbour, type GossipNeighbour } from '../helpers/gossip-neighbour.ts';
import {
  createLiveNetwork,
  eventually,
  type LiveNetwork,
  type LiveNode,
  nowSeconds,
  watchUncaught,
} from '../helpers/live-nodes.ts';
import { createMutator } from '../helpers/mutate.ts';
import { createOutsider, type Outsider, type Target } from '../helpers/outsider.ts';
import { bornAgent, bundleOf, rotated } from '../helpers/test-agent.ts';

const seed = 20_261;
const token = 'a token of the tests';

describe('a running node', () => {
  let network: LiveNetwork;
  let live: LiveNode;
  let target: Target;
  let api: ApiServer;
  let outsider: Outsider;
  let uncaught: ReturnType<typeof watchUncaught>;
  const defects: unknown[] = [];
  const known = bornAgent('behind every door', nowSeconds());
  const topic = gossipTopic('/weft', known.agentId);

  beforeAll(async () => {
    uncaught = watchUncaught();
    network = createLiveNetwork();
    live = await network.start('node');
    target = { peer: live.node.peer, address: live.address };
    outsider = await createOutsider();
    const onDefect = (error: unknown): void => void defects.push(error);
    api = await startApi(live.node, {
      host: '127.0.0.1',
      port: 0,
      remote: false,
      connectionsMax: 64,
      token,
      onDefect,
    });
    await live.node.publish(bundleOf(known));
  });

  afterAll(async () => {
    await api.stop();
    await outsider.stop();
    await network.stop();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  /** What bad input may not change: everything but counters and connections. */
  async function standing(): Promise<object> {
    const { agents, store, state } = await live.node.status();
    const gauges = await Promise.all(
      ['weft_agents', 'weft_records_held', 'weft_watched_agents'].map((name) => live.metric(name)),
    );
    return { agents, entries: store.entries, full: store.full, state, gauges, changes: live.changes.length };
  }

  let before: object;

  beforeEach(async () => {
    before = await standing();
  });

  /** Up, unchanged, without a defect, and of service to an honest peer. */
  async function expectUnharmed(): Promise<void> {
    expect(await standing()).toEqual(before);
    expect(defects).toEqual([]);
    expect(live.errors).toEqual([]);
    expect((await live.node.metrics()).match(/^weft_defects_total\{.*$/gm)).toBeNull();
    const record = await outsider.find(target, known.agentId);
    expect(Buffer.from(record as Uint8Array)).toEqual(Buffer.from(bundleOf(known)));
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  }

  it('ends TCP connections that carry garbage', async () => {
    const port = Number(/\/tcp\/(\d+)/.exec(live.address)![1]);
    const garbage = [
      randomBytes(2000),
      Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
      Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n\xff\xff'),
      Buffer.alloc(100_000),
      Buffer.alloc(0),
    ];
    const sockets: Socket[] = [];
    for (const bytes of garbage) {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      sockets.push(socket);
      await once(socket, 'connect');
      socket.resume();
      if (bytes.length === 0) socket.resetAndDestroy();
      else socket.end(bytes);
    }
    await eventually(() => sockets.every(({ closed }) => closed), { what: 'the end of every connection' });
    await expectUnharmed();
  });

  it('ends streams of the record protocol that carry garbage, and counts why', async () => {
    const stranger = await createStranger();
    const mutate = createMutator(seed);
    const request = encodeRequest({ type: 'find', closerMax: 1, items: [] });
    const frames: readonly (readonly [Uint8Array, string | null])[] = [
      [Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f]), 'too-large'],
      [Uint8Array.from([0x85, 0x00, 1, 2, 3]), 'not-canonical'],
      [Uint8Array.from([0]), 'wrong-shape'],
      [Uint8Array.from([4, 0x83, 1, 7, 0x40]), 'wrong-shape'],
      [Uint8Array.from([4, 0x83, 1, 1, 0x40]), 'wrong-shape'],
      [randomBytes(1000), null],
      ...Array.from(
        { length: 20 },
        () => [Buffer.concat([Uint8Array.of(200), mutate(request)]), null] as const,
      ),
    ];
    const counted = (code: string | null): Promise<number> =>
      live.metric('weft_frames_refused_total', code ?? 'too-large');
    for (const [bytes, code] of frames) {
      const countedBefore = await counted(code);
      const stream = await stranger.openStream({ host: live.host, events: [], pushes: [], gossip: [] });
      stream.send(bytes);
      await stream.close();
      await ended(stream);
      if (code !== null) await eventually(async () => (await counted(code)) === countedBefore + 1);
    }
    await stranger.stop();
    await expectUnharmed();
  });

  it('answers requests that are malformed with their code, and counts them', async () => {
    const requests = [
      { body: new Uint8Array(0), code: 'not-canonical' },
      { body: randomBytes(64).fill(0xff), code: 'not-canonical' },
      { body: encodeCanonical([9, []]), code: 'wrong-shape' },
      { body: encodeCanonical([1, 0, [[new Uint8Array(31), null]]]), code: 'wrong-shape' },
      {
        body: encodeCanonical([3, Array.from({ length: requestItemsMax + 1 }, () => new Uint8Array(32))]),
        code: 'wrong-shape',
      },
    ];
    for (const { body, code } of requests) {
      const counted = await live.metric('weft_requests_refused_total', code);
      expect(Buffer.from(await outsider.ask(target, body))).toEqual(Buffer.from(encodeCanonical([0, code])));
      expect(await live.metric('weft_requests_refused_total', code)).toBe(counted + 1);
    }
    await expectUnharmed();
  });

  it('refuses bundles that are malformed or forged, each with its code, and counts them', async () => {
    const mutate = createMutator(seed);
    const fresh = bornAgent('forged', nowSeconds());
    const original = bundleOf(fresh);
    const bundles = Array.from({ length: 300 }, () => mutate(original)).filter(
      (bytes) => !Buffer.from(bytes).equals(original),
    );
    const refusedBefore = await refusedBundles();
    const answers = await outsider.put(target, bundles);
    expect(answers.filter(({ status, code }) => status !== 'refused' || code === null)).toEqual([]);
    expect(await refusedBundles()).toBe(refusedBefore + bundles.length);
    await expectUnharmed();
  });

  async function refusedBundles(): Promise<number> {
    const lines = (await live.node.metrics()).match(/^weft_bundles_refused_total\{.*$/gm) ?? [];
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  it('rejects gossip that is malformed, too large, forged or in the wrong topic, and counts it by reason', async () => {
    const later = rotated(bornAgent('gossiped', nowSeconds()), nowSeconds());
    const ofLater = gossipTopic('/weft', later.agentId);
    const elsewhere = gossipTopics('/weft').find((one) => one !== ofLater)!;
    const [announcement] = encodeAnnouncements(later.state);
    const forged = Uint8Array.from(announcement!);
    forged[forged.length - 3]! ^= 1;
    const messages = [
      { data: Buffer.alloc(0), topic, reason: 'reject:not-canonical' },
      { data: Buffer.alloc(100, 0xff), topic, reason: 'reject:not-canonical' },
      { data: encodeCanonical([1]), topic, reason: 'reject:wrong-shape' },
      { data: Buffer.alloc(announcementBytesMax + 1), topic, reason: 'reject:too-large' },
      { data: announcement!, topic: elsewhere, reason: 'reject:wrong-topic' },
      { data: forged, topic: ofLater, reason: 'reject:bad-signature' },
    ];
    for (const { data, topic: where, reason } of messages) {
      // Each from a peer of its own: a few rejected messages, and nobody listens any more.
      const neighbour: GossipNeighbour = await createGossipNeighbour(live.address, [where]);
      const counted = await live.metric('weft_gossip_received_total', reason);
      await neighbour.publish(where, data);
      await eventually(
        async () => (await live.metric('weft_gossip_received_total', reason)) === counted + 1,
        { what: `the count of ${reason}` },
      );
      await neighbour.stop();
    }
    await expectUnharmed();
  });

  it('answers malformed HTTP with a typed error that says what to do', async () => {
    const id = formatAgentId(known.agentId);
    const bearer = { authorization: `Bearer ${token}` };
    const json = { ...bearer, 'content-type': 'application/json' };
    const cbor = { ...bearer, 'content-type': 'application/cbor' };
    const requests: readonly (readonly [string, RequestInit, number])[] = [
      ['/v1/agents', { method: 'POST', headers: json, body: '{' }, 400],
      ['/v1/agents', { method: 'POST', headers: json, body: '[]' }, 400],
      ['/v1/agents', { method: 'POST', headers: json, body: '{"primaryFactsUrl": 7}' }, 400],
      ['/v1/agents', { method: 'POST', headers: json, body: ' '.repeat(70_000) }, 413],
      ['/v1/agents', { method: 'POST', headers: { ...bearer, 'content-type': 'text/x' }, body: 'x' }, 415],
      ['/v1/agents', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }, 401],
      ['/v1/bundles', { method: 'POST', headers: cbor, body: randomBytes(300) }, 422],
      ['/v1/agents/not-an-id', { headers: bearer }, 400],
      [`/v1/agents/${id}?fresh=perhaps`, { headers: bearer }, 400],
      ['/v1/nothing', { headers: bearer }, 404],
    ];
    const wrong: string[] = [];
    for (const [path, init, status] of requests) {
      const response = await fetch(`${api.url}${path}`, init);
      const text = await response.text();
      const problem = JSON.parse(text) as Record<'code' | 'detail' | 'hint', unknown>;
      const isTyped = [problem.code, problem.detail, problem.hint].every((one) => typeof one === 'string');
      if (response.status !== status || !isTyped) wrong.push(`${path}: ${response.status} ${text}`);
    }
    expect(wrong).toEqual([]);
    const counted = await (await fetch(`${api.url}/metrics`)).text();
    for (const [code, count] of Object.entries({
      'bad-request': 4,
      'body-too-large': 1,
      'wrong-media-type': 1,
      unauthorized: 1,
      'no-route': 1,
      'not-canonical': 1,
    })) {
      expect(counted).toMatch(new RegExp(`^weft_api_problems_total\\{.*"${code}".*\\} ${count}$`, 'm'));
    }
    const socket = connect(api.port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.resume().write(randomBytes(500));
    await eventually(() => socket.closed, { what: 'the end of a connection that is not HTTP' });
    await expectUnharmed();
  });
});
