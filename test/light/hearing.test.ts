/** How a light node hears: shards while they are few, three full nodes for each agent, others when these go or are silent. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { decodeRequest, encodePush } from '../../src/core/overlay/message.ts';
import { createAgentKeys } from '../../src/light/index.ts';
import { shardsMax } from '../../src/light/shards.ts';
import { bornAgent, bundleOf, ended, type TestAgent } from '../helpers/test-agent.ts';
import { settled } from '../node/fake-network.ts';
import { lies } from './hostile.ts';
import {
  createModelNetwork,
  type HonestPeer,
  type LightOfModel,
  type ModelNetwork,
  type ModelPeer,
} from './model-network.ts';

let network: ModelNetwork;
let full: HonestPeer[];
let light: LightOfModel;

beforeEach(async () => {
  network = createModelNetwork();
  full = [];
  for (let index = 0; index < 6; index++) full.push(await network.honest(`full ${index}`));
  light = await network.light();
});
afterEach(() => network.stop());

const nowSeconds = (): number => Math.floor(network.clock.nowMs() / 1000);

/** An agent of one shard: the first hexadecimal digit of its id. */
function agentOf(shard: string, number = 0): TestAgent {
  for (let attempt = number * 1000; ; attempt++) {
    const agent = bornAgent(`shard ${attempt}`, nowSeconds());
    if (agentKey(agent.agentId).startsWith(shard)) return agent;
  }
}

async function use(...agents: TestAgent[]): Promise<void> {
  for (const agent of agents) {
    await full[0]!.publish(bundleOf(agent));
    expect((await light.node.resolve(agent.agentId)).status).toBe('ok');
  }
  await network.clock.advance(100);
}

/** Whom the light node has asked to push that agent and not asked to stop, in order. */
function listenedTo(agent: TestAgent): ModelPeer[] {
  return network.peers.filter(({ received }) => {
    let isWatched = false;
    for (const { body } of received) {
      const request = decodeRequest(body);
      if (request.type !== 'watch' && request.type !== 'unwatch') continue;
      const isAbout = request.agentIds.some((id) => agentKey(id) === agentKey(agent.agentId));
      if (isAbout) isWatched = request.type === 'watch';
    }
    return isWatched;
  });
}

const revoke = (agent: TestAgent): Promise<unknown> =>
  full[0]!.publish(bundleOf(ended(agent, nowSeconds() + 1)));
const statusOf = async (agent: TestAgent): Promise<string> =>
  (await light.node.resolve(agent.agentId)).status;

describe('gossip', () => {
  it('is subscribed to in no shard while no agent is in use', () => {
    expect(light.topics.size).toBe(0);
  });

  it('is subscribed to in the shards of the agents in use while they are few, and in none when they are many', async () => {
    const shards = [...'0123456789'].slice(0, shardsMax + 1);
    const agents = shards.map((shard) => agentOf(shard));
    await use(...agents.slice(0, shardsMax));
    expect([...light.topics].sort()).toEqual(
      shards.slice(0, shardsMax).map((shard) => `/weft/1/rev/${shard}`),
    );
    await use(agents[shardsMax]!);
    expect(light.topics.size).toBe(0);
  });

  it('is left when an agent has not been in use for an hour', async () => {
    const agent = agentOf('3');
    await use(agent);
    expect(light.topics.size).toBe(1);
    await network.clock.advance(3_600_000 + 600_000);
    expect(light.topics.size).toBe(0);
    expect(listenedTo(agent)).toEqual([]);
  });

  it('alone is enough to hear a revocation', async () => {
    const agent = agentOf('5');
    await use(agent);
    for (const peer of full) peer.pushes = () => undefined;
    await revoke(agent);
    await settled();
    const status = statusOf(agent);
    // The liar may be among those that are asked, and says nothing.
    await network.clock.advance(1_000);
    expect(await status).toBe('tombstoned');
  });
});

