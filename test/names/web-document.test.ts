/** Documents of registries and DIDs over real HTTP, past the guard (docs/protocol.md §7; SSRF). */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import { resolveName } from '../../src/names/resolve-name.ts';
import { createGetDocument } from '../../src/names/web-document.ts';
import { described, named } from '../core/name/fixtures.ts';
import { born, createWorld, type World } from './world.ts';

interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string;
  readonly location?: string;
}

const [company, shop] = [born('company'), born('shop')];
const pages = new Map<string, Page>();
const asked: string[] = [];
const posted: unknown[] = [];
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked.push(request.url!);
    const question = await text(request);
    if (request.method === 'POST') posted.push([request.headers['content-type'], JSON.parse(question)]);
    const page = pages.get(request.url!.split('?')[0]!);
    const { status = 200, type = 'application/json', body = '{}', location } = page ?? { status: 404 };
    response.writeHead(status, {
      'content-type': type,
      connection: 'close',
      ...(location !== undefined && { location }),
    });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
beforeEach(() => {
  pages.clear();
  asked.length = 0;
  posted.length = 0;
});

const open = createGetDocument({ allowPrivate: true, userAgent: 'weft/test' });
const strict = createGetDocument({ allowPrivate: false, userAgent: 'weft/test' });
const json = (document: object): Page => ({ body: JSON.stringify(document) });

function world(getDocument = open): World {
  const made = { ...createWorld(), getDocument };
  made.know(company, shop);
  made.say(named(company, 'shop', { url: base }));
  return made;
}

const nameOf = `@${formatAgentId(company.agentId)}:shop`;

describe('documents from elsewhere', () => {
  it('are JSON objects; what is not there, or something else, is nothing', async () => {
    pages.set('/a', json({ a: 1 }));
    pages.set('/b', { ...json({ b: 1 }), type: 'application/did+ld+json; charset=utf-8' });
    pages.set('/page', { type: 'text/html', body: '<html>' });
    expect((await open(`${base}/a`, '*/*'))?.document).toEqual({ a: 1 });
    expect((await open(`${base}/b`, '*/*'))?.document).toEqual({ b: 1 });
    for (const path of ['/nothing', '/page']) expect(await open(`${base}${path}`, '*/*')).toBeNull();
  });

  it.each([
    ['an error of the host', { status: 500 }, 'bad-answer'],
    ['no JSON', { body: '{' }, 'not-json'],
    ['a list', { body: '[]' }, 'not-json'],
    ['too much', { body: JSON.stringify({ a: 'x'.repeat(70_000) }) }, 'too-large'],
    ['a redirect to a file', { status: 302, location: 'file:///etc/passwd' }, 'bad-url'],
  ])('%s is refused', async (_, page, code) => {
    pages.set('/a', page);
    await expect(open(`${base}/a`, '*/*')).rejects.toMatchObject({ code });
  });

  it('this machine is not asked on behalf of others', async () => {
    await expect(strict(`${base}/a`, '*/*')).rejects.toMatchObject({ code: 'unsafe-address' });
    await expect(resolveName(nameOf, world(strict))).rejects.toMatchObject({
      code: 'registry-failed',
      data: { reason: 'unsafe-address' },
    });
    expect(asked).toEqual([]);
  });

  it('a registry that answers to all three forms is asked for the first alone', async () => {
    pages.set('/v1/names/resolve', json({ agentId: formatAgentId(shop.agentId), registry: null, did: null }));
    pages.set('/.well-known/ai-catalog.json', json({ entries: [] }));
    expect((await resolveName(nameOf, world())).agentId).toEqual(shop.agentId);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('follow=false');
  });

  it('a registry with an agent card alone is asked three times', async () => {
    const params = { did: formatAgentDid(shop.agentId) };
    pages.set(
      '/.well-known/agent-card.json',
      json({ capabilities: { extensions: [{ uri: 'urn:nanda:agent-pointers:1', params }] } }),
    );
    expect((await resolveName(nameOf, world())).agentId).toEqual(shop.agentId);
    expect(asked).toHaveLength(3);
  });

  it('a catalog that is too large is searched, by a question that goes to that place alone', async () => {
    const entry = {
      identifier: 'urn:air:localhost:shop',
      trustManifest: { identity: formatAgentDid(shop.agentId), identityType: 'did' },
    };
    pages.set('/.well-known/ai-catalog.json', json({ entries: [entry, 'x'.repeat(70_000)] }));
    pages.set('/search', json({ results: [entry] }));
    expect((await resolveName(nameOf, world())).agentId).toEqual(shop.agentId);
    expect(asked.slice(1)).toEqual(['/.well-known/ai-catalog.json', '/search']);
    const question = { query: { text: 'shop' }, federation: 'none', pageSize: 20 };
    expect(posted).toEqual([['application/json', question]]);
    pages.set('/search', { status: 307, location: '/elsewhere' });
    await expect(resolveName(nameOf, world())).rejects.toMatchObject({ code: 'registry-failed' });
    expect(asked).not.toContain('/elsewhere');
  });

  it('did:web on this machine, by its document', async () => {
    const did = `did:web:localhost%3A${new URL(base).port}:alice`;
    pages.set('/alice/did.json', json({ id: did, alsoKnownAs: [formatAgentDid(shop.agentId)] }));
    const made = world();
    made.say(described(shop, { claims: [did] }));
    expect(await resolveName(`@${did}`, made)).toMatchObject({ agentId: shop.agentId, did, label: 'dns' });
    expect(asked).toEqual(['/alice/did.json']);
    pages.set('/alice/did.json', { status: 503 });
    await expect(resolveName(`@${did}`, made)).rejects.toMatchObject({ code: 'registry-failed' });
  });
});
