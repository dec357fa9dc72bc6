/** Grants that a light node issues, accepts, acts under and shows, over a model network (docs/protocol.md §5, §7). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSigner } from '../../src/core/ed25519.ts';
import { decodeDelegation } from '../../src/core/identity/delegation.ts';
import { createGrant, formatGrant, parseGrant } from '../../src/core/identity/delegation-grant.ts';
import { createAgentKeys } from '../../src/light/index.ts';
import { createModelNetwork, type LightOfModel, type ModelNetwork } from './model-network.ts';

const urls = { primaryFactsUrl: 'https://agents.example/a/facts.json' };
const hour = { expiresInSeconds: 3_600 };

let network: ModelNetwork;
let owner: LightOfModel;
let helper: LightOfModel;
let agentId: Uint8Array;
let key: Uint8Array;
let audience: Uint8Array;

beforeEach(async () => {
  network = createModelNetwork();
  for (let index = 0; index < 4; index++) await network.honest(`full ${index}`);
  owner = await network.light();
  helper = await network.light();
  ({ agentId } = await owner.node.register(urls, createAgentKeys()));
  key = createAgentKeys().signing;
  audience = createSigner(key).publicKey;
});
afterEach(() => network.stop());

describe('a grant', () => {
  it('is accepted by the key that it names, shown, and passed on below itself', async () => {
    const text = await owner.node.grant(agentId, { audience, rights: ['sub', 'facts'], ...hour });
    const accepted = await helper.node.acceptGrant(text, key);
    expect(accepted).toMatchObject({ agentId, rights: ['sub', 'facts'] });
    expect(helper.node.held()).toEqual([agentId]);
    expect(await helper.node.presentGrant(agentId, 'facts')).toBe(text);
    await expect(helper.node.presentGrant(agentId, 'revoke')).rejects.toMatchObject({ code: 'no-key' });

    const third = await network.light();
    const thirdKey = createAgentKeys().signing;
    const wish = { audience: createSigner(thirdKey).publicKey, rights: ['facts' as const], ...hour };
    const below = await helper.node.grant(agentId, { ...wish, under: text });
    expect(parseGrant(below).chain).toHaveLength(2);
    await third.node.acceptGrant(below, thirdKey);
    expect(await third.node.presentGrant(agentId, 'facts')).toBe(below);
    await expect(third.node.grant(agentId, wish)).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('that is taken back is shown no longer, nor is what stands below it, nor accepted again', async () => {
    const text = await owner.node.grant(agentId, { audience, rights: ['sub', 'facts'], ...hour });
    await helper.node.acceptGrant(text, key);
    await owner.node.revoke(agentId, { delegation: { grant: parseGrant(text) } });
    await network.clock.advance(1_000);
    await expect(helper.node.presentGrant(agentId, 'facts')).rejects.toMatchObject({ code: 'no-key' });
    const late = await network.light();
    await expect(late.node.acceptGrant(text, key)).rejects.toMatchObject({
      ...{ code: 'refused', cause: { code: 'revoked' } },
    });
    expect(late.node.held()).toEqual([]);
  });

  it('with "publish" lets its holder write the record, and touch no keys', async () => {
    const { delegation } = await owner.node.delegate(agentId, {
      ...{ audience, rights: ['publish'], fields: [], ...hour },
    });
    await helper.node.acceptGrant(formatGrant(createGrant([decodeDelegation(delegation)])), key);
    await helper.node.update(agentId, { primaryFactsUrl: 'https://agents.example/by-the-helper' });
    const { record } = await owner.node.resolve(agentId, { fresh: true });
    expect(record?.primaryFactsUrl).toBe('https://agents.example/by-the-helper');
    await expect(helper.node.rotate(agentId, createAgentKeys())).rejects.toMatchObject({ code: 'no-key' });
    await helper.node.release(agentId);
    await expect(helper.node.update(agentId, urls)).rejects.toMatchObject({ code: 'not-held' });
  });

  it('for another key, or that is none, is refused before anything is kept', async () => {
    const text = await owner.node.grant(agentId, { audience, rights: ['facts'], ...hour });
    const other = createAgentKeys().signing;
    await expect(helper.node.acceptGrant(text, other)).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(helper.node.acceptGrant('weft-grant:x', key)).rejects.toMatchObject({
      code: 'bad-argument',
    });
    expect(helper.node.held()).toEqual([]);
  });
});
