import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { packageRoot } from '../../src/config/package-root.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

const token = 'secret-token';
const authorization = `Bearer ${token}`;
let node: RecordedNode;
let api: ReturnType<typeof createApi>;
let id: string;
let defects: unknown[];

beforeEach(() => {
  node = createRecordedNode();
  defects = [];
  id = formatAgentId(node.resolution.agentId);
  const onDefect = (error: unknown): number => defects.push(error);
  api = createApi(node, { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 10, onDefect });
});

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
function call(method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) {
  const payload = body === undefined ? {} : { payload: body as object };
  return api.inject({
    method,
    url,
    headers: { authorization, host: '127.0.0.1:4800', ...headers },
    ...payload,
  });
}

describe('the control API', () => {
  it('registers what the body says, and answers 201 with the place of the agent', async () => {
    const response = await call('POST', '/v1/agents', {
      primaryFactsUrl: 'https://a.example/f',
      privateFactsDigest: '00112233445566778899aabbccddeeff',
      ttlSeconds: 60,
      ephemeral: true,
      acknowledgements: 3,
      timeoutMs: 2000,
    });
    expect(response.statusCode).toBe(201);
    expect(response.headers['location']).toBe(`/v1/agents/${id}`);
    expect(response.json()).toMatchObject({
      agentId: id,
      publish: { status: 'stored', acknowledgements: 5 },
      recordBytes: 104,
      state: { keys: { status: 'active', sequence: 0 }, record: { fields: { ttl: { seconds: 3600 } } } },
    });
    const [name, draft, options] = node.calls.at(-1)!;
    expect([name, options]).toEqual(['register', { acknowledgements: 3, timeoutMs: 2000 }]);
    const digest = Uint8Array.from([0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255]);
    expect(draft).toEqual({
      primaryFactsUrl: 'https://a.example/f',
      privateFactsUrl: digest,
      ttlSeconds: 60,
      ephemeral: true,
    });
  });

  it.each<[Method, string, unknown, string, unknown[]]>([
    ['PATCH', '', { adaptiveResolverUrl: null }, 'update', [{ adaptiveResolverUrl: null }, {}]],
    ['POST', '/refence', undefined, 'refence', [{}]],
    ['POST', '/rotate', {}, 'rotate', [{}]],
    [
      'POST',
      '/recover',
      { recoverySeed: '11'.repeat(32) },
      'recover',
      [{ recoverySeed: new Uint8Array(32).fill(0x11) }],
    ],
    ['POST', '/revoke', { reason: 'keyCompromise' }, 'revoke', ['keyCompromise', {}]],
    ['POST', '/revoke', undefined, 'revoke', ['unspecified', {}]],
    ['POST', '/revoke-delegation', { slot: 2 }, 'revokeDelegation', [{ slot: 2 }, 'unspecified', {}]],
    [
      'POST',
      '/revoke-delegation',
      { hash: '22'.repeat(32) },
      'revokeDelegation',
      [{ hash: new Uint8Array(32).fill(0x22) }, 'unspecified', {}],
    ],
  ])('%s /v1/agents/:id%s calls the node with what was said', async (method, path, body, name, given) => {
    const response = await call(method, `/v1/agents/${id}${path}`, body);
    expect(response.statusCode).toBe(200);
    expect(node.calls).toEqual([[name, node.resolution.agentId, ...given]]);
  });

  it('delegates, and makes a key to delegate to', async () => {
    const body = { audience: '33'.repeat(32), rights: ['op'], fields: ['adaptive'], expiresInSeconds: 3600 };
    const response = await call('POST', `/v1/agents/${id}/delegate`, body);
    expect(response.json()).toMatchObject({ slot: 3, delegation: '0102' });
    expect(node.calls[0]).toEqual([
      'delegate',
      node.resolution.agentId,
      {
        audience: new Uint8Array(32).fill(0x33),
        rights: ['op'],
        fields: ['adaptive'],
        expiresInSeconds: 3600,
      },
      {},
    ]);
    const made = await call('POST', `/v1/agents/${id}/delegate-key`);
    expect(made.json()).toEqual({ publicKey: '09'.repeat(32) });
  });

  it('resolves an agent by any form of its id, and says what every answer rests on', async () => {
    for (const form of [id, id.slice('nanda:'.length), `did:${id}`]) {
      const response = await call('GET', `/v1/agents/${form}?fresh=true&timeoutMs=900`);
      expect(response.statusCode).toBe(200);
      expect(response.json()).toMatchObject({
        status: 'ok',
        agentId: id,
        responders: ['a', 'b', 'c'],
        record: {
          slot: 0,
          fields: {
            primary: { url: 'https://agents.example/facts', origin: { kind: 'fence', slot: 0 } },
            private: { url: null },
          },
        },
      });
      expect(node.calls.at(-1)![2]).toMatchObject({ fresh: true, timeoutMs: 900 });
    }
  });

  it('hands out the joined state as canonical bytes, and takes bundles that were signed elsewhere', async () => {
    const response = await call('GET', `/v1/agents/${id}/bundle`);
    expect(response.headers['content-type']).toBe('application/cbor');
    expect(response.headers['x-weft-status']).toBe('ok');
    expect(new Uint8Array(response.rawPayload)).toEqual(encodeState(node.resolution.state!));
    const published = await call('POST', '/v1/bundles?acknowledgements=2', response.rawPayload, {
      'content-type': 'application/cbor',
    });
    expect(published.json()).toMatchObject({ publish: { status: 'stored' } });
    const [, bytes, options] = node.calls.at(-1)!;
    expect(new Uint8Array(bytes as Uint8Array)).toEqual(encodeState(node.resolution.state!));
    expect(options).toEqual({ acknowledgements: 2 });
  });

  it('answers a resolve of an unknown agent as an answer, and its bundle as a 404', async () => {
    node.resolution = { ...node.resolution, status: 'not-found', state: null, ageSeconds: null };
    const response = await call('GET', `/v1/agents/${id}`);
    expect(response.json()).toMatchObject({ status: 'not-found', record: null, keys: null });
    expect((await call('GET', `/v1/agents/${id}/bundle`)).json()).toMatchObject({
      status: 404,
      code: 'no-record',
    });
  });

  it('lists agents and peers, and tells its own state', async () => {
    expect((await call('GET', '/v1/agents')).json()).toEqual({
      agents: [{ agentId: id, roles: ['signing'] }],
    });
    expect((await call('GET', '/v1/peers')).json()).toEqual({ peers: [] });
    expect((await call('GET', '/v1/status')).json()).toMatchObject({
      state: 'ready',
      startedAt: '1970-01-01T00:00:00.000Z',
    });
  });

  it('answers health, readiness and metrics without a token', async () => {
    const headers = { authorization: '' };
    expect((await call('GET', '/healthz', undefined, headers)).json()).toEqual({ status: 'ok' });
    expect((await call('GET', '/readyz', undefined, headers)).statusCode).toBe(200);
    expect((await call('GET', '/metrics', undefined, headers)).body).toContain('weft_agents 1');
    node.nodeState = 'starting';
    expect((await call('GET', '/readyz', undefined, headers)).json()).toMatchObject({
      status: 503,
      code: 'not-ready',
    });
  });
});

