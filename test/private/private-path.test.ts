/** The private path over real nodes: who sees what, and what is survived (docs/protocol.md §7). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { digest } from '../../src/core/hash.ts';
import {
  decodeRelay,
  decodeSealedAnswer,
  encodeRelay,
  encodeSealed,
  encodeSealedAnswer,
} from '../../src/core/overlay/content-message.ts';
import { decodeFindAnswers, encodeRequest } from '../../src/core/overlay/message.ts';
import { contentMessages } from '../../src/core/overlay/message-type.ts';
import { sealedRequestLength } from '../../src/core/private/sealed-text.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { createLightNode } from '../../src/light/index.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import { eventually, type LiveNode } from '../helpers/live-nodes.ts';
import {
  contains,
  contentTypes,
  type Heard,
  type PrivateNetwork,
  settledAgent,
  startPrivateNetwork,
} from './private-nodes.ts';

let net: PrivateNetwork;
let publisher: LiveNode;
let asker: LiveNode;
let agentId: Uint8Array;
let contentDigest: Uint8Array;
let contentBytes: Uint8Array;
const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code });

beforeAll(async () => {
  net = await startPrivateNetwork(6);
  [publisher] = net.nodes as [LiveNode];
  ({ asker } = net);
  agentId = await settledAgent(publisher, net.nodes);
  await publisher.node.facts.publishOwn(agentId, sampleFacts(agentId));
  const kept = await publisher.node.overlayFacts.publish(agentId, 'none');
  contentDigest = kept.digest;
  contentBytes = (await publisher.node.fetchFacts(contentDigest))!;
}, 60_000);
afterAll(() => net.stop());
afterEach(async () => {
  net.trick();
  await net.idle();
  net.heard.length = 0;
});

/** What goes over the wire is the same each time: the asker has nothing in memory of the answer before. */
const resolvePrivately = () => asker.node.resolvePrivately(agentId, { fresh: true });
const peersOf = (heard: readonly { readonly by: string }[]) => new Set(heard.map(({ by }) => by));

describe('a private resolve', { timeout: 60_000 }, () => {
  it('finds what a direct one finds, and again from memory within the ttl', async () => {
    const direct = await publisher.node.resolve(agentId, { fresh: true });
    const inPrivate = await resolvePrivately();
    expect(inPrivate).toMatchObject({ status: 'ok', cached: false });
    expect(encodeState(inPrivate.state!)).toEqual(encodeState(direct.state!));
    expect(inPrivate.holders).toBeGreaterThanOrEqual(3);
    await net.idle();
    net.heard.length = 0;
    expect((await asker.node.resolvePrivately(agentId)).cached).toBe(true);
    // Nodes look for neighbours and reconcile meanwhile.
    const isQuestion = ({ request, type }: Heard): boolean =>
      contentTypes.has(type) || contains(request, agentId);
    expect(net.heard.filter(isQuestion)).toEqual([]);
  });

  it('shows the relay neither question nor answer, and the target neither asker nor more than the key', async () => {
    const { state } = await resolvePrivately();
    // What a slow machine asked beside is over, too.
    await net.idle();
    const secrets = [agentId, digest(agentId), state!.addr!.bytes, state!.keyState.signingKey!];
    const relayed = net.ofType('relay');
    const opened = net.ofType('sealed');
    expect(relayed.length).toBeGreaterThanOrEqual(3);
    for (const { from, by, request, answer } of relayed) {
      expect(from).toBe(asker.host.peer);
      const { target, sealed } = decodeRelay(request);
      expect(target).not.toBe(by);
      expect(sealed.length).toBe(sealedRequestLength);
      for (const secret of secrets) {
        expect(contains(request, secret)).toBe(false);
        expect(contains(answer, secret)).toBe(false);
      }
    }
    const relays = peersOf(relayed);
    for (const { from, request } of opened) {
      expect(relays).toContain(from);
      expect(from).not.toBe(asker.host.peer);
      expect(contains(request, Buffer.from(asker.host.peer))).toBe(false);
    }
    // Nothing about the agent went to anybody in the open.
    const inTheOpen = net.heard.filter(({ from, type }) => from === asker.host.peer && type < 10);
    expect(inTheOpen.filter(({ request }) => contains(request, agentId))).toEqual([]);
  });

  it('uses another relay for each question while there are others', async () => {
    await resolvePrivately();
    const relayed = net.ofType('relay');
    const first = relayed.slice(0, 3).map(({ by }) => by);
    expect(new Set(first).size).toBe(first.length);
  });

  it('has the same sizes as a private fetch, whether there is anything or not', async () => {
    await resolvePrivately();
    await asker.node.fetchFactsPrivately(contentDigest);
    await asker.node.fetchFactsPrivately(digest(contentDigest));
    await asker.node.resolvePrivately(digest(agentId)).catch(() => undefined);
    await net.idle();
    const relayed = net.ofType('relay');
    expect(relayed.length).toBeGreaterThan(12);
    expect(new Set(relayed.map(({ request }) => request.length)).size).toBe(1);
    const answers = relayed.filter(({ answer }) => answer.length > 100);
    expect(new Set(answers.map(({ answer }) => answer.length)).size).toBe(1);
  });

  it('says that nobody has it where nobody has', async () => {
    const nobody = await asker.node.resolvePrivately(digest(agentId));
    expect(nobody).toMatchObject({ status: 'not-found', holders: 0, state: null });
    expect(nobody.responders.length).toBeGreaterThanOrEqual(3);
  });

  it('ends with its signal', async () => {
    net.trick(({ request }) => (request[1] === contentMessages.relay ? new Promise(() => undefined) : null));
    const abort = new AbortController();
    const call = asker.node.resolvePrivately(agentId, { fresh: true, signal: abort.signal });
    await eventually(() => true, { what: () => 'a turn' });
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });
});

