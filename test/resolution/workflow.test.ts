/** One resolution, step by step: each path, what it asks of whom, what it keeps, what it tells. */
import { describe, expect, it } from 'vitest';
import { traceOf } from '../../src/resolution/resolution-error.ts';
import type { TraceStep } from '../../src/resolution/resolution-types.ts';
import { createWorld, factsUrl, idOf, resolverUrl, throwing } from './world.ts';

const steps = (trace: readonly TraceStep[]) => trace.map(({ step, outcome }) => `${step} ${outcome}`);
const routing = { endpoints: [{ url: 'https://one.example/a2a', region: 'eu-west' }] };

describe('the direct path', () => {
  it('goes from an id over the record and the facts to their endpoints, the short-lived first', async () => {
    const world = createWorld();
    const agent = world.agent('direct');
    const answer = await world.resolver.resolve(idOf(agent));
    expect(answer.endpoints.map(({ url, class: kind }) => [kind, url])).toEqual([
      ['rotating', 'https://r.acme.example/a2a'],
      ['static', 'https://a.acme.example/a2a'],
      ['static', 'https://b.acme.example/a2a'],
    ]);
    expect(answer).toMatchObject({ agentId: agent.agentId, name: null, path: 'direct' });
    expect(world.asked).toEqual(['overlay', factsUrl('direct')]);
    expect(steps(answer.trace)).toEqual(['record ok', 'facts ok', 'endpoint ok']);
  });

  it('says of each step what was asked, of whom, what proves it and until when it holds', async () => {
    const world = createWorld();
    const agent = world.agent('told');
    const heard: TraceStep[] = [];
    const answer = await world.resolver.resolve(idOf(agent), { step: (step) => heard.push(step) });
    expect(answer.trace).toEqual(heard);
    const [record, facts, endpoint] = answer.trace;
    expect(record).toMatchObject({
      asked: idOf(agent),
      from: 'the overlay, 3 peers, 3 held it',
      verifiedBy: 'its key log and the signature of its fence',
      holdsUntilMs: world.nowMs + 3600_000,
    });
    expect(facts).toMatchObject({
      from: 'told.example',
      said: 'Acme Translator 1.2.0, 1 skill',
      verifiedBy: 'eddsa-jcs-2022 by the agent',
      holdsUntilMs: world.nowMs + 600_000,
    });
    expect(endpoint).toMatchObject({ holdsUntilMs: world.nowMs + 300_000, code: null });
  });

  it('asks nobody again within the ttl of each layer', async () => {
    const world = createWorld();
    const agent = world.agent('kept');
    await world.resolver.resolve(idOf(agent));
    world.nowMs += 200_000;
    const again = await world.resolver.resolve(idOf(agent));
    expect(world.asked).toHaveLength(2);
    expect(steps(again.trace)).toEqual(['record cached', 'facts cached', 'endpoint ok']);
  });

  it('asks anew for what was confirmed longer ago than the caller allows', async () => {
    const world = createWorld();
    const agent = world.agent('stale');
    await world.resolver.resolve(idOf(agent));
    world.nowMs += 20_000;
    await world.resolver.resolve(idOf(agent), { maxStalenessSeconds: 30 });
    expect(world.asked).toHaveLength(2);
    await world.resolver.resolve(idOf(agent), { maxStalenessSeconds: 10 });
    expect(world.asked).toEqual(['overlay', factsUrl('stale'), 'overlay', factsUrl('stale')]);
  });

  it('gives the endpoints near the caller first, and none that has just failed', async () => {
    const world = createWorld();
    const endpoints = {
      static: [
        { url: 'https://us.example/a', region: 'us-east-1' },
        { url: 'https://eu.example/a', region: 'eu-west-1' },
        { url: 'https://eu2.example/a', region: 'EU-west-2' },
      ],
    };
    const agent = world.agent('near', { facts: { endpoints } });
    const urls = async (request: object) =>
      (await world.resolver.resolve(idOf(agent), request)).endpoints.map(({ url }) => new URL(url).host);
    expect(await urls({ region: 'eu-west-2' })).toEqual(['eu2.example', 'eu.example', 'us.example']);
    expect(await urls({ region: 'eu', avoid: ['https://eu.example/a'] })).toEqual([
      'eu2.example',
      'us.example',
    ]);
    const all = endpoints.static.map(({ url }) => url);
    await expect(urls({ avoid: all })).rejects.toThrow(throwing('no-endpoint'));
  });

  it('wants the skill to be named by the facts', async () => {
    const world = createWorld();
    const id = idOf(world.agent('skilled'));
    expect((await world.resolver.resolve(id, { skill: 'translate' })).endpoints).not.toEqual([]);
    expect((await world.resolver.resolve(id, { skill: '/Translate/EN-es' })).endpoints).not.toEqual([]);
    await expect(world.resolver.resolve(id, { skill: 'transl' })).rejects.toThrow(throwing('no-skill'));
  });

  it('fetches the facts again when every endpoint of the kept ones has ended', async () => {
    const world = createWorld();
    const endpoints = { static: [], rotating: ['https://r.example/1'] };
    const agent = world.agent('rotating', { facts: { endpoints, ttl: 3600 } });
    await world.resolver.resolve(idOf(agent));
    world.nowMs += 301_000;
    world.publish(agent, { endpoints: { static: [], rotating: ['https://r.example/2'] }, ttl: 3600 });
    const { endpoints: live, trace } = await world.resolver.resolve(idOf(agent));
    expect(live.map(({ url }) => url)).toEqual(['https://r.example/2']);
    expect(steps(trace)).toEqual(['record cached', 'facts cached', 'facts ok', 'endpoint ok']);
  });

  it('lets many callers of one agent wait for one fetch', async () => {
    const world = createWorld();
    const id = idOf(world.agent('shared'));
    await Promise.all(Array.from({ length: 20 }, () => world.resolver.resolve(id)));
    expect(world.asked.filter((place) => place === factsUrl('shared'))).toHaveLength(1);
  });
});

