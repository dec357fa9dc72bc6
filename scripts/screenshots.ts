/**
 * Takes the pictures of the dashboard that the documents show: builds it, starts daemons, gives their agents a life, and
 * looks at the page in Chromium. `node scripts/screenshots.ts [folder]`, docs/images when left out. Takes a few minutes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import type { Daemon } from '../demo/lib/daemon.ts';
import { findDaemon } from '../src/cli/control-client.ts';
import { createTestDaemons } from '../test/helpers/daemons.ts';
import { withPalette } from './palette-image.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] ?? join(root, 'docs', 'images');
const daemonCount = 7;
const agentCount = 240;
/** The charts have something to show after that. */
const lifeMs = 75_000;
const pictureBytesMax = 250_000;

interface Registered {
  readonly agentId: string;
}

await build({ configFile: join(root, 'vite.dashboard.config.ts') });
const daemons = createTestDaemons();
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--disable-lcd-text',
    '--font-render-hinting=none',
  ],
});
try {
  const network = await daemons.startNetwork(daemonCount);
  await takeAll(browser, network);
} finally {
  await browser.close();
  await daemons.close();
}

async function takeAll(chrome: Browser, network: readonly Daemon[]): Promise<void> {
  const url = findDaemon(network[0]!.dataDirectory).url;
  const light = await open(chrome, url, 'light', { width: 1360, height: 900 });
  const dark = await open(chrome, url, 'dark', { width: 1360, height: 900 });
  const phone = await open(chrome, url, 'light', { width: 390, height: 844 });
  const shown = await live(network);
  await take(light, 'dashboard-light', true);
  await take(dark, 'dashboard-dark', true);
  await take(phone, 'dashboard-phone', false);
  for (const page of [light, phone]) {
    await page.locator('#lookup').fill(shown);
    await page.locator('#lookup').press('Enter');
    await page.locator('.timeline').waitFor();
    await page.waitForTimeout(500);
  }
  await take(light, 'dashboard-lookup', true);
  await take(phone, 'dashboard-phone-lookup', true);
}

async function open(
  chrome: Browser,
  url: string,
  colorScheme: 'light' | 'dark',
  viewport: { readonly width: number; readonly height: number },
): Promise<Page> {
  const context = await chrome.newContext({ colorScheme, viewport, locale: 'en-GB', timezoneId: 'UTC' });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.stream.open').waitFor();
  return page;
}

async function take(page: Page, name: string, fullPage: boolean): Promise<void> {
  const path = join(folder, `${name}.png`);
  const picture = withPalette(await page.screenshot({ fullPage }));
  writeFileSync(path, picture);
  const isTooLarge = picture.length > pictureBytesMax;
  console.log(`${name}: ${Math.round(picture.length / 1000)} kB${isTooLarge ? ', too large' : ''}`);
  if (isTooLarge) process.exitCode = 1;
}

/** Agents come, change, rotate and end, all over the network. The id of the one that has seen the most. */
async function live(network: readonly Daemon[]): Promise<string> {
  const beganMs = Date.now();
  const agents: { readonly id: string; readonly daemon: Daemon }[] = [];
  for (let index = 0; index < agentCount; index++) {
    const daemon = network[index % network.length]!;
    agents.push({ id: await register(daemon, index), daemon });
  }
  const shown = await eventfulLife(network);
  for (let turn = 0; Date.now() - beganMs < lifeMs || turn < 10; turn++) {
    const { id, daemon } = agents[(turn * 7) % agents.length]!;
    const change = { primaryFactsUrl: `https://agents.example/${turn}/facts.json`, acknowledgements: 3 };
    await daemon.client().call('PATCH', `/v1/agents/${id}`, change);
    const other = agents[(turn * 11 + 3) % agents.length]!.id;
    await network[0]!.client().call('GET', `/v1/agents/${other}?fresh`);
    if (turn % 3 === 0) await end(agents[turn * 2 + 1]!, turn);
    await pause(900 + (turn % 5) * 350);
  }
  return shown;
}

async function register(daemon: Daemon, index: number): Promise<string> {
  const body = { primaryFactsUrl: `https://agents.example/${index}/facts.json`, acknowledgements: 3 };
  const { agentId } = (await daemon.client().call('POST', '/v1/agents', body)) as unknown as Registered;
  return agentId;
}

async function end(agent: { readonly id: string; readonly daemon: Daemon }, turn: number): Promise<void> {
  const client = agent.daemon.client();
  if (turn % 2 === 0) await client.call('POST', `/v1/agents/${agent.id}/rotate`, {});
  else await client.call('POST', `/v1/agents/${agent.id}/revoke`, { reason: 'cessationOfOperation' });
}

/** Rotated, recovered, written by two delegates, one of which is revoked. */
async function eventfulLife(network: readonly Daemon[]): Promise<string> {
  const [, home, second, third] = network.map((daemon) => daemon.client());
  const record = {
    primaryFactsUrl: 'https://agents.example/translator/facts.json',
    privateFactsUrl: 'https://vault.example/translator/facts.json',
    adaptiveResolverUrl: 'https://agents.example/translator/dispatch',
    ttlSeconds: 3600,
  };
  const { agentId } = (await home!.call('POST', '/v1/agents', record)) as unknown as Registered;
  const place = `/v1/agents/${agentId}`;
  await pause(1100);
  await home!.call('POST', `${place}/recover`, {});
  await pause(2100);
  await home!.call('POST', `${place}/rotate`, {});
  for (const [client, fields] of [
    [second!, ['adaptive', 'ttl']],
    [third!, ['primary']],
  ] as const) {
    const { publicKey } = (await client.call('POST', `${place}/delegate-key`)) as { publicKey: string };
    const grant = { audience: publicKey, rights: ['op'], fields, expiresInSeconds: 7 * 86_400 };
    await home!.call('POST', `${place}/delegate`, grant);
  }
  await pause(1100);
  await second!.call('PATCH', place, {
    adaptiveResolverUrl: 'https://eu.agents.example/translator/dispatch',
  });
  await home!.call('POST', `${place}/revoke-delegation`, { slot: 2, reason: 'superseded' });
  return agentId;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
