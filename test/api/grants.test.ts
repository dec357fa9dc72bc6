/** Grants and queries over HTTP: what is asked of the node, what is answered, that it fits its own description, what is refused. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { formatGrant, parseGrant } from '../../src/core/identity/delegation-grant.ts';
import { bornAgent } from '../helpers/test-agent.ts';
import type { ApiDocument } from './api-document.ts';
import { createRecordedNode, type RecordedNode, sampleGrant } from './recorded-node.ts';

const node: RecordedNode = createRecordedNode();
const { resolution, answer: nobody } = node;
const id = formatAgentId(resolution.agentId);
const grant = formatGrant(sampleGrant(resolution.state!));
const onDefect = (error: unknown): never => {
  throw error;
};
const given = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 10, onDefect };
const api = createApi(node, { ...given, openReads: true });
let document: ApiDocument | null = null;

beforeEach(() => {
  node.failure = null;
  node.resolution = resolution;
  node.answer = nobody;
  node.calls.length = 0;
});
afterAll(() => api.close());

type Method = 'GET' | 'POST' | 'PUT';

async function call(method: Method, url: string, payload?: object, token = true) {
  const headers = { host: 'localhost', ...(token && { authorization: 'Bearer t' }) };
  return api.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
}

/** Holds an answer against what the API says of itself. */
async function assertDescribed(method: Method, path: string, status: number, answer: unknown): Promise<void> {
  document ??= (await call('GET', '/openapi.json')).json<ApiDocument>();
  const { content } = document.paths[path]![method.toLowerCase()]!.responses[String(status)]!;
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
    Object.values(content!)[0]!.schema,
  );
  expect(validate(answer), JSON.stringify(validate.errors)).toBe(true);
}

