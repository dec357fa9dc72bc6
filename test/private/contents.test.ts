/** Facts in the overlay over real nodes: brought, refused, found by the record alone, verified (docs/protocol.md §7). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { digest } from '../../src/core/hash.ts';
import { contentBytesMax } from '../../src/core/limits.ts';
import {
  decodeFetchAnswer,
  decodeHoldAnswers,
  encodeFetch,
  encodeHold,
} from '../../src/core/overlay/content-message.ts';
import { materialise } from '../../src/core/record/merge.ts';
import { fetchPrivateFacts } from '../../src/facts/fetch/private-facts.ts';
import { contentBytes } from '../core/content/sample-content.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import { type LiveNode, nowSeconds } from '../helpers/live-nodes.ts';
import { type PrivateNetwork, settledAgent, startPrivateNetwork } from './private-nodes.ts';

let net: PrivateNetwork;
let publisher: LiveNode;
let asker: LiveNode;
let agentId: Uint8Array;
const untilLater = nowSeconds() + 86_400;
const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code });
const factsError = (code: string) => expect.objectContaining({ name: 'FactsError', code });

beforeAll(async () => {
  net = await startPrivateNetwork(4);
  [publisher] = net.nodes as [LiveNode];
  ({ asker } = net);
  agentId = await settledAgent(publisher, net.nodes);
}, 60_000);
afterAll(() => net.stop());

const ask = (to: LiveNode, body: Uint8Array): Promise<Uint8Array> =>
  asker.host.overlay.request({ peer: to.host.peer, addresses: [] }, body, { timeoutMs: 10_000 });
const hold = async (to: LiveNode, ...items: Uint8Array[]) =>
  decodeHoldAnswers(await ask(to, encodeHold(items)), items.length);
const fetchFrom = async (to: LiveNode, name: Uint8Array) =>
  decodeFetchAnswer(await ask(to, encodeFetch(name)));

const fetched = (blinded?: { url: string; salt: Uint8Array }) =>
  fetchPrivateFacts(agentId, {
    resolve: (one) => asker.node.resolvePrivately(one, { fresh: true }),
    fetchContent: (name) => asker.node.fetchFactsPrivately(name),
    check: createNodeCryptoVerifier().verify,
    nowSeconds: nowSeconds(),
    userAgent: 'weft/test',
    ...(blinded && { blinded }),
  });

describe('facts in the overlay', { timeout: 60_000 }, () => {
  it('are found by the id alone, in private, and verified as facts from anywhere', async () => {
    await expect(fetched()).rejects.toThrow(factsError('no-facts-url'));
    await publisher.node.facts.publishOwn(agentId, sampleFacts(agentId));
    const kept = await publisher.node.overlayFacts.publish(agentId, 'plain');
    expect(kept).toMatchObject({ holders: 4, asked: 4, refusal: null, isPointed: true });
    const found = await fetched();
    expect(found).toMatchObject({ url: kept.url, servedFrom: kept.url, facts: sampleFacts(agentId) });
    // The name in the overlay is the credential's name in revocations.
    expect(found.digest).toBe(bytesToHex(kept.digest));
  });

  it('are found through a blinded pointer by who was given URL and salt, and by nobody else', async () => {
    const kept = await publisher.node.overlayFacts.publish(agentId, 'blinded');
    const { state } = await asker.node.resolvePrivately(agentId, { fresh: true });
    expect(materialise(state!).fields.private.value).toBeInstanceOf(Uint8Array);
    expect(state!.urls).not.toContain(kept.url);
    await expect(fetched()).rejects.toThrow(factsError('no-facts-url'));
    const salt = new Uint8Array(16);
    await expect(fetched({ url: kept.url, salt })).rejects.toThrow(factsError('no-facts-url'));
    await expect(fetched({ url: 'https://a.example/', salt: kept.salt! })).rejects.toThrow(
      factsError('no-facts-url'),
    );
    expect((await fetched({ url: kept.url, salt: kept.salt! })).facts).toEqual(sampleFacts(agentId));
  });

  it('of another agent are refused, though the overlay holds them', async () => {
    const other = await publisher.node.agents.register({});
    const { url } = await publisher.node.overlayFacts.publish(agentId, 'none');
    await publisher.node.agents.update(other.agentId, { privateFactsUrl: url });
    const wrong = fetchPrivateFacts(other.agentId, {
      resolve: (one) => asker.node.resolvePrivately(one, { fresh: true }),
      fetchContent: (name) => asker.node.fetchFactsPrivately(name),
      check: createNodeCryptoVerifier().verify,
      nowSeconds: nowSeconds(),
      userAgent: 'weft/test',
    });
    await expect(wrong).rejects.toThrow(factsError('wrong-subject'));
  });

  it('stand at a peer that was restarted', async () => {
    const { digest: name } = await publisher.node.overlayFacts.publish(agentId, 'none');
    const holder = net.nodes[2]!;
    await holder.stop();
    await holder.start([publisher.address]);
    const { bytes } = await fetchFrom(holder, name);
    expect(digest(bytes!)).toEqual(name);
  });
});

describe('a storing peer', { timeout: 60_000 }, () => {
  it('takes a blob, keeps it when it is named, and says when it has it not', async () => {
    const blob = contentBytes('one', untilLater);
    expect(await hold(publisher, digest(blob))).toEqual([{ status: 'stale', code: null }]);
    expect((await fetchFrom(publisher, digest(blob))).bytes).toBeNull();
    expect(await hold(publisher, blob)).toEqual([{ status: 'stored', code: null }]);
    expect(await hold(publisher, digest(blob), blob)).toEqual([
      { status: 'stored', code: null },
      { status: 'stored', code: null },
    ]);
    const { bytes, closer } = await fetchFrom(publisher, digest(blob));
    expect(bytes).toEqual(blob);
    expect(closer.length).toBeGreaterThan(0);
  });

  it('refuses what is no credential, has ended or is too large, each by its code', async () => {
    const [, second] = net.nodes as [LiveNode, LiveNode];
    const answers = await hold(
      second,
      new Uint8Array(500),
      new TextEncoder().encode(JSON.stringify({ text: 'x'.repeat(100) })),
      contentBytes('over', nowSeconds() - 1),
      contentBytes('fine', untilLater),
    );
    expect(answers.map(({ code }) => code)).toEqual(['wrong-shape', 'wrong-shape', 'expired', null]);
    for (const items of [[contentBytes('large', untilLater, contentBytesMax + 1)], [new Uint8Array(40)]])
      await expect(hold(second, ...items)).rejects.toThrow(refusal('wrong-shape'));
    await expect(asker.node.fetchFacts(digest(new Uint8Array(1)))).resolves.toBeNull();
  });

  it('takes only so much of one peer at once', async () => {
    const third = net.nodes[3]!;
    const codes: string[] = [];
    // 80 blobs of 64 KiB are more than the 4 MiB that a peer may bring in one burst.
    for (let index = 0; index < 80; index++) {
      const blob = contentBytes(`much ${index} `, untilLater, contentBytesMax);
      const code = await hold(third, blob).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      );
      codes.push(code);
      if (code !== 'stored') break;
    }
    expect(codes.at(-1)).toBe('over-quota');
    expect(codes.length).toBeLessThan(80);
    expect(await fetchFrom(third, hexToBytes('00'.repeat(32)))).toMatchObject({ bytes: null });
  });
});
