/** §V-E: how long each layer counts. */
import { expect } from 'vitest';
import { createNodeCryptoVerifier } from '../../../src/adapters/native/node-crypto-verifier.ts';
import { agentAddrCheck } from '../../../src/core/record/agent-addr.ts';
import { decodeAgentAddr } from '../../../src/core/record/agent-addr-codec.ts';
import { ttlSecondsByCode } from '../../../src/core/record/durations.ts';
import { endpointTtlSeconds } from '../../../src/facts/facts-limits.ts';
import { verifyFacts } from '../../../src/facts/verify-facts.ts';
import { ttlOfEndpoint } from '../../../src/resolution/choose-endpoints.ts';
import { tokenSeconds } from '../../../src/resolution/resolution-limits.ts';
import { judge } from '../../../src/trust/judge.ts';
import { contextOf, nowSeconds, sampleFacts, signedFacts } from '../../facts/sample-facts.ts';
import { bornAgent, signingKeyOf, updated } from '../../helpers/test-agent.ts';
import { createWorld, factsUrl, idOf, resolverUrl, type World } from '../../resolution/world.ts';
import { agentOf, credentialOf, didOf, policyOf, worldOf } from '../../trust/scene.ts';
import type { Demand } from './demand.ts';

const url = 'https://one.example/a2a';
const routing = { endpoints: [{ url }], ttlSeconds: 60 };
const minute = 4;
const timesAsked = ({ asked }: World, place: string) => asked.filter((one) => one === place).length;

const layers: readonly Demand[] = [
  {
    section: 'V-E',
    asks: 'the ttl of a record is signed',
    holds() {
      const { agentId, state } = bornAgent('v-e signed record', nowSeconds);
      const { addr, keyState } = state;
      const holds = (bytes: Uint8Array) =>
        createNodeCryptoVerifier().verify(
          agentAddrCheck(decodeAgentAddr(bytes), agentId, keyState.establishment, keyState.signingKey!),
        );
      expect(holds(addr!.bytes)).toBe(true);
      // Its fourth byte: ttl code, validity code.
      const altered = addr!.bytes.with(3, addr!.bytes[3]! ^ 0x10);
      expect(decodeAgentAddr(altered).ttlCode).toBe(addr!.ttlCode ^ 1);
      expect(holds(altered)).toBe(false);
    },
  },
  {
    section: 'V-E',
    asks: 'the ttl of facts, and of each endpoint in them, is signed',
    async holds() {
      const agent = bornAgent('v-e signed facts', nowSeconds - 60);
      const document = signedFacts({ agentId: agent.agentId, signer: signingKeyOf(agent) });
      const text = JSON.stringify(document);
      const verdict = (one: string) => verifyFacts(JSON.parse(one), contextOf([agent.state]));
      expect((await verdict(text)).facts.ttl).toBe(600);
      for (const [from, to] of [
        ['"ttl":600', '"ttl":3600'],
        ['"ttl":7200', '"ttl":21600'],
      ] as const) {
        expect(text).toContain(from);
        await expect(verdict(text.replace(from, to))).rejects.toMatchObject({ code: 'bad-proof' });
      }
    },
  },
  {
    section: 'V-E',
    asks: 'each layer has a ttl of its own, and none outlives the one above it',
    async holds() {
      const world = createWorld();
      const endpoints = { static: [{ url: 'https://s.example/', ttl: 21_600 }] };
      const agent = world.agent('v-e-layers', { ttlCode: minute, facts: { ttl: 3600, endpoints } });
      const { endpoints: found, facts } = await world.resolver.resolve(idOf(agent));
      expect(facts!.facts.ttl).toBe(3600);
      expect(found[0]!.expiresAtMs).toBe(world.nowMs + 60_000);
    },
  },
];

const records: readonly Demand[] = [
  {
    section: 'V-E',
    part: '1',
    asks: 'a record is kept for its ttl, and then asked for again',
    async holds() {
      const world = createWorld();
      const agent = world.agent('v-e-record', { ttlCode: minute, adaptive: true });
      await world.route(agent, routing);
      for (const [waitMs, wanted] of [
        [0, 1],
        [59_999, 1],
        [1, 2],
      ] as const) {
        world.nowMs += waitMs;
        await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
        expect(timesAsked(world, 'overlay')).toBe(wanted);
      }
    },
  },
  {
    section: 'V-E',
    part: '1',
    asks: 'that goes for its pointers too, the one to the resolver among them',
    async holds() {
      const world = createWorld();
      const agent = world.agent('v-e-pointers', { ttlCode: minute, adaptive: true });
      await world.route(agent, routing);
      const moved = 'https://moved.example/adaptive';
      world.hosts.set(moved, world.hosts.get(resolverUrl('v-e-pointers'))!);
      await world.resolver.resolve(idOf(agent), { path: 'adaptive', client: 'before' });
      expect(world.asked).toEqual(['overlay', resolverUrl('v-e-pointers')]);
      world.nowMs += 60_000;
      world.show(updated(agent, { adaptive: moved }, world.seconds()).state);
      await world.resolver.resolve(idOf(agent), { path: 'adaptive', client: 'after' });
      expect(world.asked.slice(2)).toEqual(['overlay', moved]);
    },
  },
];