describe('the documentation', () => {
  it('names every route and every metric of the API, and the API has every route that it names', async () => {
    const text = readFileSync(join(packageRoot(), 'docs', 'api.md'), 'utf8');
    const table = text.slice(text.indexOf('| route |'), text.indexOf('Each write'));
    const named = table.split('\n').flatMap((line) => {
      const paths = line.split('|')[1]?.match(/`([^`]+)`/g) ?? [];
      let last = { method: 'GET', base: '' };
      return paths.map((path) => {
        const [, method = last.method, route = ''] = /^`(?:(GET|POST|PUT|PATCH|DELETE) )?([^?`]+)/.exec(
          path,
        )!;
        const full = route.startsWith('/') ? route : `${last.base}/${route}`;
        last = { method, base: full.slice(0, full.lastIndexOf('/')) };
        return `${method} ${full}`;
      });
    });
    await api.ready();
    for (const route of named) {
      const [method, url] = route.split(' ') as ['GET', string];
      expect(api.hasRoute({ method, url }), route).toBe(true);
    }
    expect(new Set(named).size).toBe(registeredRouteCount());
    await call('GET', '/v1/nothing');
    const metrics = (await call('GET', '/metrics')).body;
    expect(metrics).toContain('weft_api_problems_total{code="no-route"} 1');
    const operating = readFileSync(join(packageRoot(), 'docs', 'operating.md'), 'utf8');
    for (const [, name] of metrics.matchAll(/^# TYPE (weft_api_\w+)/gm)) expect(operating).toContain(name);
  });
});

/** Methods of all paths, HEAD aside, from fastify's own listing. */
function registeredRouteCount(): number {
  const methods = [...api.printRoutes().matchAll(/\(([A-Z, ]+)\)/g)].flatMap(([, list]) => list!.split(', '));
  return methods.filter((method) => method !== 'HEAD').length;
}

describe('a request that is refused', () => {
  it.each(['', 'Bearer', 'Bearer wrong', `bearer ${token}`, `Bearer ${token} `.repeat(2), token])(
    'has no right token: %j',
    async (given) => {
      const response = await call('GET', '/v1/status', undefined, { authorization: given });
      expect(response.statusCode).toBe(401);
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(response.json()).toMatchObject({
        type: 'urn:weft:problem:api:unauthorized',
        code: 'unauthorized',
      });
      expect(node.calls).toEqual([]);
    },
  );

  it.each(['/%76%31/status', '//v1/status', '/V1/status', '/v1/./status', '/healthz/../v1/status'])(
    'spells a path so that no token would be asked for: %s',
    async (url) => {
      const response = await call('GET', url, undefined, { authorization: '' });
      expect([400, 401, 404]).toContain(response.statusCode);
      expect(node.calls).toEqual([]);
    },
  );

  it('comes under the name of another host', async () => {
    for (const host of ['evil.example', 'evil.example:4800', '127.0.0.1.evil.example']) {
      expect((await call('GET', '/metrics', undefined, { host })).json()).toMatchObject({
        code: 'wrong-host',
        status: 421,
      });
    }
    expect((await call('GET', '/metrics', undefined, { host: '[::1]:4800' })).statusCode).toBe(200);
  });

  it.each<[string, Method, string, unknown, Record<string, string>, number, string]>([
    [
      'JSON with a prototype',
      'POST',
      '/v1/agents',
      '{"__proto__": {"polluted": 1}}',
      { 'content-type': 'application/json' },
      400,
      'bad-request',
    ],
    [
      'JSON with a constructor',
      'POST',
      '/v1/agents',
      '{"constructor": {"prototype": {"polluted": 1}}}',
      { 'content-type': 'application/json' },
      400,
      'bad-request',
    ],
    [
      'no JSON',
      'POST',
      '/v1/agents',
      '{"primaryFactsUrl": ',
      { 'content-type': 'application/json' },
      400,
      'bad-request',
    ],
    ['an array', 'POST', '/v1/agents', [], {}, 400, 'bad-request'],
    [
      'an unknown property',
      'POST',
      '/v1/agents',
      { primaryFactUrl: 'https://a.example' },
      {},
      400,
      'bad-request',
    ],
    ['a number as text', 'POST', '/v1/agents', { ttlSeconds: '60' }, {}, 400, 'bad-request'],
    [
      'two private facts',
      'POST',
      '/v1/agents',
      { privateFactsUrl: 'https://a.example', privateFactsDigest: '00'.repeat(16) },
      {},
      400,
      'bad-request',
    ],
    [
      'a form',
      'POST',
      '/v1/agents',
      'a=b',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'wrong-media-type',
    ],
    ['a text', 'POST', '/v1/agents', 'hello', { 'content-type': 'text/plain' }, 415, 'wrong-media-type'],
    ['a bundle as JSON', 'POST', '/v1/bundles', {}, {}, 415, 'wrong-media-type'],
    [
      'too much',
      'POST',
      '/v1/bundles',
      Buffer.alloc(65 * 1024),
      { 'content-type': 'application/cbor' },
      413,
      'body-too-large',
    ],
    ['no agent id', 'GET', '/v1/agents/nanda:short', undefined, {}, 400, 'bad-argument'],
    ['a path that climbs', 'GET', '/v1/agents/..%2f..%2fetc%2fpasswd', undefined, {}, 400, 'bad-argument'],
    ['a path that climbs, plainly', 'GET', '/v1/agents/../../../etc/passwd', undefined, {}, 404, 'no-route'],
    [
      'an id of a thousand characters',
      'GET',
      `/v1/agents/${'a'.repeat(1000)}`,
      undefined,
      {},
      400,
      'bad-request',
    ],
    ['an escape that is none', 'GET', '/v1/agents/%zz', undefined, {}, 400, 'bad-request'],
    ['an unknown route', 'GET', '/v2/status', undefined, {}, 404, 'no-route'],
    ['an unknown method', 'DELETE', '/v1/status', undefined, {}, 405, 'wrong-method'],
    [
      'an unknown query',
      'GET',
      `/v1/agents/${'a'.repeat(52)}?refresh=true`,
      undefined,
      {},
      400,
      'bad-request',
    ],
    ['a watch of what is no agent', 'GET', '/v1/changes?agent=me', undefined, {}, 400, 'bad-argument'],
    [
      'slot and hash at once',
      'POST',
      `/v1/agents/${'a'.repeat(52)}/revoke-delegation`,
      { slot: 1, hash: '00'.repeat(32) },
      {},
      400,
      'bad-request',
    ],
    [
      'a right that does not exist',
      'POST',
      `/v1/agents/${'a'.repeat(52)}/delegate`,
      { audience: '00'.repeat(32), rights: ['own'], fields: [], expiresInSeconds: 60 },
      {},
      400,
      'bad-request',
    ],
  ])('says %s', async (_, method, url, body, headers, status, code) => {
    const response = await call(method, url, body, headers);
    expect(response.json()).toMatchObject({ status, code });
    expect(response.statusCode).toBe(status);
    expect(response.json().hint).toMatch(/\w/);
    expect(node.calls).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(defects).toEqual([]);
  });
});
