/**
 * Names whose namespace is a zone, against a real name server with really signed zones and a resolver that validates
 * (docs/protocol.md §7, names). Needs Debian's bind9; .ci/run installs it.
 */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { decode, encode } from 'dns-packet';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toBase32 } from '../../src/core/bytes.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createDnsClient, type DnsClient } from '../../src/names/dns/dns-client.ts';
import { parseDnsServers } from '../../src/names/dns/dns-server.ts';
import { createZoneReader } from '../../src/names/dns/zone-reader.ts';
import { zoneText } from '../../src/names/dns/zone-text.ts';
import { resolveName } from '../../src/names/resolve-name.ts';
import { described, named, startSeconds } from '../core/name/fixtures.ts';
import { hasNamed, type NameServers, startNameServers } from './name-servers.ts';
import { born, createWorld, type World } from './world.ts';

const owner = born('zone owner');
const shop = born('shop');
const stranger = born('stranger');
const txt = (label: string, text: string): string => `${label} IN TXT "${text}"`;
const owned = zoneText(toBase32(owner.agentId));
const names = ['signed', 'plain', 'bogus'].map((zone) => `${zone}.test`);
const claimed = [...names, 'alias.signed.test', 'away.signed.test', 'split.signed.test'];

describe('the settings of a resolver', () => {
  it.each([
    ['tcp://127.0.0.1', true, 53],
    ['tcp://[::1]:5353', true, 5353],
    ['tcp://192.0.2.1', false, 53],
    ['tls://9.9.9.9#dns.quad9.net', true, 853],
    ['https://dns.example/dns-query', true, 443],
  ])('%s: its word about DNSSEC counts: %s', (setting, isTrusted, port) => {
    expect(parseDnsServers(setting)).toMatchObject([{ isTrusted, port }]);
  });

  it('"system" is what the machine names, and its word counts where that is the machine itself', () => {
    const servers = parseDnsServers('system', () => ['127.0.0.53', '192.168.1.1', '::1', '10.0.0.1:5353']);
    expect(servers.map(({ host, isTrusted }) => [host, isTrusted])).toEqual([
      ['127.0.0.53', true],
      ['192.168.1.1', false],
      ['::1', true],
    ]);
  });

  it.each([
    '',
    'udp://127.0.0.1',
    'tcp://dns.example',
    'tls://9.9.9.9',
    'tls://dns.example#dns.example',
    'http://dns.example/',
    'https://a:b@dns.example/',
  ])('refuses %s', (setting) => expect(() => parseDnsServers(setting)).toThrow());
});

describe.skipIf(hasNamed)('zones on a real name server', () => {
  it('are not tested here: /usr/sbin/named is missing (apt-get install bind9)', () => {
    expect(hasNamed).toBe(false);
  });
});

