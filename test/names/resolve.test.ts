/** From a name to an agent: namespaces under an agent, words at home, registries, DIDs (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { toBase32 } from '../../src/core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { answerSecondsMax } from '../../src/names/name-types.ts';
import { resolveName } from '../../src/names/resolve-name.ts';
import { described, named, startSeconds, withdrawn } from '../core/name/fixtures.ts';
import { ended, rotated, type TestAgent } from '../helpers/test-agent.ts';
import { born, createWorld, type World } from './world.ts';

const [company, home, shop, other] = ['company', 'home', 'shop', 'other'].map(born) as [
  TestAgent,
  TestAgent,
  TestAgent,
  TestAgent,
];
const urn = (agent: TestAgent, label: string): string => `urn:agent:${toBase32(agent.agentId)}:${label}`;
const registryUrl = 'https://agents.example';
const codeOf = (world: World, name: string): Promise<string> =>
  resolveName(name, world).then(
    () => 'resolved',
    (error: { code?: string }) => error.code ?? String(error),
  );

function worldOf(options: Parameters<typeof createWorld>[0] = {}): World {
  const world = createWorld(options);
  world.know(company, home, shop, other);
  return world;
}

/** The answer of a weft node to the same question. */
const weftAnswer = (answer: JsonObject): JsonObject => ({
  agentId: null,
  registry: null,
  did: null,
  ...answer,
});
const weftUrl = (base: string, name: string): string =>
  `${base}/v1/names/resolve?name=${encodeURIComponent(name)}&follow=false`;

describe('a namespace under an agent', () => {
  it('needs no zone: self, with each step and for an hour at most', async () => {
    const world = worldOf();
    world.say(named(company, 'shop', { agentId: shop.agentId }));
    const found = await resolveName(urn(company, 'Shop').toUpperCase(), world);
    expect(found).toEqual({
      name: urn(company, 'shop'),
      agentId: shop.agentId,
      registry: null,
      did: null,
      label: 'self',
      expiresAt: startSeconds + 60 + answerSecondsMax,
      steps: [
        {
          kind: 'name',
          text: `${urn(company, 'Shop').toUpperCase()} is ${urn(company, 'shop')}`,
          expiresAt: null,
        },
        {
          kind: 'record',
          text: `${formatAgentId(company.agentId)} says that shop is ${formatAgentId(shop.agentId)}`,
          expiresAt: startSeconds + 168 * 3600,
        },
        { kind: 'agent', text: formatAgentId(shop.agentId), expiresAt: null },
      ],
    });
  });

  it('an answer counts no longer than the record that it stands on', async () => {
    const world = worldOf();
    world.say(
      named(company, 'shop', { agentId: shop.agentId }, { issuedAt: startSeconds - 3_300, hours: 1 }),
    );
    expect((await resolveName(urn(company, 'shop'), world)).expiresAt).toBe(startSeconds + 300);
  });

  it('the label "_" is what the namespace says of itself, or its own agent', async () => {
    const world = worldOf();
    expect((await resolveName(urn(company, '_'), world)).agentId).toEqual(company.agentId);
    world.say(described(company, { target: { agentId: shop.agentId } }));
    expect((await resolveName(urn(company, '_'), world)).agentId).toEqual(shop.agentId);
  });

  it('unknown and withdrawn names are not there; silence is something else', async () => {
    const world = worldOf();
    expect(await codeOf(world, urn(company, 'shop'))).toBe('no-such-name');
    world.say(
      named(company, 'shop', { agentId: shop.agentId }),
      withdrawn(company, 'shop', startSeconds + 1),
    );
    expect(await codeOf(world, urn(company, 'shop'))).toBe('no-such-name');
    world.isSilent = true;
    expect(await codeOf(world, urn(company, 'shop'))).toBe('unsettled');
  });

  it('what the index knows of the namespace counts more than any record: ended, or under other keys', async () => {
    const world = worldOf();
    world.say(named(company, 'shop', { agentId: shop.agentId }));
    world.know(rotated(company, startSeconds + 10));
    expect(await codeOf(world, urn(company, 'shop'))).toBe('no-such-name');
    world.know(ended(company, startSeconds + 10));
    expect(await codeOf(world, urn(company, 'shop'))).toBe('namespace-not-active');
  });
});

