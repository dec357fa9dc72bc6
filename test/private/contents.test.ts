/** Facts in the overlay over real nodes: brought, refused, found by the record alone, verified (docs/protocol.md §7). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, writeAddressFile } from '../../src/api/token-file.ts';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { digest } from '../../src/core/hash.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { contentBytesMax } from '../../src/core/limits.ts';
import {
  decodeFetchAnswer,
  decodeHoldAnswers,
  encodeFetch,
  encodeHold,
} from '../../src/core/overlay/content-message.ts';
import { materialise } from '../../src/core/record/merge.ts';
import { fetchPrivateFacts } from '../../src/facts/fetch/private-facts.ts';
import { runCommand } from '../cli/run-command.ts';
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
    await asker.host.dial(holder.address);
    const { bytes } = await fetchFrom(holder, name);
    expect(digest(bytes!)).toEqual(name);
  });
});

describe('the command line and the API', { timeout: 60_000 }, () => {
  const folders: string[] = [];
  const servers: ApiServer[] = [];
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  /** A data folder of that node, whose API listens. */
  async function folderOf(live: LiveNode): Promise<{ readonly folder: string; readonly url: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'weft-private-'));
    folders.push(folder);
    const tokenFile = join(folder, 'api.token');
    const options = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 10, openReads: true };
    const onDefect = (error: unknown): never => {
      throw error;
    };
    const server = await startApi(live.node, { ...options, token: openTokenFile(tokenFile), onDefect });
    servers.push(server);
    writeAddressFile(folder, {
      url: server.url,
      tokenFile,
      peer: live.host.peer,
      processId: process.pid,
    });
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ keystore: { protection: 'none' } }));
    return { folder, url: server.url };
  }

  it('bring facts into the overlay, and fetch them in private', async () => {
    const { agentId: id } = await publisher.node.agents.register({});
    const name = formatAgentId(id);
    const [at, from] = [await folderOf(publisher), await folderOf(asker)];
    const file = join(at.folder, 'facts.json');
    writeFileSync(file, JSON.stringify(sampleFacts(id)));
    const published = await runCommand([
      'facts',
      'publish',
      file,
      '--blinded',
      '--json',
      '--data',
      at.folder,
    ]);
    expect(published.code).toBe(0);
    const { overlay } = published.json() as { overlay: { url: string; salt: string; digest: string } };
    expect(overlay).toMatchObject({ holders: 4, isPointed: true, pointer: 'blinded' });
    const fetchIt = (...more: string[]) =>
      runCommand(['facts', 'fetch', name, '--private', ...more, '--data', from.folder]);
    const without = await fetchIt('--json');
    expect(without.json()).toMatchObject({ error: { code: 'no-facts-url' } });
    const wrong = await fetchIt('--url', overlay.url, '--json');
    expect(wrong).toMatchObject({ code: 2 });
    const fetchedOnce = await fetchIt('--url', overlay.url, '--salt', overlay.salt, '--json');
    expect(fetchedOnce.json()).toMatchObject({
      valid: true,
      agentId: name,
      url: overlay.url,
      digest: overlay.digest,
    });

    const plain = await runCommand(['facts', 'publish', file, '--overlay', '--data', at.folder]);
    expect(plain.stdout).toMatch(/held {4}by 4 of 4 peers as ipfs:/);
    expect(plain.stdout).toContain('the private facts of the record lead there');
    const resolved = await runCommand([
      'resolve',
      name,
      '--private',
      '--fresh',
      '--json',
      '--data',
      from.folder,
    ]);
    expect(resolved.json()).toMatchObject({ status: 'ok' });
    const words = await fetchIt();
    expect(words.stdout).toContain('Acme Translator');
  });

  it('say what they do not find, and what they do not understand', async () => {
    const { url } = await folderOf(asker);
    const get = async (path: string) => {
      const answer = await fetch(`${url}${path}`, { headers: { connection: 'close' } });
      return { status: answer.status, body: (await answer.json()) as { code?: string } };
    };
    const nothing = bytesToHex(digest(new Uint8Array(2)));
    for (const path of ['direct', 'private'])
      expect(await get(`/v1/contents/${nothing}?path=${path}`)).toMatchObject({
        status: 404,
        body: { code: 'no-content' },
      });
    expect(await get(`/v1/contents/${'z'.repeat(64)}`)).toMatchObject({
      status: 400,
      body: { code: 'bad-request' },
    });
    expect(await get(`/v1/contents/${nothing}?path=hidden`)).toMatchObject({ status: 400 });
    const nobody = formatAgentId(digest(new Uint8Array(3)));
    expect(await get(`/v1/agents/${nobody}?path=private`)).toMatchObject({
      status: 200,
      body: { status: 'not-found' },
    });
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
    const blob = contentBytes('much', untilLater, contentBytesMax);
    // 15 times 64 KiB a request: the fifth is more than the 4 MiB that a peer may bring in one burst.
    const request = Array.from({ length: 15 }, () => blob);
    const codes: string[] = [];
    for (let index = 0; index < 10 && codes.at(-1) !== 'over-quota'; index++) {
      const code = await hold(third, ...request).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      );
      codes.push(code);
    }
    expect(codes[0]).toBe('stored');
    expect(codes.at(-1)).toBe('over-quota');
    expect(await fetchFrom(third, hexToBytes('00'.repeat(32)))).toMatchObject({ bytes: null });
  });
});
