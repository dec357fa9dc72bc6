import { beforeEach, describe, expect, it } from 'vitest';
import { createRateLimit } from '../../src/api/rate-limit.ts';
import { type ApiOptions, createApi } from '../../src/api/server.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';
import { endedState, forkedState, rotatedState, sampleKeys } from './sample-states.ts';

const born = Date.UTC(2026, 0, 1) / 1000;
const hour = (hours: number): string => new Date((born + hours * 3600) * 1000).toISOString();
let node: RecordedNode;
let id: string;

beforeEach(() => {
  node = createRecordedNode();
  id = formatAgentId(node.resolution.agentId);
});

function open(options: Partial<ApiOptions> = {}) {
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const given = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 10, onDefect };
  const api = createApi(node, { ...given, openReads: true, ...options });
  return (url: string, headers: Record<string, string> = {}) =>
    api.inject({ url, headers: { host: 'localhost', ...headers } });
}

describe('open reads', () => {
  it('need no token, and leave custody and writes closed', async () => {
    const get = open();
    for (const url of ['/v1/status', '/v1/peers', '/v1/store', `/v1/agents/${id}`])
      expect((await get(url)).statusCode, url).toBe(200);
    expect((await get('/v1/agents')).statusCode).toBe(401);
    const closed = open({ openReads: false });
    expect((await closed('/v1/status')).statusCode).toBe(401);
    expect((await closed('/docs')).statusCode).toBe(200);
  });

  it('tell how much the node keeps', async () => {
    expect((await open()('/v1/store')).json()).toEqual({
      store: { entries: 1, sizeBytes: 10, freeBytes: 1000, full: false, quarantined: 0 },
      agents: { stored: 1, known: 1, custodial: 1 },
    });
  });
});

