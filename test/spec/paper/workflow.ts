/** §IV-A, §V-A, §V-D, §VI-C: from a name to a connection. */
import { expect } from 'vitest';
import { createNodeCryptoVerifier } from '../../../src/adapters/native/node-crypto-verifier.ts';
import { recordValuesOf } from '../../../src/core/author/record-values.ts';
import { formatAgentId } from '../../../src/core/identity/agent-id.ts';
import { addrExpiresAt, agentAddrCheck } from '../../../src/core/record/agent-addr.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { judge } from '../../../src/trust/judge.ts';
import { sampleFacts } from '../../facts/sample-facts.ts';
import { createWorld, factsUrl, idOf, resolverUrl } from '../../resolution/world.ts';
import { agentOf, credentialOf, crossSigning, didOf, factsOf, policyOf, worldOf } from '../../trust/scene.ts';
import type { Demand } from './demand.ts';
import type { PaperScene } from './paper-scene.ts';

const url = 'https://one.example/a2a';
const routing = { endpoints: [{ url }] };
const steps = (trace: readonly { readonly step: string }[]) => trace.map(({ step }) => step);
const ask = ({ base, id }: PaperScene, more: string) =>
  fetch(`${base}/adaptive/${id}?client=a-caller&nonce=1${more}`, {
    redirect: 'manual',
    headers: { connection: 'close' },
  });
const call = (place: string, token?: string) =>
  fetch(place, {
    headers: { connection: 'close', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });

const paths: readonly Demand[] = [
  {
    section: 'IV-A',
    asks: 'the adaptive path leads from the record to the resolver and to an endpoint that ends soon',
    async holds() {
      const world = createWorld();
      const agent = world.agent('iv-a', { adaptive: true });
      await world.route(agent, routing);
      const { trace, endpoints } = await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
      expect(steps(trace)).toEqual(['record', 'resolver', 'endpoint']);
      expect(endpoints[0]!.expiresAtMs - world.nowMs).toBeLessThanOrEqual(60_000);
    },
  },
  {
    section: 'IV-A',
    asks: 'the private path never asks the agent’s own host',
    async holds() {
      const world = createWorld();
      const hidden = 'https://third.example/f';
      const agent = world.agent('iv-a-private', { private: hidden });
      world.hosts.set(hidden, world.hosts.get(factsUrl('iv-a-private'))!);
      await world.resolver.resolve(idOf(agent), { path: 'private' });
      expect(world.asked.filter((place) => place.includes('iv-a-private.example'))).toEqual([]);
      expect(world.asked).toContain(hidden);
    },
  },
  {
    section: 'V-A',
    asks: 'facts are signed by an issuer with the authority to: nobody else’s are used',
    async holds() {
      const world = createWorld();
      world.agent('stranger');
      const agent = world.agent('v-a');
      world.hosts.set(factsUrl('v-a'), world.hosts.get(factsUrl('stranger'))!);
      await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'wrong-subject' });
    },
  },
  {
    section: 'VI-C',
    asks: 'the resolver that the record names routes without the facts being read',
    async holds() {
      const world = createWorld();
      const agent = world.agent('vi-c', { adaptive: true });
      await world.route(agent, routing);
      await world.resolver.resolve(idOf(agent), { path: 'adaptive' });
      expect(world.asked).toEqual(['overlay', resolverUrl('vi-c')]);
    },
  },
];

