/** §VII-E: what the layer of resolution makes sure of, whoever asks. */
import { expect } from 'vitest';
import { addrExpiresAt } from '../../../src/core/record/agent-addr.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { createEndpointResolver } from '../../../src/resolution/endpoint-resolver.ts';
import { createRegistrySource } from '../../../src/resolution/index-sources.ts';
import type { IndexSource } from '../../../src/resolution/resolution-types.ts';
import { bornAgent, bundleOf } from '../../helpers/test-agent.ts';
import { createWorld, factsUrl, idOf } from '../../resolution/world.ts';
import type { Demand } from './demand.ts';

const minute = 4;

/** The bundle with one byte of its record's signature altered. */
function forged(bundle: Uint8Array, signature: Uint8Array): Uint8Array {
  const at = bundle.findIndex((_byte, index) =>
    signature.every((byte, place) => bundle[index + place] === byte),
  );
  return bundle.with(at, bundle[at]! ^ 1);
}

const windows: readonly Demand[] = [
  {
    section: 'VII-E',
    asks: 'a record is kept within its ttl only: after it nothing is served that nobody confirms',
    async holds() {
      const world = createWorld();
      const agent = world.agent('vii-e-window', { ttlCode: minute });
      let isCut = false;
      const [overlay] = world.ports.sources as [IndexSource];
      const source: IndexSource = {
        ...overlay,
        async find(agentId, options) {
          if (isCut && options.fresh) throw new Error('nobody answers');
          return overlay.find(agentId, options);
        },
      };
      const resolver = createEndpointResolver({ ...world.ports, sources: [source] });
      const answer = () => resolver.resolve(idOf(agent));
      expect((await answer()).endpoints[0]!.expiresAtMs).toBe(world.nowMs + 60_000);
      isCut = true;
      world.nowMs += 59_999;
      expect((await answer()).endpoints).not.toEqual([]);
      world.nowMs += 1;
      await expect(answer()).rejects.toMatchObject({ code: 'index-unreachable' });
    },
  },
  {
    section: 'VII-E',
    asks: 'facts are not taken for static: those of now count once theirs is over',
    async holds() {
      const world = createWorld();
      const facts = (place: string) => ({ ttl: 60, endpoints: { static: [place] } });
      const agent = world.agent('vii-e', { facts: facts('https://one.example/') });
      await world.resolver.resolve(idOf(agent));
      world.publish(agent, facts('https://two.example/'));
      world.nowMs += 60_000;
      expect((await world.resolver.resolve(idOf(agent))).endpoints[0]!.url).toBe('https://two.example/');
    },
  },
];

const checks: readonly Demand[] = [
  {
    section: 'VII-E',
    asks: 'clients must verify signatures: a node refuses a record that was altered, and takes the true one',
    async holds({ reader: { node } }) {
      const agent = bornAgent('vii-e-published', Math.floor(Date.now() / 1000));
      const lie = forged(bundleOf(agent), agent.state.addr!.signature);
      await expect(node.publish(lie)).rejects.toMatchObject({ code: 'bad-signature' });
      await node.publish(bundleOf(agent));
      expect((await node.resolve(agent.agentId)).state!.addr).toEqual(agent.state.addr);
    },
  },
  {
    section: 'VII-E',
    asks: 'whoever shows it: an altered record of a private registry is passed over',
    async holds() {
      const world = createWorld();
      const agent = world.agent('vii-e-registry');
      const bytes = forged(bundleOf(agent), agent.state.addr!.signature);
      const { check } = world.ports;
      const registry = createRegistrySource('https://registry.example/', {
        ...{ check, nowMs: () => world.nowMs },
        fetchText: async (url) => ({ bytes, contentType: 'application/cbor', url }),
      });
      const sources = [registry, ...world.ports.sources];
      const { trace } = await createEndpointResolver({ ...world.ports, sources }).resolve(idOf(agent));
      expect(trace.slice(0, 2).map(({ step, outcome }) => [step, outcome])).toEqual([
        ['record', 'refused'],
        ['record', 'ok'],
      ]);
    },
  },
  {
    section: 'VII-E',
    asks: 'clients must verify freshness: facts that have ended are refused, though the host serves them',
    async holds() {
      const world = createWorld();
      const agent = world.agent('vii-e-end');
      world.publish(agent, { ttl: 86_400 }, 120);
      await world.resolver.resolve(idOf(agent));
      world.nowMs += 120_000;
      await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'expired' });
    },
  },
  {
    section: 'VII-E',
    asks: 'and so is a record that has ended, though the index shows it',
    async holds() {
      const world = createWorld();
      const agent = world.agent('vii-e-record-end');
      world.nowMs = addrExpiresAt(agent.state.addr!) * 1000 - 1;
      world.publish(agent);
      await world.resolver.resolve(idOf(agent));
      world.nowMs += 1;
      await expect(world.resolver.resolve(idOf(agent))).rejects.toMatchObject({ code: 'not-usable' });
    },
  },
  {
    section: 'VII-E',
    asks: 'an older record does not come back once a newer one was seen',
    async holds({ host, reader, base }) {
      const { agentId } = await host.node.agents.register({});
      const before = encodeState((await reader.node.resolve(agentId)).state!);
      await host.node.agents.update(agentId, { primaryFactsUrl: `${base}/facts/newer` });
      const { state } = await reader.node.resolve(agentId, { fresh: true });
      await reader.node.publish(before).catch(() => undefined);
      expect((await reader.node.resolve(agentId, { fresh: true })).state).toEqual(state);
    },
  },
];

const privacy: readonly Demand[] = [
  {
    section: 'VII-E',
    asks: 'the private path does what the public one does: the same facts, the same endpoints',
    async holds({ reader, id }) {
      const [open, hidden] = await Promise.all(
        (['direct', 'private'] as const).map((path) =>
          reader.node.endpoints.resolve(id, { path, maxStalenessSeconds: 0 }),
        ),
      );
      expect(hidden!.facts!.digest).toBe(open!.facts!.digest);
      const urls = (answer: typeof open) => answer!.endpoints.map(({ url, class: kind }) => [kind, url]);
      expect(urls(hidden)).toEqual(urls(open));
    },
  },
  {
    section: 'VII-E',
    asks: 'and takes the access away from the agent: facts elsewhere are enough when its own host is gone',
    async holds() {
      const world = createWorld();
      const hidden = 'https://third.example/facts';
      const agent = world.agent('vii-e-away', { private: hidden });
      world.hosts.set(hidden, world.hosts.get(factsUrl('vii-e-away'))!);
      world.hosts.delete(factsUrl('vii-e-away'));
      const { endpoints } = await world.resolver.resolve(idOf(agent), { path: 'private' });
      expect(endpoints).not.toEqual([]);
      await expect(world.resolver.resolve(idOf(agent), { path: 'direct' })).rejects.toMatchObject({
        code: 'unreachable',
      });
    },
  },
];

export const enforcementDemands: readonly Demand[] = [...windows, ...checks, ...privacy];
