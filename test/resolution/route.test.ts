/** A resolver that lies is refused, whatever it lies about, and what the agent allows takes its place. */
import { describe, expect, it } from 'vitest';
import { delegateAgent } from '../../src/core/author/grant.ts';
import type { Signer } from '../../src/core/ed25519.ts';
import { rightBits } from '../../src/core/identity/delegation.ts';
import { issueEndpointToken } from '../../src/resolution/adaptive/endpoint-token.ts';
import { type Route, signRoute } from '../../src/resolution/adaptive/route.ts';
import { traceOf } from '../../src/resolution/resolution-error.ts';
import { rotated, signingKeyOf, type TestAgent, testSigner } from '../helpers/test-agent.ts';
import { createWorld, factsUrl, idOf, resolverUrl, throwing, type World } from './world.ts';

const url = 'https://one.example/a2a';
const by = { path: 'adaptive' as const, client: 'a reader' };

interface Lie {
  readonly route?: Partial<Route>;
  readonly token?: Partial<Parameters<typeof issueEndpointToken>[0]>;
  readonly signer?: Signer;
  readonly tokenSigner?: Signer;
  readonly contentType?: string;
  readonly text?: string;
}

/** A resolver that tells this. */
function lyingAt(world: World, agent: TestAgent, lie: Lie): void {
  const own = signingKeyOf(agent);
  world.hosts.set(resolverUrl(agent.label), ({ searchParams }) => {
    const times = { issuedAt: world.seconds(), expiresAt: world.seconds() + 30 };
    const client = searchParams.get('client')!;
    const token = {
      agentId: agent.agentId,
      audience: url,
      client,
      ...times,
      id: 'x',
      skill: null,
      region: null,
    };
    const text = issueEndpointToken({ ...token, ...lie.token }, lie.tokenSigner ?? own);
    const route: Route = {
      agentId: agent.agentId,
      client,
      nonce: searchParams.get('nonce')!,
      ...times,
      policies: [],
      fallback: [],
      endpoints: [{ url, token: text, region: null, protocol: null, version: null }],
    };
    const { contentType = 'application/jwt' } = lie;
    return { contentType, text: lie.text ?? signRoute({ ...route, ...lie.route }, lie.signer ?? own) };
  });
}

/** With nothing to fall back to. */
const facts = { endpoints: { static: [] } };

