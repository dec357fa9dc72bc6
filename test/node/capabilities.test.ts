/** Announcing and searching over live nodes: real sockets, stores and signatures. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createLightNode } from '../../src/light/index.ts';
import type { FoundCapabilities } from '../../src/node/node-types.ts';
import { createLiveNetwork, eventually, type LiveNode, watchUncaught } from '../helpers/live-nodes.ts';

const network = createLiveNetwork();
const uncaught = watchUncaught();
let nodes: readonly LiveNode[];

beforeAll(async () => {
  nodes = await network.startMany(5);
}, 60_000);
afterAll(async () => {
  await network.stop();
  uncaught.stop();
  expect(uncaught.errors).toEqual([]);
});

const urls = { primaryFactsUrl: 'https://agents.example/live' };
const idsOf = ({ results }: FoundCapabilities): string[] =>
  results.map(({ agentId }) => formatAgentId(agentId)).sort();

async function agentAt(index: number, ...tags: string[]): Promise<Uint8Array> {
  const { agentId } = await nodes[index]!.node.agents.register(urls);
  const { announce } = await nodes[index]!.node.capabilities.announce(agentId, tags);
  expect(announce).toMatchObject({ holders: nodes.length, displaced: 0, refusal: null });
  return agentId;
}

describe('capabilities over live nodes', () => {
  it('are found by tag and by prefix from every node, as hints and verified', async () => {
    const agentId = await agentAt(0, '/translate/en-es', '/chat');
    for (const { node } of nodes) {
      const found = await node.capabilities.search({ tag: '/translate' });
      expect(found.results).toMatchObject([
        { tags: ['/chat', '/translate/en-es'], score: 50, verified: false },
      ]);
      const verified = await node.capabilities.search({ tag: '/chat', verify: true });
      expect(verified.results).toMatchObject([{ score: 100, verified: true }]);
      expect(idsOf(verified)).toEqual([formatAgentId(agentId)]);
    }
  });

  it('are gone from every search once the agent is revoked', async () => {
    const [ended, stays] = [await agentAt(1, '/gone'), await agentAt(2, '/gone')];
    await nodes[1]!.node.agents.revoke(ended, 'cessationOfOperation');
    await eventually(async () => nodes.every((live) => live.heard(ended, 'tombstoned')), {
      what: () => 'the tombstone everywhere',
    });
    for (const { node } of nodes) {
      expect(idsOf(await node.capabilities.search({ tag: '/gone' }))).toEqual([formatAgentId(stays)]);
    }
    expect(nodes[1]!.node.capabilities.announced(ended)).toEqual([]);
  });

  it('are signed by the new key after a rotation', async () => {
    const agentId = await agentAt(2, '/turned');
    await nodes[2]!.node.agents.rotate(agentId);
    await eventually(
      async () => {
        const found = await nodes[4]!.node.capabilities.search({ tag: '/turned', verify: true });
        return found.results.length === 1 && found.results[0]!.verified;
      },
      { what: () => 'the announcement under the new key' },
    );
  });

  it('are replaced and withdrawn', async () => {
    const agentId = await agentAt(3, '/before');
    const { capabilities } = nodes[3]!.node;
    await capabilities.announce(agentId, ['/after']);
    expect(idsOf(await nodes[0]!.node.capabilities.search({ tag: '/before' }))).toEqual([]);
    expect(idsOf(await nodes[0]!.node.capabilities.search({ tag: '/after' }))).toHaveLength(1);
    expect((await capabilities.withdraw(agentId)).tags).toEqual([]);
    expect(idsOf(await nodes[0]!.node.capabilities.search({ tag: '/after' }))).toEqual([]);
    expect(capabilities.announced(agentId)).toEqual([]);
  });

  it('are announced again by a node that was restarted, and by nobody in its place', async () => {
    const agentId = await agentAt(4, '/back');
    const live = nodes[4]!;
    await live.stop();
    await live.start([nodes[0]!.address]);
    expect(live.node.capabilities.announced(agentId)).toEqual(['/back']);
    await eventually(async () => idsOf(await live.node.capabilities.search({ tag: '/back' })).length === 1, {
      what: () => 'its own announcement',
    });
  });

  it('are found by a light node, which keeps none', async () => {
    const agentId = await agentAt(0, '/light');
    const light = await createLightNode({ bootstrap: nodes.map(({ address }) => address) });
    try {
      await light.start();
      const { hits } = await light.search('/light');
      expect(hits.map((hit) => formatAgentId(hit.agentId))).toEqual([formatAgentId(agentId)]);
    } finally {
      await light.stop();
    }
  });

  it('are announced for agents in custody alone, and under tags that are tags', async () => {
    const { agentId } = await nodes[0]!.node.agents.register(urls);
    const elsewhere = nodes[1]!.node.capabilities;
    await expect(elsewhere.announce(agentId, ['/a'])).rejects.toMatchObject({ code: 'not-custodial' });
    const here = nodes[0]!.node.capabilities;
    await expect(here.announce(agentId, ['/a/b/c/d/e'])).rejects.toMatchObject({ code: 'bad-tag' });
    await expect(here.announce(agentId, ['/a', '/b', '/c', '/d', '/e'])).rejects.toMatchObject({
      code: 'bad-argument',
    });
    await expect(here.search({ tag: '/a', limit: 0 })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('can be given up while they are searched for', async () => {
    const abort = new AbortController();
    const searching = nodes[0]!.node.capabilities.search({ tag: '/a', signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(searching).rejects.toThrow('enough');
  });
});