const facts: readonly Demand[] = [
  {
    section: 'V-E',
    part: '2',
    asks: 'facts have a ttl of their own, for all that they say',
    async holds() {
      const world = createWorld();
      const endpoints = { static: ['https://s.example/'] };
      const agent = world.agent('v-e-facts', { facts: { ttl: 120, endpoints } });
      const place = factsUrl('v-e-facts');
      for (const [waitMs, wanted] of [
        [0, 1],
        [119_999, 1],
        [1, 2],
      ] as const) {
        world.nowMs += waitMs;
        const answer = await world.resolver.resolve(idOf(agent));
        expect(answer.facts!.facts).toMatchObject({ evaluations: {}, telemetry: {}, capabilities: {} });
        expect(timesAsked(world, place)).toBe(wanted);
      }
    },
  },
];

const routes: readonly Demand[] = [
  {
    section: 'V-E',
    part: '3',
    asks: 'endpoints may end before the facts that name them: those are kept, these are not',
    async holds() {
      const world = createWorld();
      const endpoints = {
        static: ['https://s.example/'],
        rotating: [{ url: 'https://r.example/', ttl: 300 }],
      };
      const agent = world.agent('v-e-routing', { facts: { ttl: 3600, endpoints } });
      const classes = async () =>
        (await world.resolver.resolve(idOf(agent))).endpoints.map((one) => one.class);
      expect(await classes()).toEqual(['rotating', 'static']);
      world.nowMs += 299_999;
      expect(await classes()).toEqual(['rotating', 'static']);
      expect(timesAsked(world, factsUrl('v-e-routing'))).toBe(1);
    },
  },
  {
    section: 'V-E',
    part: '3',
    asks: 'static endpoints count for 1 to 6 hours, rotating ones for 5 to 15 minutes, tokens for 30 to 60 seconds',
    async holds() {
      expect(endpointTtlSeconds).toMatchObject({
        static: { min: 3600, max: 21_600 },
        rotating: { min: 300, max: 900 },
        adaptive: { min: 30, max: 60 },
      });
      expect([tokenSeconds.min, tokenSeconds.max]).toEqual([30, 60]);
      const unsaid = (kind: 'static' | 'rotating') => ttlOfEndpoint(kind, 'https://a.example');
      expect([unsaid('static'), unsaid('rotating')]).toEqual([3600, 300]);
      const world = createWorld();
      const { agentId } = world.agent('v-e-bounds');
      for (const endpoints of [
        { static: [{ url, ttl: 3599 }] },
        { static: [{ url, ttl: 21_601 }] },
        { static: [], rotating: [{ url, ttl: 901 }] },
        { static: [], adaptive_resolver: { url, ttl: 61 } },
      ])
        expect(() => signedFacts({ agentId, signer }, sampleFacts(agentId, { endpoints }))).toThrow(
          expect.objectContaining({ code: 'bad-credential' }),
        );
      await expect(world.adaptive.setRouting(agentId, { ...routing, ttlSeconds: 61 })).rejects.toMatchObject({
        code: 'bad-routing',
      });
    },
  },
  {
    section: 'V-E',
    asks: 'ttls follow how critical and how volatile an agent is: the agent chooses them, a reader may want less',
    async holds() {
      expect([ttlSecondsByCode.at(0), ttlSecondsByCode.at(-1)]).toEqual([0, 172_800]);
      const world = createWorld();
      const agent = world.agent('v-e-chosen', { facts: { endpoints: { static: ['https://s.example/'] } } });
      await world.resolver.resolve(idOf(agent));
      world.nowMs += 31_000;
      await world.resolver.resolve(idOf(agent));
      expect(timesAsked(world, 'overlay')).toBe(1);
      await world.resolver.resolve(idOf(agent), { maxStalenessSeconds: 30 });
      expect(timesAsked(world, 'overlay')).toBe(2);
    },
  },
  {
    section: 'V-E',
    asks: 'and the policy of a trust zone: it says how long what it believes may live',
    async holds() {
      const [agent, root] = [agentOf('v-e zone'), agentOf('v-e zone root')];
      const policy = policyOf({
        roots: [{ issuer: didOf(root) }],
        rules: [{ id: 'access', credential: 'AccessCredential', maxLifetimeSeconds: 300 }],
        facts: { required: false },
      });
      const living = async (lasts: number) => {
        const shown = credentialOf({ by: root, about: agent, types: ['AccessCredential'], lasts });
        return (await judge(policy, agent.agentId, null, [shown], worldOf([agent, root]))).trusted;
      };
      expect([await living(300), await living(301)]).toEqual([true, false]);
    },
  },
];

const signer = signingKeyOf(bornAgent('v-e-bounds', nowSeconds - 60));

export const ttlDemands: readonly Demand[] = [...layers, ...records, ...facts, ...routes];