describe('the private path', () => {
  const hidden = 'https://third.example/f';

  it('reads the facts from the third party, and never asks the host of the agent', async () => {
    const world = createWorld();
    const agent = world.agent('hidden', { private: hidden });
    world.hosts.set(hidden, world.hosts.get(factsUrl('hidden'))!);
    const answer = await world.resolver.resolve(idOf(agent), { path: 'private' });
    expect(world.asked).toEqual(['overlay', hidden]);
    expect(answer.path).toBe('private');
  });

  it('asks the overlay in private where that can be done, and nothing in the open', async () => {
    const inPrivate: string[] = [];
    const world = createWorld();
    const ports = {
      ...world.ports,
      resolvePrivately: async (agentId: Uint8Array) => {
        inPrivate.push('overlay');
        const found = await world.ports.resolve(agentId);
        world.asked.length = 0;
        return found;
      },
    };
    const { createEndpointResolver } = await import('../../src/resolution/endpoint-resolver.ts');
    const { createOverlaySource } = await import('../../src/resolution/index-sources.ts');
    const sources = [createOverlaySource(ports.resolve, ports.resolvePrivately)];
    const resolver = createEndpointResolver({ ...ports, sources });
    const agent = world.agent('sealed', { private: hidden });
    world.hosts.set(hidden, world.hosts.get(factsUrl('sealed'))!);
    for (let round = 0; round < 2; round++) await resolver.resolve(idOf(agent), { path: 'private' });
    expect(inPrivate).toEqual(['overlay']);
    expect(world.asked).toEqual([hidden]);
  });

  it('refuses private facts at the host of the public ones, and a record without any', async () => {
    const world = createWorld();
    const same = world.agent('same', { private: 'https://same.example/other' });
    const none = world.agent('none');
    const by = { path: 'private' as const };
    await expect(world.resolver.resolve(idOf(same), by)).rejects.toThrow(throwing('no-private-path'));
    await expect(world.resolver.resolve(idOf(none), by)).rejects.toMatchObject({ code: 'no-facts-url' });
    expect(world.asked).toEqual(['overlay', 'overlay']);
  });
});