describe('a resolve', () => {
  it('may be kept for its ttl, and is recognised by its tag', async () => {
    const get = open();
    const first = await get(`/v1/agents/${id}`);
    expect(first.headers['cache-control']).toMatch(/^public, max-age=3(600|599), must-revalidate$/);
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^W\/"ok-[0-9a-f]{32}"$/);
    for (const given of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const again = await get(`/v1/agents/${id}`, { 'if-none-match': given });
      expect(again.statusCode).toBe(304);
      expect(again.body).toBe('');
      expect(again.headers['etag']).toBe(etag);
    }
    expect((await get(`/v1/agents/${id}`, { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });

  it('from the node’s cache uses up its ttl, and is not to be kept when nobody saw it being fetched', async () => {
    node.resolution = { ...node.resolution, cached: true };
    const get = open({ openReads: false });
    const headers = { authorization: 'Bearer t' };
    const unseen = await get(`/v1/agents/${id}`, headers);
    expect(unseen.headers['cache-control']).toBe('private, max-age=0, must-revalidate');
    node.resolution = { ...node.resolution, cached: false };
    await get(`/v1/agents/${id}`, headers);
    node.resolution = { ...node.resolution, cached: true };
    const seen = await get(`/v1/agents/${id}`, headers);
    expect(seen.headers['cache-control']).toMatch(/^private, max-age=3(600|59\d), must-revalidate$/);
  });

  it('that is not ok has a tag and is asked for again each time', async () => {
    const get = open();
    node.resolution = { ...node.resolution, status: 'tombstoned', state: endedState(born) };
    const ended = await get(`/v1/agents/${id}`);
    expect(ended.headers).toMatchObject({ 'cache-control': 'public, no-cache' });
    expect(ended.headers['etag']).toMatch(/^W\/"tombstoned-/);
    node.resolution = { ...node.resolution, status: 'not-found', state: null };
    expect((await get(`/v1/agents/${id}`)).headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('asks the network for ?fresh, with and without a value', async () => {
    const get = open();
    for (const [query, fresh] of [
      ['?fresh', true],
      ['?fresh=true', true],
      ['?fresh=false', false],
    ] as const) {
      await get(`/v1/agents/${id}${query}`);
      expect(node.calls.at(-1)![2]).toMatchObject({ fresh });
    }
  });

  it('of many agents answers in their order, with a problem for each that fails', async () => {
    const onDefect = (): void => {};
    const given = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 1, onDefect };
    const api = createApi(node, { ...given, openReads: true });
    const payload = { agents: [id, 'nanda:short', `did:${id}`], fresh: true, timeoutMs: 900 };
    const headers = { host: 'localhost' };
    const answer = await api.inject({ method: 'POST', url: '/v1/resolve', headers, payload });
    expect(answer.json()).toMatchObject({
      results: [
        { agentId: id, status: 'ok', record: { slot: 0 } },
        { agentId: 'nanda:short', problem: { code: 'bad-argument', status: 400 } },
        { agentId: id, status: 'ok' },
      ],
    });
    expect(node.calls[0]![2]).toMatchObject({ fresh: true, timeoutMs: 900 });
    const many = await api.inject({
      method: 'POST',
      url: '/v1/resolve',
      headers,
      payload: { agents: Array(101).fill(id) },
    });
    expect(many.statusCode).toBe(400);
  });
});

describe('the history of keys', () => {
  it.each([
    ['before the inception', -1, null],
    ['at the inception', 0, 0],
    ['a second before the rotation', 3599 / 3600, 0],
    ['at the rotation', 1, 1],
    ['years later', 30_000, 1],
  ])('says which key was valid %s', async (_, hours, place) => {
    node.resolution = { ...node.resolution, state: rotatedState(born) };
    const answer = (await open()(`/v1/agents/${id}/history?at=${hour(hours)}`)).json();
    expect(answer.at).toMatchObject({
      sequence: place,
      signingKey: place === null ? null : bytesToHex(sampleKeys[place]!),
    });
    expect(answer.events).toMatchObject([
      {
        type: 'icp',
        sequence: 0,
        prior: null,
        validFrom: hour(0).replace('.000', ''),
        validUntil: hour(1).replace('.000', ''),
      },
      { type: 'rot', sequence: 1, validUntil: null, signingKey: bytesToHex(sampleKeys[1]) },
    ]);
    expect(answer.events[1].prior).toBe(answer.events[0].digest);
  });

  it('has no key after the end, and none in a fork', async () => {
    const get = open();
    node.resolution = { ...node.resolution, status: 'tombstoned', state: endedState(born) };
    const ended = (await get(`/v1/agents/${id}/history?at=${hour(3)}`)).json();
    expect(ended).toMatchObject({ status: 'tombstoned', at: { signingKey: null, sequence: 2 } });
    expect(ended.events[2]).toMatchObject({ type: 'tomb', reason: 'cessationOfOperation', signingKey: null });
    node.resolution = { ...node.resolution, status: 'forked', state: forkedState(born) };
    const forked = (await get(`/v1/agents/${id}/history?at=${hour(3)}`)).json();
    expect(forked).toMatchObject({ status: 'forked', at: { signingKey: null, establishment: null } });
    expect(forked.proof).toHaveLength(2);
    expect((await get(`/v1/agents/${id}/history?at=${hour(0.5)}`)).json().at.signingKey).toBe(
      bytesToHex(sampleKeys[0]),
    );
  });

  it.each([
    'yesterday',
    '2026-13-45T99:99:99Z',
    '2026-02-30T00:00:00Z',
    '2026-01-01T12:00:00',
    '2026-01-01 12:00',
    '1767225600',
    '',
  ])('refuses %s as a time', async (at) => {
    const answer = await open()(`/v1/agents/${id}/history?at=${at}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toContain('2026-01-31T12:00:00Z');
  });

  it.each([
    ['2026-01-01', '2026-01-01T00:00:00Z'],
    ['2026-01-01T12:00:00%2B02:00', '2026-01-01T10:00:00Z'],
    ['2026-01-01T12:00:00.999Z', '2026-01-01T12:00:00Z'],
  ])('takes %s as a time', async (at, time) => {
    expect((await open()(`/v1/agents/${id}/history?at=${at}`)).json().at.time).toBe(time);
  });
});

describe('a client', () => {
  it('that asks too much waits, and others do not', () => {
    let now = 0;
    const check = createRateLimit({ requestsPerSecond: 10, requestsBurst: 3 }, () => now);
    const passes = (ip: string): boolean => {
      try {
        check({ ip });
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'too-many-requests' });
        return false;
      }
    };
    expect([1, 2, 3, 4].map(() => passes('192.0.2.1'))).toEqual([true, true, true, false]);
    expect(passes('192.0.2.2')).toBe(true);
    now += 100;
    expect([passes('::ffff:192.0.2.1'), passes('192.0.2.1')]).toEqual([true, false]);
    const network = ['2001:db8::1', '2001:db8:0:0:1::', '2001:0db8::2', '2001:db8::3'];
    expect(network.map(passes)).toEqual([true, true, true, true]);
    expect(passes('2001:db8::4')).toBe(false);
    expect(passes('2001:db8:0:1::4')).toBe(true);
  });

  it('is told when to come back', async () => {
    const get = open({ rateLimit: { requestsPerSecond: 1, requestsBurst: 2 } });
    expect([(await get('/healthz')).statusCode, (await get('/healthz')).statusCode]).toEqual([200, 200]);
    const refused = await get('/healthz');
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json()).toMatchObject({ code: 'too-many-requests' });
  });

  it('that is a page of another origin reads nothing unless its origin is named', async () => {
    const origin = 'https://app.example';
    const closed = await open()('/v1/status', { origin });
    expect(closed.headers).not.toHaveProperty('access-control-allow-origin');
    const get = open({ corsOrigins: [origin] });
    expect((await get('/v1/status', { origin })).headers).toMatchObject({
      'access-control-allow-origin': origin,
      vary: 'origin',
    });
    const other = await get('/v1/status', { origin: 'https://other.example' });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('that is a page of a named origin may ask before', async () => {
    const onDefect = (): void => {};
    const given = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 1, onDefect };
    const api = createApi(node, { ...given, corsOrigins: ['https://app.example'] });
    const ask = (origin: string) =>
      api.inject({ method: 'OPTIONS', url: '/v1/agents', headers: { host: 'localhost', origin } });
    const allowed = await ask('https://app.example');
    expect(allowed.statusCode).toBe(204);
    expect(allowed.headers['access-control-allow-headers']).toContain('authorization');
    expect((await ask('https://other.example')).statusCode).toBeGreaterThanOrEqual(400);
  });
});
