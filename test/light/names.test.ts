/** Names from a light node, over real sockets: records of full nodes, and zones of a name server (docs/protocol.md §7). */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { decode, encode } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase32 } from '../../src/core/bytes.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { encodeFailure } from '../../src/core/overlay/message.ts';
import { createAgentKeys, createLightNode, type LightNode } from '../../src/light/index.ts';
import { createLiveNetwork, type LiveNode, watchUncaught } from '../helpers/live-nodes.ts';
import { createModelNetwork } from './model-network.ts';

const network = createLiveNetwork();
const uncaught = watchUncaught();
const textByZone = new Map<string, string>();
let nodes: readonly LiveNode[];
let light: LightNode;
let company: Uint8Array;
let shop: Uint8Array;
let dns: Server;
let resolver: string;

const urn = (label: string): string => `urn:agent:${toBase32(company)}:${label}`;

beforeAll(async () => {
  dns = createServer(answerOne);
  dns.listen(0, '127.0.0.1');
  await once(dns, 'listening');
  resolver = `tcp://127.0.0.1:${(dns.address() as AddressInfo).port}`;
  nodes = await network.startMany(4);
  const [first, second] = [nodes[0]!.node, nodes[1]!.node];
  ({ agentId: company } = await first.agents.register({ primaryFactsUrl: 'https://company.example/f' }));
  ({ agentId: shop } = await second.agents.register({ primaryFactsUrl: 'https://shop.example/f' }));
  await first.names.publish(company, 'shop', { agentId: shop });
  await first.names.publish(company, 'market', { url: 'https://registry.example' });
  await first.names.describe(company, { claims: ['company.example'] });
  textByZone.set('_nanda.company.example', `v=nanda1; aid=${toBase32(company)}`);
  textByZone.set('_nanda.other.example', `v=nanda1; aid=${toBase32(company)}`);
  light = await joined({ home: ['company.example'], resolver });
}, 60_000);

afterAll(async () => {
  await light?.stop();
  dns.close();
  await network.stop();
  uncaught.stop();
  expect(uncaught.errors).toEqual([]);
});

async function joined(names: { readonly home?: readonly string[]; readonly resolver?: string }) {
  const node = await createLightNode({ bootstrap: nodes.map(({ address }) => address), names });
  await node.start();
  return node;
}

/** One question a connection, as a resolver that validates nothing answers it. */
function answerOne(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.once('data', (bytes: Buffer) => {
    const question = decode(bytes.subarray(2));
    const [{ name } = { name: '' }] = question.questions ?? [];
    const text = textByZone.get(name);
    const answers = text === undefined ? [] : [{ type: 'TXT', name, ttl: 60, data: [text] }];
    // QR, RD, RA; NXDOMAIN where there is no such name.
    const flags = 0x0180 + (text === undefined ? 3 : 0);
    const body = encode({ ...question, type: 'response', flags, additionals: [], answers } as never);
    const head = Buffer.alloc(2);
    head.writeUInt16BE(body.length);
    socket.end(Buffer.concat([head, body]));
  });
}

describe('a name, asked of a light node', () => {
  it('under the id of an agent leads to the agent that its record says, with the steps', async () => {
    const found = await light.resolveName(urn('Shop'));
    expect(found).toMatchObject({ name: urn('shop'), agentId: shop, label: 'self', registry: null });
    expect(found.steps.map(({ kind }) => kind)).toEqual(['name', 'record', 'agent']);
    expect(found.expiresAt).toBeGreaterThan(Date.now() / 1000);
    expect(await light.resolveName(`@${formatAgentId(company)}`)).toMatchObject({ agentId: company });
  });

  it('of the DNS counts where the zone and its agent say the same, and says that nobody validated it', async () => {
    expect(await light.resolveName('@company.example:shop')).toMatchObject({ agentId: shop, label: 'dns' });
    expect(await light.resolveName('@shop')).toMatchObject({ agentId: shop, label: 'dns' });
    await expect(light.resolveName('@other.example:shop')).rejects.toMatchObject({
      ...{ name: 'LightNodeError', code: 'no-such-name', cause: { code: 'not-claimed' } },
    });
    await expect(light.resolveName('@company.example:shop', { needsDnssec: true })).rejects.toMatchObject({
      ...{ code: 'no-such-name', cause: { code: 'not-validated' } },
    });
    await expect(light.resolveName('@nothing.example')).rejects.toMatchObject({ code: 'no-such-name' });
  });

  it('whose answer a registry has leads to that registry, which is not asked', async () => {
    expect(await light.resolveName(urn('market'))).toMatchObject({
      ...{ agentId: null, registry: 'https://registry.example' },
    });
  });

  it('that is not there, is none, or has no namespace, is said to be so', async () => {
    const codeOf = (name: string): Promise<string> =>
      light.resolveName(name).then(
        () => 'found',
        ({ code }: { readonly code: string }) => code,
      );
    expect(await codeOf(urn('nothing'))).toBe('no-such-name');
    expect(await codeOf('https://company.example')).toBe('bad-argument');
    const homeless = await joined({ resolver });
    await expect(homeless.resolveName('@shop')).rejects.toMatchObject({ code: 'bad-argument' });
    await homeless.stop();
    await expect(homeless.resolveName(urn('shop'))).rejects.toMatchObject({ code: 'not-running' });
  });

  it('that its owner withdrew leads nowhere from then on', async () => {
    const { names } = nodes[0]!.node;
    await names.publish(company, 'gone', { agentId: shop });
    expect(await light.resolveName(urn('gone'))).toMatchObject({ agentId: shop });
    await names.withdraw(company, 'gone');
    await expect(light.resolveName(urn('gone'))).rejects.toMatchObject({ code: 'no-such-name' });
  });
});

describe('a name that nobody can be asked about', () => {
  const model = createModelNetwork();
  afterAll(() => model.stop());

  it('is not said to lead nowhere; one of the DNS is refused where there is none', async () => {
    const full = [await model.honest('one'), await model.honest('two')];
    const reader = await model.light();
    const { agentId } = await reader.node.register({}, createAgentKeys());
    const name = `urn:agent:${toBase32(agentId)}:shop`;
    await expect(reader.node.resolveName(name)).rejects.toMatchObject({ code: 'no-such-name' });
    await expect(reader.node.resolveName('@company.example')).rejects.toMatchObject({ code: 'bad-argument' });
    for (const peer of full) peer.answer = async () => encodeFailure('busy');
    await expect(reader.node.resolveName(name)).rejects.toMatchObject({ code: 'no-usable-answers' });
    model.isolate(reader);
    await expect(reader.node.resolveName(name)).rejects.toMatchObject({ code: 'offline' });
  });
});