describe('a resolver', () => {
  it('that tells the truth is believed', async () => {
    const world = createWorld();
    const agent = world.agent('true', { adaptive: true, facts });
    lyingAt(world, agent, {});
    expect((await world.resolver.resolve(idOf(agent), by)).endpoints[0]).toMatchObject({
      url,
      class: 'adaptive',
    });
  });

  it('that a delegate runs is believed for no longer than the delegate is', async () => {
    const world = createWorld();
    const agent = world.agent('delegated', { adaptive: true, facts });
    const delegate = testSigner('runs a resolver');
    const { state } = delegateAgent({
      ...{ state: agent.state, signer: signingKeyOf(agent), audience: delegate.publicKey },
      ...{ rights: rightBits.op + rightBits.facts, fieldMask: 1, notBefore: world.seconds() - 60 },
      ...{ expiresAt: world.seconds() + 10, nonce: new Uint8Array(8), nowSeconds: world.seconds() },
    });
    world.show(state);
    lyingAt(world, agent, { signer: delegate, tokenSigner: delegate });
    const { endpoints } = await world.resolver.resolve(idOf(agent), by);
    expect(endpoints[0]!.expiresAtMs).toBe(world.nowMs + 10_000);
    world.nowMs += 10_000;
    await expect(world.resolver.resolve(idOf(agent), by)).rejects.toMatchObject({
      code: 'bad-route',
      data: { reason: 'wrong-key' },
    });
  });

  const stranger = (world: World) => world.agent('stranger');
  it.each<[string, string, (world: World) => Lie]>([
    [
      'an endpoint of another agent',
      'wrong-key',
      (world) => ({ route: { agentId: stranger(world).agentId } }),
    ],
    ['a token of another agent', 'wrong-key', (world) => ({ token: { agentId: stranger(world).agentId } })],
    ['a route signed by another', 'wrong-key', (world) => ({ signer: signingKeyOf(stranger(world)) })],
    ['a token signed by another', 'wrong-key', (world) => ({ tokenSigner: signingKeyOf(stranger(world)) })],
    ['a route for another client', 'wrong-audience', () => ({ route: { client: 'another' } })],
    ['a token for another client', 'wrong-audience', () => ({ token: { client: 'another' } })],
    [
      'a token for another endpoint',
      'wrong-audience',
      () => ({ token: { audience: 'https://two.example/' } }),
    ],
    ['an answer to another question', 'replayed', () => ({ route: { nonce: 'old' } })],
    ['a route that has ended', 'expired', (world) => ({ route: timesAt(world, -100) })],
    ['a token that has ended', 'expired', (world) => ({ token: timesAt(world, -100) })],
    ['a route of the future', 'expired', (world) => ({ route: timesAt(world, 1000) })],
    ['a route for an hour', 'bad-token', (world) => ({ route: { expiresAt: world.seconds() + 3600 } })],
    ['a token for an hour', 'bad-token', (world) => ({ token: { expiresAt: world.seconds() + 3600 } })],
    ['a token that outlives it', 'bad-token', (world) => ({ token: { expiresAt: world.seconds() + 60 } })],
    ['another fallback than there is', 'bad-token', () => ({ route: { fallback: ['nearby' as never] } })],
    [
      'an endpoint of another scheme',
      'bad-token',
      () => ({ route: { endpoints: [endpointAt('file:///etc/passwd')] } }),
    ],
    ['an endpoint without a token', 'bad-token', () => ({ route: { endpoints: [endpointAt(url)] } })],
    [
      'more endpoints than anybody needs',
      'bad-token',
      () => ({ route: { endpoints: Array.from({ length: 17 }, () => endpointAt(url)) } }),
    ],
    ['no JWS', 'bad-token', () => ({ text: '{"endpoints":[]}' })],
    ['no route', 'bad-token', () => ({ text: 'a.b.c' })],
    ['a page', 'bad-token', () => ({ contentType: 'text/html' })],
  ])('that tells %s is refused', async (_what, reason, lieOf) => {
    const world = createWorld();
    const agent = world.agent('lied', { adaptive: true, facts });
    lyingAt(world, agent, lieOf(world));
    const error = await world.resolver.resolve(idOf(agent), by).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ResolutionError', code: 'bad-route', data: { reason } });
    expect(traceOf(error)[1]).toMatchObject({ step: 'resolver', outcome: 'refused', code: 'bad-route' });
  });

  it('that says again what it said before is refused', async () => {
    const world = createWorld();
    const agent = world.agent('replay', { adaptive: true, facts });
    lyingAt(world, agent, {});
    const honest = world.hosts.get(resolverUrl('replay'))!;
    const first = await honest(new URL(`${resolverUrl('replay')}?client=a%20reader&nonce=one`));
    world.hosts.set(resolverUrl('replay'), () => first);
    await expect(world.resolver.resolve(idOf(agent), by)).rejects.toMatchObject({
      code: 'bad-route',
      data: { reason: 'replayed' },
    });
  });

  it('signs with a key that was rotated away while it answered, and is refused', async () => {
    const world = createWorld();
    const agent = world.agent('midway', { adaptive: true, facts });
    lyingAt(world, agent, {});
    const honest = world.hosts.get(resolverUrl('midway'))!;
    world.hosts.set(resolverUrl('midway'), (place) => {
      world.show(rotated(agent, world.seconds()).state);
      return honest(place);
    });
    const error = await world.resolver.resolve(idOf(agent), by).catch((caught: unknown) => caught);
    expect(traceOf(error)[1]).toMatchObject({ step: 'resolver', outcome: 'refused', code: 'bad-route' });
    // Its facts are signed with that key, too.
    expect(error).toMatchObject({ code: 'key-not-current' });
  });

  it('that declares no ttl, no fallback or no policies is refused', async () => {
    const { signStatement } = await import('../../src/resolution/adaptive/jws.ts');
    const { methodOfAgent } = await import('../../src/facts/issuer-keys.ts');
    const { formatAgentDid } = await import('../../src/core/identity/agent-id.ts');
    for (const missing of ['ttl', 'fallback', 'policies', 'exp', 'iat', 'endpoints']) {
      const world = createWorld();
      const agent = world.agent('silent', { adaptive: true, facts });
      const signer = signingKeyOf(agent);
      world.hosts.set(resolverUrl('silent'), ({ searchParams }) => {
        const now = world.seconds();
        const claims: Record<string, unknown> = {
          iss: formatAgentDid(agent.agentId),
          aud: searchParams.get('client'),
          nonce: searchParams.get('nonce'),
          ...{ iat: now, exp: now + 30, ttl: 30, policies: [], fallback: [], endpoints: [] },
        };
        delete claims[missing];
        const kid = methodOfAgent(agent.agentId, signer.publicKey);
        return {
          contentType: 'application/jwt',
          text: signStatement('weft-route+jwt', kid, claims as never, signer),
        };
      });
      await expect(world.resolver.resolve(idOf(agent), by), missing).rejects.toMatchObject({
        code: 'bad-route',
        data: { reason: 'bad-token' },
      });
    }
  });
});

