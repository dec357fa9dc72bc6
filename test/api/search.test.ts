/** Search and announcing over HTTP: what is asked of the node, what is answered, what is refused. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import { NodeError } from '../../src/driver/node-error.ts';
import type { FoundCapability } from '../../src/node/node-types.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';
import { endedState, forkedState } from './sample-states.ts';

let node: RecordedNode;
let id: string;

beforeEach(() => {
  node = createRecordedNode();
  id = formatAgentId(node.resolution.agentId);
});

function open(openReads = true) {
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const given = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 10, onDefect };
  return createApi(node, { ...given, openReads });
}

const get = (url: string) => open().inject({ url, headers: { host: 'localhost' } });
const put = (body: object, headers: Record<string, string> = { authorization: 'Bearer t' }) =>
  open().inject({
    method: 'PUT',
    url: `/v1/agents/${id}/capabilities`,
    headers: { host: 'localhost', ...headers },
    payload: body,
  });

/** Facts that the node serves, as its index finds them. */
function hosting(...hits: { fill: number; name: string; tags: string[]; score: number }[]): void {
  Object.assign(node.facts, {
    search: async (query: object) => {
      node.calls.push(['searchFacts', query]);
      return hits.map(({ fill, ...hit }) => ({
        ...hit,
        agentId: new Uint8Array(32).fill(fill),
        description: 'd',
      }));
    },
  });
}

const announcedBy = (fill: number, tags: readonly string[], score: number): FoundCapability => ({
  ...{ agentId: new Uint8Array(32).fill(fill), tags, score, expiresAtSeconds: 1_900_000_000 },
  ...{ shownBy: 5, verified: false, source: 'announcement' },
});

