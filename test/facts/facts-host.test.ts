/** Facts that a node serves: taken only when they hold, kept over a restart, never past their end or their agent's. */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { bytesEqual, utf8ToBytes } from '../../src/core/bytes.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { createFactsHost } from '../../src/facts/host/facts-host.ts';
import { issueFacts } from '../../src/facts/issue-facts.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { bornAgent, ended, rotated, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';
import { nowSeconds, resolverOf, sampleFacts, signedFacts } from './sample-facts.ts';

const born = nowSeconds - 100_000;
const first = bornAgent('hosted', born);
const second = bornAgent('hosted second', born);
const throwing = (code: string) => expect.objectContaining({ name: 'FactsError', code });

/** A host over these agents, with a clock that stands until it is told. */
function createHost(agents: readonly TestAgent[], store = createMemoryStore()) {
  const world = { agents, nowSeconds, isSilent: false, custody: agents };
  const host = createFactsHost({
    store,
    resolve: (agentId) =>
      world.isSilent
        ? Promise.reject(new ProtocolError('no-usable-answers', 'nobody answers'))
        : resolverOf(...world.agents.map(({ state }) => state))(agentId),
    check: createNodeCryptoVerifier().verify,
    clock: { nowMs: () => world.nowSeconds * 1000 } as never,
    entropy: createSystemEntropy(),
    findSigner: async (agentId) => {
      const held = world.custody.find((one) => bytesEqual(one.agentId, agentId));
      return held === undefined ? null : signingKeyOf(held);
    },
  });
  return { host, world, store };
}
const credentialOf = (agent: TestAgent, validitySeconds = 86_400): JsonObject =>
  signedFacts({ agentId: agent.agentId, signer: signingKeyOf(agent), validitySeconds });

