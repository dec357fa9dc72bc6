/** The dashboard as an operator uses it: in Chromium, over three live nodes. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { chromiumIsThere, whyNot } from '../browser/chromium.ts';
import { type DashboardLab, openLab, type PageOptions, token } from './page.ts';

const dark = 'rgb(16, 21, 27)';
const light = 'rgb(251, 250, 247)';

describe.runIf(chromiumIsThere)(`the dashboard in Chromium${whyNot}`, () => {
  let lab: DashboardLab;
  let agentId: Uint8Array;
  let id: string;

  beforeAll(async () => {
    lab = await openLab(3);
    ({ agentId, id } = await makeEventfulAgent(lab));
  }, 60_000);
  afterAll(() => lab?.close());
  afterEach(() => expect(lab.problems.splice(0)).toEqual([]));

  /** The page of the first node, once it hears of changes. */
  async function openNode(options: PageOptions = {}): Promise<Page> {
    const page = await lab.open(lab.api.url, options);
    await page.locator('.stream.open').waitFor();
    return page;
  }

  it('loads its own files alone, within its size, and says how long it took', async () => {
    const sizes: Promise<number>[] = [];
    const beganMs = performance.now();
    const page = await lab.open(lab.api.url, {}, (opened) =>
      opened.on('requestfinished', (request) => {
        if (!request.url().includes('/v1/'))
          sizes.push(request.sizes().then((size) => size.responseBodySize));
      }),
    );
    await page.locator('.ring svg').waitFor();
    console.info(`the dashboard was there after ${Math.round(performance.now() - beganMs)} ms`);
    const bytes = (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
    console.info(`${sizes.length} files, ${bytes} bytes on the way`);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(100_000);
    await page.context().close();
  });

  it('shows what the node is, its peers in words and on the ring, and what it stores', async () => {
    const page = await openNode();
    await expectText(page, '.peer-id', lab.nodes[0]!.node.peer);
    await expectText(page, '.identity', '/weft, private');
    for (const { node } of lab.nodes.slice(1)) {
      const row = page.locator('.peers tbody tr').filter({ has: page.locator(`code[title="${node.peer}"]`) });
      await row.waitFor();
      const said = await row.innerText();
      expect(said).toMatch(/\/ip4\/127\.0\.0\.1\/tcp\/\d+/);
      expect(said).toMatch(/weft\/\d/);
      expect(said).toContain('record 1.0.0');
    }
    expect(await page.locator('.ring .peer.connected').count()).toBe(2);
    expect(await page.locator('.ring .density').getAttribute('d')).toMatch(/^M.*L/);
    const { stored } = (await lab.nodes[0]!.node.status()).agents;
    await expectText(page, '.centre .number', String(stored));
    await page.locator('.chart canvas').first().waitFor({ timeout: 20_000 });
    expect(await page.locator('.chart canvas').count()).toBe(4);
    await page.context().close();
  });

  it('points at the peer on the ring that is pointed at in the table, by pointer and by key', async () => {
    const page = await openNode();
    const { peer } = lab.nodes[1]!.node;
    const row = page.locator('.peers tbody tr').filter({ has: page.locator(`code[title="${peer}"]`) });
    await row.hover();
    await page.locator('.centre .id').waitFor();
    expect(await page.locator('.ring .threads .pointed').count()).toBe(1);
    await page.mouse.move(0, 0);
    await page.locator('.centre .number').waitFor();
    await row.getByRole('button').focus();
    await page.locator('.centre .id').waitFor();
    await page.context().close();
  });

  it('looks an agent up by keyboard alone: record, origins, key history, delegations', async () => {
    const page = await openNode();
    await page.keyboard.press('/');
    await page.keyboard.type(`did:${id}`);
    await page.keyboard.press('Enter');
    await expectText(page, '.verdict .word', 'Holds');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    expect(new URL(page.url()).hash).toBe(`#/agent/${encodeURIComponent(id)}`);
    await expectText(page, '.record', 'https://agents.example/facts');
    const rows = await page.locator('.record tbody tr').allInnerTexts();
    expect(rows[0]).toMatch(/Primary facts[\s\S]*controller[\s\S]*in the fence/);
    expect(rows[2]).toMatch(/https:\/\/eu\.agents\.example\/[\s\S]*delegate 1[\s\S]*in operation \d/);
    expect(await page.locator('.timeline b').allInnerTexts()).toEqual(['Inception', 'Recovery', 'Rotation']);
    expect(await page.locator('.timeline .now').count()).toBe(1);
    expect(await page.locator('.tree .leaf:not(.revoked)').innerText()).toContain('may op: adaptive');
    expect(await page.locator('.tree .leaf.revoked del').count()).toBe(1);
    expect(await page.locator('.tree .leaf.revoked').innerText()).toContain('revoked, superseded');
    await page.getByRole('button', { name: 'Ask the network' }).click();
    await page.locator('.responders li').first().waitFor();
    expect(await page.locator('.responders li').count()).toBeGreaterThanOrEqual(2);
    await page.goBack();
    await page.locator('.figures').waitFor();
    await page.context().close();
  });

  it('says what is wrong with an id before it asks, and when nobody knows an agent', async () => {
    const page = await openNode();
    await page.locator('#lookup').fill('nanda:oops');
    await page.locator('#lookup').press('Enter');
    await expectText(page, '.fault', '52 letters');
    await page.goto(`${lab.api.url}/#/agent/nanda:${'a'.repeat(52)}`);
    await expectText(page, '.verdict .word', 'Not found');
    await page.goto(`${lab.api.url}/#/agent/%3Cimg%20src=x%20onerror=alert(1)%3E`);
    await expectText(page, '.agent [role=alert]', 'agent');
    await page.goto(`${lab.api.url}/#/agent/${'x'.repeat(3000)}`);
    await page.locator('.agent [role=alert]').waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await page.locator('main img').count()).toBe(0);
    await page.context().close();
  });

  it('shows a revocation that is made at another node, in the feed and at the agent', async () => {
    const other = lab.nodes[2]!.node;
    const doomed = await other.agents.register({ primaryFactsUrl: 'https://agents.example/doomed' });
    const doomedId = formatAgentId(doomed.agentId);
    const page = await openNode();
    const agentPage = await lab.open(`${lab.api.url}/#/agent/${doomedId}`);
    await expectText(agentPage, '.verdict .word', 'Holds');
    await agentPage.locator('.agent[aria-busy=false]').waitFor();
    await other.agents.revoke(doomed.agentId, 'keyCompromise');
    const line = page.locator('.changes .tombstoned').filter({ has: page.locator(`a[title="${doomedId}"]`) });
    await line.waitFor();
    expect(await line.innerText()).toMatch(/revoked: it has ended[\s\S]*(by gossip|put by a peer)[\s\S]*≤ /);
    await expectText(agentPage, '.verdict .word', 'Revoked');
    await expectText(agentPage, '.verdict .says', 'keyCompromise');
    await page.getByRole('radio', { name: 'keys and revocations' }).check();
    expect(await page.locator('.changes .changed').count()).toBe(0);
    await line.getByRole('link').click();
    await expectText(page, '.timeline .tomb', 'End');
    await page.context().close();
    await agentPage.context().close();
  });

  it('finds where an agent can be called when it is asked to, and shows each step', async () => {
    const page = await openNode();
    const asked: string[] = [];
    await page.route('**/v1/endpoint?*', (route) => {
      asked.push(new URL(route.request().url()).search);
      const step = { outcome: 'ok', from: 'the overlay', verifiedBy: 'a signature', tookMs: 3 };
      const endpoint = { class: 'adaptive', region: 'eu', token: 'a.b.c' };
      const expiresAt = new Date(Date.now() + 30_000).toISOString();
      return route.fulfill({
        json: {
          path: 'adaptive',
          endpoints: [{ ...endpoint, url: 'https://one.example/a2a', expiresAt }],
          trace: [
            { ...step, step: 'record', said: 'an AgentAddr' },
            { ...step, step: 'resolver', said: '<b>1 endpoint</b>', outcome: 'cached' },
          ],
        },
      });
    });
    await page.goto(`${lab.api.url}/#/agent/${encodeURIComponent(id)}`);
    await page.getByRole('heading', { name: 'Where it can be called' }).waitFor();
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'By its resolver' }).click();
    await expectText(page, '.found-endpoints li', 'https://one.example/a2a');
    await expectText(page, '.found-endpoints li', 'adaptive, eu, ends in');
    await expectText(page, '.trace li:nth-child(2)', '<b>1 endpoint</b>');
    expect(await page.getByRole('button', { name: 'By its resolver' }).getAttribute('aria-pressed')).toBe(
      'true',
    );
    expect(asked).toEqual([`?${new URLSearchParams({ agent: id, path: 'adaptive' })}`]);
    await page.context().close();
  });

  it('shows what strangers say as text, whatever it says', async () => {
    const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    const page = await lab.open(lab.api.url, {}, async (opened) => {
      await opened.route('**/v1/peers?*', async (route) => {
        const { peers } = (await (await route.fetch()).json()) as { peers: object[] };
        const said = { agentVersion: hostile + 'x'.repeat(3000), addresses: [hostile], protocols: [hostile] };
        await route.fulfill({ json: { peers: peers.map((peer) => ({ ...peer, ...said })) } });
      });
      await opened.route(/\/v1\/agents\/[^/]+$/, async (route) => {
        const text = await (await route.fetch()).text();
        const told = text.replaceAll('https://agents.example/facts', hostile);
        await route.fulfill({ body: told, contentType: 'application/json' });
      });
    });
    await page.locator('.peers tbody tr').first().waitFor();
    expect(await page.locator('.peers tbody').innerText()).toContain(hostile);
    expect(await overflow(page)).toBe(0);
    await page.goto(`${lab.api.url}/#/agent/${id}`);
    await expectText(page, '.record .url', hostile);
    expect(await page.locator('main img, main script').count()).toBe(0);
    await page.context().close();
  });

  it('is walked through by keys: skip link, landmarks, everything reachable, no trap', async () => {
    const page = await openNode();
    await page.locator('.peers tbody tr').first().waitFor();
    for (const landmark of ['banner', 'search', 'main', 'contentinfo'] as const)
      expect(await page.getByRole(landmark).count(), landmark).toBe(1);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.reload();
    await page.locator('.peers tbody tr').first().waitFor();
    const visited: string[] = [];
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      const name = await focused(page);
      if (name === '' || (visited.length > 0 && name === visited[0])) break;
      visited.push(name);
    }
    expect(visited.slice(0, 3)).toEqual(['Skip to the content', 'weft: this node', 'lookup']);
    for (const name of ['Look up', 'Copy the peer id', 'feed-filter', 'chart-window', 'Metrics'])
      expect(visited, name).toContain(name);
    expect(visited.length).toBeLessThan(80);
    await page.context().close();
  });

  it('is light or dark as the system says, and as the reader says from then on', async () => {
    const page = await openNode({ colorScheme: 'dark' });
    const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(await ground()).toBe(dark);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await ground()).toBe(light);
    const turn = page.getByRole('button', { name: /^Colours/ });
    await turn.click();
    await turn.click();
    expect(await ground()).toBe(dark);
    await page.reload();
    expect(await ground()).toBe(dark);
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)('has enough contrast when it is %s', async (colorScheme) => {
    const page = await openNode({ colorScheme });
    const colours = (await page.evaluate(`Object.fromEntries(
      ['paper', 'raised', 'ink', 'quiet', 'weft', 'second', 'cut', 'warn'].map((name) =>
        [name, getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()]))`)) as Record<
      string,
      string
    >;
    const { paper, raised, ...inks } = colours;
    for (const [name, ink] of Object.entries(inks))
      for (const ground of [paper!, raised!])
        expect(contrast(ink, ground), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    await page.context().close();
  });

  it('fits a phone, both of its views', async () => {
    const page = await openNode({ viewport: { width: 360, height: 740 } });
    await page.locator('.peers tbody tr').first().waitFor();
    expect(await overflow(page)).toBe(0);
    await page.goto(`${lab.api.url}/#/agent/${id}`);
    await page.locator('.timeline').waitFor();
    expect(await overflow(page)).toBe(0);
    await page.context().close();
  });

  it('asks for the token where reads are closed, and keeps it in this tab alone', async () => {
    const closed = await lab.serve(lab.nodes[1]!, { openReads: false });
    const page = await lab.open(closed.url);
    const field = page.getByLabel('Token', { exact: true });
    await field.fill('a wrong one');
    await field.press('Enter');
    await page.locator('.token').waitFor();
    expect(await page.locator('.figures').count()).toBe(0);
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Open' }).click();
    await expectText(page, '.peer-id', lab.nodes[1]!.node.peer);
    await page.locator('.stream.open').waitFor();
    expect(await page.evaluate('Object.values(sessionStorage)')).toEqual([token]);
    expect(await page.evaluate('Object.values(localStorage)')).toEqual([]);
    expect(page.url()).not.toContain('token');
    await page.context().close();
  });

  it('says when the node is silent, comes back by itself, and says what it may have missed', async () => {
    const server = await lab.serve(lab.nodes[1]!);
    const page = await lab.open(server.url);
    await page.locator('.stream.open').waitFor();
    await server.stop();
    await page.locator('.stream.lost').waitFor();
    await expectText(page, '.notices', 'does not answer');
    await lab.serve(lab.nodes[1]!, { port: server.port });
    await page.locator('.stream.open').waitFor();
    await page.locator('.changes .missed').waitFor();
    await expect.poll(() => page.locator('.notices p').count()).toBe(0);
    await lab.nodes[2]!.node.agents.rotate((await lab.nodes[2]!.node.agents.register({})).agentId);
    await page.locator('.changes .rotated').first().waitFor();
    lab.problems.length = 0; // Chromium tells of each connection that was refused.
    await page.context().close();
  });

  it('has the agent still after all this', async () => {
    expect((await lab.nodes[0]!.node.resolve(agentId)).status).toBe('ok');
  });
});