describe('GET /v1/search', () => {
  it('answers what the overlay shows as hints, with how far was looked', async () => {
    const answer = await get('/v1/search?capability=Translate/');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      results: [
        {
          agentId: id,
          did: formatAgentDid(node.resolution.agentId),
          name: null,
          description: null,
          tags: ['/translate/en-es'],
          score: 50,
          source: 'announcement',
          verified: false,
          expiresAt: '2030-03-17T17:46:40Z',
        },
      ],
      horizon: { overlay: { tag: '/translate', asked: 6, responders: 5, isComplete: true }, facts: 'hosted' },
    });
  });

  it('asks with the limits of the request, and verifies on wish alone', async () => {
    await get('/v1/search?capability=/a&limit=7&timeoutMs=900');
    await get('/v1/search?capability=/a&verify');
    await get('/v1/search?capability=/a&verify=true');
    await get('/v1/search?capability=/a&verify=false');
    const asked = node.calls.filter(([name]) => name === 'search').map(([, query]) => query);
    expect(asked[0]).toMatchObject({ tag: '/a', limit: 7, timeoutMs: 900, verify: false });
    expect(asked.map((query) => (query as { verify: boolean }).verify)).toEqual([false, true, true, false]);
  });

  it('looks for words in the facts that the node serves, and asks nobody else', async () => {
    hosting({ fill: 7, name: 'Translator', tags: ['/translate'], score: 88 });
    const answer = await get('/v1/search?text=translator');
    expect(answer.json()).toMatchObject({
      results: [{ name: 'Translator', source: 'facts', score: 88, verified: false, expiresAt: null }],
      horizon: { overlay: null, facts: 'hosted' },
    });
    expect(node.calls).toEqual([['searchFacts', { text: 'translator', limit: 20 }]]);
  });

  it('shows an agent once, by its facts, and the better match first', async () => {
    hosting({ fill: 1, name: 'One', tags: ['/a'], score: 40 });
    node.found = { ...node.found, results: [announcedBy(1, ['/a'], 100), announcedBy(2, ['/a/b'], 50)] };
    const { results } = (await get('/v1/search?capability=/a')).json();
    expect(results.map((row: { source: string; score: number }) => [row.source, row.score])).toEqual([
      ['announcement', 50],
      ['facts', 40],
    ]);
  });

  it('with words and a capability, keeps of the hints those whose tags have every word', async () => {
    hosting();
    node.found = { ...node.found, results: [announcedBy(1, ['/a/legal'], 50), announcedBy(2, ['/a/b'], 50)] };
    const { results } = (await get('/v1/search?capability=/a&text=Legal')).json();
    expect(results.map((row: { tags: string[] }) => row.tags)).toEqual([['/a/legal']]);
  });

  it('shows at most as many as were asked for', async () => {
    hosting();
    node.found = { ...node.found, results: [1, 2, 3, 4].map((fill) => announcedBy(fill, ['/a'], 100)) };
    expect((await get('/v1/search?capability=/a&limit=3')).json().results).toHaveLength(3);
  });

  it.each([
    ['ended', endedState],
    ['forked', forkedState],
  ])('never shows facts of an agent that has %s, when it verifies', async (_, state) => {
    hosting({ fill: 1, name: 'One', tags: ['/a'], score: 40 });
    node.found = { ...node.found, results: [] };
    expect((await get('/v1/search?capability=/a&verify')).json().results).toMatchObject([{ verified: true }]);
    const made = state(Math.floor(Date.now() / 1000));
    node.resolution = {
      ...node.resolution,
      state: made,
      status: made.keyState.status === 'forked' ? 'forked' : 'tombstoned',
    };
    expect((await get('/v1/search?capability=/a&verify')).json().results).toEqual([]);
  });

  it.each([
    ['/v1/search', 'bad-request'],
    ['/v1/search?limit=3', 'bad-request'],
    ['/v1/search?capability=', 'bad-request'],
    ['/v1/search?capability=/a&limit=0', 'bad-request'],
    ['/v1/search?capability=/a&limit=101', 'bad-request'],
    ['/v1/search?capability=/a&verify=perhaps', 'bad-request'],
    ['/v1/search?capability=/a&timeoutMs=-1', 'bad-request'],
    ['/v1/search?capability=/a&other=1', 'bad-request'],
    ['/v1/search?capability=/a/b/c/d/e', 'bad-tag'],
    ['/v1/search?capability=/..', 'bad-tag'],
    [`/v1/search?capability=/${'x'.repeat(70)}`, 'bad-tag'],
    [`/v1/search?text=${'x'.repeat(201)}`, 'bad-request'],
  ])('refuses %s as %s', async (url, code) => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code });
    expect(node.calls).toEqual([]);
  });

  it('needs the token where reads do', async () => {
    const api = open(false);
    const url = '/v1/search?capability=/a';
    expect((await api.inject({ url, headers: { host: 'localhost' } })).statusCode).toBe(401);
    const headers = { host: 'localhost', authorization: 'Bearer t' };
    expect((await api.inject({ url, headers })).statusCode).toBe(200);
  });
});

describe('PUT /v1/agents/:id/capabilities', () => {
  it('announces, and says how many storing peers keep it', async () => {
    const answer = await put({ tags: ['/chat', '/translate/en-es'], timeoutMs: 2_000 });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      agentId: id,
      tags: ['/chat', '/translate/en-es'],
      expiresAt: '2030-03-17T17:46:40Z',
      announce: { holders: 18, displaced: 2, asked: 20, refusal: null },
    });
    expect(node.calls).toEqual([
      ['announceCapabilities', node.resolution.agentId, ['/chat', '/translate/en-es'], { timeoutMs: 2_000 }],
    ]);
  });

  it('needs the token, whoever may read', async () => {
    expect((await put({ tags: [] }, {})).statusCode).toBe(401);
  });

  it.each([
    [{}],
    [{ tags: '/a' }],
    [{ tags: ['/a', '/b', '/c', '/d', '/e'] }],
    [{ tags: [''] }],
    [{ tags: [7] }],
    [{ tags: [], more: 1 }],
  ])('refuses %j', async (body) => {
    const answer = await put(body);
    expect(answer.statusCode).toBe(400);
    expect(node.calls).toEqual([]);
  });

  it('says what is wrong with an agent that is not in custody', async () => {
    node.failure = new NodeError('not-custodial', 'this node holds no key of it');
    expect((await put({ tags: ['/a'] })).json()).toMatchObject({ status: 404, code: 'not-custodial' });
  });
});