describe('the adaptive path', () => {
  it('goes from the record to the resolver at once, and gives its endpoints with their tokens', async () => {
    const world = createWorld();
    const agent = world.agent('routed', { adaptive: true });
    await world.route(agent, routing);
    const answer = await world.resolver.resolve(idOf(agent), { path: 'adaptive', client: 'a reader' });
    expect(world.asked).toEqual(['overlay', resolverUrl('routed')]);
    expect(answer).toMatchObject({ path: 'adaptive', facts: null });
    expect(answer.endpoints).toMatchObject([
      { url: 'https://one.example/a2a', class: 'adaptive', region: 'eu-west', token: expect.any(String) },
    ]);
    expect(answer.endpoints[0]!.expiresAtMs).toBe(world.nowMs + 30_000);
  });

  it('asks the resolver that the facts name where the record names none', async () => {
    const world = createWorld();
    const url = resolverUrl('by-facts');
    const endpoints = { static: [], adaptive_resolver: { url } };
    const agent = world.agent('by-facts', { facts: { endpoints } });
    await world.route(agent, routing);
    const answer = await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    expect(steps(answer.trace)).toEqual(['record ok', 'facts ok', 'resolver ok', 'endpoint ok']);
  });

  it('uses a route until its end, and not for another client, skill or region', async () => {
    const world = createWorld();
    const agent = world.agent('once', { adaptive: true });
    await world.route(agent, routing);
    const by = { path: 'adaptive' as const };
    for (let round = 0; round < 3; round++) await world.resolver.resolve(idOf(agent), by);
    const count = () => world.asked.filter((place) => place === resolverUrl('once')).length;
    expect(count()).toBe(1);
    for (const more of [{ client: 'x' }, { skill: 'translate' }, { region: 'eu' }])
      await world.resolver.resolve(idOf(agent), { ...by, ...more });
    expect(count()).toBe(4);
    world.nowMs += 30_000;
    await world.resolver.resolve(idOf(agent), by);
    expect(count()).toBe(5);
  });

  it('asks anew when an endpoint of the route has failed', async () => {
    const world = createWorld();
    const agent = world.agent('failing', { adaptive: true });
    await world.route(agent, {
      endpoints: [{ url: 'https://one.example/' }, { url: 'https://two.example/' }],
      answers: 2,
    });
    const by = { path: 'adaptive' as const };
    await world.resolver.resolve(idOf(agent), by);
    const { endpoints } = await world.resolver.resolve(idOf(agent), {
      ...by,
      avoid: ['https://one.example/'],
    });
    expect(endpoints.map(({ url }) => url)).toEqual(['https://two.example/']);
    expect(world.asked.filter((place) => place === resolverUrl('failing'))).toHaveLength(2);
  });
});

