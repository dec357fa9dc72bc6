/** The registry of ARD 0.9 and the AI Catalog: shapes as their schemas have them, search, filters, counts, pages. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { bytesToHex, toBase32 } from '../../src/core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { AgentFacts } from '../../src/facts/agent-facts.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { FactsError } from '../../src/facts/facts-error.ts';
import { askRegistry } from '../../src/names/registry.ts';
import { sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

const headers = { host: 'localhost:4800' };
const now = Math.floor(Date.now() / 1000);
const born = now - 1000;
const flights = bornAgent('ard flights', born);
const hotels = bornAgent('ard hotels', born);
const translator = bornAgent('ard translator', born);
let node: RecordedNode;
let api: ReturnType<typeof createApi>;

/** The rules of the published schema of an entry (ai-catalog, ARD 0.9) that an entry of ours can break. */
const entryRules = {
  type: 'object',
  required: ['identifier', 'displayName', 'type'],
  oneOf: [{ required: ['url'] }, { required: ['data'] }],
  properties: {
    identifier: { type: 'string', pattern: '^urn:air:[a-zA-Z0-9.-]+(:[a-zA-Z0-9._-]+)+$' },
    displayName: { type: 'string' },
    type: { type: 'string' },
    url: { type: 'string', pattern: '^https?://' },
    tags: { type: 'array', items: { type: 'string' } },
    capabilities: { type: 'array', items: { type: 'string' } },
    representativeQueries: { type: 'array', minItems: 2, maxItems: 5, items: { type: 'string' } },
    metadata: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } },
    trustManifest: {
      type: 'object',
      required: ['identity'],
      properties: {
        identityType: { enum: ['spiffe', 'did', 'https', 'other'] },
        attestations: { type: 'array', items: { type: 'object', required: ['type', 'uri', 'mediaType'] } },
      },
    },
  },
};
const isEntry = new Ajv2020({ strict: false }).compile(entryRules);

interface Entry {
  readonly identifier: string;
  readonly displayName: string;
  readonly score: number;
  readonly source: string;
  readonly url: string;
}

async function publish(agent: TestAgent, changes: Partial<AgentFacts>): Promise<void> {
  const signed = signedFacts(
    { agentId: agent.agentId, signer: signingKeyOf(agent), at: now },
    sampleFacts(agent.agentId, changes),
  );
  await node.facts.publish(agent.agentId, signed);
}

beforeEach(async () => {
  node = createRecordedNode();
  const own = node.resolution;
  node.resolve = async (wanted) => {
    const found = [flights, hotels, translator].find((one) => bytesToHex(one.agentId) === bytesToHex(wanted));
    return found === undefined ? own : { ...own, agentId: found.agentId, state: found.state };
  };
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 1, onDefect };
  api = createApi(node, { ...options, openReads: true });
  const skill = sampleFacts(flights.agentId).skills[0]!;
  await publish(flights, {
    label: 'Flight finder',
    description: 'Books flights.',
    version: '2.0.0',
    skills: [
      { ...skill, id: 'travel/flights', description: 'Find and book a flight', supportedLanguages: ['en'] },
    ],
  });
  await publish(hotels, {
    label: 'Rooms',
    description: 'Rooms in hotels.',
    jurisdiction: 'US',
    skills: [{ ...skill, id: 'travel/hotels', description: 'Find a room', supportedLanguages: ['en'] }],
  });
  await publish(translator, {});
});
afterEach(() => api.close());

const send = (url: string, payload?: object | string) =>
  payload === undefined
    ? api.inject({ url, headers })
    : api.inject({
        method: 'POST',
        url,
        headers: { ...headers, 'content-type': 'application/json' },
        payload,
      });
const search = async (body: object) =>
  (await send('/search', body)).json<{ results: Entry[]; pageToken?: string }>();
const names = (entries: readonly { readonly displayName: string }[]) => entries.map((one) => one.displayName);

describe('the search, asked for a name', () => {
  it('finds the agent that has it, where the catalog is larger than a client reads', async () => {
    await publish(hotels, { label: 'Rooms', agent_name: 'urn:agent:acme:rooms' });
    const asking = (label: string) =>
      askRegistry(
        'http://localhost:4800',
        { name: `urn:agent:acme:${label}`, label },
        async (url, _accept, question) => {
          const { pathname } = new URL(url);
          if (pathname === '/.well-known/ai-catalog.json')
            throw new FactsError('too-large', 'so many agents');
          if (pathname !== '/search') return null;
          const answer = await send(pathname, question);
          return { document: answer.json<JsonObject>(), contentType: 'application/json', url };
        },
      );
    expect(await asking('rooms')).toEqual({ by: 'ARD', target: { agentId: hotels.agentId } });
    expect(await asking('room')).toBeNull();
  });
});