describe('words at home', () => {
  it('are looked up in the namespaces of the setting, the first that has them decides', async () => {
    const world = worldOf({ home: [formatAgentId(company.agentId), formatAgentId(home.agentId)] });
    world.say(
      named(home, 'alice', { agentId: shop.agentId }),
      named(home, 'bob', { agentId: other.agentId }),
    );
    expect((await resolveName('@alice', world)).agentId).toEqual(shop.agentId);
    world.say(named(company, 'alice', { agentId: other.agentId }));
    expect((await resolveName('@alice', world)).agentId).toEqual(other.agentId);
    expect((await resolveName('@bob', world)).agentId).toEqual(other.agentId);
    expect(await codeOf(world, '@carol')).toBe('no-such-name');
  });

  it('@company:shop is the shop of what "company" stands for at home', async () => {
    const world = worldOf({ home: [formatAgentId(home.agentId)] });
    world.say(
      named(home, 'company', { agentId: company.agentId }),
      named(company, 'shop', { agentId: shop.agentId }),
    );
    expect(await resolveName('@company:shop', world)).toMatchObject({ agentId: shop.agentId, label: 'self' });
  });

  it('without a home nobody is asked; a private source that does not answer is not passed over', async () => {
    expect(await codeOf(worldOf(), '@alice')).toBe('no-home');
    const world = worldOf({ home: [formatAgentId(company.agentId), formatAgentId(home.agentId)] });
    world.say(named(home, 'alice', { agentId: shop.agentId }));
    world.isSilent = true;
    expect(await codeOf(world, '@alice')).toBe('unsettled');
  });
});

describe('a registry is asked next', () => {
  const name = urn(company, 'shop');

  function pointing(): World {
    const world = worldOf();
    world.say(named(company, 'shop', { url: registryUrl }));
    return world;
  }

  it('a weft node, by the same question', async () => {
    const world = pointing();
    world.page(weftUrl(registryUrl, name), weftAnswer({ agentId: formatAgentId(shop.agentId) }));
    const found = await resolveName(name, world);
    expect(found).toMatchObject({ agentId: shop.agentId, label: 'self' });
    expect(found.steps.map(({ kind }) => kind)).toEqual(['name', 'record', 'registry', 'agent']);
    expect(world.fetched).toHaveLength(1);
  });

  const catalogUrl = `${registryUrl}/.well-known/ai-catalog.json`;
  const entry = (identifier: string, agent: TestAgent, agentName: string): JsonObject => ({
    identifier,
    type: 'application/a2a-agent-card+json',
    metadata: { agentName },
    trustManifest: { identity: formatAgentDid(agent.agentId), identityType: 'did' },
  });

  it('an AI Catalog (ARD), by the last part of an identifier or by the name that an agent has there', async () => {
    for (const own of [
      entry('urn:air:agents.example:shop', shop, 'urn:agent:company:anything'),
      entry('urn:air:agents.example:nanda:x', shop, 'urn:agent:company:shop'),
    ]) {
      const world = pointing();
      world.page(`${registryUrl}/.well-known/ai-catalog.json`, {
        entries: [entry('urn:air:agents.example:other', other, 'urn:agent:company:other'), own],
      });
      expect((await resolveName(name, world)).agentId).toEqual(shop.agentId);
    }
    const world = pointing();
    world.page(`${registryUrl}/.well-known/ai-catalog.json`, {
      entries: [entry('urn:air:a:shop', shop, ''), entry('urn:air:b:shop', other, '')],
    });
    expect(await codeOf(world, name)).toBe('no-such-name');
  });

  it('its search, where the catalog names one and does not list the label', async () => {
    const searched = (url: string, ...results: readonly JsonObject[]): World => {
      const world = pointing();
      const registry = { identifier: 'urn:air:a:registry', type: 'application/ai-registry+json', url };
      world.page(catalogUrl, { entries: [entry('urn:air:a:other', other, ''), registry] });
      world.page(`${registryUrl}/search`, { results });
      return world;
    };
    const own = entry('urn:air:a:shop', shop, '');
    const world = searched(`${registryUrl}/`, entry('urn:air:a:shopping', other, ''), own);
    expect((await resolveName(name, world)).agentId).toEqual(shop.agentId);
    expect(world.fetched.slice(1)).toEqual([catalogUrl, `${registryUrl}/search`]);
    expect(world.questions).toEqual([{ query: { text: 'shop' }, federation: 'none', pageSize: 20 }]);
    const twice = searched(`${registryUrl}/`, own, entry('urn:air:b:shop', other, ''));
    expect(await codeOf(twice, name)).toBe('no-such-name');
    // Whoever the catalog sends others to was not chosen by the namespace.
    const elsewhere = searched('https://elsewhere.example/', own);
    expect(await codeOf(elsewhere, name)).toBe('no-such-name');
    expect(elsewhere.questions).toEqual([]);
  });

  it('an agent card (A2A), by its pointers; a document is fetched as it stands', async () => {
    const card = {
      name: 'Shop',
      capabilities: {
        extensions: [{ uri: 'urn:nanda:agent-pointers:1', params: { did: formatAgentDid(shop.agentId) } }],
      },
    };
    const world = pointing();
    world.page(`${registryUrl}/.well-known/agent-card.json`, card);
    expect((await resolveName(name, world)).agentId).toEqual(shop.agentId);
    const direct = worldOf();
    direct.say(named(company, 'shop', { url: 'https://shop.example/card.json' }));
    direct.page('https://shop.example/card.json', card);
    expect((await resolveName(name, direct)).agentId).toEqual(shop.agentId);
    expect(direct.fetched).toEqual(['https://shop.example/card.json']);
  });

  it('what it says is an agent has to be one, and one that has not ended', async () => {
    const world = pointing();
    world.page(weftUrl(registryUrl, name), weftAnswer({ agentId: formatAgentId(born('nobody').agentId) }));
    expect(await codeOf(world, name)).toBe('agent-not-active');
    world.page(weftUrl(registryUrl, name), weftAnswer({ agentId: formatAgentId(shop.agentId) }));
    world.know(ended(shop, startSeconds + 5));
    expect(await codeOf(world, name)).toBe('agent-not-active');
  });

  it('one that names the next is followed, not in a circle and not for ever', async () => {
    const chain = (length: number, last: JsonObject): World => {
      const world = worldOf();
      world.say(named(company, 'shop', { url: 'https://r0.example' }));
      for (let hop = 0; hop < length; hop++) {
        const next = hop === length - 1 ? last : { registry: `https://r${hop + 1}.example` };
        world.page(weftUrl(`https://r${hop}.example`, name), weftAnswer(next));
      }
      return world;
    };
    const agentId = formatAgentId(shop.agentId);
    expect((await resolveName(name, chain(4, { agentId }))).agentId).toEqual(shop.agentId);
    expect(await codeOf(chain(5, { agentId }), name)).toBe('too-many-hops');
    expect(await codeOf(chain(2, { registry: 'https://r0.example' }), name)).toBe('registry-loop');
  });

  it('one that knows nothing, lies in its form, or cannot be reached is no way around anything', async () => {
    expect(await codeOf(pointing(), name)).toBe('no-such-name');
    for (const answer of [
      { agentId: 'nanda:short' },
      { agentId: 7 },
      { registry: 'file:///etc/passwd' },
      { entries: 3 },
    ]) {
      const world = pointing();
      world.page(weftUrl(registryUrl, name), answer as JsonObject);
      expect(await codeOf(world, name)).toBe('no-such-name');
    }
    const world = worldOf();
    world.say(named(company, 'shop', { url: 'https://unsafe.example' }));
    expect(await codeOf(world, name)).toBe('registry-failed');
  });

  it('or not, on wish: where the answer is is an answer', async () => {
    const world = pointing();
    expect(await resolveName(name, world, { follow: false })).toMatchObject({
      agentId: null,
      registry: registryUrl,
    });
    expect(world.fetched).toEqual([]);
  });
});

