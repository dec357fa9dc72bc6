/** The indexes in their order: private registries before the overlay, and none of them believed unchecked. */
import { describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { addrExpiresAt } from '../../src/core/record/agent-addr.ts';
import { authorityState, encodeState } from '../../src/core/record/agent-state.ts';
import { FactsError } from '../../src/facts/facts-error.ts';
import { createEndpointResolver } from '../../src/resolution/endpoint-resolver.ts';
import { createOverlaySource, createRegistrySource } from '../../src/resolution/index-sources.ts';
import { traceOf } from '../../src/resolution/resolution-error.ts';
import { createResolutionPorts } from '../../src/resolution/resolution-ports.ts';
import {
  bornAgent,
  bundleOf,
  ended,
  refenced,
  rotated,
  type TestAgent,
  updated,
} from '../helpers/test-agent.ts';
import { createWorld, factsUrl, idOf, throwing, type World } from './world.ts';

type Shown = TestAgent | 'unknown' | 'away' | Uint8Array;

/** A resolver over registries that show this, in this order, and then the overlay. */
function over(world: World, shown: readonly Shown[], overlay = true) {
  const asked: string[] = [];
  const shelves = [...shown];
  const parts = {
    check: createNodeCryptoVerifier().verify,
    nowMs: () => world.nowMs,
    async fetchText(url: string) {
      const place = new URL(url);
      const index = Number(place.host.split('.')[0]!.slice(1));
      asked.push(place.host);
      expect(place.pathname).toMatch(/^\/v1\/agents\/nanda:[a-z2-7]{52}\/bundle$/);
      const one = shelves[index]!;
      if (one === 'away') throw new FactsError('unreachable', 'nobody is there');
      if (one === 'unknown') throw new FactsError('bad-answer', 'the host answered 404', { status: 404 });
      const bytes = one instanceof Uint8Array ? one : bundleOf(one);
      return { bytes, contentType: 'application/cbor', url };
    },
  };
  const sources = shown.map((_one, index) => createRegistrySource(`https://r${index}.example/`, parts));
  const resolver = createEndpointResolver({
    ...world.ports,
    sources: [...sources, ...(overlay ? [createOverlaySource(world.ports.resolve)] : [])],
  });
  return { resolver, asked, shelves };
}

describe('the order of indexes', () => {
  it('asks the private registry first, and the overlay not at all where it knows the agent', async () => {
    const world = createWorld();
    const agent = world.agent('private-first');
    world.forget(agent.agentId);
    const { resolver, asked } = over(world, [agent, 'unknown']);
    const answer = await resolver.resolve(idOf(agent));
    expect(asked).toEqual(['r0.example']);
    expect(world.asked).toEqual([factsUrl('private-first')]);
    expect(answer.trace[0]).toMatchObject({ outcome: 'ok', from: 'https://r0.example' });
    await resolver.resolve(idOf(agent));
    expect(asked).toEqual(['r0.example']);
  });

  it('goes on in the order given, the public one last', async () => {
    const world = createWorld();
    const agent = world.agent('public');
    const { resolver, asked } = over(world, ['unknown', 'away', 'unknown']);
    const { trace } = await resolver.resolve(idOf(agent));
    expect(asked).toEqual(['r0.example', 'r1.example', 'r2.example']);
    expect(trace.slice(0, 4).map(({ outcome, from }) => [outcome, from])).toEqual([
      ['missing', 'https://r0.example'],
      ['failed', 'https://r1.example'],
      ['missing', 'https://r2.example'],
      ['ok', 'the overlay, 3 peers, 3 held it'],
    ]);
  });

  it('says that nobody knows the agent only when all have said so', async () => {
    const world = createWorld();
    const agent = bornAgent('nobody', world.seconds());
    await expect(over(world, ['unknown']).resolver.resolve(idOf(agent))).rejects.toThrow(
      throwing('not-found'),
    );
    await expect(over(world, ['away']).resolver.resolve(idOf(agent))).rejects.toThrow(
      throwing('index-unreachable'),
    );
    await expect(over(world, ['away'], false).resolver.resolve(idOf(agent))).rejects.toThrow(
      throwing('index-unreachable'),
    );
  });

  it.each([
    ['over', 'index-unreachable'],
    ['rekeyed', 'not-usable'],
  ])('goes on where the record of a registry is %s', async (behind, code) => {
    const world = createWorld();
    const agent = world.agent('behind');
    world.nowMs = addrExpiresAt(agent.state.addr!) * 1000;
    const old =
      behind === 'over' ? agent : encodeState(authorityState(rotated(agent, world.seconds()).state));
    const now =
      behind === 'over' ? refenced(agent, {}, world.seconds() - 1) : rotated(agent, world.seconds());
    world.show(now.state);
    world.publish(now);
    const { resolver, asked } = over(world, [old, 'away']);
    const { trace } = await resolver.resolve(idOf(agent));
    expect(asked).toEqual(['r0.example', 'r1.example']);
    expect(trace.map(({ step, outcome }) => `${step} ${outcome}`)).toContain('record ok');
    await expect(over(world, [old], false).resolver.resolve(idOf(agent))).rejects.toThrow(throwing(code));
  });

  it('stops at an index that proves the end of the agent', async () => {
    const world = createWorld();
    const agent = world.agent('ended-there');
    const { resolver } = over(world, [ended(agent, world.seconds())]);
    await expect(resolver.resolve(idOf(agent))).rejects.toThrow(throwing('not-usable'));
    expect(world.asked).toEqual([]);
  });
});

describe('what a registry shows', () => {
  it.each<[string, (agent: TestAgent, world: World) => Shown]>([
    ['the record of another agent', (_agent, world) => bornAgent('other', world.seconds())],
    ['no record', () => new Uint8Array([1, 2, 3])],
    ['a record that was altered', (agent) => alteredUrl(agent)],
    ['a record that was signed by another key', (agent, world) => forged(agent, world)],
  ])('is refused when it is %s', async (_what, shownOf) => {
    const world = createWorld();
    const agent = world.agent('shown');
    const { resolver } = over(world, [shownOf(agent, world)], false);
    const error = await resolver.resolve(idOf(agent)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'index-unreachable' });
    expect(traceOf(error)).toMatchObject([{ step: 'record', outcome: 'refused' }]);
    // The next index is asked all the same: nobody is silenced by a registry that lies.
    const { resolver: both } = over(world, [shownOf(agent, world)]);
    expect((await both.resolve(idOf(agent))).endpoints).not.toEqual([]);
  });

  it('cannot go back behind what it showed before', async () => {
    const world = createWorld();
    const agent = world.agent('rolled', { ttlCode: 4 });
    const newer = updated(agent, { primary: 'https://newer.example/facts' }, world.seconds() + 1);
    const { resolver, shelves } = over(world, [newer], false);
    world.hosts.set('https://newer.example/facts', world.hosts.get(factsUrl('rolled'))!);
    await resolver.resolve(idOf(agent));
    shelves[0] = agent;
    world.nowMs += 61_000;
    world.asked.length = 0;
    await resolver.resolve(idOf(agent), { maxStalenessSeconds: 0 });
    expect(world.asked).toEqual(['https://newer.example/facts']);
  });
});