describe('the AI Catalog', () => {
  it('lists the agents whose facts are served, and the search', async () => {
    const answer = await send('/.well-known/ai-catalog.json');
    expect(answer.headers['content-type']).toBe('application/ai-catalog+json');
    const catalog = answer.json<{ specVersion: string; host: object; entries: Entry[] }>();
    expect(catalog.specVersion).toBe('1.0');
    expect(catalog.host).toEqual({ displayName: 'localhost' });
    for (const entry of catalog.entries) expect(isEntry(entry), JSON.stringify(isEntry.errors)).toBe(true);
    expect(catalog.entries.at(-1)).toMatchObject({
      type: 'application/ai-registry+json',
      url: 'http://localhost:4800/',
    });
    expect(names(catalog.entries).sort()).toEqual(['Acme Translator', 'Flight finder', 'Rooms', 'weft']);
    expect(catalog.entries.find((one) => one.displayName === 'Flight finder')).toMatchObject({
      identifier: `urn:air:localhost:nanda:${toBase32(flights.agentId)}`,
      type: 'application/a2a-agent-card+json',
      url: `http://localhost:4800/agents/${formatAgentId(flights.agentId)}/agent-card.json`,
      tags: ['/travel/flights'],
      capabilities: ['travel/flights'],
      representativeQueries: ['Find and book a flight', 'Books flights.'],
      version: '2.0.0',
      metadata: { did: formatAgentDid(flights.agentId), provider: 'Acme' },
      trustManifest: { identity: formatAgentDid(flights.agentId), identityType: 'did' },
    });
    const again = await api.inject({
      url: '/.well-known/ai-catalog.json',
      headers: { ...headers, 'if-none-match': answer.headers.etag! },
    });
    expect(again.statusCode).toBe(304);
  });

  it('leads to cards and credentials that are there', async () => {
    const { entries } = (await send('/.well-known/ai-catalog.json')).json<{
      entries: (Entry & { trustManifest?: { attestations: { uri: string }[] } })[];
    }>();
    const withFacts = entries.filter((entry) => entry.trustManifest !== undefined);
    expect(withFacts).toHaveLength(3);
    for (const { url, displayName, trustManifest } of withFacts) {
      expect((await send(new URL(url).pathname)).json()).toMatchObject({ name: displayName });
      const { pathname } = new URL(trustManifest!.attestations[0]!.uri);
      expect((await send(pathname)).json()).toMatchObject({ credentialSubject: { label: displayName } });
    }
  });
});

describe('POST /search', () => {
  it('ranks by words, with whole scores up to 100, and says who answered', async () => {
    const { results } = await search({ query: { text: 'find me a flight booking agent' } });
    expect(names(results)[0]).toBe('Flight finder');
    for (const result of results) {
      expect(isEntry(result), JSON.stringify(isEntry.errors)).toBe(true);
      expect(Number.isInteger(result.score)).toBe(true);
      expect(result.score).toBeGreaterThanOrEqual(0);
      expect(result.score).toBeLessThanOrEqual(100);
      expect(result.source).toBe('http://localhost:4800/');
    }
    expect((await search({ query: { text: 'submarine' } })).results).toEqual([]);
  });

  it.each<[object, string[]]>([
    [{ type: ['application/a2a-agent-card+json'] }, ['Acme Translator', 'Flight finder', 'Rooms']],
    [{ type: 'application/mcp-server-card+json' }, []],
    [{ capabilities: ['travel/hotels', 'travel/flights'] }, ['Flight finder', 'Rooms']],
    [{ tags: '/travel/hotels' }, ['Rooms']],
    [{ publisher: 'LOCALHOST', version: ['2.0.0'] }, ['Flight finder']],
    [{ 'metadata.jurisdiction': ['US'] }, ['Rooms']],
    [{ 'trustManifest.attestations.type': ['AgentFacts'] }, ['Acme Translator', 'Flight finder', 'Rooms']],
    [{ 'trustManifest.attestations.type': ['SOC2-Type2'] }, []],
    [{ 'metadata.constructor': ['x'] }, []],
  ])('admits what every constraint admits: %j', async (filter, expected) => {
    const { results } = await search({ query: { text: '', filter } });
    expect(names(results).sort()).toEqual(expected);
  });

  it('goes page by page, and takes the token of no other question', async () => {
    const query = { text: '', filter: { publisher: 'localhost' } };
    const seen: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await search({ query, pageSize: 2, ...(pageToken !== undefined && { pageToken }) });
      expect(page.results.length).toBeLessThanOrEqual(2);
      seen.push(...names(page.results));
      ({ pageToken } = page);
    } while (pageToken !== undefined);
    expect(seen.sort()).toEqual(['Acme Translator', 'Flight finder', 'Rooms']);
    const { pageToken: token } = await search({ query, pageSize: 2 });
    const other = await send('/search', { query: { text: 'x' }, pageToken: token });
    expect(other.json()).toMatchObject({ status: 400, errorCode: 'INVALID_ARGUMENT' });
  });

  it('answers from its own index in every federation, and refers to nobody', async () => {
    for (const federation of ['auto', 'none'])
      expect(await search({ query: { text: 'rooms' }, federation })).not.toHaveProperty('referrals');
    expect(await search({ query: { text: 'rooms' }, federation: 'referrals' })).toMatchObject({
      referrals: [],
    });
  });

  it.each<[object | string]>([
    [{}],
    [{ query: {} }],
    [{ query: { text: 7 } }],
    [{ query: { text: 'x'.repeat(1001) } }],
    [{ query: { text: 'x', filter: { 'a b': 'c' } } }],
    [{ query: { text: 'x' }, pageSize: 101 }],
    [{ query: { text: 'x' }, pageSize: 0 }],
    [{ query: { text: 'x' }, federation: 'yes' }],
    [{ query: { text: 'x' }, pageToken: 'bm9uc2Vuc2U' }],
    [{ query: { text: 'x' }, more: 1 }],
    ['{"query":'],
  ])('refuses %j in both tongues', async (body) => {
    const answer = await send('/search', body);
    expect(answer.json()).toMatchObject({
      status: 400,
      code: 'bad-request',
      hint: expect.any(String),
      errorCode: 'INVALID_ARGUMENT',
      message: expect.any(String),
    });
  });
});