const lookup: readonly Demand[] = [
  {
    section: 'V-D',
    part: '1',
    asks: 'a name urn:agent:… gives the AgentAddr of its agent',
    async holds({ reader, name, agentId }) {
      const { trace, ...answer } = await reader.node.endpoints.resolve(name);
      expect(answer).toMatchObject({ name, agentId });
      expect(steps(trace).slice(0, 2)).toEqual(['name', 'record']);
    },
  },
  {
    section: 'V-D',
    part: '1',
    asks: 'the AgentAddr is signed, and has the id, both places of facts, the resolver and a ttl',
    async holds({ reader, agentId, base, id }) {
      const { state } = await reader.node.resolve(agentId);
      const { addr, keyState } = state!;
      const owed = agentAddrCheck(addr!, agentId, keyState.establishment, keyState.signingKey!);
      expect(createNodeCryptoVerifier().verify(owed)).toBe(true);
      const ofAnother = { ...owed, message: owed.message.with(20, owed.message[20]! ^ 1) };
      expect(createNodeCryptoVerifier().verify(ofAnother)).toBe(false);
      expect(addr!.bytes.length).toBeLessThanOrEqual(120);
      expect(addrExpiresAt(addr!)).toBeGreaterThan(Date.now() / 1000);
      expect(recordValuesOf(state!)).toMatchObject({
        primary: `${base}/facts/${id}`,
        private: expect.stringMatching(/^ipfs:\/\/b/),
        adaptive: `${base}/adaptive/${id}`,
        ttlCode: expect.any(Number),
      });
    },
  },
];

const metadata: readonly Demand[] = [
  {
    section: 'V-D',
    part: '2',
    asks: 'facts are fetched where trust is to be judged, and left alone where not',
    async holds() {
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
    },
  },
  {
    section: 'V-D',
    part: '2',
    asks: 'a capability is looked for in the facts, and who lacks it is no answer',
    async holds({ reader, id }) {
      const { endpoints } = await reader.node.endpoints.resolve(id, { skill: 'translate' });
      expect(endpoints).toHaveLength(2);
      await expect(reader.node.endpoints.resolve(id, { skill: 'cooking' })).rejects.toMatchObject({
        code: 'no-skill',
      });
    },
  },
  {
    section: 'V-D',
    part: '2',
    asks: 'the client takes them from the public place or from the private one',
    async holds({ reader, id, base }) {
      const from = async (path: 'direct' | 'private') =>
        (await reader.node.endpoints.resolve(id, { path, maxStalenessSeconds: 0 })).trace.find(
          ({ step }) => step === 'facts',
        )!.from;
      expect(await from('direct')).toContain(new URL(base).host);
      expect(await from('private')).toBe('content of the overlay, by a relay');
    },
  },
  {
    section: 'V-D',
    part: '2',
    asks: 'facts are verified by their signature before anything of them is used',
    async holds() {
      const world = createWorld();
      const agent = world.agent('v-d-verify');
      const host = world.hosts.get(factsUrl('v-d-verify'))!;
      world.hosts.set(factsUrl('v-d-verify'), async (place) => {
        const { text, contentType } = await host(place);
        return { contentType, text: text.replaceAll('r.acme.example', 'r.evil.example') };
      });
      await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'bad-proof' });
    },
  },
  {
    section: 'V-D',
    part: '2',
    asks: 'and by the chain of credentials from their issuer to a root',
    async holds() {
      const [agent, root, auditor] = ['v-d chain', 'v-d root', 'v-d auditor'].map(agentOf) as [
        ReturnType<typeof agentOf>,
        ReturnType<typeof agentOf>,
        ReturnType<typeof agentOf>,
      ];
      const policy = policyOf({
        roots: [{ issuer: didOf(root) }],
        rules: [{ id: 'audit', credential: 'SecurityAuditCredential' }],
        crossSigning: { depthMax: 1 },
      });
      const facts = await factsOf(agent);
      const audit = credentialOf({ by: auditor, about: agent });
      const world = worldOf([agent, root, auditor]);
      const verdict = (shown: readonly unknown[]) => judge(policy, agent.agentId, facts, shown, world);
      expect((await verdict([audit])).trusted).toBe(false);
      expect((await verdict([audit, crossSigning(root, auditor)])).trusted).toBe(true);
    },
  },
];

