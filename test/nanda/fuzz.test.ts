/** Every route of the NANDA index over a live node with odd and hostile input: never a 500, never a hang, never a leak. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesMax } from '../../src/api/nanda/name-book.ts';
import { createLiveNetwork, type LiveNode } from '../helpers/live-nodes.ts';
import { createNandaUnderTest, type NandaUnderTest, send, token } from './nanda-live.ts';

const network = createLiveNetwork();
const bridge = 'https://agents.example/bridge';
const runs = 60;
/** Everything that came out. */
const told: string[] = [];
let live: LiveNode;
let place: NandaUnderTest;
let app: FastifyInstance;

beforeAll(async () => {
  live = await network.start('fuzzed');
  place = createNandaUnderTest();
  app = await place.open(live.node);
}, 30_000);
afterAll(async () => {
  await app.close();
  place.close();
  await network.stop();
});

const oddNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'agent_status',
  'agent_map',
  'a b',
  ' ',
  'a/b',
  'a?b#c',
  '%41',
  '%',
  '...',
  '..a',
  '\\',
  "O'Hara & <b>",
  'käse',
  '日本語のエージェント',
  '🦊🦊',
  '\u202eevil',
  '@owner/agent:1',
  'null',
  '0',
];

describe('names', () => {
  it.each(oddNames)('may be odd: %j', async (name) => {
    const path = encodeURIComponent(name);
    expect(await send(app, 'POST', '/register', { agent_id: name, agent_url: bridge })).toMatchObject({
      status: 200,
      body: { message: `Agent ${name} registered successfully` },
    });
    expect((await send(app, 'GET', `/lookup/${path}`)).body).toMatchObject({ agent_id: name });
    const list = (await send(app, 'GET', '/list')).body as object;
    expect(Object.getOwnPropertyDescriptor(list, name)?.value).toBe(bridge);
    expect(
      (await send(app, 'PUT', `/agents/${path}/status`, { assigned_to: name, alive: true })).body,
    ).toMatchObject({ agent: { agent_id: name, assigned_to: name } });
    expect((await send(app, 'GET', `/status/${path}`)).text).toBe('true');
    expect(Object.keys((await send(app, 'GET', '/clients')).body as object)).toContain(name);
    expect((await send(app, 'GET', `/search?q=${path}`)).body).toEqual(
      expect.arrayContaining([expect.objectContaining({ agent_id: name })]),
    );
    expect((await send(app, 'DELETE', `/agents/${path}`)).status).toBe(200);
    expect((await send(app, 'GET', `/lookup/${path}`)).status).toBe(404);
    expect(({} as Record<string, unknown>)['agentUrl']).toBeUndefined();
  });

  it.each([
    '',
    '.',
    '..',
    'a\u0000b',
    'a\nb',
    '\u007f',
    '\ud800',
    'x'.repeat(129),
    '日'.repeat(40),
    'nanda:short',
    'did:nanda:',
  ])('are refused when no path can say them, or they look like ids and are none: %j', async (name) => {
    const answer = await send(app, 'POST', '/register', { agent_id: name, agent_url: bridge });
    expect(answer).toMatchObject({ status: 400, body: { error: expect.any(String) } });
  });

  it.each(['__proto__', 'constructor', 'toString', 'agent_status'])(
    'are not found when nobody has them: %s',
    async (name) => {
      for (const [method, path] of [
        ['GET', `/lookup/${name}`],
        ['GET', `/status/${name}`],
        ['GET', `/agents/${name}`],
        ['DELETE', `/agents/${name}`],
      ] as const)
        expect((await send(app, method, path)).status).toBe(404);
      expect((await send(app, 'GET', `/sender/${name}`)).status).toBe(400);
    },
  );

  it('are refused beyond 10,000, without an agent that nobody would find', async () => {
    const file = `${place.file}.full`;
    const entry = {
      name: '',
      agentId: `nanda:${'a'.repeat(52)}`,
      agentUrl: bridge,
      apiUrl: null,
      alive: false,
      assignedTo: null,
      lastUpdate: '2026-11-21T09:00:00.000Z',
      capabilities: [],
      tags: [],
    };
    const lines = Array.from({ length: namesMax - 1 }, (_, index) =>
      JSON.stringify({ ...entry, name: `filled-${index}` }),
    );
    writeFileSync(file, `{"file":"names of the NANDA index","version":1}\n${lines.join('\n')}\n`);
    const full = await place.open(live.node, { file });
    const agents = (await live.node.agents.list()).length;
    const answers = await Promise.all(
      ['last', 'one too many', 'two too many'].map((name) =>
        send(full, 'POST', '/register', { agent_id: name, agent_url: bridge }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 507, 507]);
    expect((await live.node.agents.list()).length).toBe(agents + 1);
    expect((await send(full, 'GET', '/stats')).body).toMatchObject({ total_agents: namesMax });
    expect(Object.keys((await send(full, 'GET', '/list')).body as object)).toHaveLength(namesMax);
    expect((await send(full, 'GET', '/search?q=filled-9999')).body).toEqual([]);
    await full.close();
  });
});

const hostile = [
  ...oddNames,
  '',
  '.',
  '..',
  '../../etc/passwd',
  '\u0000',
  '\ud800',
  'x'.repeat(5000),
  '{{1}}',
];
const anyText = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary', maxLength: 40 }));
const anyValue = fc.oneof(
  anyText,
  fc.constantFrom<unknown>(null, true, 0, -1, 1e300, bridge, 'ftp://x', 'http://127.0.0.1:1/x', [], {}),
  fc.jsonValue({ maxDepth: 3 }),
);
const anyBody = fc.oneof(
  fc.record(
    {
      agent_id: anyValue,
      agent_url: anyValue,
      api_url: anyValue,
      alive: anyValue,
      assigned_to: anyValue,
      capabilities: anyValue,
      tags: anyValue,
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue({ maxDepth: 4 }),
);
const leaks = [/\n\s+at /, /\bat \S+ \(/, /node_modules/, /file:\/\//, /\/src\//, /weft-nanda-|weft-live-/];

async function assertHarmless(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: string,
): Promise<void> {
  const began = performance.now();
  const { status, body: answered, text } = await send(app, method, url, body);
  expect(performance.now() - began, url).toBeLessThan(10_000);
  expect(status < 500 || [503, 504].includes(status), `${method} ${url} ${status} ${text}`).toBe(true);
  for (const leak of leaks) expect(text).not.toMatch(leak);
  told.push(text);
  if (status >= 400) expect(answered).toEqual({ error: expect.any(String) });
}

describe('every route', { timeout: 120_000 }, () => {
  it.each(['/lookup/', '/status/', '/sender/', '/agents/'])('GET %s with anything', async (path) => {
    await fc.assert(
      fc.asyncProperty(anyText, (name) =>
        assertHarmless('GET', path + encodeURIComponent(name.toWellFormed())),
      ),
      { numRuns: runs },
    );
  });

  it.each(['/list', '/clients', '/stats', '/health', '/search'])('GET %s with any query', async (path) => {
    const query = fc.dictionary(fc.constantFrom('q', 'capabilities', 'tags', 'limit', '__proto__'), anyText);
    await fc.assert(
      fc.asyncProperty(query, (given) => {
        const pairs = Object.entries(given).map(([key, value]) => [key, value.toWellFormed()]);
        return assertHarmless('GET', `${path}?${new URLSearchParams(pairs as [string, string][])}`);
      }),
      { numRuns: runs },
    );
  });

  it('POST /register with any body', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, (body) => assertHarmless('POST', '/register', JSON.stringify(body))),
      { numRuns: runs * 2 },
    );
  });

  it('PUT and DELETE of any agent with any body', async () => {
    await send(app, 'POST', '/register', { agent_id: 'there', agent_url: bridge });
    const name = fc.oneof(fc.constant('there'), anyText);
    await fc.assert(
      fc.asyncProperty(name, anyBody, async (given, body) => {
        const path = `/agents/${encodeURIComponent(given.toWellFormed())}`;
        await assertHarmless('PUT', `${path}/status`, JSON.stringify(body));
        if (given !== 'there') await assertHarmless('DELETE', path, JSON.stringify(body));
      }),
      { numRuns: runs },
    );
  });

  it.each([
    '{',
    '',
    'null',
    '[]',
    '"x"',
    '{"__proto__":{"polluted":1}}',
    '{"agent_id":"p","agent_url":"https://a.example","constructor":{"prototype":{"polluted":1}}}',
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    JSON.stringify({ agent_id: 'x', agent_url: 'y'.repeat(70_000) }),
  ])('POST and PUT with a body that is none: %#', async (body) => {
    await assertHarmless('POST', '/register', body);
    await assertHarmless('PUT', '/agents/there/status', body);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    '/',
    '/lookup',
    '/lookup/',
    '/lookup/%',
    '/lookup/%ff',
    '/lookup/a/b',
    '/lookup/../list',
    '//list',
    '/LIST',
    `/lookup/${'a'.repeat(3000)}`,
    '/agents/x/status/y',
    '/v1/agents',
    '/metrics',
  ])('answers odd paths: %s', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const)
      await assertHarmless(method, path, method === 'GET' ? undefined : '{}');
  });

  it('left no failure that nobody planned, and showed no key and no token', async () => {
    expect(place.defects).toEqual([]);
    const text = told.join('\n');
    const agents = await live.keys.list();
    expect(agents.length).toBeGreaterThan(0);
    for (const { agentId } of agents) {
      for (const secret of Object.values(await live.keys.read(agentId))) {
        if (secret === undefined) continue;
        const bytes = Buffer.from(secret);
        for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
          expect(text.includes(bytes.toString(form))).toBe(false);
      }
    }
    expect(text.includes(token)).toBe(false);
  });
});