describe('a private fetch', { timeout: 60_000 }, () => {
  it('brings the bytes of that digest, and null where nobody has them', async () => {
    expect(await asker.node.fetchFactsPrivately(contentDigest)).toEqual(contentBytes);
    expect(await asker.node.fetchFactsPrivately(digest(contentDigest))).toBeNull();
    for (const { request, answer } of net.ofType('relay')) {
      expect(contains(request, contentDigest)).toBe(false);
      expect(contains(answer, contentBytes.subarray(0, 64))).toBe(false);
    }
  });

  it('and a direct one believe no bytes of another hash', async () => {
    const forged = Uint8Array.from(contentBytes);
    forged[100]! ^= 1;
    const hex = bytesToHex(contentBytes);
    net.trick(({ request, work }) =>
      request[1] === contentMessages.fetch
        ? work().then((answer) => hexToBytes(bytesToHex(answer).replace(hex, bytesToHex(forged))))
        : null,
    );
    expect(await asker.node.fetchFacts(contentDigest)).toBeNull();
    let lies = 0;
    net.trick(({ request, work }) =>
      request[1] === contentMessages.fetch && ++lies < 4
        ? work().then((answer) => hexToBytes(bytesToHex(answer).replace(hex, bytesToHex(forged))))
        : null,
    );
    expect(await asker.node.fetchFacts(contentDigest)).toEqual(contentBytes);
  });
});

describe('relays that', { timeout: 60_000 }, () => {
  const isRelay = (request: Uint8Array): boolean => request[1] === contentMessages.relay;

  /** The first relays that are asked do that; the others work. */
  async function survives(count: number, lie: (work: () => Promise<Uint8Array>) => Promise<Uint8Array>) {
    let lied = 0;
    net.trick(({ request, work }) => (isRelay(request) && lied++ < count ? lie(work) : null));
    const found = await resolvePrivately();
    expect(found.status).toBe('ok');
    expect(lied).toBeGreaterThan(count);
  }

  it('alter the answer are survived', () =>
    survives(3, async (work) => {
      const answer = Uint8Array.from(await work());
      answer[answer.length - 1]! ^= 1;
      return answer;
    }));

  it('answer with what is none are survived', () =>
    survives(3, async () => encodeSealedAnswer('relay', new Uint8Array(8240))));

  it('replay an earlier answer are survived', async () => {
    await resolvePrivately();
    const earlier = net.ofType('relay')[0]!.answer;
    await survives(3, async () => earlier);
  });

  it('end the stream are survived', () => survives(1, () => Promise.reject(new Error('gone'))));

  it('wait are survived', async () => {
    const waiting: (() => void)[] = [];
    await survives(
      1,
      (work) => new Promise((resolve, reject) => waiting.push(() => work().then(resolve, reject))),
    );
    for (const go of waiting) go();
  });

  it('refuse are survived', () =>
    survives(3, async () => Uint8Array.of(0x82, 0x00, 0x64, 0x62, 0x75, 0x73, 0x79)));

  it('all lie bring no answer, and none that is wrong', async () => {
    net.trick(({ request }) =>
      isRelay(request) ? Promise.resolve(encodeSealedAnswer('relay', new Uint8Array(8240))) : null,
    );
    await expect(resolvePrivately()).rejects.toThrow(refusal('no-usable-answers'));
    expect(await asker.node.fetchFactsPrivately(contentDigest)).toBeNull();
  });
});