describe('watching', () => {
  let agent: TestAgent;
  beforeEach(async () => {
    agent = agentOf('7');
    await use(agent);
    for (const peer of full) peer.gossips = false;
  });

  it('goes through three full nodes', () => {
    expect(listenedTo(agent)).toHaveLength(3);
  });

  it('is asked of few for many agents, in few requests', async () => {
    const before = full.reduce((sum, { received }) => sum + received.length, 0);
    const { node } = light;
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        node.register({ primaryFactsUrl: `https://agents.example/${index}` }, createAgentKeys()),
      ),
    );
    await settled();
    const sent = full.reduce((sum, { received }) => sum + received.length, 0) - before;
    expect(sent).toBeLessThan(100);
  });

  it.each([0, 1, 2])('hears a revocation when all but listener %i forward nothing', async (honest) => {
    const listeners = listenedTo(agent);
    for (const [index, peer] of listeners.entries()) if (index !== honest) peer.pushes = () => undefined;
    await revoke(agent);
    await settled();
    expect(await statusOf(agent)).toBe('tombstoned');
  });

  it('leaves those that kept a revocation to themselves', async () => {
    const [first, ...silent] = listenedTo(agent);
    for (const peer of silent) peer.pushes = () => undefined;
    for (const peer of full) peer.gossips = true;
    await revoke(agent);
    await network.clock.advance(10_000);
    const after = listenedTo(agent);
    expect(after).toContain(first);
    for (const peer of silent) expect(after).not.toContain(peer);
    expect(after).toHaveLength(3);
  });

  it('moves to others when these go, and reconciles what was missed meanwhile', async () => {
    const before = listenedTo(agent);
    for (const peer of before) peer.pushes = () => undefined;
    const others = full.filter((peer) => !before.includes(peer));
    await others[0]!.publish(bundleOf(ended(agent, nowSeconds() + 1)));
    await settled();
    expect(await statusOf(agent)).toBe('ok');
    for (const peer of before) network.down(peer);
    await network.clock.advance(5_000);
    expect(listenedTo(agent).filter(({ isUp }) => isUp)).toHaveLength(3);
    expect(await statusOf(agent)).toBe('tombstoned');
  });

  it('asks somebody else now and then, should all that it listens to be silent', async () => {
    const before = listenedTo(agent);
    for (const peer of before) {
      peer.pushes = () => undefined;
      peer.answer = (_from, body) =>
        lies['an old record']!({
          current: bundleOf(agent),
          old: bundleOf(agent),
          ofAnother: bundleOf(agent),
        })(body);
    }
    const others = full.filter((peer) => !before.includes(peer));
    await others[0]!.publish(bundleOf(ended(agent, nowSeconds() + 1)));
    await settled();
    expect(await statusOf(agent)).toBe('ok');
    await network.clock.advance(13 * 60_000);
    expect(await statusOf(agent)).toBe('tombstoned');
  });

  it('takes no harm from pushes that are not true, not asked for, or too many', async () => {
    const liar = network.hostile('a liar');
    network.rejoin(light);
    const listener = listenedTo(agent)[0]!;
    const forged = Uint8Array.from(bundleOf(ended(agent, nowSeconds())));
    forged[forged.length - 40]! ^= 1;
    const other = bornAgent('not asked for', nowSeconds());
    for (const from of [liar, listener]) {
      for (const body of [
        Uint8Array.of(1, 2, 3),
        encodePush([forged]),
        encodePush([bundleOf(other)]),
        ...Array.from({ length: 50 }, () => encodePush(Array.from({ length: 100 }, () => forged))),
      ]) {
        from.push(light.node.peer, body);
      }
    }
    await settled();
    expect(await statusOf(agent)).toBe('ok');
    await revoke(agent);
    await settled();
    const status = statusOf(agent);
    // The liar may be among those that are asked, and says nothing.
    await network.clock.advance(1_000);
    expect(await status).toBe('tombstoned');
  });
});