describe('what cannot be resolved', () => {
  it('is told with a code and the trace of how far it came', async () => {
    const world = createWorld();
    const agent = world.agent('gone');
    world.hosts.delete(factsUrl('gone'));
    const error = await world.resolver.resolve(idOf(agent)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'FactsError', code: 'unreachable' });
    expect(steps(traceOf(error))).toEqual(['record ok', 'facts failed']);
    expect(traceOf(error)[1]).toMatchObject({ code: 'unreachable', holdsUntilMs: null, verifiedBy: null });
    expect(traceOf(new Error('another'))).toEqual([]);
  });

  it('says who is not known, who has ended, and that nobody answered', async () => {
    const world = createWorld();
    const agent = world.agent('unknown');
    world.forget(agent.agentId);
    await expect(world.resolver.resolve(idOf(agent))).rejects.toThrow(throwing('not-found'));
    const { createEndpointResolver } = await import('../../src/resolution/endpoint-resolver.ts');
    const { createOverlaySource } = await import('../../src/resolution/index-sources.ts');
    const resolve: typeof world.ports.resolve = async (agentId) => ({
      ...(await world.ports.resolve(agentId)),
      responders: [],
    });
    const alone = createEndpointResolver({
      ...world.ports,
      resolve,
      sources: [createOverlaySource(resolve)],
    });
    await expect(alone.resolve(idOf(agent))).rejects.toThrow(throwing('index-unreachable'));
    await expect(world.resolver.resolve('urn:agent:acme:x')).rejects.toThrow(throwing('name-unknown'));
  });

  it.each([
    ['', {}],
    ['x'.repeat(513), {}],
    ['nanda:x', { path: 'sideways' as never }],
    ['nanda:x', { region: '' }],
    ['nanda:x', { client: 'c'.repeat(129) }],
    ['nanda:x', { maxStalenessSeconds: -1 }],
    ['nanda:x', { maxStalenessSeconds: Number.NaN }],
    ['nanda:x', { timeoutMs: 0 }],
    ['nanda:x', { timeoutMs: Number.POSITIVE_INFINITY }],
    ['nanda:x', { avoid: Array<string>(17).fill('https://a.example') }],
  ])('refuses %j with %j', async (name, request) => {
    const world = createWorld();
    await expect(world.resolver.resolve(name, request)).rejects.toThrow(throwing('bad-request'));
    expect(world.asked).toEqual([]);
  });

  it('ends with its time, with its caller, and keeps no more under way than it may', async () => {
    const world = createWorld();
    const agent = world.agent('slow');
    world.hosts.set(factsUrl('slow'), () => new Promise(() => undefined));
    const id = idOf(agent);
    await expect(world.resolver.resolve(id, { timeoutMs: 30 })).rejects.toThrow(throwing('too-slow'));
    const abort = new AbortController();
    const waiting = Array.from({ length: 128 }, () => world.resolver.resolve(id, { signal: abort.signal }));
    await expect(world.resolver.resolve(id)).rejects.toThrow(throwing('busy'));
    abort.abort(new Error('enough'));
    const ends = await Promise.allSettled(waiting);
    expect(ends.every((one) => one.status === 'rejected' && (one.reason as Error).message === 'enough')).toBe(
      true,
    );
    world.publish(agent);
    await expect(world.resolver.resolve(id, { signal: abort.signal })).rejects.toThrow('enough');
  });
});

describe('names and zones', () => {
  const zone = (isTrusted: boolean) => async () => ({
    isTrusted,
    reason: isTrusted ? 'two audits' : 'no audit',
    holdsUntilMs: 1_800_000_000_000 + 90_000,
  });

  it('resolve a name first, and keep it until its end', async () => {
    let agentId: Uint8Array | null = null;
    let lookups = 0;
    const world = createWorld({
      async resolveName() {
        lookups++;
        const holdsUntilMs = world.nowMs + 60_000;
        return { agentId: agentId!, from: 'acme.example', verifiedBy: 'dnssec', holdsUntilMs, cached: false };
      },
    });
    ({ agentId } = world.agent('named'));
    const name = 'urn:agent:acme.example:translator';
    const answer = await world.resolver.resolve(name);
    expect(answer.name).toBe(name);
    expect(answer.trace[0]).toMatchObject({
      step: 'name',
      asked: name,
      from: 'acme.example',
      verifiedBy: 'dnssec',
    });
    expect(Math.max(...answer.endpoints.map(({ expiresAtMs }) => expiresAtMs))).toBe(world.nowMs + 60_000);
    expect(steps((await world.resolver.resolve(name)).trace)[0]).toBe('name cached');
    world.nowMs += 60_000;
    await world.resolver.resolve(name);
    expect(lookups).toBe(2);
  });

  it('ask the zone in each session, and end with its verdict', async () => {
    const world = createWorld({ judge: zone(true) });
    const agent = world.agent('trusted');
    const answer = await world.resolver.resolve(idOf(agent), { trust: 'hospitals' });
    expect(steps(answer.trace)).toEqual(['record ok', 'facts ok', 'trust ok', 'endpoint ok']);
    expect(answer.endpoints[0]!.expiresAtMs).toBe(world.nowMs + 90_000);
    const strict = createWorld({ judge: zone(false) });
    const other = strict.agent('untrusted', { adaptive: true });
    await strict.route(other, routing);
    for (const path of ['direct', 'adaptive'] as const)
      await expect(strict.resolver.resolve(idOf(other), { path, trust: 'hospitals' })).rejects.toThrow(
        throwing('untrusted'),
      );
    expect(strict.asked).not.toContain(resolverUrl('untrusted'));
    await expect(createWorld().resolver.resolve(idOf(other), { trust: 'x' })).rejects.toThrow();
  });
});