describe.skipIf(!hasNamed)('zones on a real name server', () => {
  let servers: NameServers;
  let client: DnsClient;

  beforeAll(async () => {
    servers = await startNameServers([
      {
        name: 'signed.test',
        signed: true,
        records: [
          txt('_nanda', owned),
          txt('_nanda', 'google-site-verification=nothing of ours'),
          txt('_nanda.wrong', zoneText(toBase32(stranger.agentId))),
          txt('_nanda.two', owned),
          txt('_nanda.two', zoneText(toBase32(stranger.agentId))),
          txt('_nanda.twice', owned),
          txt('_nanda.twice', `${owned}; note=the same`),
          txt('_nanda.bad', 'v=nanda1; aid=nobody'),
          txt('_nanda.old', 'v=nanda2; aid=nobody'),
          '_nanda.alias IN CNAME _nanda',
          '_nanda.away IN CNAME _nanda.plain.test.',
          '_nanda.circle IN CNAME _nanda.round',
          '_nanda.round IN CNAME _nanda.circle',
          `_nanda.split IN TXT "${owned.slice(0, 20)}" "${owned.slice(20)}"`,
          ...Array.from({ length: 90 }, (_, index) => txt('_nanda.huge', `${index} ${'x'.repeat(240)}`)),
        ],
      },
      { name: 'plain.test', signed: false, records: [txt('_nanda', owned)] },
      {
        name: 'bogus.test',
        signed: true,
        records: [txt('_nanda', owned)],
        tampered: [toBase32(owner.agentId), toBase32(stranger.agentId)],
      },
    ]);
    client = createDnsClient({
      servers: () => parseDnsServers(servers.resolver),
      nowSeconds: () => startSeconds + 60,
      timeoutMs: 20_000,
    });
  }, 60_000);

  afterAll(() => servers?.stop());

  function world(): World {
    const made = createWorld({ zones: createZoneReader(client) });
    made.know(owner, shop, stranger);
    made.say(
      described(owner, { claims: claimed.slice(0, 4) }),
      named(owner, 'shop', { agentId: shop.agentId }),
      named(stranger, 'shop', { agentId: stranger.agentId }),
    );
    return made;
  }

  it('signed, and said by the agent too: dnssec, no longer than the zone says', async () => {
    const found = await resolveName('@signed.test:shop', world());
    expect(found).toMatchObject({
      name: 'urn:agent:signed.test:shop',
      agentId: shop.agentId,
      label: 'dnssec',
    });
    expect(found.expiresAt).toBe(startSeconds + 120);
    expect(found.steps.map(({ kind }) => kind)).toEqual(['name', 'zone', 'claim', 'record', 'agent']);
    expect(found.steps[1]!.text).toBe(`signed.test names ${formatAgentId(owner.agentId)} (dnssec)`);
  });

  it('unsigned: dns', async () => {
    expect(await resolveName('urn:agent:PLAIN.test:Shop', world())).toMatchObject({
      agentId: shop.agentId,
      label: 'dns',
    });
  });

  it('§7: where DNSSEC is required, by the node or by the call, only what was validated is an answer', async () => {
    const strict = { ...world(), needsDnssec: true };
    for (const [ports, options] of [
      [strict, {}],
      [world(), { needsDnssec: true }],
      [strict, { needsDnssec: false }],
    ] as const) {
      expect(await resolveName('@signed.test:shop', ports, options)).toMatchObject({ label: 'dnssec' });
      await expect(resolveName('@plain.test:shop', ports, options)).rejects.toMatchObject({
        code: 'not-validated',
      });
    }
    await expect(resolveName('@bogus.test:shop', strict)).rejects.toMatchObject({ code: 'dns-failed' });
    const id = formatAgentId(owner.agentId);
    expect(await resolveName(`@${id}:shop`, strict)).toMatchObject({ label: 'self' });
  });

  it('a signature that does not hold: refused, never taken for unsigned', async () => {
    await expect(resolveName('@bogus.test:shop', world())).rejects.toMatchObject({ code: 'dns-failed' });
  });

  it('an alias within signed zones is dnssec; one that leads into an unsigned zone is dns', async () => {
    const one = await resolveName('@alias.signed.test:shop', world());
    expect(one).toMatchObject({ label: 'dnssec', agentId: shop.agentId });
    expect(one.steps[1]!.text).toContain('by way of _nanda.signed.test');
    const away = world();
    away.say(described(owner, { claims: ['away.signed.test'] }, startSeconds + 1));
    expect(await resolveName('@away.signed.test:shop', away)).toMatchObject({ label: 'dns' });
  });

  it('a text of two strings is one', async () => {
    const made = world();
    made.say(described(owner, { claims: ['split.signed.test'] }, startSeconds + 1));
    expect(await resolveName('@split.signed.test:shop', made)).toMatchObject({ agentId: shop.agentId });
  });

  it('the same agent twice is no contradiction', async () => {
    const made = world();
    made.say(described(owner, { claims: ['twice.signed.test'] }, startSeconds + 1));
    expect(await resolveName('@twice.signed.test:shop', made)).toMatchObject({ label: 'dnssec' });
  });

  it.each([
    ['no record', 'nothing.signed.test', 'no-such-zone'],
    ['a record of another version', 'old.signed.test', 'no-such-zone'],
    ['two agents', 'two.signed.test', 'ambiguous-zone'],
    ['no agent id', 'bad.signed.test', 'bad-zone'],
    ['aliases in a circle', 'circle.signed.test', 'dns-failed'],
    ['a huge answer', 'huge.signed.test', 'dns-failed'],
    ['a zone that nobody serves', 'elsewhere.example', 'dns-failed'],
  ])('%s: %s is refused as %s', async (_, zone, code) => {
    await expect(resolveName(`@${zone}:shop`, world())).rejects.toMatchObject({ code });
  });

  it('attack: a zone that names an agent of others, who does not say so, names nobody', async () => {
    await expect(resolveName('@wrong.signed.test:shop', world())).rejects.toMatchObject({
      code: 'not-claimed',
    });
  });

  it('attack: an agent that claims a zone of others gets nothing by it', async () => {
    const made = world();
    made.say(described(stranger, { claims: ['signed.test'] }, startSeconds + 50));
    expect((await resolveName('@signed.test:shop', made)).agentId).toEqual(shop.agentId);
    await expect(resolveName('@wrong.signed.test:shop', made)).rejects.toMatchObject({ code: 'not-claimed' });
  });

  it('§7: what is said over a path that others can write to is dns, whatever it says of DNSSEC', async () => {
    const [server] = parseDnsServers(servers.resolver);
    const untrusted = createDnsClient({
      servers: () => [{ ...server!, isTrusted: false }],
      nowSeconds: () => startSeconds + 60,
    });
    const made = { ...world(), zones: createZoneReader(untrusted) };
    expect(await resolveName('@signed.test:shop', made)).toMatchObject({ label: 'dns' });
    const asking = resolveName('@signed.test:shop', made, { needsDnssec: true });
    await expect(asking).rejects.toMatchObject({ code: 'not-validated' });
  });
});

