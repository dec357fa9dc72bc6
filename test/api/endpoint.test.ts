/** Endpoints and adaptive resolvers over HTTP: what is answered, what is refused and how, who may. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { multikeyOf } from '../../src/facts/multikey.ts';
import { signLoadReport } from '../../src/resolution/adaptive/load-report.ts';
import { ResolutionError } from '../../src/resolution/resolution-error.ts';
import { bornAgent } from '../helpers/test-agent.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

const token = 't';
const headers = { host: 'localhost:4800' };
const authorised = { ...headers, authorization: `Bearer ${token}` };
const opened: ReturnType<typeof createApi>[] = [];
let node: RecordedNode;
let api: ReturnType<typeof createApi>;
let agentId: Uint8Array;
let id: string;

function apiOver(one: RecordedNode): ReturnType<typeof createApi> {
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 1, onDefect };
  const made = createApi(one, { ...options, openReads: true });
  opened.push(made);
  return made;
}

beforeAll(() => {
  node = createRecordedNode();
  ({ agentId } = node.resolution);
  id = formatAgentId(agentId);
  api = apiOver(node);
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
});

const url = 'https://one.example/a2a';
const routing = { endpoints: [{ url, region: 'eu' }], ttlSeconds: 45 };
const put = (payload: object, more: Record<string, string> = authorised) =>
  api.inject({ method: 'PUT', url: `/v1/agents/${id}/routing`, headers: more, payload });
const route = (query = 'client=me&nonce=n1') => api.inject({ url: `/adaptive/${id}?${query}`, headers });

describe('GET and POST /v1/endpoint', () => {
  it('answer with endpoints, their ends and the trace', async () => {
    const step = { step: 'endpoint', outcome: 'ok', asked: 'x', from: 'y', said: 'z', tookMs: 1 } as const;
    const trace = [{ ...step, verifiedBy: 'v', holdsUntilMs: 1_800_000_000_000, code: null }];
    const endpoint = {
      url,
      class: 'static',
      region: null,
      protocol: null,
      version: null,
      token: null,
    } as const;
    const endpoints = [{ ...endpoint, expiresAtMs: 1_800_000_000_000 }];
    const seen: unknown[] = [];
    const changed: RecordedNode = {
      ...node,
      endpoints: {
        async resolve(name, request) {
          seen.push([name, { ...request, signal: undefined }]);
          return { agentId, name: null, path: 'direct', endpoints, facts: null, trace, tookMs: 2 };
        },
      },
    };
    const over = apiOver(changed);
    const query = `agent=${id}&path=direct&region=eu&maxStalenessSeconds=5&timeoutMs=900`;
    const got = await over.inject({ url: `/v1/endpoint?${query}`, headers });
    expect(got.headers['cache-control']).toBe('no-store');
    expect(got.json()).toMatchObject({
      agentId: id,
      endpoints: [{ url, expiresAt: '2027-01-15T08:00:00.000Z' }],
      trace: [{ step: 'endpoint', holdsUntil: '2027-01-15T08:00:00.000Z' }],
    });
    const body = { agent: id, avoid: [url], blinded: { url, salt: '00'.repeat(16) } };
    const posted = await over.inject({ method: 'POST', url: '/v1/endpoint', headers, payload: body });
    expect(posted.statusCode).toBe(200);
    expect(seen).toEqual([
      [id, { path: 'direct', region: 'eu', maxStalenessSeconds: 5, timeoutMs: 900, signal: undefined }],
      [id, { avoid: [url], blinded: { url, salt: new Uint8Array(16) }, signal: undefined }],
    ]);
  });

  it('tell in the problem how far it came', async () => {
    const now = Math.floor(Date.now() / 1000);
    const nobody = bornAgent('api endpoint', now, { primary: 'http://127.0.0.1:1/facts' });
    const other = createRecordedNode();
    other.resolution = { ...other.resolution, agentId: nobody.agentId, state: nobody.state };
    const agent = formatAgentId(nobody.agentId);
    const answer = await apiOver(other).inject({ url: `/v1/endpoint?agent=${agent}`, headers });
    expect(answer.statusCode).toBe(502);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: 'unreachable',
      trace: [
        { step: 'record', outcome: 'ok' },
        { step: 'facts', outcome: 'failed', code: 'unreachable', holdsUntil: null },
      ],
    });
  });

  it.each([
    ['', 400],
    ['agent=', 400],
    ['agent=nanda:x&path=sideways', 400],
    ['agent=nanda:x&timeoutMs=1', 400],
    ['agent=nanda:x&maxStalenessSeconds=-1', 400],
    ['agent=urn:agent:acme:none', 404],
  ])('refuse ?%s with %i', async (query, status) => {
    const answer = await api.inject({ url: `/v1/endpoint?${query}`, headers });
    expect(answer.json()).toMatchObject({ status });
  });
});

describe('routing', () => {
  it('is for holders of the token, and routes from then on', async () => {
    expect((await put(routing, headers)).statusCode).toBe(401);
    expect((await route()).json()).toMatchObject({ status: 404, code: 'no-routing' });
    const answer = await put(routing);
    expect(answer.json()).toMatchObject({
      agentId: id,
      resolverPath: `/adaptive/${id}`,
      routing: { policies: ['capability', 'geo', 'load'], fallback: ['rotating', 'static'], ttlSeconds: 45 },
      loads: [{ url, load: null }],
    });
    const routed = await route();
    expect(routed.headers).toMatchObject({ 'content-type': 'application/jwt', 'cache-control': 'no-store' });
    expect(routed.body.split('.')).toHaveLength(3);
    const removed = await api.inject({
      method: 'DELETE',
      url: `/v1/agents/${id}/routing`,
      headers: authorised,
    });
    expect(removed.json()).toEqual({ agentId: id, removed: true });
    expect((await route()).statusCode).toBe(404);
  });

  it('sends who asks for it on to the best endpoint, with the signed route beside', async () => {
    await put(routing);
    const answer = await route('client=me&nonce=n1&redirect');
    expect(answer.statusCode).toBe(307);
    expect(answer.headers['location']).toBe(url);
    expect(String(answer.headers['weft-route']).split('.')).toHaveLength(3);
  });

  it.each<[object | string]>([
    [{}],
    [{ endpoints: [] }],
    [{ endpoints: [{ url: 'ftp://x' }] }],
    [{ endpoints: [{ url }, { url: 'https://ONE.example/a2a' }] }],
    [{ endpoints: [{ url }], ttlSeconds: 61 }],
    [{ endpoints: [{ url }], policies: ['nearby'] }],
    [{ endpoints: [{ url, key: 'z6MkBad' }] }],
    [{ endpoints: [{ url }], more: 1 }],
    [[1]],
  ])('refuses %j', async (body) => {
    expect((await put(body as object)).json()).toMatchObject({ status: 422, code: 'bad-routing' });
  });

  it.each([
    '',
    'client=me',
    'nonce=n',
    `client=${'c'.repeat(129)}&nonce=n`,
    'client=&nonce=n',
    'client=m&nonce=n&x=1',
  ])('refuses the question ?%s', async (query) => {
    await put(routing);
    expect((await route(query)).json()).toMatchObject({ status: 400, code: 'bad-request' });
  });

  it('takes reports of load from the key of the endpoint alone', async () => {
    const signer = createSigner(new Uint8Array(32).fill(40));
    await put({ endpoints: [{ url, key: multikeyOf(signer.publicKey) }, { url: 'https://two.example/' }] });
    const issuedAt = Math.floor(Date.now() / 1000);
    const send = (report: string) =>
      api.inject({ method: 'POST', url: `/adaptive/${id}/load`, headers, payload: { report } });
    const report = { agentId, url, load: 0.25, issuedAt };
    expect((await send(signLoadReport(report, signer))).json()).toEqual({ accepted: true });
    expect((await send(signLoadReport(report, signer))).json()).toEqual({ accepted: false });
    const shown = await api.inject({ url: `/v1/agents/${id}/routing`, headers: authorised });
    expect(shown.json().loads).toEqual([
      { url, load: 0.25 },
      { url: 'https://two.example/', load: null },
    ]);
    const other = createSigner(new Uint8Array(32).fill(41));
    const later = { ...report, issuedAt: issuedAt + 1 };
    for (const bad of [
      signLoadReport(later, other),
      signLoadReport({ ...later, url: 'https://two.example/' }, signer),
      signLoadReport({ ...later, url: 'https://three.example/' }, signer),
      signLoadReport({ ...later, agentId: new Uint8Array(32) }, signer),
      signLoadReport({ ...later, load: 2 }, signer),
    ])
      expect((await send(bad)).json()).toMatchObject({ status: 403, code: 'bad-report' });
    expect((await send('a.b.c')).json()).toMatchObject({ status: 422, code: 'bad-token' });
  });

  it('is refused where it is switched off', async () => {
    const off = apiOver({ ...node, adaptive: null });
    for (const [method, place] of [
      ['GET', `/adaptive/${id}?client=a&nonce=b`],
      ['GET', `/v1/agents/${id}/routing`],
      ['DELETE', `/v1/agents/${id}/routing`],
    ] as const) {
      const answer = await off.inject({ method, url: place, headers: authorised });
      expect(answer.json()).toMatchObject({ status: 404, code: 'adaptive-off' });
    }
  });

  it('says what keeps it from answering as a problem', async () => {
    const failing = apiOver({
      ...node,
      adaptive: {
        ...node.adaptive!,
        answer: async () => {
          throw new ResolutionError('over-limit', 'too often');
        },
      },
    });
    const answer = await failing.inject({ url: `/adaptive/${id}?client=a&nonce=b`, headers });
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ status: 429, code: 'over-limit' });
  });
});
