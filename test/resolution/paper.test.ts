/** "Beyond DNS" (arXiv 2507.14263): what its sections on resolution, ttl and adaptive routing demand, sentence by sentence. */
import { describe, expect, it } from 'vitest';
import { endpointTtlSeconds } from '../../src/facts/facts-limits.ts';
import { signRoute } from '../../src/resolution/adaptive/route.ts';
import { ttlOfEndpoint } from '../../src/resolution/choose-endpoints.ts';
import { tokenSeconds } from '../../src/resolution/resolution-limits.ts';
import { signingKeyOf } from '../helpers/test-agent.ts';
import { createWorld, factsUrl, idOf, resolverUrl } from './world.ts';

const url = 'https://one.example/a2a';
const routing = { endpoints: [{ url }] };
const steps = (trace: readonly { readonly step: string }[]) => trace.map(({ step }) => step);

describe('§IV-A, the resolution paths', () => {
  it('adaptive: name → index → AgentAddr → resolver → ephemeral endpoint', async () => {
    const world = createWorld();
    const agent = world.agent('iv-a', { adaptive: true });
    await world.route(agent, routing);
    const { trace, endpoints } = await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    expect(steps(trace)).toEqual(['record', 'resolver', 'endpoint']);
    expect(endpoints[0]!.expiresAtMs - world.nowMs).toBeLessThanOrEqual(60_000);
  });

  it('private: the agent’s own host is not asked', async () => {
    const world = createWorld();
    const hidden = 'https://third.example/f';
    const agent = world.agent('iv-a-private', { private: hidden });
    world.hosts.set(hidden, world.hosts.get(factsUrl('iv-a-private'))!);
    await world.resolver.resolve(idOf(agent), { path: 'private' });
    expect(world.asked.filter((place) => place.includes('iv-a-private.example'))).toEqual([]);
  });
});

describe('§V-A, AgentFacts', () => {
  it('must be signed by an authorised issuer: nobody else’s are used', async () => {
    const world = createWorld();
    const stranger = world.agent('stranger');
    const agent = world.agent('v-a');
    world.hosts.set(factsUrl('v-a'), world.hosts.get(factsUrl('stranger'))!);
    expect(stranger.agentId).not.toEqual(agent.agentId);
    await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'wrong-subject' });
  });
});

describe('§V-D, the resolution workflow', () => {
  it('2: facts are fetched where trust or capability is to be judged, and left alone where not', async () => {
    const judged: string[] = [];
    const world = createWorld({
      judge: async (zone) => {
        judged.push(zone);
        return { isTrusted: true, reason: 'fine', holdsUntilMs: Number.POSITIVE_INFINITY };
      },
    });
    const agent = world.agent('v-d-2', { adaptive: true });
    await world.route(agent, routing);
    await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    expect(world.asked).not.toContain(factsUrl('v-d-2'));
    await world.resolver.resolve(idOf(agent), { path: 'adaptive', trust: 'zone', client: 'x' });
    expect(world.asked).toContain(factsUrl('v-d-2'));
    expect(judged).toEqual(['zone']);
  });

  it('2: they are verified before anything of them is used', async () => {
    const world = createWorld();
    const agent = world.agent('v-d-verify');
    const host = world.hosts.get(factsUrl('v-d-verify'))!;
    world.hosts.set(factsUrl('v-d-verify'), async (place) => {
      const { text, contentType } = await host(place);
      return { contentType, text: text.replaceAll('r.acme.example', 'r.evil.example') };
    });
    await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'bad-proof' });
  });

  it('3: static endpoints, rotating endpoints and the resolver are found in the facts', async () => {
    const world = createWorld();
    const endpoints = {
      static: ['https://s.example/'],
      rotating: ['https://r.example/'],
      adaptive_resolver: { url: resolverUrl('v-d-3') },
    };
    const agent = world.agent('v-d-3', { facts: { endpoints } });
    await world.route(agent, routing);
    const classes = async (path: 'direct' | 'adaptive') =>
      (await world.resolver.resolve(idOf(agent), { path })).endpoints.map((one) => one.class);
    expect(await classes('direct')).toEqual(['rotating', 'static']);
    expect(await classes('adaptive')).toEqual(['adaptive']);
  });

  it('4: the resolver answers with a signed ephemeral token for the endpoint', async () => {
    const world = createWorld();
    const agent = world.agent('v-d-4', { adaptive: true });
    await world.route(agent, routing);
    const { endpoints } = await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    expect(endpoints[0]!.token!.split('.')).toHaveLength(3);
  });
});

