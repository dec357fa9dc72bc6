/** Names over live nodes: real sockets, stores, signatures, the API and the command line (docs/protocol.md §7). */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, writeAddressFile } from '../../src/api/token-file.ts';
import { toBase32 } from '../../src/core/bytes.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { namePoint } from '../../src/core/name/label.ts';
import { runCommand } from '../cli/run-command.ts';
import { createLiveNetwork, eventually, type LiveNode, watchUncaught } from '../helpers/live-nodes.ts';
import { hasNamed, startNameServers } from './name-servers.ts';

const network = createLiveNetwork();
const uncaught = watchUncaught();
const folder = mkdtempSync(join(tmpdir(), 'weft-names-live-'));
const stopped: ApiServer[] = [];
let nodes: readonly LiveNode[];
let api: ApiServer;
let registry: ApiServer;
let company: Uint8Array;
let shop: Uint8Array;

const token = randomBytes(16).toString('hex');

async function serve(live: LiveNode, with_: string): Promise<ApiServer> {
  const server = await startApi(live.node, {
    ...{ host: '127.0.0.1', port: 0, remote: false, token: with_, connectionsMax: 50, openReads: true },
    onDefect: (error) => {
      throw error;
    },
  });
  stopped.push(server);
  return server;
}

beforeAll(async () => {
  nodes = await network.startMany(4, { settings: { 'resolution.allowPrivate': true } });
  const tokenFile = join(folder, 'api.token');
  const own = openTokenFile(tokenFile);
  api = await serve(nodes[0]!, own);
  registry = await serve(nodes[1]!, token);
  writeAddressFile(folder, { url: api.url, tokenFile, peer: nodes[0]!.node.peer, processId: process.pid });
  ({ agentId: company } = await nodes[0]!.node.agents.register({
    primaryFactsUrl: 'https://company.example/facts',
  }));
  ({ agentId: shop } = await nodes[2]!.node.agents.register({
    primaryFactsUrl: 'https://shop.example/facts',
  }));
}, 60_000);

afterAll(async () => {
  await Promise.all(stopped.map((server) => server.stop()));
  await network.stop();
  rmSync(folder, { recursive: true });
  uncaught.stop();
  expect(uncaught.errors).toEqual([]);
});

const meetsSomebody = (live: LiveNode): Promise<unknown> =>
  eventually(async () => (await live.metric('weft_routed_peers')) > 0, { what: () => 'a first peer' });