describe('grants over HTTP', () => {
  it('are issued to a key, below a grant, and for a helper whose key is said once', async () => {
    const path = `/v1/agents/${id}/grants`;
    const audience = 'ab'.repeat(32);
    const wish = { rights: ['facts'], expiresInSeconds: 300 };
    const answer = await call('POST', path, { ...wish, audience, under: grant, timeoutMs: 900 });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ agentId: id, depth: 1, rights: ['sub', 'facts'], key: null });
    expect(parseGrant(answer.json<{ grant: string }>().grant).agentId).toEqual(node.resolution.agentId);
    await assertDescribed('POST', '/v1/agents/{id}/grants', 201, answer.json());
    expect(node.calls[0]).toMatchObject([
      'grant',
      node.resolution.agentId,
      { ...wish, under: parseGrant(grant) },
      { timeoutMs: 900 },
    ]);
    const helper = await call('POST', path, wish);
    const { key } = helper.json<{ key: { publicKey: string; seed: string } }>();
    const [, , asked] = node.calls[1] as [string, unknown, { audience: Uint8Array }];
    expect(bytesToHex(asked.audience)).toBe(key.publicKey);
    expect(key.seed).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are kept, renewed as they were, and shown as a tree', async () => {
    const kept = await call('PUT', `/v1/agents/${id}/grants`, { grant });
    expect(kept.json()).toMatchObject({ isHeld: true, depth: 1 });
    await assertDescribed('PUT', '/v1/agents/{id}/grants', 200, kept.json());
    const renewed = await call('POST', `/v1/agents/${id}/grants/renew`, { grant, expiresInSeconds: 60 });
    expect(renewed.statusCode).toBe(201);
    await assertDescribed('POST', '/v1/agents/{id}/grants/renew', 201, renewed.json());
    const { audience } = parseGrant(grant).token;
    expect(node.calls.at(-1)).toMatchObject([
      'grant',
      node.resolution.agentId,
      { audience, rights: ['sub', 'facts'], expiresInSeconds: 60 },
      {},
    ]);
    const tree = await call('GET', `/v1/agents/${id}/grants`);
    expect(tree.json()).toMatchObject({
      agentId: id,
      status: 'active',
      grants: [
        { parent: null, standing: 'holds', source: 'kept', isHeld: true, isInherited: false, revoked: null },
      ],
      revokedUnknown: [],
    });
    await assertDescribed('GET', '/v1/agents/{id}/grants', 200, tree.json());
  });

  it('are judged for everybody who may read, with the reason where they do not hold', async () => {
    const verify = (body: object) => call('POST', '/v1/grants/verify', body, false);
    const held = await verify({ grant, right: 'facts', fresh: true });
    expect(held.json()).toMatchObject({ holds: true, code: null, chain: [{ standing: 'holds' }] });
    await assertDescribed('POST', '/v1/grants/verify', 200, held.json());
    expect(node.calls[0]).toMatchObject(['resolve', node.resolution.agentId, { fresh: true }]);
    expect((await verify({ grant, right: 'revoke' })).json()).toMatchObject({
      holds: false,
      code: 'bad-delegation',
    });
    node.resolution = { ...resolution, status: 'not-found', state: null };
    const unknown = await verify({ grant });
    expect(unknown.json()).toMatchObject({ holds: false, code: 'not-found', chain: [{ standing: null }] });
    await assertDescribed('POST', '/v1/grants/verify', 200, unknown.json());
    node.resolution = { ...resolution, status: 'rolled-back' };
    expect((await verify({ grant })).json()).toMatchObject({ holds: false, code: 'rolled-back' });
    // A tampered signature: the last bytes of the text are those of the token's signature.
    node.resolution = resolution;
    const bytes = Uint8Array.from(parseGrant(grant).bytes);
    bytes[bytes.length - 1]! ^= 1;
    expect((await verify({ grant: formatGrant({ bytes }) })).json()).toMatchObject({
      holds: false,
      code: 'bad-signature',
    });
  });

  it('end by slot, hash or their text, one of them', async () => {
    const path = `/v1/agents/${id}/revoke-delegation`;
    await call('POST', path, { grant, reason: 'superseded' });
    expect(node.calls[0]).toMatchObject([
      'revokeDelegation',
      node.resolution.agentId,
      { grant: parseGrant(grant) },
      'superseded',
      {},
    ]);
    expect((await call('POST', path, { grant, slot: 1 })).json()).toMatchObject({ code: 'bad-request' });
    const digest = 'cd'.repeat(32);
    const ended = await call('POST', `/v1/agents/${id}/revoke-credential`, {
      digest,
      expiresAt: '2030-01-01T00:00:00Z',
    });
    expect(ended.statusCode).toBe(200);
    expect(node.calls.at(-1)).toMatchObject([
      'revokeCredential',
      node.resolution.agentId,
      { expiresAtSeconds: 1_893_456_000 },
      'unspecified',
      {},
    ]);
  });

  it.each<[Method, string, object]>([
    ['POST', 'grants', { rights: ['op'], expiresInSeconds: 60 }],
    ['POST', 'grants', { rights: [], expiresInSeconds: 60 }],
    ['POST', 'grants', { rights: ['facts'], expiresInSeconds: 0 }],
    ['POST', 'grants', { rights: ['facts'], expiresInSeconds: 31 * 86_400 }],
    ['POST', 'grants', { rights: ['facts'], expiresInSeconds: 60, audience: 'ab' }],
    ['POST', 'grants', { rights: ['facts'], expiresInSeconds: 60, under: 'weft-grant:' }],
    ['PUT', 'grants', {}],
    ['PUT', 'grants', { grant: `weft-grant:${'A'.repeat(3_000)}` }],
    ['POST', 'grants/renew', { expiresInSeconds: 60 }],
    ['POST', 'revoke-credential', { digest: 'ab', expiresAt: '2030-01-01T00:00:00Z' }],
    ['POST', 'revoke-credential', { digest: 'ab'.repeat(32), expiresAt: 'soon' }],
  ])('refuse %s %s %j', async (method, path, body) => {
    const answer = await call(method, `/v1/agents/${id}/${path}`, body);
    expect(answer.statusCode).toBe(400);
    expect(node.calls).toEqual([]);
  });

  it('of another agent, or of nobody, are refused by what is wrong', async () => {
    const other = bornAgent('grants of another', Math.floor(Date.now() / 1000) - 100);
    const url = `/v1/agents/${formatAgentId(other.agentId)}/grants`;
    expect((await call('PUT', url, { grant })).json()).toMatchObject({ code: 'bad-request' });
    const garbage = `weft-grant:${'A'.repeat(40)}`;
    expect((await call('PUT', `/v1/agents/${id}/grants`, { grant: garbage })).statusCode).toBe(422);
    node.failure = new ProtocolError('bad-delegation', 'no');
    expect((await call('PUT', `/v1/agents/${id}/grants`, { grant })).statusCode).toBe(403);
  });

  it('need the token, whoever may read', async () => {
    for (const [method, url] of [
      ['GET', `/v1/agents/${id}/grants`],
      ['POST', `/v1/agents/${id}/grants`],
      ['PUT', `/v1/agents/${id}/grants`],
      ['POST', `/v1/agents/${id}/grants/renew`],
      ['POST', `/v1/agents/${id}/revoke-credential`],
      ['POST', '/v1/query'],
    ] as const)
      expect((await call(method, url, method === 'GET' ? undefined : {}, false)).statusCode).toBe(401);
  });
});

