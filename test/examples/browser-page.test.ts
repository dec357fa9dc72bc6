/** The example of a page, in Chromium, as `serve.ts` serves it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLightBundle } from '../../scripts/bundle-size.ts';
import { chromiumIsThere, openChromium, type PageBrowser, whyNot } from '../browser/chromium.ts';
import { createTestDaemons } from '../helpers/daemons.ts';

const serve = fileURLToPath(new URL('../../examples/browser-page/serve.ts', import.meta.url));
const listenSetting = 'listen=/ip4/127.0.0.1/tcp/0,/ip4/127.0.0.1/tcp/0/ws';

describe.runIf(chromiumIsThere)(`browser-page, in Chromium${whyNot}`, () => {
  const daemons = createTestDaemons();
  const ends: (() => Promise<unknown>)[] = [() => daemons.close()];
  let browser: PageBrowser;
  let page: Page;

  beforeAll(async () => {
    browser = await openChromium();
    ends.push(browser.close);
    await buildLightBundle(browser.folder);
    const [daemon] = await daemons.startNetwork(2, [listenSetting]);
    const { addresses } = (await daemon!.client().call('GET', '/v1/status')) as { addresses: string[] };
    const bootstrap = addresses.find((address) => address.includes('/ws/'))!;
    page = await browser.open();
    await page.goto(await startServer(bootstrap));
    daemonCall = (method, path, body) => daemon!.client().call(method, path, body);
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  let daemonCall: (method: 'GET' | 'POST', path: string, body?: Record<string, string>) => Promise<unknown>;

  async function startServer(bootstrap: string): Promise<string> {
    const bundle = `${browser.folder}/light.js`;
    const child = spawn(
      process.execPath,
      [serve, '--port', '0', '--bundle', bundle, '--bootstrap', bootstrap],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const ended = new Promise((resolve) => child.once('close', resolve));
    ends.push(() => {
      child.kill('SIGTERM');
      return ended;
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('open')) return line.split(/\s+/)[1]!;
    }
    throw new Error('the example ended before it served');
  }

  it('connects, registers an agent, and shows when another ends', async () => {
    await page.waitForSelector('#network[data-state=connected]');
    await page.click('#register button');
    const own = await page.waitForSelector('#own code:not(:empty)');
    const ownId = (await own.textContent())!;
    expect(await daemonCall('GET', `/v1/agents/${ownId}?fresh=true`)).toMatchObject({ status: 'ok' });

    const registered = await daemonCall('POST', '/v1/agents', {
      primaryFactsUrl: 'https://other.example/facts',
    });
    const { agentId } = registered as { agentId: string };
    await page.fill('#watch input', agentId);
    await page.click('#watch button');
    await page.waitForSelector('#watched b[data-status=ok]');
    await daemonCall('POST', `/v1/agents/${agentId}/revoke`);
    await page.waitForSelector('#watched b[data-status=tombstoned]', { timeout: 2000 });
    expect(await page.textContent('#watched code')).toBe(agentId);
    expect(browser.problems).toEqual([]);
  });

  it('says in words what goes wrong', async () => {
    await page.fill('#watch input', 'nobody');
    await page.click('#watch button');
    await page.waitForSelector('#problem:not([hidden])');
    expect((await page.textContent('#problem'))!.length).toBeGreaterThan(10);
  });
});
