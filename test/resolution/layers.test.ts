/** What is kept, and for how long: a shorter layer never outlives a longer one, and what is revoked is gone at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import { ttlSeconds, ttlSecondsByCode } from '../../src/core/record/durations.ts';
import { createLayerCache, endOf, isLive, type RouteLayer } from '../../src/resolution/layers.ts';
import { cachedAgentsMax, cachedBytesMax, cachedRoutesMax } from '../../src/resolution/resolution-limits.ts';
import { sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, ended, rotated, signingKeyOf } from '../helpers/test-agent.ts';
import { createWorld, factsUrl, idOf, resolverUrl, vcType } from './world.ts';

/** Each run is a world: what fails is told as it is, with its seed. */
const runs = { numRuns: 25, endOnFailure: true };
const ttlCode = fc.integer({ min: 0, max: ttlSecondsByCode.length - 1 });

describe('the end of a layer', () => {
  it('is that of the shortest of it and of all above it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), (ends) => {
        const layers = ends.map((endMs) => ({ endMs }));
        for (let depth = 1; depth <= layers.length; depth++) {
          const end = endOf(...layers.slice(0, depth));
          expect(end).toBeLessThanOrEqual(endOf(...layers.slice(0, depth - 1)));
          expect(ends.slice(0, depth)).toContain(end);
        }
      }),
    );
    expect(endOf(null)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is exclusive, and staleness is not', () => {
    const layer = { fetchedMs: 100, endMs: 200 };
    expect(isLive(layer, 199, 99)).toBe(true);
    expect(isLive(layer, 200, 1000)).toBe(false);
    expect(isLive(layer, 150, 49)).toBe(false);
    expect(isLive(layer, 150, 50)).toBe(true);
  });
});

describe('an answer', () => {
  it('holds no longer than the record, the facts, their signed end and its own class, over random layers and times', async () => {
    await fc.assert(
      fc.asyncProperty(
        ttlCode,
        fc.integer({ min: 30, max: 86_400 }),
        fc.integer({ min: 60, max: 100_000 }),
        fc.option(fc.integer({ min: 300, max: 900 })),
        fc.option(fc.integer({ min: 3600, max: 21_600 })),
        fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1, maxLength: 6 }),
        async (code, factsTtl, validity, rotatingTtl, staticTtl, waits) => {
          const world = createWorld();
          const entry = (url: string, ttl: number | null) => (ttl === null ? url : { url, ttl });
          const endpoints = {
            static: [entry('https://s.example/', staticTtl)],
            rotating: [entry('https://r.example/', rotatingTtl)],
          };
          const agent = world.agent('property', { ttlCode: code, facts: { endpoints, ttl: factsTtl } });
          world.publish(agent, { endpoints, ttl: factsTtl }, validity);
          const signedEndMs = world.nowMs + validity * 1000;
          let askedAt = { overlay: 0, facts: 0 };
          for (const wait of waits) {
            world.nowMs += wait * 1000;
            world.asked.length = 0;
            const answer = await world.resolver
              .resolve(idOf(agent))
              .catch((error: { code: string }) => error);
            if (world.asked.includes('overlay')) askedAt = { ...askedAt, overlay: world.nowMs };
            if (world.asked.includes(factsUrl('property'))) askedAt = { ...askedAt, facts: world.nowMs };
            if (!('endpoints' in answer)) {
              expect(answer.code).toBe('expired');
              expect(world.nowMs).toBeGreaterThanOrEqual(signedEndMs);
              continue;
            }
            const recordEnd = askedAt.overlay + ttlSeconds(code) * 1000;
            const factsEnd = Math.min(askedAt.facts + factsTtl * 1000, signedEndMs, recordEnd);
            expect(world.nowMs).toBeLessThan(signedEndMs);
            for (const { expiresAtMs, class: kind } of answer.endpoints) {
              const own = kind === 'rotating' ? (rotatingTtl ?? 300) : (staticTtl ?? 3600);
              expect(expiresAtMs).toBe(Math.min(askedAt.facts + own * 1000, factsEnd));
              expect(expiresAtMs).toBeGreaterThanOrEqual(world.nowMs);
            }
            const holdsOf = (name: string) =>
              answer.trace.findLast(({ step }) => step === name)!.holdsUntilMs!;
            expect(holdsOf('endpoint')).toBeLessThanOrEqual(holdsOf('facts'));
            expect(holdsOf('facts')).toBeLessThanOrEqual(holdsOf('record'));
          }
        },
      ),
      runs,
    );
  });

  it('of a resolver holds no longer than its route and the record, over random times', async () => {
    await fc.assert(
      fc.asyncProperty(
        ttlCode,
        fc.integer({ min: 30, max: 60 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 6 }),
        async (code, routeTtl, waits) => {
          const world = createWorld();
          const agent = world.agent('routes', { ttlCode: code, adaptive: true });
          await world.route(agent, { endpoints: [{ url: 'https://one.example/' }], ttlSeconds: routeTtl });
          let routedAt = 0;
          let recordAt = 0;
          for (const wait of waits) {
            world.nowMs += wait * 1000;
            world.asked.length = 0;
            const { endpoints } = await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
            if (world.asked.includes('overlay')) recordAt = world.nowMs;
            if (world.asked.includes(resolverUrl('routes'))) routedAt = world.nowMs;
            const ends = [routedAt + routeTtl * 1000, recordAt + ttlSeconds(code) * 1000];
            expect(endpoints[0]!.expiresAtMs).toBe(Math.min(...ends));
            expect(routedAt + routeTtl * 1000).toBeGreaterThan(world.nowMs);
          }
        },
      ),
      runs,
    );
  });
});

