/** Announcing and searching from a light node, over a model network (docs/protocol.md §7). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { encodeFailure } from '../../src/core/overlay/message.ts';
import { createAgentKeys } from '../../src/light/index.ts';
import {
  createModelNetwork,
  type HonestPeer,
  type LightOfModel,
  type ModelNetwork,
} from './model-network.ts';

let network: ModelNetwork;
let full: HonestPeer[];
let light: LightOfModel;
let reader: LightOfModel;

beforeEach(async () => {
  network = createModelNetwork();
  full = [];
  for (let index = 0; index < 5; index++) full.push(await network.honest(`full ${index}`));
  light = await network.light();
  reader = await network.light();
});
afterEach(() => network.stop());

const urls = { primaryFactsUrl: 'https://agents.example/a/facts.json' };
const hourMs = 3_600_000;
const announcements = (): number =>
  full.flatMap(({ received }) => received).filter(({ body }) => body[1] === 8).length;
const foundBy = async (from: LightOfModel, tag: string): Promise<string[]> =>
  (await from.node.search(tag)).hits.map(({ agentId }) => agentKey(agentId));

describe('the capabilities of an agent that a light node holds', () => {
  it('are announced to full nodes, and found from another light node by tag and prefix', async () => {
    const { agentId } = await light.node.register(urls, createAgentKeys());
    const said = await light.node.announce(agentId, ['/translate/en-es']);
    expect(said).toMatchObject({ tags: ['/translate/en-es'], announce: { holders: 5, asked: 5 } });
    expect(await foundBy(reader, '/translate')).toEqual([agentKey(agentId)]);
    expect(await foundBy(reader, '/translate/en-es')).toEqual([agentKey(agentId)]);
    expect(await foundBy(reader, '/chat')).toEqual([]);
  });

  it('are kept announced until the agent is released', async () => {
    const { agentId } = await light.node.register(urls, createAgentKeys());
    await light.node.announce(agentId, ['/a']);
    // Its 24 hours are over: it was signed anew.
    await network.clock.advance(25 * hourMs);
    expect(await foundBy(reader, '/a')).toEqual([agentKey(agentId)]);
    await light.node.release(agentId);
    const before = announcements();
    await network.clock.advance(2 * hourMs);
    expect(announcements()).toBe(before);
  });

  it('follow its keys, and end with it', async () => {
    const { agentId } = await light.node.register(urls, createAgentKeys());
    await light.node.announce(agentId, ['/a']);
    await light.node.rotate(agentId, createAgentKeys());
    await network.clock.advance(10_000);
    expect(await foundBy(reader, '/a')).toEqual([agentKey(agentId)]);
    await light.node.revoke(agentId);
    expect(await foundBy(reader, '/a')).toEqual([]);
  });

  it('are withdrawn', async () => {
    const { agentId } = await light.node.register(urls, createAgentKeys());
    await light.node.announce(agentId, ['/a']);
    await light.node.announce(agentId, []);
    expect(await foundBy(reader, '/a')).toEqual([]);
  });

  it('that nobody took are announced again by themselves', async () => {
    const { agentId } = await light.node.register(urls, createAgentKeys());
    const answers = full.map((peer) => peer.answer);
    for (const peer of full) {
      const { answer } = peer;
      peer.answer = async (from, body) => (body[1] === 8 ? encodeFailure('busy') : answer(from, body));
    }
    await expect(light.node.announce(agentId, ['/a'])).rejects.toMatchObject({ code: 'not-stored' });
    full.forEach((peer, index) => {
      peer.answer = answers[index]!;
    });
    await network.clock.advance(31_000);
    expect(await foundBy(reader, '/a')).toEqual([agentKey(agentId)]);
  });

  it('are its holder’s to announce', async () => {
    const { agentId } = await light.node.register(urls, createAgentKeys());
    await expect(reader.node.announce(agentId, ['/a'])).rejects.toMatchObject({ code: 'not-held' });
    await expect(light.node.announce(agentId, ['/a/b/c/d/e'])).rejects.toMatchObject({
      code: 'bad-argument',
    });
  });
});

describe('a search from a light node', () => {
  it('says that nobody answered, rather than that there is nobody', async () => {
    for (const peer of full) peer.answer = async () => encodeFailure('busy');
    await expect(light.node.search('/a')).rejects.toMatchObject({ code: 'no-usable-answers' });
    network.isolate(light);
    await expect(light.node.search('/a')).rejects.toMatchObject({ code: 'offline' });
  });

  it('refuses what is no tag', async () => {
    await expect(light.node.search('/..')).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(light.node.search('/a', { limit: 101 })).rejects.toMatchObject({ code: 'bad-argument' });
  });
});
