/** §VI-D: what a resolver says has a ttl, a signature and a fallback. */
import { expect } from 'vitest';
import type { JsonObject } from '../../../src/facts/bounded-json.ts';
import { methodOfAgent } from '../../../src/facts/issuer-keys.ts';
import { readStatement, signStatement } from '../../../src/resolution/adaptive/jws.ts';
import { checkRoute } from '../../../src/resolution/adaptive/route.ts';
import { signingKeyOf, type TestAgent } from '../../helpers/test-agent.ts';
import { createWorld, idOf, resolverUrl, type World } from '../../resolution/world.ts';
import type { Demand } from './demand.ts';
import type { PaperScene } from './paper-scene.ts';

const routing = { endpoints: [{ url: 'https://one.example/a2a' }] };
const routeType = 'weft-route+jwt';
const bytesMax = 16_384;
const ask = { path: 'adaptive' } as const;

/** An agent whose resolver signs other claims than it would. `undefined` leaves a claim out. */
async function resolverSaying(
  label: string,
  change: (claims: JsonObject) => Record<string, unknown>,
  facts: object = { endpoints: { static: [] } },
): Promise<{ world: World; agent: TestAgent }> {
  const world = createWorld();
  const agent = world.agent(label, { adaptive: true, facts });
  await world.route(agent, routing);
  const honest = world.hosts.get(resolverUrl(label))!;
  const signer = signingKeyOf(agent);
  world.hosts.set(resolverUrl(label), async (place) => {
    const { text, contentType } = await honest(place);
    const { claims } = readStatement(text, routeType, bytesMax);
    const said = JSON.parse(JSON.stringify({ ...claims, ...change(claims) })) as JsonObject;
    return {
      contentType,
      text: signStatement(routeType, methodOfAgent(agent.agentId, signer.publicKey), said, signer),
    };
  });
  return { world, agent };
}

/** The code of the refusal, or the classes of what was found. */
async function outcomeOf(...given: Parameters<typeof resolverSaying>): Promise<readonly string[] | string> {
  const { world, agent } = await resolverSaying(...given);
  return world.resolver.resolve(idOf(agent), ask).then(
    ({ endpoints }) => [...new Set(endpoints.map((one) => one.class))],
    (error: { code: string }) => error.code,
  );
}

/** What the daemon answers over HTTP. */
async function routeOf({ base, id, agentId, reader }: PaperScene) {
  const question = { client: 'the table', nonce: 'of the table' };
  const place = `${base}/adaptive/${id}?${new URLSearchParams(question)}`;
  const text = await (await fetch(place, { headers: { connection: 'close' } })).text();
  const { state } = await reader.node.resolve(agentId);
  const { check } = createWorld().ports;
  const authority = { state: state!, check, nowSeconds: Math.floor(Date.now() / 1000) };
  const { claims } = readStatement(text, routeType, bytesMax);
  return { claims, route: () => checkRoute(text, { agentId, ...question }, authority) };
}

export const routingDemands: readonly Demand[] = [
  {
    section: 'VI-D',
    asks: 'the resolver of a daemon declares a ttl, a fallback, and signs both for the agent',
    async holds(scene) {
      const { claims, route } = await routeOf(scene);
      expect(claims).toMatchObject({ ttl: 30, fallback: ['rotating', 'static'] });
      expect(route()).toMatchObject({ fallback: ['rotating', 'static'], policies: ['geo'] });
    },
  },
  {
    section: 'VI-D',
    asks: 'routing logic must declare a ttl: without one, with another than its times or with a longer one it counts for nothing',
    async holds() {
      expect(await outcomeOf('vi-d-honest', () => ({}))).toEqual(['adaptive']);
      for (const change of [
        () => ({ ttl: undefined }),
        () => ({ ttl: 31 }),
        ({ iat }: JsonObject) => ({ ttl: 3600, exp: (iat as number) + 3600 }),
      ])
        expect(await outcomeOf('vi-d-ttl', change)).toBe('bad-route');
    },
  },
  {
    section: 'VI-D',
    asks: 'and no endpoint of it is used after that',
    async holds() {
      const { world, agent } = await resolverSaying('vi-d-end', () => ({}));
      const { endpoints } = await world.resolver.resolve(idOf(agent), ask);
      expect(endpoints[0]!.expiresAtMs).toBe(world.nowMs + 30_000);
      world.nowMs += 30_000;
      world.hosts.delete(resolverUrl('vi-d-end'));
      await expect(world.resolver.resolve(idOf(agent), ask)).rejects.toMatchObject({
        code: 'resolver-unreachable',
      });
    },
  },
  {
    section: 'VI-D',
    asks: 'must be signed, so that nobody alters it: one byte of a route voids it',
    async holds() {
      const world = createWorld();
      const agent = world.agent('vi-d', { adaptive: true, facts: { endpoints: { static: [] } } });
      await world.route(agent, routing);
      const honest = world.hosts.get(resolverUrl('vi-d'))!;
      world.hosts.set(resolverUrl('vi-d'), async (place) => {
        const { text, contentType } = await honest(place);
        const at = text.length - 20;
        return { contentType, text: text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1) };
      });
      await expect(world.resolver.resolve(idOf(agent), ask)).rejects.toMatchObject({
        code: 'bad-route',
        data: { reason: 'wrong-key' },
      });
    },
  },
  {
    section: 'VI-D',
    asks: 'must specify what to fall back to: a route that says nothing of it counts for nothing',
    async holds() {
      for (const fallback of [undefined, 'static', ['nearby']])
        expect(await outcomeOf('vi-d-silent', () => ({ fallback }))).toBe('bad-route');
    },
  },
  {
    section: 'VI-D',
    asks: 'and what it specifies is followed',
    async holds() {
      const endpoints = { static: ['https://s.example/'], rotating: ['https://r.example/'] };
      const falling = (fallback: readonly string[]) =>
        outcomeOf('vi-d-fallback', () => ({ endpoints: [], fallback }), { endpoints });
      expect(await falling(['static'])).toEqual(['static']);
      expect(await falling(['static', 'rotating'])).toEqual(['static', 'rotating']);
      expect(await falling([])).toBe('no-endpoint');
    },
  },
  {
    section: 'VI-D',
    asks: 'also where the resolver is dead: then the facts say what follows',
    async holds() {
      const adaptive_resolver = { url: resolverUrl('vi-d-dead'), fallback: ['static' as const] };
      const endpoints = {
        ...{ static: ['https://s.example/'], rotating: ['https://r.example/'] },
        adaptive_resolver,
      };
      const world = createWorld();
      const agent = world.agent('vi-d-dead', { adaptive: true, facts: { endpoints } });
      const answer = await world.resolver.resolve(idOf(agent), ask);
      expect(answer.endpoints.map((one) => one.class)).toEqual(['static']);
      expect(answer.trace.find(({ step }) => step === 'resolver')).toMatchObject({
        code: 'resolver-unreachable',
      });
    },
  },
];