describe('a revocation', () => {
  const routing = { endpoints: [{ url: 'https://one.example/' }] };

  it('ends every layer before it returns', async () => {
    let agentId: Uint8Array | null = null;
    const world = createWorld({
      resolveName: async () => ({
        agentId: agentId!,
        from: 'zone',
        verifiedBy: 'dns',
        holdsUntilMs: world.nowMs + 1e6,
        cached: false,
      }),
    });
    const agent = world.agent('evicted', { adaptive: true });
    ({ agentId } = agent);
    await world.route(agent, routing);
    await world.resolver.resolve('a name');
    await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    expect(world.resolver.kept).toMatchObject({ agents: 1, names: 1 });
    world.resolver.changed(agent.agentId, true);
    expect(world.resolver.kept).toEqual({ agents: 0, names: 0, sizeBytes: 0 });
  });

  it.each(['direct', 'private', 'adaptive'] as const)(
    'counts in the same tick on the %s path, without being told to the layers',
    async (path) => {
      const world = createWorld();
      const hidden = 'https://third.example/f';
      const agent = world.agent('same-tick', { adaptive: true, private: hidden });
      world.hosts.set(hidden, world.hosts.get(factsUrl('same-tick'))!);
      await world.route(agent, routing);
      await world.resolver.resolve(idOf(agent), { path });
      world.show(ended(agent, world.seconds()).state);
      // In private the index is not asked again: there the change itself must be heard.
      if (path === 'private') world.resolver.changed(agent.agentId, true);
      await expect(world.resolver.resolve(idOf(agent), { path })).rejects.toMatchObject({
        code: 'not-usable',
      });
    },
  );

  it('while the steps run is counted before the answer is given', async () => {
    const world = createWorld();
    const agent = world.agent('midway');
    const host = world.hosts.get(factsUrl('midway'))!;
    world.hosts.set(factsUrl('midway'), (place) => {
      world.show(ended(agent, world.seconds()).state);
      return host(place);
    });
    await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'subject-not-active' });
  });

  it('by a rotation voids facts and routes of the old key, and those of the new one are fetched', async () => {
    const world = createWorld();
    const agent = world.agent('rotated', { adaptive: true });
    await world.route(agent, routing);
    await world.resolver.resolve(idOf(agent));
    await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
    const after = rotated(agent, world.seconds());
    world.show(after.state);
    for (const path of ['direct', 'adaptive'] as const)
      await expect(world.resolver.resolve(idOf(agent), { path })).rejects.toMatchObject({
        code: 'key-not-current',
      });
    world.resolver.changed(agent.agentId, true);
    world.publish(after);
    expect((await world.resolver.resolve(idOf(agent))).endpoints).not.toEqual([]);
  });

  it('of the issuer takes along what it signed for others', async () => {
    const world = createWorld();
    const issuer = bornAgent('auditor', world.seconds() - 500);
    world.show(issuer.state);
    const agent = world.agent('audited');
    const by = { agentId: issuer.agentId, signer: signingKeyOf(issuer), at: world.seconds() };
    const credential = signedFacts(by, sampleFacts(agent.agentId));
    world.hosts.set(factsUrl('audited'), () => ({ text: JSON.stringify(credential), contentType: vcType }));
    const issuers = [formatAgentDid(issuer.agentId)];
    await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'wrong-issuer' });
    await world.resolver.resolve(idOf(agent), { issuers });
    const before = world.resolver.kept.sizeBytes;
    await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'wrong-issuer' });
    world.show(ended(issuer, world.seconds()).state);
    await expect(world.resolver.resolve(idOf(agent), { issuers })).rejects.toMatchObject({
      code: 'issuer-not-active',
    });
    world.resolver.changed(issuer.agentId, true);
    expect(world.resolver.kept.sizeBytes).toBeLessThan(before);
  });

  it('is not what a change of the record is: that leaves facts that still stand', async () => {
    const world = createWorld();
    const agent = world.agent('changed');
    await world.resolver.resolve(idOf(agent));
    world.resolver.changed(agent.agentId, false);
    await world.resolver.resolve(idOf(agent));
    expect(world.asked).toEqual(['overlay', factsUrl('changed'), 'overlay']);
  });
});