describe('a target', { timeout: 60_000 }, () => {
  it('answers a sealed question once', async () => {
    await resolvePrivately();
    const { by, request } = net.ofType('sealed')[0]!;
    const again = () => asker.host.overlay.request({ peer: by, addresses: [] }, request, { timeoutMs: 5000 });
    expect(() => decodeSealedAnswer('sealed', new Uint8Array(0))).toThrow();
    const answer = await again();
    expect(() => decodeSealedAnswer('sealed', answer)).toThrow(refusal('displaced'));
  });

  it('opens what was sealed to it alone', async () => {
    await resolvePrivately();
    const { by, request } = net.ofType('sealed')[0]!;
    const other = net.nodes.find(({ host }) => host.peer !== by)!.host.peer;
    const answer = await asker.host.overlay.request({ peer: other, addresses: [] }, request, {
      timeoutMs: 5000,
    });
    expect(() => decodeSealedAnswer('sealed', answer)).toThrow(refusal('bad-key'));
  });

  it('refuses what is no sealed question', async () => {
    const to = { peer: publisher.host.peer, addresses: [] };
    for (const body of [
      encodeSealed(new Uint8Array(176)),
      encodeSealed(new Uint8Array(3)),
      Uint8Array.of(0x82, 0x0d),
    ]) {
      const answer = await asker.host.overlay.request(to, body, { timeoutMs: 5000 });
      expect(() => decodeSealedAnswer('sealed', answer)).toThrow(
        expect.objectContaining({ name: 'ProtocolError' }),
      );
    }
    // It goes on answering others.
    const find = encodeRequest({ type: 'find', closerMax: 0, items: [{ agentId, known: null }] });
    expect(
      decodeFindAnswers(await asker.host.overlay.request(to, find, { timeoutMs: 5000 }), 1),
    ).toHaveLength(1);
  });
});

describe('a relay', { timeout: 60_000 }, () => {
  const relayTo = (target: string) =>
    asker.host.overlay.request(
      { peer: publisher.host.peer, addresses: [] },
      encodeRelay(target, new Uint8Array(sealedRequestLength)),
      { timeoutMs: 10_000 },
    );
  const codeOf = async (answer: Promise<Uint8Array>): Promise<string> => {
    const body = await answer;
    try {
      decodeSealedAnswer('relay', body);
      return 'answered';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('passes on to no stranger, not to itself and not to who asks', async () => {
    expect(await codeOf(relayTo('12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'))).toBe(
      'no-usable-answers',
    );
    expect(await codeOf(relayTo('/ip4/127.0.0.1/tcp/22'))).toBe('no-usable-answers');
    expect(await codeOf(relayTo(publisher.host.peer))).toBe('bad-argument');
    expect(await codeOf(relayTo(asker.host.peer))).toBe('bad-argument');
  });

  it('serves one asker only so much at once, and others beside it', async () => {
    const target = net.nodes[3]!.host.peer;
    const waiting: (() => void)[] = [];
    net.trick(({ by, request, work }) =>
      by === target && request[1] === contentMessages.sealed
        ? new Promise((resolve, reject) => waiting.push(() => work().then(resolve, reject)))
        : null,
    );
    const codes = Array.from({ length: 24 }, () => codeOf(relayTo(target)));
    await eventually(() => waiting.length === 16, { what: () => `16 under way, not ${waiting.length}` });
    const other = await net.nodes[4]!.host.overlay.request(
      { peer: publisher.host.peer, addresses: [] },
      encodeRelay(net.nodes[2]!.host.peer, new Uint8Array(sealedRequestLength)),
      { timeoutMs: 10_000 },
    );
    expect(() => decodeSealedAnswer('relay', other)).not.toThrow(refusal('over-quota'));
    for (const go of waiting) go();
    const counts = await Promise.all(codes);
    expect(counts.filter((code) => code === 'over-quota')).toHaveLength(8);
    // Those that waited were answered, or given up on where the machine is slow.
    const others = counts.filter((code) => code !== 'over-quota');
    expect(others.every((code) => code === 'bad-key' || code === 'no-usable-answers')).toBe(true);
  });
});

describe('a light node', { timeout: 60_000 }, () => {
  it('resolves and fetches in private, and asks nobody in the open', async () => {
    const light = await createLightNode({ bootstrap: net.nodes.map(({ address }) => address) });
    try {
      await light.start();
      await eventually(async () => {
        const found = await light.resolvePrivately(agentId).catch(() => null);
        return found?.record?.primaryFactsUrl === 'https://agent.example/facts';
      });
      expect(await light.fetchFactsPrivately(contentDigest)).toEqual(contentBytes);
      const asked = net.heard.filter(({ from }) => from === light.peer);
      expect(asked.some(({ type }) => type === contentMessages.relay)).toBe(true);
      const openly = asked.filter(({ type }) => type !== contentMessages.relay);
      expect(openly.filter(({ request }) => contains(request, agentId))).toEqual([]);
    } finally {
      await light.stop();
    }
    await expect(light.resolvePrivately(agentId, { fresh: true })).rejects.toMatchObject({
      name: 'LightNodeError',
    });
  });
});

describe('what a node tells of private questions', () => {
  it('is counts alone', async () => {
    await resolvePrivately();
    const text = (await Promise.all([publisher, asker].map((live) => live.node.metrics()))).join('');
    expect(text).toContain('weft_private_requests_total{kind="relayed"}');
    expect(text).toContain('weft_private_requests_total{kind="asked"}');
    expect(text).not.toContain(bytesToHex(contentDigest));
    expect([publisher, asker, ...net.nodes].flatMap(({ errors }) => errors)).toEqual([]);
  });
});