describe('a registry that a name led to', () => {
  it('is asked before all others, each time, and believed no more than they are', async () => {
    const world = createWorld();
    const agent = world.agent('by-name');
    world.forget(agent.agentId);
    const named: string[] = [];
    const resolver = createEndpointResolver({
      ...world.ports,
      resolveName: async () => ({
        agentId: agent.agentId,
        from: 'zone',
        verifiedBy: 'dns',
        holdsUntilMs: world.nowMs + 60_000,
        cached: false,
        registry: 'https://registry.example',
      }),
      registryAt: (url) => {
        named.push(url);
        return createRegistrySource(url, {
          check: createNodeCryptoVerifier().verify,
          nowMs: () => world.nowMs,
          fetchText: async (place) => ({
            bytes: bundleOf(agent),
            contentType: 'application/cbor',
            url: place,
          }),
        });
      },
    });
    const { trace } = await resolver.resolve('urn:agent:acme.example:x');
    expect(named).toEqual(['https://registry.example']);
    expect(trace[1]).toMatchObject({ step: 'record', outcome: 'ok', from: 'https://registry.example' });
    expect(world.asked).toEqual([factsUrl('by-name')]);
  });
});

describe('the settings of a node', () => {
  it('bound the registries, and may leave the overlay out', () => {
    const world = createWorld();
    const { resolve } = world.ports;
    const named = (registries: readonly string[], overlay: boolean) =>
      createResolutionPorts({ resolve, userAgent: 'weft/test', registries, overlay }).sources.map(
        ({ name }) => name,
      );
    expect(named(['https://a.example/', 'https://b.example'], true)).toEqual([
      'https://a.example',
      'https://b.example',
      'the overlay',
    ]);
    expect(named(['https://a.example'], false)).toEqual(['https://a.example']);
    expect(() => named(Array<string>(9).fill('https://a.example'), true)).toThrow(throwing('bad-request'));
  });
});

function alteredUrl(agent: TestAgent): Uint8Array {
  const bytes = encodeState(agent.state).slice();
  const text = Buffer.from(bytes).indexOf('https://shown');
  bytes[text + 8]! ^= 1;
  return bytes;
}

/** The log of the agent with a fence of somebody else’s key. */
function forged(agent: TestAgent, world: World): Uint8Array {
  const other = bornAgent('forger', world.seconds() - 60, { primary: factsUrl('shown') });
  const { addr, urls } = other.state;
  return encodeState({ ...agent.state, addr, urls });
}