/** Recovered, rotated, written by a delegate, another one revoked; by nodes 1 and 2. */
async function makeEventfulAgent({ nodes }: DashboardLab): Promise<{ agentId: Uint8Array; id: string }> {
  const [, home, other] = nodes.map(({ node }) => node.agents);
  const { agentId } = await home!.register({
    primaryFactsUrl: 'https://agents.example/facts',
    adaptiveResolverUrl: 'https://agents.example/dispatch',
  });
  await home!.recover(agentId);
  await home!.rotate(agentId);
  const grant = { rights: ['op'], fields: ['adaptive'], expiresInSeconds: 3600 } as const;
  await home!.delegate(agentId, { ...grant, audience: await other!.createDelegateKey(agentId) });
  await other!.update(agentId, { adaptiveResolverUrl: 'https://eu.agents.example/dispatch' });
  const audience = await nodes[0]!.node.agents.createDelegateKey(agentId);
  const { slot } = await home!.delegate(agentId, { ...grant, audience });
  await home!.revokeDelegation(agentId, { slot }, 'superseded');
  return { agentId, id: formatAgentId(agentId) };
}

async function expectText(page: Page, place: string, text: string): Promise<void> {
  await page.locator(place).filter({ hasText: text }).first().waitFor();
}

/** By how much the page is wider than its window. */
async function overflow(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
}

/** What has the focus, by what it is called. */
async function focused(page: Page): Promise<string> {
  return (await page.evaluate(`(() => {
    const at = document.activeElement;
    if (at === null || at === document.body) return '';
    return at.getAttribute('aria-label') ?? (at.id || at.name || at.textContent.trim());
  })()`)) as string;
}

/** WCAG 2: of two colours as #rrggbb or #rgb. */
function contrast(left: string, right: string): number {
  const [dim, bright] = [left, right].map(luminance).sort((one, other) => one - other) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

function luminance(colour: string): number {
  const digits = colour.slice(1).replace(/^(.)(.)(.)$/, '$1$1$2$2$3$3');
  const [red, green, blue] = (digits.match(/../g) ?? []).map((pair) => {
    const part = Number.parseInt(pair, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