describe('resolvers that misbehave', () => {
  let server: Server;
  const sockets = new Set<Socket>();
  let questions = 0;

  type Message = ReturnType<typeof decode>;

  /** A resolver of one's own over TCP. @param answer null: silence; bytes: as they are */
  async function resolver(answer: (question: Message) => Message | Uint8Array | null): Promise<string> {
    questions = 0;
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        questions++;
        const said = answer(decode(bytes.subarray(2)));
        if (said === null) return;
        const body =
          said instanceof Uint8Array ? Buffer.from(said) : encode(said as Parameters<typeof encode>[0]);
        const head = Buffer.alloc(2);
        head.writeUInt16BE(body.length);
        socket.end(Buffer.concat([head, body]));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server.close();
    await once(server, 'close');
  });

  const answerTo = (question: Message, ttl: number, name = question.questions![0]!.name): Message =>
    ({
      ...question,
      type: 'response',
      flags: 0x0120,
      additionals: [],
      answers: [{ type: 'TXT', name, ttl, data: [owned] }],
    }) as unknown as Message;

  const clientOf = (setting: string, nowSeconds = () => 0, timeoutMs = 20_000): DnsClient =>
    createDnsClient({ servers: () => parseDnsServers(setting), nowSeconds, timeoutMs });

  it('hijack: records of other names in an answer are nobody’s business', async () => {
    const client = clientOf(await resolver((question) => answerTo(question, 60, '_nanda.other.test')));
    expect((await client.texts('_nanda.signed.test')).texts).toEqual([]);
  });

  it.each([
    ['another id', (question: Message) => ({ ...answerTo(question, 60), id: (question.id! + 1) & 0xffff })],
    [
      'another question',
      (question: Message) => ({ ...answerTo(question, 60), questions: [{ type: 'TXT', name: 'a.test' }] }),
    ],
    ['a question in place of an answer', (question: Message) => question],
    ['no DNS message', () => Buffer.from('HTTP/1.1 400 Bad Request')],
    ['an empty message', () => Buffer.alloc(0)],
    [
      'a name that points at itself',
      (question: Message) =>
        Buffer.concat([
          Buffer.from([
            question.id! >> 8,
            question.id! & 255,
            0x81,
            0x80,
            0,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0xc0,
            0x0c,
            0,
            16,
            0,
            1,
          ]),
        ]),
    ],
    ['a refusal', (question: Message) => ({ ...answerTo(question, 60), flags: 0x0105, answers: [] })],
  ] as const)('refuses %s', async (_, answer) => {
    const client = clientOf(await resolver(answer as unknown as (question: Message) => Message));
    await expect(client.texts('_nanda.signed.test')).rejects.toMatchObject({ code: 'dns-failed' });
  });

  it('gives up on a silent one after its time', async () => {
    const client = clientOf(await resolver(() => null), undefined, 50);
    await expect(client.texts('_nanda.signed.test')).rejects.toMatchObject({ code: 'dns-too-slow' });
  });

  it('TTL: an answer is used for as long as the zone says, and no longer', async () => {
    let now = 1_000;
    const client = clientOf(await resolver((question) => answerTo(question, 30)), () => now);
    expect(await client.texts('_nanda.signed.test')).toMatchObject({ expiresAt: 1_030, texts: [owned] });
    now = 1_029;
    await client.texts('_nanda.signed.test');
    expect(questions).toBe(1);
    now = 1_030;
    await client.texts('_nanda.signed.test');
    expect(questions).toBe(2);
  });

  it('TTL 0 is kept for nobody; those who ask at once share one question', async () => {
    const client = clientOf(await resolver((question) => answerTo(question, 0)));
    await Promise.all([client.texts('_nanda.signed.test'), client.texts('_nanda.signed.test')]);
    expect(questions).toBe(1);
    await client.texts('_nanda.signed.test');
    expect(questions).toBe(2);
  });
});