describe('DIDs', () => {
  const did = 'did:web:market.example:alice';
  const url = 'https://market.example/alice/did.json';

  it('did:web: its document names the agent, and the agent says that it is the DID', async () => {
    const world = worldOf();
    world.page(url, { id: did, alsoKnownAs: ['https://alice.example', formatAgentDid(shop.agentId)] });
    expect(await codeOf(world, `@${did}`)).toBe('not-claimed');
    world.say(described(shop, { claims: [did] }));
    expect(await resolveName(`@${did}`, world)).toMatchObject({ agentId: shop.agentId, did, label: 'dns' });
  });

  it('did:web is refused where DNSSEC is required: nobody validates it', async () => {
    const world = worldOf();
    const resolving = resolveName(`@${did}`, world, { needsDnssec: true });
    await expect(resolving).rejects.toMatchObject({ code: 'not-validated' });
    expect(world.fetched).toEqual([]);
  });

  it('did:web behind a market: its document names a registry, which is asked next', async () => {
    const market = 'did:web:market.example';
    const world = worldOf();
    world.page('https://market.example/.well-known/did.json', {
      id: market,
      service: [
        { id: '#a', type: 'LinkedDomains', serviceEndpoint: 'https://market.example' },
        { id: '#b', type: 'AgentRegistry', serviceEndpoint: registryUrl },
      ],
    });
    const name = `urn:agent:${market}:_`;
    world.page(weftUrl(registryUrl, name), weftAnswer({ agentId: formatAgentId(shop.agentId) }));
    expect((await resolveName(`@${market}`, world)).agentId).toEqual(shop.agentId);
  });

  it('did:key is a key, and nothing is asked; a name may lead to it', async () => {
    const world = worldOf();
    const key = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';
    world.say(named(company, 'shop', { url: key }));
    for (const name of [`@${key}`, urn(company, 'shop')])
      expect(await resolveName(name, world)).toMatchObject({ agentId: null, did: key, label: 'self' });
    expect(world.fetched).toEqual([]);
    expect(await codeOf(world, '@did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme')).toBe('bad-did');
  });

  it.each([
    ['of another DID', { id: 'did:web:other.example' }, 'bad-did'],
    [
      'with two agents',
      { id: did, alsoKnownAs: [formatAgentDid(shop.agentId), formatAgentDid(other.agentId)] },
      'bad-did',
    ],
    ['that is not there', null, 'bad-did'],
  ])('a document %s is refused', async (_, document, code) => {
    const world = worldOf();
    if (document !== null) world.page(url, document as JsonObject);
    expect(await codeOf(world, `@${did}`)).toBe(code);
  });

  it('a document without agent or registry leads to the DID alone', async () => {
    const world = worldOf();
    world.page(url, { id: did });
    expect(await resolveName(`@${did}`, world)).toMatchObject({ agentId: null, registry: null, did });
  });
});