const discovery: readonly Demand[] = [
  {
    section: 'V-D',
    part: '3',
    asks: 'static endpoints, rotating endpoints and the resolver are found in the facts',
    async holds() {
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
    },
  },
  {
    section: 'V-D',
    part: '4',
    asks: 'the resolver sends a plain caller on to the best endpoint',
    async holds(scene) {
      for (const [region, place] of [
        ['eu', scene.endpoint],
        ['us', scene.farEndpoint],
      ] as const) {
        const answer = await ask(scene, `&region=${region}&redirect=true`);
        expect([answer.status, answer.headers.get('location')]).toEqual([307, place]);
      }
    },
  },
  {
    section: 'V-D',
    part: '4',
    asks: 'or gives a signed token that soon ends',
    async holds({ reader, id, endpoint }) {
      const before = Date.now();
      const options = { path: 'adaptive', region: 'eu', client: 'token' } as const;
      const [best] = (await reader.node.endpoints.resolve(id, options)).endpoints;
      expect(best).toMatchObject({ url: endpoint, class: 'adaptive' });
      expect(best!.token!.split('.')).toHaveLength(3);
      expect(best!.expiresAtMs).toBeLessThanOrEqual(Date.now() + 60_000);
      expect(best!.expiresAtMs).toBeGreaterThan(before);
    },
  },
  {
    section: 'V-D',
    part: '4',
    asks: 'the connection is authenticated: the endpoint lets in who shows a token for it, and nobody else',
    async holds({ reader, id, endpoint, farEndpoint }) {
      const options = { path: 'adaptive', client: 'a partner' } as const;
      const { endpoints } = await reader.node.endpoints.resolve(id, options);
      const tokenFor = (place: string) => endpoints.find((one) => one.url === place)!.token!;
      const welcome = await call(endpoint, tokenFor(endpoint));
      expect([welcome.status, await welcome.text()]).toEqual([200, 'a partner']);
      expect((await call(endpoint)).status).toBe(401);
      expect((await call(endpoint, tokenFor(farEndpoint))).status).toBe(401);
      expect((await call(endpoint, `${tokenFor(endpoint).slice(0, -4)}AAAA`)).status).toBe(401);
    },
  },
];

const choices: readonly Demand[] = [
  {
    section: 'V-D',
    asks: 'the client chooses by latency, privacy and trust: each wish leads another way',
    async holds({ reader, id, endpoint, farEndpoint }) {
      const best = async (region: string) =>
        (await reader.node.endpoints.resolve(id, { path: 'adaptive', region, client: region })).endpoints[0]!
          .url;
      expect([await best('eu'), await best('us')]).toEqual([endpoint, farEndpoint]);
      expect((await reader.node.endpoints.resolve(id, { path: 'private' })).path).toBe('private');
      await expect(reader.node.endpoints.resolve(id, { trust: 'nowhere' })).rejects.toMatchObject({
        code: 'untrusted',
      });
    },
  },
  {
    section: 'V-D',
    asks: 'endpoints change while the identity and its record stay as they are',
    async holds({ host, reader, base }) {
      const { agentId } = await host.node.agents.register({});
      const id = formatAgentId(agentId);
      await host.node.agents.update(agentId, { primaryFactsUrl: `${base}/facts/${id}` });
      const seen: unknown[] = [];
      const records: Uint8Array[] = [];
      for (const place of ['https://before.example/', 'https://after.example/']) {
        await host.node.facts.publishOwn(agentId, sampleFacts(agentId, { endpoints: { static: [place] } }));
        const { endpoints } = await reader.node.endpoints.resolve(id, { maxStalenessSeconds: 0 });
        seen.push(endpoints[0]!.url);
        records.push(encodeState((await reader.node.resolve(agentId, { fresh: true })).state!));
      }
      expect(seen).toEqual(['https://before.example/', 'https://after.example/']);
      expect(records[1]).toEqual(records[0]);
    },
  },
];

export const workflowDemands: readonly Demand[] = [
  ...paths,
  ...lookup,
  ...metadata,
  ...discovery,
  ...choices,
];