describe('what is kept', () => {
  const layer = (sizeBytes: number) => ({ sizeBytes, fetchedMs: 0, endMs: 1 }) as RouteLayer;

  it('is bounded in agents: those that were not asked for longest go first', () => {
    const cache = createLayerCache();
    for (let index = 0; index < cachedAgentsMax; index++) cache.of(`${index}`);
    cache.of('0');
    cache.of('new');
    expect(cache.agents).toBe(cachedAgentsMax);
    expect(cache.peek('0')).toBeDefined();
    expect(cache.peek('1')).toBeUndefined();
  });

  it('is bounded in bytes and in routes of one agent, and counts what goes', () => {
    const cache = createLayerCache();
    for (let index = 0; index < 600; index++) cache.putRoute(`${index}`, 'r', layer(64 * 1024));
    expect(cache.sizeBytes).toBeLessThanOrEqual(cachedBytesMax);
    expect(cache.agents).toBeGreaterThan(200);
    for (let index = 0; index < 100; index++) cache.putRoute('one', `${index}`, layer(10));
    expect(cache.peek('one')!.routes.size).toBe(cachedRoutesMax);
    for (let index = 0; index < 600; index++) cache.evict(`${index}`);
    cache.evict('one');
    expect(cache.sizeBytes).toBe(0);
  });

  it('keeps its count over random puts, evictions and replacements', () => {
    const step = fc.record({
      what: fc.constantFrom('route', 'record', 'evict', 'issued'),
      agent: fc.integer({ min: 0, max: 5 }),
      size: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = createLayerCache();
        for (const { what, agent, size } of steps) {
          const key = `${agent}`;
          if (what === 'route') cache.putRoute(key, `${size % 4}`, layer(size));
          else if (what === 'record') cache.evictRecord(key);
          else if (what === 'issued') cache.evictIssued(key, () => key);
          else cache.evict(key);
        }
        for (let agent = 0; agent <= 5; agent++) cache.evict(`${agent}`);
        expect([cache.sizeBytes, cache.agents]).toEqual([0, 0]);
      }),
    );
  });
});