describe('POST /explore', () => {
  const explore = (body: object) => send('/explore', body);

  it('counts the whole registry by field', async () => {
    const facets = [
      { field: 'type' },
      { field: 'capabilities', limit: 1 },
      { field: 'metadata.jurisdiction', minCount: 2 },
    ];
    expect((await explore({ resultType: { facets } })).json()).toEqual({
      resultType: 'facets',
      facets: {
        type: { buckets: [{ value: 'application/a2a-agent-card+json', count: 3 }] },
        capabilities: { buckets: [{ value: 'translate/en-es', count: 1 }], otherCount: 2 },
        'metadata.jurisdiction': { buckets: [{ value: 'EU', count: 2 }] },
      },
    });
  });

  it('counts what text and filter leave', async () => {
    const query = { text: 'find', filter: { 'metadata.jurisdiction': 'US' } };
    const answer = await explore({ query, resultType: { facets: [{ field: 'displayName' }] } });
    expect(answer.json()).toMatchObject({
      facets: { displayName: { buckets: [{ value: 'Rooms', count: 1 }] } },
    });
  });

  it('refuses what asks for nothing', async () => {
    for (const body of [{}, { resultType: {} }, { resultType: { facets: [] } }])
      expect((await explore(body)).json()).toMatchObject({ errorCode: 'INVALID_ARGUMENT' });
  });
});

describe('GET /agents', () => {
  const list = async (query = '') =>
    (await send(`/agents${query}`)).json<{ items: Entry[]; total: number; pageToken?: string }>();
  const q = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`;

  it('lists in a fixed order, filtered and page by page', async () => {
    const all = await list();
    expect(all.total).toBe(3);
    for (const item of all.items) expect(isEntry(item)).toBe(true);
    expect(await list()).toEqual(all);
    expect(names((await list(q({ orderBy: 'displayName' }))).items)).toEqual([
      'Acme Translator',
      'Flight finder',
      'Rooms',
    ]);
    expect(names((await list(q({ orderBy: 'name DESC' }))).items)).toEqual([
      'Rooms',
      'Flight finder',
      'Acme Translator',
    ]);
    const first = await list(q({ orderBy: 'name', pageSize: '2' }));
    const rest = await list(q({ orderBy: 'name', pageSize: '2', pageToken: first.pageToken! }));
    expect([...names(first.items), ...names(rest.items)]).toEqual([
      'Acme Translator',
      'Flight finder',
      'Rooms',
    ]);
    expect(rest).not.toHaveProperty('pageToken');
  });

  it.each<[string, string[]]>([
    ["displayName = 'ROOM'", ['Rooms']],
    [
      "type = 'application/mcp-server-card+json,application/a2a-agent-card+json' AND version = '2.0.0'",
      ['Flight finder'],
    ],
    ['publisherId = localhost', ['Acme Translator', 'Flight finder', 'Rooms']],
    ["updatedAfter > '2020-01-01'", ['Acme Translator', 'Flight finder', 'Rooms']],
    ['createdAfter > "2100-01-01T00:00:00Z"', []],
    ['tags = /travel/hotels', ['Rooms']],
  ])('admits %s', async (filter, expected) => {
    expect(names((await list(q({ filter, orderBy: 'name' }))).items)).toEqual(expected);
  });

  it.each([
    { filter: 'type' },
    { filter: "type = 'x' OR type = 'y'" },
    { filter: "type > 'x'" },
    { filter: "updatedAfter > 'yesterday'" },
    { filter: Array.from({ length: 9 }, () => 'a = b').join(' AND ') },
    { orderBy: 'password' },
    { orderBy: 'name sideways' },
    { pageSize: '101' },
    { pageToken: 'x' },
  ])('refuses %j', async (parameters) => {
    expect(await list(q(parameters as never))).toMatchObject({ status: 400, errorCode: 'INVALID_ARGUMENT' });
  });
});