const weft = (...argv: string[]) => runCommand([...argv, '--data', folder]);
const get = async (server: ApiServer, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${server.url}${path}`, { headers: { connection: 'close', ...headers } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const urn = (label: string): string => `urn:agent:${toBase32(company)}:${label}`;

describe('names over live nodes', () => {
  it('`weft name publish` and `weft name resolve`: published at one node, found from all', async () => {
    const published = await weft('name', 'publish', formatAgentId(company), 'Shop', formatAgentId(shop));
    expect([published.code, published.stderr]).toEqual([0, '']);
    expect(published.stdout).toMatch(/^Shop is nanda:\S+ {2}4 storing peers of 4\n$/);
    for (const { node } of nodes)
      expect(await node.names.resolve(urn('SHOP'))).toMatchObject({ agentId: shop, label: 'self' });
    const { code, stdout } = await weft('name', 'resolve', `@${formatAgentId(company)}:shop`);
    expect(code).toBe(0);
    expect(stdout).toContain(`record  ${formatAgentId(company)} says that shop is ${formatAgentId(shop)}`);
    expect(stdout).toMatch(new RegExp(`${formatAgentId(shop)} {2}self {2}until in \\d+ min`));
  });

  it('a name that is not there, or is none: exit code, problem document and what to do', async () => {
    expect(await weft('name', 'resolve', urn('nothing'))).toMatchObject({ code: 4 });
    expect(await weft('name', 'resolve', 'https://company.example')).toMatchObject({ code: 2 });
    expect(await weft('name', 'publish', formatAgentId(shop), 'shop', formatAgentId(shop))).toMatchObject({
      code: 4,
    });
    expect(await get(api, `/v1/names/resolve?name=${urn('nothing')}`)).toMatchObject({
      status: 404,
      body: { code: 'no-such-name' },
    });
    expect(await get(api, '/v1/names/resolve?name=@word')).toMatchObject({
      status: 422,
      body: { code: 'no-home' },
    });
  });

  it('a registry that is a weft node is asked next, past the guard, and what it says is checked', async () => {
    const { names } = nodes[0]!.node;
    await names.publish(company, 'staff', { url: registry.url });
    // Node 1 knows the same name: the record is in the overlay, and leads to itself.
    await expect(nodes[2]!.node.names.resolve(urn('staff'))).rejects.toMatchObject({ code: 'registry-loop' });
    const { agentId: market } = await nodes[1]!.node.agents.register({
      primaryFactsUrl: 'https://market.example/facts',
    });
    await nodes[1]!.node.names.publish(market, 'bob', { agentId: shop });
    await names.publish(company, 'bob', {
      url: `${registry.url}/.well-known/agent-card.json`,
    });
    await expect(nodes[2]!.node.names.resolve(urn('bob'))).rejects.toMatchObject({ code: 'no-such-name' });
    const strict = await network.start('strict', { bootstrap: [nodes[0]!.address] });
    await meetsSomebody(strict);
    await expect(strict.node.names.resolve(urn('staff'))).rejects.toMatchObject({
      code: 'registry-failed',
      data: { reason: 'unsafe-address' },
    });
    await strict.stop();
  });

  it('`weft name claim` prints the record of the zone, and the profile is found', async () => {
    const { code, stdout } = await weft('name', 'claim', formatAgentId(company), 'Company.example');
    expect(code).toBe(0);
    expect(stdout).toContain(`_nanda.company.example. IN TXT "v=nanda1; aid=${toBase32(company)}"\n`);
    expect(nodes[0]!.node.names.profile(company)).toEqual({
      policy: 'throttled',
      claims: ['company.example'],
      target: null,
    });
  });

  it('enumeration: throttled, then open, then hidden; all for whoever holds the token', async () => {
    const { names } = nodes[0]!.node;
    for (let index = 0; index < 12; index++) await names.publish(company, `n${index}`, { agentId: shop });
    const list = (headers = {}) => get(api, '/v1/names?namespace=company.example', headers);
    const first = await list();
    expect((first.body['names'] as unknown[]).length).toBe(10);
    expect(first.body).toMatchObject({ policy: 'throttled', namespace: formatAgentId(company) });
    expect(await list()).toMatchObject({ status: 429, body: { code: 'listing-throttled' } });
    expect((await weft('name', 'list', 'company.example')).stdout).toContain('n11');
    await names.describe(company, { policy: 'open' });
    expect(((await list()).body['names'] as unknown[]).length).toBeGreaterThan(12);
    await names.describe(company, { policy: 'hidden' });
    expect(await list()).toMatchObject({ status: 403, body: { code: 'not-listed' } });
    expect((await weft('name', 'list', formatAgentId(company))).code).toBe(0);
    // Hidden: still found by who knows it, and shown to storing peers as a point alone.
    expect(await nodes[3]!.node.names.resolve(urn('n3'))).toMatchObject({ agentId: shop });
    expect(await get(api, '/v1/names?namespace=other.example')).toMatchObject({ status: 404 });
    expect(
      await get(api, '/v1/names?namespace=company.example', { authorization: 'Bearer wrong' }),
    ).toMatchObject({
      status: 401,
    });
  });

  it('a rotation voids all names, and custody signs them anew', async () => {
    const before = await nodes[3]!.node.names.resolve(urn('shop'));
    expect(before.agentId).toEqual(shop);
    await nodes[0]!.node.agents.rotate(company);
    let said: unknown;
    await eventually(
      async () =>
        nodes[3]!.node.names
          .resolve(urn('shop'))
          .then(({ agentId }) => agentId !== null)
          .catch((error: unknown) => {
            said = error;
            return false;
          }),
      { what: () => `the name under the new key (${String(said)})` },
    );
  });

  it('§7: a withdrawal is seen at once, everywhere, and the daemon goes on with it after a restart', async () => {
    expect((await weft('name', 'withdraw', formatAgentId(company), 'n0')).code).toBe(0);
    for (const { node } of nodes)
      await expect(node.names.resolve(urn('n0'))).rejects.toMatchObject({ code: 'no-such-name' });
    expect((await weft('name', 'withdraw', formatAgentId(company), 'n0')).code).toBe(4);
  });

  it('§7: names outlive the restart of a storing peer; its own namespaces are kept on', async () => {
    const { address } = nodes[1]!;
    await nodes[2]!.stop();
    await nodes[2]!.start([address]);
    await eventually(async () => (await nodes[2]!.metric('weft_name_entries')) > 12, {
      what: () => 'names from the disk',
    });
    await eventually(
      async () =>
        nodes[2]!.node.names
          .resolve(urn('shop'))
          .then(() => true)
          .catch(() => false),
      { what: () => 'the name from the restarted node' },
    );
    expect(namePoint(company, 'shop')).toHaveLength(32);
  });
});

describe.skipIf(!hasNamed)('a zone on a real name server, and a daemon that asks a resolver', () => {
  it('`weft name claim`, the zone, and everybody finds the name by the zone', async () => {
    const { agentId: owner } = await nodes[1]!.node.agents.register({
      primaryFactsUrl: 'https://a.example/f',
    });
    const said = await nodes[1]!.node.names.describe(owner, { claims: ['signed.test', 'plain.test'] });
    expect(said.publish.holders).toBeGreaterThanOrEqual(3);
    await nodes[1]!.node.names.publish(owner, 'shop', { agentId: shop });
    const records = [`_nanda IN TXT "v=nanda1; aid=${toBase32(owner)}"`];
    const servers = await startNameServers([
      { name: 'signed.test', signed: true, records },
      { name: 'plain.test', signed: false, records },
    ]);
    const asking = await network.start('asking', {
      bootstrap: [nodes[0]!.address],
      settings: { 'names.resolver': servers.resolver, 'names.home': ['signed.test'] },
    });
    try {
      await meetsSomebody(asking);
      const { names } = asking.node;
      expect(await names.resolve('@signed.test:shop')).toMatchObject({ agentId: shop, label: 'dnssec' });
      expect(await names.resolve('@Plain.test:Shop')).toMatchObject({ agentId: shop, label: 'dns' });
      expect(await names.resolve('@shop')).toMatchObject({ agentId: shop, name: '@shop', label: 'dnssec' });
      expect(await names.resolve('@signed.test')).toMatchObject({ agentId: owner, label: 'dnssec' });
    } finally {
      await asking.stop();
      await servers.stop();
    }
  }, 60_000);
});