describe('a node that hosts facts', () => {
  it('serves what was signed elsewhere as it came, also after a restart', async () => {
    const { host, store } = createHost([first, second]);
    const credential = credentialOf(first);
    const put = await host.publish(first.agentId, credential);
    expect(put).toMatchObject({ credential, isSignedHere: false, publishedAt: nowSeconds });
    expect(JSON.parse(put.text)).toEqual(credential);
    const again = createHost([first, second], store).host;
    expect(await again.read(first.agentId)).toEqual(put);
    expect((await again.list()).map(({ text }) => text)).toEqual([put.text]);
    expect((await again.search({ text: 'spanish contracts' })).map(({ name }) => name)).toEqual([
      'Acme Translator',
    ]);
    await expect(again.read(second.agentId)).rejects.toThrow(throwing('not-hosted'));
  });

  it('refuses what does not hold, and keeps what it had', async () => {
    const { host } = createHost([first, second]);
    const put = await host.publish(first.agentId, credentialOf(first));
    await expect(host.publish(first.agentId, credentialOf(second))).rejects.toThrow(
      throwing('wrong-subject'),
    );
    await expect(host.publish(first.agentId, { ...credentialOf(first), name: 'x' })).rejects.toThrow(
      throwing('bad-proof'),
    );
    await expect(host.publish(first.agentId, sampleFacts(first.agentId))).rejects.toThrow(
      throwing('bad-credential'),
    );
    expect(await host.read(first.agentId)).toEqual(put);
  });

  it('takes what another issuer signed when it is named, and serves it while that issuer may sign', async () => {
    const { host, world } = createHost([first, second]);
    const issuer = formatAgentDid(second.agentId);
    const byIssuer = issueFacts(sampleFacts(first.agentId), {
      issuer,
      verificationMethod: methodOfAgent(second.agentId, signingKeyOf(second).publicKey),
      signer: signingKeyOf(second),
      nowSeconds,
      validitySeconds: 86_400,
    });
    await expect(host.publish(first.agentId, byIssuer)).rejects.toThrow(throwing('wrong-issuer'));
    await host.publish(first.agentId, byIssuer, [issuer]);
    expect((await host.read(first.agentId)).issuer).toBe(issuer);
    world.agents = [first, rotated(second, born + 50_000)];
    await expect(host.read(first.agentId)).rejects.toThrow(throwing('key-not-current'));
    world.agents = [first, ended(second, nowSeconds - 10)];
    await expect(host.read(first.agentId)).rejects.toThrow(throwing('issuer-not-active'));
  });

  it('serves nothing past its end, its key or its agent', async () => {
    const { host, world } = createHost([first]);
    await host.publish(first.agentId, credentialOf(first));
    world.nowSeconds += 86_400;
    await expect(host.read(first.agentId)).rejects.toThrow(throwing('expired'));
    expect(await host.list()).toEqual([]);
    world.nowSeconds = nowSeconds;
    world.agents = [rotated(first, born + 50_000)];
    await expect(host.read(first.agentId)).rejects.toThrow(throwing('key-not-current'));
    world.agents = [ended(first, nowSeconds - 10)];
    await expect(host.read(first.agentId)).rejects.toThrow(throwing('subject-not-active'));
    world.isSilent = true;
    expect((await host.read(first.agentId)).agentId).toEqual(first.agentId);
  });

  it('signs with the key in custody, and again before the end and after a rotation', async () => {
    const { host, world } = createHost([first]);
    const facts = sampleFacts(first.agentId);
    const put = await host.publishOwn(first.agentId, facts, 1000);
    expect(put).toMatchObject({ facts, isSignedHere: true, validUntil: nowSeconds + 1000 });
    expect(put.credential['id']).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    world.nowSeconds += 700;
    expect(await host.read(first.agentId)).toEqual(put);
    world.nowSeconds += 100;
    const renewed = await host.read(first.agentId);
    expect(renewed).toMatchObject({ facts, validUntil: world.nowSeconds + 1000, isSignedHere: true });
    const turned = rotated(first, world.nowSeconds);
    world.agents = [turned];
    world.custody = [turned];
    const rekeyed = await host.read(first.agentId);
    expect(rekeyed.credential['proof']).toMatchObject({
      verificationMethod: methodOfAgent(first.agentId, signingKeyOf(turned).publicKey),
    });
    expect(await host.read(first.agentId)).toEqual(rekeyed);
  });

  it('signs nothing again that was removed or replaced meanwhile', async () => {
    const { host, world } = createHost([first]);
    const facts = sampleFacts(first.agentId);
    await host.publishOwn(first.agentId, facts, 1000);
    world.nowSeconds += 900;
    const [read] = await Promise.allSettled([host.read(first.agentId), host.remove(first.agentId)]);
    expect(await host.list()).toEqual([]);
    if (read.status === 'rejected') expect(read.reason).toEqual(throwing('not-hosted'));
    await host.publishOwn(first.agentId, facts, 1000);
    world.nowSeconds += 900;
    const other = credentialAt(first, world.nowSeconds);
    await Promise.all([host.read(first.agentId), host.publish(first.agentId, other)]);
    expect((await host.read(first.agentId)).credential).toEqual(other);
    await host.publishOwn(first.agentId, facts, 1000);
    world.nowSeconds += 900;
    const texts = await Promise.all([1, 2, 3].map(async () => (await host.read(first.agentId)).text));
    expect(new Set(texts).size).toBe(1);
  });

  it('signs nothing without the key, with an old one, or for another agent', async () => {
    const { host, world } = createHost([first, second]);
    const facts = sampleFacts(first.agentId);
    await expect(host.sign(second.agentId, facts)).rejects.toThrow(throwing('wrong-subject'));
    await expect(host.sign(first.agentId, facts, 10)).rejects.toThrow(throwing('bad-facts'));
    world.agents = [rotated(first, born + 50_000)];
    await expect(host.sign(first.agentId, facts)).rejects.toThrow(throwing('key-not-current'));
    world.custody = [];
    await expect(host.sign(first.agentId, facts)).rejects.toThrow(throwing('issuer-unknown'));
    expect(await host.statementSigner(first.agentId)).toBeNull();
  });

  it('lends its key to statements, and to nothing that the protocol would take', async () => {
    const { host } = createHost([first]);
    const signer = await host.statementSigner(first.agentId);
    expect(signer?.sign(utf8ToBytes('eyJhbGciOiJFZERTQSJ9.e30'))).toHaveLength(64);
    expect(() => signer?.sign(utf8ToBytes('weft/addr/1 and more'))).toThrow(TypeError);
  });

  it('lists what is there now', async () => {
    const { host, world } = createHost([first, second]);
    const listed = async () => (await host.list()).map(({ agentId }) => formatAgentDid(agentId)).sort();
    expect(await listed()).toEqual([]);
    await host.publish(first.agentId, credentialOf(first));
    expect(await listed()).toEqual([formatAgentDid(first.agentId)]);
    await host.publish(second.agentId, credentialOf(second, 100));
    expect(await listed()).toHaveLength(2);
    world.nowSeconds += 100;
    expect(await listed()).toEqual([formatAgentDid(first.agentId)]);
    await host.remove(first.agentId);
    expect(await listed()).toEqual([]);
  });

  it('forgets what is removed', async () => {
    const { host, store } = createHost([first]);
    await host.publish(first.agentId, credentialOf(first));
    expect(await host.remove(first.agentId)).toBe(true);
    expect(await host.remove(first.agentId)).toBe(false);
    await expect(host.read(first.agentId)).rejects.toThrow(throwing('not-hosted'));
    expect(await host.search({ text: 'spanish' })).toEqual([]);
    expect(await createHost([first], store).host.list()).toEqual([]);
  });

  it('is bounded in bytes, gives way only to room that what has ended left, and counts a replacement once', async () => {
    const large = 'x'.repeat(250);
    const skills = Array.from({ length: 60 }, (_, index) => ({
      ...sampleFacts(first.agentId).skills[0]!,
      id: `skill-${index}`,
      description: large.repeat(4 - (index % 2)),
    }));
    const agents = Array.from({ length: 330 }, (_, index) => bornAgent(`hosted ${index}`, born));
    const { host, world } = createHost(agents);
    const publish = (agent: TestAgent) =>
      host.publish(
        agent.agentId,
        signedFacts(
          { agentId: agent.agentId, signer: signingKeyOf(agent) },
          sampleFacts(agent.agentId, { skills }),
        ),
      );
    let taken = 0;
    const filled = (async () => {
      for (const agent of agents) {
        await publish(agent);
        taken++;
      }
    })();
    await expect(filled).rejects.toThrow(throwing('hosting-full'));
    expect(taken).toBeGreaterThan(200);
    await expect(publish(agents[0]!)).resolves.toMatchObject({ agentId: agents[0]!.agentId });
    world.nowSeconds += 86_400;
    const fresh = credentialAt(agents.at(-1)!, world.nowSeconds);
    await expect(host.publish(agents.at(-1)!.agentId, fresh)).resolves.toBeDefined();
    expect(await host.list()).toHaveLength(1);
  }, 30_000);
});

function credentialAt(agent: TestAgent, at: number): JsonObject {
  return signedFacts({ agentId: agent.agentId, signer: signingKeyOf(agent), at });
}