describe('§V-E, ttl and caching', () => {
  it('a record is kept within its ttl, then asked for again: pointers included', async () => {
    const world = createWorld();
    const agent = world.agent('v-e-record', { ttlCode: 4, adaptive: true });
    await world.route(agent, { ...routing, ttlSeconds: 60 });
    const asked = () => world.asked.filter((place) => place === 'overlay').length;
    for (const [waitMs, wanted] of [
      [0, 1],
      [59_999, 1],
      [1, 2],
    ] as const) {
      world.nowMs += waitMs;
      await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
      expect(asked()).toBe(wanted);
    }
  });

  it('facts have a ttl of their own', async () => {
    const world = createWorld();
    const agent = world.agent('v-e-facts', {
      facts: { ttl: 120, endpoints: { static: ['https://s.example/'] } },
    });
    const asked = () => world.asked.filter((place) => place === factsUrl('v-e-facts')).length;
    for (const [waitMs, wanted] of [
      [0, 1],
      [119_999, 1],
      [1, 2],
    ] as const) {
      world.nowMs += waitMs;
      await world.resolver.resolve(idOf(agent));
      expect(asked()).toBe(wanted);
    }
  });

  it('static endpoints last 1 to 6 hours, rotating ones 5 to 15 minutes, tokens 30 to 60 seconds', () => {
    expect(endpointTtlSeconds).toMatchObject({
      static: { min: 3600, max: 21_600 },
      rotating: { min: 300, max: 900 },
      adaptive: { min: 30, max: 60 },
    });
    expect([tokenSeconds.min, tokenSeconds.max]).toEqual([30, 60]);
    expect([
      ttlOfEndpoint('static', 'https://a.example'),
      ttlOfEndpoint('rotating', 'https://a.example'),
    ]).toEqual([3600, 300]);
  });
});

describe('§VI-C, the resolver', () => {
  it('named in the AgentAddr routes without the facts being resolved', async () => {
    const world = createWorld();
    const agent = world.agent('vi-c', { adaptive: true });
    await world.route(agent, routing);
    await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    expect(world.asked).toEqual(['overlay', resolverUrl('vi-c')]);
  });
});

describe('§VI-D, routing logic', () => {
  // Declared ttl, signature and fallback one by one: route.test.ts.
  it('must be signed to prevent manipulation: one byte of a route voids it', async () => {
    const world = createWorld();
    const facts = { endpoints: { static: [] } };
    const agent = world.agent('vi-d', { adaptive: true, facts });
    await world.route(agent, routing);
    const honest = world.hosts.get(resolverUrl('vi-d'))!;
    world.hosts.set(resolverUrl('vi-d'), async (place) => {
      const { text, contentType } = await honest(place);
      const at = text.length - 20;
      return { contentType, text: text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1) };
    });
    await expect(world.resolver.resolve(idOf(agent), { path: 'adaptive' })).rejects.toMatchObject({
      code: 'bad-route',
      data: { reason: 'wrong-key' },
    });
  });

  it('must specify fallback rules: they are followed', async () => {
    const world = createWorld();
    const agent = world.agent('vi-d-fallback', { adaptive: true });
    world.hosts.set(resolverUrl('vi-d-fallback'), ({ searchParams }) => {
      const route = {
        agentId: agent.agentId,
        client: searchParams.get('client')!,
        nonce: searchParams.get('nonce')!,
        issuedAt: world.seconds(),
        expiresAt: world.seconds() + 30,
        policies: [],
        fallback: ['static' as const],
        endpoints: [],
      };
      return { contentType: 'application/jwt', text: signRoute(route, signingKeyOf(agent)) };
    });
    const { endpoints } = await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    expect(new Set(endpoints.map((one) => one.class))).toEqual(new Set(['static']));
  });
});

describe('§VII-E, enforcement', () => {
  it('records are cached only within their ttl window, and facts are not assumed to be static', async () => {
    const world = createWorld();
    const agent = world.agent('vii-e', {
      facts: { ttl: 60, endpoints: { static: ['https://one.example/'] } },
    });
    await world.resolver.resolve(idOf(agent));
    world.publish(agent, { ttl: 60, endpoints: { static: ['https://two.example/'] } });
    world.nowMs += 60_000;
    expect((await world.resolver.resolve(idOf(agent))).endpoints[0]!.url).toBe('https://two.example/');
  });

  it('clients must verify signatures and freshness: facts that have ended are refused', async () => {
    const world = createWorld();
    const agent = world.agent('vii-e-end');
    world.publish(agent, { ttl: 86_400 }, 120);
    await world.resolver.resolve(idOf(agent));
    world.nowMs += 120_000;
    await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'expired' });
  });
});
