/** The reference server: whom it signs for, what it remembers over restarts, which reports count, whom it slows down. */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { multikeyOf } from '../../src/facts/multikey.ts';
import { createAdaptiveResolver } from '../../src/resolution/adaptive/adaptive-resolver.ts';
import { signLoadReport } from '../../src/resolution/adaptive/load-report.ts';
import { checkRoute } from '../../src/resolution/adaptive/route.ts';
import { routedAgentsMax } from '../../src/resolution/resolution-limits.ts';
import { nowSeconds, resolverOf } from '../facts/sample-facts.ts';
import { bornAgent, ended, rotated, signingKeyOf, testSigner } from '../helpers/test-agent.ts';
import { throwing } from './world.ts';

const { verify } = createNodeCryptoVerifier();
const agent = bornAgent('adaptive agent', nowSeconds - 1000);
const url = 'https://one.example/a2a';
const question = { client: 'me', nonce: 'n', skill: null, region: null, address: '192.0.2.1' };

function setup(changes: Partial<Parameters<typeof createAdaptiveResolver>[0]> = {}) {
  const time = { nowMs: nowSeconds * 1000 };
  const parts = {
    store: createMemoryStore(),
    resolve: resolverOf(agent.state),
    check: verify,
    findSigners: async () => [signingKeyOf(agent)],
    clock: { nowMs: () => time.nowMs, schedule: () => () => undefined },
    entropy: createSystemEntropy(),
    ...changes,
  };
  return { time, parts, resolver: createAdaptiveResolver(parts) };
}

describe('an adaptive resolver', () => {
  it('answers with a route that holds with everybody, for as long as the routing says', async () => {
    const { resolver } = setup();
    await resolver.setRouting(agent.agentId, {
      endpoints: [{ url, version: '2' }],
      ttlSeconds: 45,
      fallback: [],
    });
    const { text } = await resolver.answer(agent.agentId, question);
    const wanted = { agentId: agent.agentId, client: 'me', nonce: 'n' };
    const route = checkRoute(text, wanted, {
      state: agent.state,
      check: verify,
      nowSeconds: nowSeconds + 44,
    });
    expect(route).toMatchObject({
      expiresAt: nowSeconds + 45,
      fallback: [],
      endpoints: [{ url, version: '2' }],
    });
    expect(() =>
      checkRoute(text, wanted, { state: agent.state, check: verify, nowSeconds: nowSeconds + 45 }),
    ).toThrow(throwing('expired'));
  });

  it('signs with no key that does not speak for the agent now', async () => {
    const others = [testSigner('nobody'), signingKeyOf(agent)];
    const { resolver } = setup({ findSigners: async () => others });
    await resolver.setRouting(agent.agentId, { endpoints: [{ url }] });
    const { text } = await resolver.answer(agent.agentId, question);
    expect(text.split('.')).toHaveLength(3);
    for (const state of [rotated(agent, nowSeconds).state, ended(agent, nowSeconds).state]) {
      const late = setup({ resolve: resolverOf(state) });
      await late.resolver.setRouting(agent.agentId, { endpoints: [{ url }] });
      await expect(late.resolver.answer(agent.agentId, question)).rejects.toThrow(throwing('wrong-key'));
    }
    const keyless = setup({ findSigners: async () => [] });
    await keyless.resolver.setRouting(agent.agentId, { endpoints: [{ url }] });
    await expect(keyless.resolver.answer(agent.agentId, question)).rejects.toThrow(throwing('wrong-key'));
  });

  it('remembers its routing over a restart, and takes no more agents than it may', async () => {
    const { parts, resolver } = setup();
    const set = await resolver.setRouting(agent.agentId, {
      endpoints: [{ url, region: 'eu' }],
      policies: ['geo'],
    });
    expect(await createAdaptiveResolver(parts).routing(agent.agentId)).toEqual(set);
    expect(await resolver.removeRouting(agent.agentId)).toBe(true);
    expect(await resolver.removeRouting(agent.agentId)).toBe(false);
    await expect(createAdaptiveResolver(parts).routing(agent.agentId)).rejects.toThrow(
      throwing('no-routing'),
    );
    for (let index = 0; index < routedAgentsMax; index++) {
      const id = new Uint8Array(32).fill(index & 255);
      id[0] = index >> 8;
      await resolver.setRouting(id, { endpoints: [{ url }] });
    }
    await expect(resolver.setRouting(agent.agentId, { endpoints: [{ url }] })).rejects.toThrow(
      throwing('routing-full'),
    );
  });

  it('counts a report for 30 seconds, and ignores what is older than the last or came too late', async () => {
    const { resolver, time } = setup();
    const signer = testSigner('reporting endpoint');
    const reportOf = (load: number, issuedAt: number) =>
      signLoadReport({ agentId: agent.agentId, url, load, issuedAt }, signer);
    const seconds = () => Math.floor(time.nowMs / 1000);
    await resolver.setRouting(agent.agentId, { endpoints: [{ url, key: multikeyOf(signer.publicKey) }] });
    const send = (load: number, issuedAt: number) => resolver.report(agent.agentId, reportOf(load, issuedAt));
    const load = async () => (await resolver.loads(agent.agentId)).get(url);
    expect(await load()).toBeNull();
    expect(await send(0.5, seconds())).toBe(true);
    expect(await send(0.1, seconds())).toBe(false);
    expect(await send(0.1, seconds() - 5)).toBe(false);
    expect(await load()).toBe(0.5);
    time.nowMs += 31_000;
    expect(await load()).toBeNull();
    expect(await send(0.3, seconds() - 31)).toBe(false);
    expect(await send(0.3, seconds() + 60)).toBe(false);
    expect(await send(0.3, seconds() - 10)).toBe(true);
    expect(await load()).toBe(0.3);
  });

  it('slows a client down that asks too often, and no other', async () => {
    const { resolver, time } = setup();
    const shield = { endpoints: 1, requestsPerMinute: 3 };
    await resolver.setRouting(agent.agentId, { endpoints: [{ url }], policies: ['threat-shield'], shield });
    for (let round = 0; round < 3; round++)
      await resolver.answer(agent.agentId, { ...question, client: `c${round}` });
    // What a client calls itself does not count.
    await expect(resolver.answer(agent.agentId, { ...question, client: 'new' })).rejects.toThrow(
      throwing('over-limit'),
    );
    await resolver.answer(agent.agentId, { ...question, address: '192.0.2.2' });
    time.nowMs += 20_000;
    await resolver.answer(agent.agentId, question);
    await expect(resolver.answer(agent.agentId, question)).rejects.toThrow(throwing('over-limit'));
  });

  it.each([{ client: '' }, { nonce: 'n'.repeat(129) }, { skill: '' }, { region: 'r'.repeat(200) }])(
    'refuses the question %j',
    async (changes) => {
      const { resolver } = setup();
      await resolver.setRouting(agent.agentId, { endpoints: [{ url }] });
      await expect(resolver.answer(agent.agentId, { ...question, ...changes })).rejects.toThrow(
        throwing('bad-request'),
      );
    },
  );
});
