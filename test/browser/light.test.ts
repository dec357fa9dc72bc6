/** The light node in a page: the bundle as it is published, in Chromium, over WebSockets to real daemons. */
import type { JSHandle, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../../demo/lib/daemon.ts';
import { buildLightBundle } from '../../scripts/bundle-size.ts';
import type * as Light from '../../src/light/browser.ts';
import type { LightNode } from '../../src/light/light-types.ts';
import { eventually } from '../adapters/libp2p/network.ts';
import { createTestDaemons } from '../helpers/daemons.ts';
import { chromiumIsThere, loadModule, openChromium, type PageBrowser, whyNot } from './chromium.ts';

const listenSetting = 'listen=/ip4/127.0.0.1/tcp/0,/ip4/127.0.0.1/tcp/0/ws';
const withinMs = 1000;

interface AgentAnswer {
  readonly agentId: string;
  readonly status: string;
}

interface PeersAnswer {
  readonly peers: readonly { readonly peer: string; readonly connected: boolean }[];
}

describe.runIf(chromiumIsThere)(`a light node in Chromium${whyNot}`, () => {
  const daemons = createTestDaemons();
  let browser: PageBrowser;
  let page: Page;
  let network: readonly Daemon[];
  let light: JSHandle<typeof Light>;
  let node: JSHandle<LightNode>;
  let bootstrap: string[];

  beforeAll(async () => {
    browser = await openChromium();
    await buildLightBundle(browser.folder);
    network = await daemons.startNetwork(3, [listenSetting]);
    bootstrap = await Promise.all(network.map(webSocketAddress));
    page = await browser.open();
    light = await loadModule<typeof Light>(page, 'light');
    node = await light.evaluateHandle(
      ({ createLightNode }, known) => createLightNode({ bootstrap: known }),
      bootstrap,
    );
    await node.evaluate((running) => running.start());
  }, 60_000);

  afterAll(async () => {
    await node?.evaluate((running) => running.stop());
    await browser?.close();
    await daemons.close();
  });

  /** An agent whose keys a daemon holds. */
  async function registerInNode(daemon: Daemon, primaryFactsUrl: string): Promise<string> {
    const answer = await daemon.client().call('POST', '/v1/agents', { primaryFactsUrl, acknowledgements: 2 });
    return (answer as unknown as AgentAnswer).agentId;
  }

  it('is connected to all three daemons', async () => {
    const self = await node.evaluate((running) => running.peer);
    for (const daemon of network) {
      await eventually(
        async () => {
          const { peers } = (await daemon.client().call('GET', '/v1/peers')) as unknown as PeersAnswer;
          return peers.some(({ peer, connected }) => peer === self && connected);
        },
        { what: `the page among the peers of ${daemon.name}` },
      );
    }
  });

  it('registers an agent with keys made in the page, and Node resolves it', async () => {
    const agentId = await node.evaluate(async (running, { createAgentKeys, formatAgentId }) => {
      const draft = { primaryFactsUrl: 'https://page.example/facts' };
      const registered = await running.register(draft, createAgentKeys(), { acknowledgements: 2 });
      return formatAgentId(registered.agentId);
    }, light);
    const found = await network[2]!.client().call('GET', `/v1/agents/${agentId}?fresh=true`);
    expect(found).toMatchObject({
      status: 'ok',
      record: { fields: { primary: { url: 'https://page.example/facts' } } },
    });
  });

  it('resolves an agent that was registered in Node', async () => {
    const agentId = await registerInNode(network[1]!, 'https://node.example/facts');
    const { status, record } = await node.evaluate((running, agent) => running.resolve(agent), agentId);
    expect({ status, url: record?.primaryFactsUrl }).toEqual({
      status: 'ok',
      url: 'https://node.example/facts',
    });
  });

  it('resolves an agent in private, with what it loads for the first such call', async () => {
    const agentId = await registerInNode(network[1]!, 'https://node.example/in-private');
    const requested: string[] = [];
    page.on('request', (request) => requested.push(new URL(request.url()).pathname));
    const found = await node.evaluate(async (running, agent) => {
      const { status, record } = await running.resolvePrivately(agent);
      return { status, url: record?.primaryFactsUrl };
    }, agentId);
    expect(found).toEqual({ status: 'ok', url: 'https://node.example/in-private' });
    expect(requested.filter((path) => path.endsWith('.js'))).toEqual(['/light-path-engine.js']);
    const metrics = await Promise.all(network.map((daemon) => daemon.client().readBytes('/metrics')));
    const text = metrics.map(({ bytes }) => Buffer.from(bytes).toString()).join();
    expect(text).toContain('weft_private_requests_total{kind="relayed"}');
  });

  it('resolves a name under the id of an agent, with what it loads for the first; one of the DNS it refuses', async () => {
    const namespace = await registerInNode(network[0]!, 'https://node.example/namespace');
    const agentId = await registerInNode(network[1]!, 'https://node.example/named');
    await network[0]!.client().call('PUT', `/v1/agents/${namespace}/names/shop`, { agentId });
    const requested: string[] = [];
    page.on('request', (request) => requested.push(new URL(request.url()).pathname));
    const found = await node.evaluate(
      async (running, [{ formatAgentId }, name]) => {
        const resolved = await running.resolveName(name);
        const refused = await running.resolveName('@example.com:shop').catch(({ code }) => code);
        return { agentId: formatAgentId(resolved.agentId!), label: resolved.label, refused };
      },
      [light, `@${namespace}:shop`] as const,
    );
    expect(found).toEqual({ agentId, label: 'self', refused: 'bad-argument' });
    expect(requested.filter((path) => path.endsWith('.js'))).toEqual(['/light-name-engine.js']);
  });

  it('shows a revocation made elsewhere within a second, and resolves the agent as revoked from then on', async () => {
    const agentId = await registerInNode(network[1]!, 'https://node.example/to-be-revoked');
    await node.evaluate(async (running, agent) => {
      const before = await running.resolve(agent);
      const { body } = document;
      body.textContent = before.status;
      const watching = running.watch(agent)[Symbol.asyncIterator]();
      Object.assign(window, {
        shown: watching.next().then(async ({ value }) => {
          const after = await running.resolve(agent);
          body.textContent += ` ${value.change} ${after.status}`;
          return Date.now();
        }),
      });
    }, agentId);
    const revokedAtMs = Date.now();
    await network[1]!.client().call('POST', `/v1/agents/${agentId}/revoke`, { reason: 'keyCompromise' });
    const shownAtMs = await page.evaluate(() => (window as unknown as { shown: Promise<number> }).shown);
    expect(await page.textContent('body')).toBe('ok tombstoned tombstoned');
    const tookMs = shownAtMs - revokedAtMs;
    console.info(`the page showed the revocation ${tookMs} ms after it was asked for`);
    expect(tookMs).toBeLessThan(withinMs);
  });

  it('keeps what it knows in IndexedDB over a reload, where that store is given to it', async () => {
    const agentId = await registerInNode(network[1]!, 'https://node.example/kept');
    const other = await browser.open();
    /** Starts on the store of this origin, resolves, and says what is stored at the end. */
    const visit = async (): Promise<{ entriesBefore: number; status: string }> => {
      const module = await loadModule<typeof Light>(other, 'light');
      return module.evaluate(
        async ({ createIndexedDbStore, createLightNode }, { known, agent }) => {
          const store = await createIndexedDbStore({ name: 'light' });
          const { entries } = await store.statistics();
          const running = await createLightNode({ bootstrap: known, ports: { store } });
          await running.start();
          const { status } = await running.resolve(agent);
          await running.stop();
          return { entriesBefore: entries, status };
        },
        { known: bootstrap, agent: agentId },
      );
    };
    expect(await visit()).toEqual({ entriesBefore: 0, status: 'ok' });
    await other.reload();
    const again = await visit();
    expect(again.status).toBe('ok');
    expect(again.entriesBefore).toBeGreaterThan(0);
  });

  it('has thrown nothing that nobody caught', () => {
    expect(browser.problems).toEqual([]);
  });
});

async function webSocketAddress(daemon: Daemon): Promise<string> {
  const { addresses } = (await daemon.client().call('GET', '/v1/status')) as { addresses: readonly string[] };
  const found = addresses.find((address) => address.includes('/ws/p2p/'));
  if (found === undefined) throw new Error(`${daemon.name} has no WebSocket address: ${addresses}`);
  return found;
}