describe('what takes the place of a route', () => {
  const silent = (world: World, label: string) => world.hosts.delete(resolverUrl(label));
  const classes = async (world: World, agent: TestAgent) =>
    (await world.resolver.resolve(idOf(agent), by)).endpoints.map((one) => one.class);

  it('are rotating endpoints, then static ones, where nobody said otherwise', async () => {
    const world = createWorld();
    const agent = world.agent('default', { adaptive: true });
    silent(world, 'default');
    const answer = await world.resolver.resolve(idOf(agent), by);
    expect(answer.path).toBe('direct');
    expect(answer.endpoints.map((one) => one.class)).toEqual(['rotating', 'static', 'static']);
    expect(answer.trace.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
      'record ok',
      'resolver failed',
      'facts ok',
      'endpoint ok',
    ]);
  });

  it('is what the facts allow for a resolver that is away', async () => {
    const world = createWorld();
    const adaptive_resolver = { fallback: ['static' as const] };
    const endpoints = { static: ['https://s.example/'], rotating: ['https://r.example/'], adaptive_resolver };
    const agent = world.agent('by-rule', { adaptive: true, facts: { endpoints } });
    silent(world, 'by-rule');
    expect(await classes(world, agent)).toEqual(['static']);
    world.publish(agent, { endpoints: { ...endpoints, adaptive_resolver: { fallback: [] } } });
    world.nowMs += 601_000;
    world.publish(agent, { endpoints: { ...endpoints, adaptive_resolver: { fallback: [] } } });
    await expect(classes(world, agent)).rejects.toThrow(throwing('resolver-unreachable'));
  });

  it('is what the route allows, where none of its endpoints can be used', async () => {
    const world = createWorld();
    const agent = world.agent('no-skill', { adaptive: true });
    const endpoints = [{ url, skills: ['other'] }];
    await world.route(agent, { endpoints, fallback: ['static'] });
    const ask = { ...by, skill: 'translate' };
    expect((await world.resolver.resolve(idOf(agent), ask)).endpoints.map((one) => one.class)).toEqual([
      'static',
      'static',
    ]);
    await world.route(agent, { endpoints, fallback: [] });
    await expect(world.resolver.resolve(idOf(agent), { ...ask, client: 'x' })).rejects.toThrow(
      throwing('no-endpoint'),
    );
  });

  it('is nothing once the kept endpoints have ended and nobody answers', async () => {
    const world = createWorld();
    const agent = world.agent('killed', { adaptive: true });
    await world.route(agent, { endpoints: [{ url }] });
    expect(await classes(world, agent)).toEqual(['adaptive']);
    silent(world, 'killed');
    world.nowMs += 29_000;
    expect(await classes(world, agent)).toEqual(['adaptive']);
    world.nowMs += 1_000;
    expect(await classes(world, agent)).toEqual(['rotating', 'static', 'static']);
    world.hosts.delete(factsUrl('killed'));
    world.nowMs += 299_000;
    expect(await classes(world, agent)).toEqual(['rotating', 'static', 'static']);
    world.nowMs += 2_000;
    expect(await classes(world, agent)).toEqual(['static', 'static']);
    world.nowMs += 300_000;
    await expect(classes(world, agent)).rejects.toThrow(throwing('resolver-unreachable'));
  });

  it('tells of facts that are refused rather than of a resolver that is away', async () => {
    const world = createWorld();
    const agent = world.agent('forged', { adaptive: true });
    silent(world, 'forged');
    const good = (await world.hosts.get(factsUrl('forged'))!(new URL(factsUrl('forged')))).text;
    world.hosts.set(factsUrl('forged'), () => ({
      text: good.replace('Acme Translator', 'Evil Translator'),
      contentType: 'application/vc+json',
    }));
    await expect(world.resolver.resolve(idOf(agent), by)).rejects.toMatchObject({ code: 'bad-proof' });
  });
});

function timesAt(world: World, seconds: number): { readonly issuedAt: number; readonly expiresAt: number } {
  return { issuedAt: world.seconds() + seconds, expiresAt: world.seconds() + seconds + 30 };
}

function endpointAt(place: string) {
  return { url: place, token: 'x', region: null, protocol: null, version: null };
}