describe('POST /v1/query', () => {
  const ask = (body: object) => call('POST', '/v1/query', body);

  it('asks what was said, with its defaults, and answers as it is described', async () => {
    node.answer = {
      results: [
        {
          ...{ agentId: node.resolution.agentId, name: 'N', description: null, tags: ['/a'], score: 70 },
          ...{ mark: 'hint', trust: 'record', filters: { skill: 'announced', region: 'unchecked' } },
          ...{ reason: 'no-facts-url', sources: ['announcement', 'seen'], factsFrom: null, issuer: null },
          expiresAtSeconds: 1_900_000_000,
        },
      ],
      horizon: {
        overlay: { tag: '/a', asked: 6, responders: 5, isComplete: false },
        seen: { agents: 3, facts: 1, sinceMs: 1_790_000_000_000, forgotten: 2 },
        ...{ candidates: 4, checked: 4, fetched: 1, isTimedOut: true },
      },
    };
    const answer = await ask({ skill: 'A/', region: 'eu', issuers: ['did:key:z6Mk'] });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toMatchObject({
      results: [{ agentId: id, mark: 'hint', expiresAt: '2030-03-17T17:46:40Z', reason: 'no-facts-url' }],
      horizon: { seen: { agents: 3, since: '2026-09-21T14:13:20.000Z', forgotten: 2 }, isTimedOut: true },
    });
    await assertDescribed('POST', '/v1/query', 200, answer.json());
    expect(node.calls[0]![1]).toMatchObject({
      ...{ skill: '/a', region: 'eu', issuers: ['did:key:z6Mk'] },
      ...{ limit: 20, timeoutMs: 10_000, verify: true, fetch: true, strict: false },
    });
  });

  it('reads the policy of a zone, and refuses one that is none', async () => {
    const policy = { version: 1, zone: 'z', roots: [], rules: [] };
    expect((await ask({ skill: '/a', minTrust: 'zone', policy })).statusCode).toBe(200);
    expect(node.calls[0]![1]).toMatchObject({ policy });
    const wrong = await ask({ skill: '/a', minTrust: 'zone', policy: { version: 9 } });
    expect(wrong.json()).toMatchObject({ code: 'bad-policy' });
    const unknown = await ask({ skill: '/a', minTrust: 'zone', zone: 'nobody-knows' });
    expect([unknown.statusCode, unknown.json()]).toMatchObject([404, { code: 'no-zone' }]);
  });

  it.each([
    {},
    { limit: 5 },
    { skill: '/a', minTrust: 'zone' },
    { skill: '/a', policy: { version: 1 } },
    { skill: '/a', zone: 'home' },
    { skill: '/a/b/c/d/e' },
    { skill: '/a', minTrust: 'much' },
    { skill: '/a', certifiedBy: 'Acme' },
    { skill: '/a', limit: 101 },
    { skill: '/a', timeoutMs: 1 },
    { skill: '/a', other: 1 },
    { text: 'x'.repeat(201) },
  ])('refuses %j', async (body) => {
    expect((await ask(body)).statusCode).toBe(400);
    expect(node.calls).toEqual([]);
  });
});
