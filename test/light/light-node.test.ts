/** The light node's own rules over a model network: calls, keys, errors, events, and when what is held may be served. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { agentKey, formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createAgentKeys, LightNodeError, type LightNodeErrorCode } from '../../src/light/index.ts';
import type { LightChange } from '../../src/light/light-types.ts';
import { bornAgent, bundleOf, ended, refenced, rotated } from '../helpers/test-agent.ts';
import { settled } from '../node/fake-network.ts';
import {
  createModelNetwork,
  type HonestPeer,
  type LightOfModel,
  type ModelNetwork,
} from './model-network.ts';

let network: ModelNetwork;
let full: HonestPeer[];
let light: LightOfModel;
let clock: ModelNetwork['clock'];

beforeEach(async () => {
  network = createModelNetwork();
  ({ clock } = network);
  full = [];
  for (let index = 0; index < 5; index++) full.push(await network.honest(`full ${index}`));
  light = await network.light();
});
afterEach(() => network.stop());

const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
const finds = (): number =>
  network.peers.flatMap(({ received }) => received).filter(({ body }) => body[1] === 1).length;
const urls = { primaryFactsUrl: 'https://agents.example/a/facts.json' };

async function code(call: Promise<unknown> | (() => unknown)): Promise<LightNodeErrorCode> {
  try {
    await (typeof call === 'function' ? call() : call);
  } catch (error) {
    expect(error).toBeInstanceOf(LightNodeError);
    expect((error as LightNodeError).message.length).toBeGreaterThan(20);
    return (error as LightNodeError).code;
  }
  throw new Error('nothing was thrown');
}

describe('the life of an agent', () => {
  it('is registered, changed, rotated, recovered, delegated and ended through one node', async () => {
    const { node } = light;
    const keys = createAgentKeys();
    const { agentId, publish } = await node.register(urls, keys);
    expect(publish).toMatchObject({ status: 'stored', acknowledgements: 5 });
    expect(node.held().map(agentKey)).toEqual([agentKey(agentId)]);

    await node.update(agentId, { adaptiveResolverUrl: 'https://agents.example/a/now' });
    const reader = await network.light();
    expect((await reader.node.resolve(agentId)).record).toMatchObject({
      ...urls,
      adaptiveResolverUrl: 'https://agents.example/a/now',
    });

    const next = createAgentKeys();
    const turned = await node.rotate(agentId, next);
    expect(turned.state.keyState.signingKey).toEqual(createSigner(next.signing).publicKey);

    const delegate = createSigner(createAgentKeys().signing);
    const grant = {
      audience: delegate.publicKey,
      rights: ['op'] as const,
      fields: ['adaptive'] as const,
      expiresInSeconds: 3600,
    };
    const { slot } = await node.delegate(agentId, grant);
    expect(slot).toBe(1);
    const revoked = await node.revoke(agentId, { delegation: { slot }, reason: 'superseded' });
    expect(revoked.state.revocations).toHaveLength(1);
    expect(revoked.state.keyState.status).toBe('active');

    const saved = createAgentKeys();
    const recovered = await node.recover(agentId, keys.recovery, saved);
    expect(recovered.state.keyState.signingKey).toEqual(createSigner(saved.signing).publicKey);
    expect((await reader.node.resolve(agentId, { fresh: true })).record).toMatchObject(urls);

    await node.revoke(agentId, { reason: 'cessationOfOperation' });
    expect((await reader.node.resolve(agentId)).status).toBe('tombstoned');
    expect((await reader.node.resolve(agentId)).record).toBeNull();
    expect(await code(node.update(agentId, urls))).toBe('agent-not-active');
  });

  it('goes on in another run that adopts its keys', async () => {
    const keys = createAgentKeys();
    const { agentId } = await light.node.register(urls, keys);
    await light.node.stop();
    const again = await network.light();
    await again.node.adopt(formatAgentId(agentId), keys);
    await again.node.update(agentId, { primaryFactsUrl: 'https://agents.example/a/2' });
    const { record } = await (await network.light()).node.resolve(formatAgentDid(agentId));
    expect(record?.primaryFactsUrl).toBe('https://agents.example/a/2');
  });

  it('takes signers in place of seeds, and makes an ephemeral agent of a signing key alone', async () => {
    const { signing } = createAgentKeys();
    const { agentId, state } = await light.node.register(urls, { signing: createSigner(signing) });
    expect(state.keyState.rotationDigest).toBeNull();
    expect(state.keyState.recoveryDigest).toBeNull();
    await light.node.update(agentId, { ttlSeconds: 60 });
    expect(await code(light.node.rotate(agentId, createAgentKeys()))).toBe('no-key');
  });

  it('is signed anew before its validity ends, until it is released', async () => {
    const { node } = light;
    const kept = await node.register({ ...urls, validitySeconds: 3600 }, createAgentKeys());
    const left = await node.register({ ...urls, validitySeconds: 3600 }, createAgentKeys());
    await node.release(left.agentId);
    for (let minute = 0; minute < 75; minute += 5) await clock.advance(300_000);
    const reader = await network.light();
    expect((await reader.node.resolve(kept.agentId)).status).toBe('ok');
    expect((await reader.node.resolve(left.agentId)).status).not.toBe('ok');
    expect(node.held()).toHaveLength(1);
    expect(await code(node.update(left.agentId, urls))).toBe('not-held');
  });
});

describe('a store that outlives the node', () => {
  it('keeps what was seen: an agent that has ended stays so in the next run, without a network', async () => {
    const store = { ...createMemoryStore(), close: async () => {} };
    const agent = bornAgent('remembered', nowSeconds());
    await full[0]!.publish(bundleOf(agent));
    const first = await network.light({ ports: { store } });
    await first.node.resolve(agent.agentId);
    await full[0]!.publish(bundleOf(ended(agent, nowSeconds() + 1)));
    await settled();
    await first.node.stop();
    const second = await network.light({ ports: { store } });
    network.isolate(second);
    expect((await second.node.resolve(agent.agentId)).status).toBe('tombstoned');
  });

  it('holds nothing of an agent that was released', async () => {
    const store = { ...createMemoryStore(), close: async () => {} };
    const { node } = await network.light({ ports: { store } });
    const { agentId } = await node.register(urls, createAgentKeys());
    const notes = async (): Promise<number> => {
      let count = 0;
      for await (const _entry of store.entries('custody/')) count++;
      return count;
    };
    expect(await notes()).toBe(1);
    await node.release(agentId);
    expect(await notes()).toBe(0);
  });
});

describe('errors', () => {
  it('have a code and say what to do', async () => {
    const { node } = light;
    const keys = createAgentKeys();
    const unknown = bornAgent('unknown', nowSeconds()).agentId;
    expect(await code(node.resolve('nanda:nonsense'))).toBe('bad-argument');
    expect(await code(node.register({ primaryFactsUrl: 'ftp://x' }, keys))).toBe('bad-argument');
    expect(await code(node.register(urls, { signing: new Uint8Array(31) }))).toBe('bad-argument');
    expect(await code(node.update(unknown, urls))).toBe('not-held');
    expect(await code(node.recover(unknown, keys.recovery, createAgentKeys()))).toBe('not-held');
    const { agentId } = await node.register(urls, keys);
    expect(await code(node.rotate(agentId, { signing: keys.signing }))).toBe('bad-argument');
    expect(await code(node.recover(agentId, createAgentKeys().recovery, createAgentKeys()))).toBe('no-key');
    expect(await code(node.publish(Uint8Array.of(1)))).toBe('refused');
  });

  it('are the reason of the signal where the caller gave up', async () => {
    const reason = new Error('enough');
    await expect(
      light.node.resolve(bornAgent('any', nowSeconds()).agentId, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it('say that the node does not run, before its start and after its end', async () => {
    const { agentId } = bornAgent('any', nowSeconds());
    await light.node.stop();
    await light.node.stop();
    expect(await code(light.node.resolve(agentId))).toBe('not-running');
    expect(await code(light.node.start())).toBe('not-running');
    for (const peer of full) network.down(peer);
    const alone = network.light();
    expect(await code(alone)).toBe('offline');
  });

  it('reject calls that are open when the node stops', async () => {
    for (const peer of full) peer.answer = () => new Promise(() => {});
    const open = light.node.resolve(bornAgent('any', nowSeconds()).agentId);
    const ending = code(open);
    await settled();
    await light.node.stop();
    expect(await ending).toBe('not-running');
  });
});

describe('what is held', () => {
  it('is served within its ttl without asking anybody', async () => {
    const agent = bornAgent('cached', nowSeconds());
    await full[0]!.publish(bundleOf(agent));
    expect(await light.node.resolve(agent.agentId)).toMatchObject({ status: 'ok', cached: false });
    await settled();
    const before = finds();
    expect(await light.node.resolve(agent.agentId)).toMatchObject({ status: 'ok', cached: true });
    expect(finds()).toBe(before);
    expect(await light.node.resolve(agent.agentId, { fresh: true })).toMatchObject({ cached: false });
    expect(finds()).toBeGreaterThan(before);
    await clock.advance(3_601_000);
    expect(await light.node.resolve(agent.agentId)).toMatchObject({ status: 'ok', cached: false });
  });

  it('is evicted by a revocation in the tick in which that is accepted', async () => {
    const agent = bornAgent('evicted', nowSeconds());
    await full[0]!.publish(bundleOf(agent));
    await light.node.resolve(agent.agentId);
    await settled();
    const seen: Promise<unknown>[] = [];
    light.node.events.on('revoked', ({ what }) => {
      seen.push(light.node.resolve(agent.agentId).then(({ status }) => `${what} ${status}`));
    });
    await full[0]!.publish(bundleOf(ended(agent, nowSeconds() + 1)));
    await settled();
    expect(await Promise.all(seen)).toEqual(['agent tombstoned']);
  });

  it('is checked again after a time offline that is longer than maxStalenessMs', async () => {
    const agent = bornAgent('stale', nowSeconds());
    await full[0]!.publish(bundleOf(agent));
    const patient = await network.light({ maxStalenessMs: Number.POSITIVE_INFINITY });
    for (const { node } of [light, patient]) await node.resolve(agent.agentId);
    await settled();
    for (const one of [light, patient]) network.isolate(one);
    await clock.advance(29_000);
    expect((await light.node.resolve(agent.agentId)).cached).toBe(true);
    await full[0]!.publish(bundleOf(ended(agent, nowSeconds())));
    await clock.advance(2_000);
    expect(await code(light.node.resolve(agent.agentId))).toBe('offline');
    expect(light.node.offlineSinceMs).toBe(clock.nowMs() - 31_000);
    expect((await light.node.resolve(agent.agentId, { maxStalenessMs: 60_000 })).status).toBe('ok');
    expect((await patient.node.resolve(agent.agentId)).cached).toBe(true);
    network.rejoin(light);
    expect((await light.node.resolve(agent.agentId)).status).toBe('tombstoned');
    expect(light.node.offlineSinceMs).toBeNull();
  });

  it('is reconciled by itself when the node is connected again', async () => {
    const agent = bornAgent('missed', nowSeconds());
    await full[0]!.publish(bundleOf(agent));
    await light.node.resolve(agent.agentId);
    await settled();
    network.isolate(light);
    await full[0]!.publish(bundleOf(rotated(agent, nowSeconds() + 1)));
    const heard = light.node.events.once('rotated');
    network.rejoin(light);
    await clock.advance(60_000);
    expect((await heard).isRecovery).toBe(false);
  });
});

describe('events and changes', () => {
  it('come for an agent that is watched: records, keys, the end', async () => {
    const agent = bornAgent('watched', nowSeconds());
    const other = bornAgent('not watched', nowSeconds());
    const changes: LightChange[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const change of light.node.watch(agent.agentId, { signal: stop.signal }))
        changes.push(change);
    })();
    for (const one of [agent, other]) await full[0]!.publish(bundleOf(one));
    await settled();
    const changed = refenced(agent, { primary: 'https://example.org/new' }, nowSeconds() + 1);
    await full[0]!.publish(bundleOf(changed));
    const turned = rotated(changed, nowSeconds() + 2);
    await full[0]!.publish(bundleOf(turned));
    await full[0]!.publish(bundleOf(ended(turned, nowSeconds() + 3)));
    await clock.advance(100);
    stop.abort();
    await reading;
    expect(changes.map(({ change }) => change).filter((change) => change !== 'changed')).toEqual([
      'rotated',
      'tombstoned',
    ]);
    expect(changes.filter(({ change }) => change === 'changed').length).toBeGreaterThan(1);
    expect(new Set(changes.map(({ agentId }) => agentKey(agentId)))).toEqual(
      new Set([agentKey(agent.agentId)]),
    );
  });

  it('end with the node', async () => {
    const reading = (async () => {
      for await (const _change of light.node.watch([bornAgent('any', nowSeconds()).agentId]));
      return 'ended';
    })();
    await light.node.stop();
    expect(await reading).toBe('ended');
  });

  it('say when the network is gone and back, and publish what nobody had stored', async () => {
    const heard: string[] = [];
    light.node.events.on('offline', () => heard.push('offline'));
    light.node.events.on('connected', ({ fullPeers }) => heard.push(`connected ${fullPeers}`));
    network.isolate(light);
    const failing = code(light.node.register(urls, createAgentKeys(), { timeoutMs: 1_000 }));
    await clock.advance(20_000);
    expect(await failing).toBe('not-stored');
    const [agentId] = light.node.held();
    network.rejoin(light);
    await clock.advance(1_000);
    expect(heard).toEqual(['offline', 'connected 5']);
    expect((await (await network.light()).node.resolve(agentId!)).status).toBe('ok');
  });

  it('do not stop because a listener throws', async () => {
    const heard: string[] = [];
    light.node.events.on('offline', () => {
      throw new Error('a mistake of the program');
    });
    const off = light.node.events.on('offline', () => heard.push('first'));
    network.isolate(light);
    off();
    network.rejoin(light);
    network.isolate(light);
    expect(heard).toEqual(['first']);
  });
});
