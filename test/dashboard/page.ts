/** The dashboard in Chromium over live nodes: what a page may not do is written down, and fails the test that asks. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { createLiveNetwork, type LiveNetwork, type LiveNode } from '../helpers/live-nodes.ts';
import { type BuiltDashboard, buildDashboard } from './built.ts';

export const token = 'the token of the tests';

export type PageOptions = Parameters<Browser['newContext']>[0];

export interface DashboardLab {
  readonly built: BuiltDashboard;
  readonly network: LiveNetwork;
  readonly nodes: readonly LiveNode[];
  /** Of the first node, reads open. */
  readonly api: ApiServer;
  /** Errors of all pages, what broke the policy, and requests to elsewhere. */
  readonly problems: string[];
  serve(
    node: LiveNode,
    options?: { readonly port?: number; readonly openReads?: boolean },
  ): Promise<ApiServer>;
  /** A page in a profile of its own. @param prepare is given the page before it goes anywhere */
  open(url: string, options?: PageOptions, prepare?: (page: Page) => unknown): Promise<Page>;
  close(): Promise<void>;
}

/** So many nodes, and a browser. */
export async function openLab(nodeCount: number): Promise<DashboardLab> {
  const built = await buildDashboard();
  const network = createLiveNetwork();
  const nodes = await network.startMany(nodeCount);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const problems: string[] = [];
  const servers: ApiServer[] = [];

  async function serve(
    live: LiveNode,
    { port = 0, openReads = true }: { readonly port?: number; readonly openReads?: boolean } = {},
  ): Promise<ApiServer> {
    const server = await startApi(live.node, {
      host: '127.0.0.1',
      port,
      remote: false,
      token,
      connectionsMax: 64,
      openReads,
      dashboardFolder: built.folder,
      onDefect: (error, route) => problems.push(`${route}: ${String(error)}`),
    });
    servers.push(server);
    return server;
  }

  return {
    built,
    network,
    nodes,
    api: await serve(nodes[0]!),
    problems,
    serve,
    async open(url, options = {}, prepare) {
      const context = await browser.newContext({ locale: 'en-GB', ...options });
      await watch(context, url, problems);
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      await prepare?.(page);
      await page.goto(url);
      return page;
    },
    async close() {
      await browser.close();
      await Promise.all(servers.map((server) => server.stop()));
      await network.stop();
      await built.remove();
    },
  };
}

async function watch(context: BrowserContext, url: string, problems: string[]): Promise<void> {
  const origin = new URL(url).origin;
  // As text: what a test file says in code, vitest would rewrite.
  await context.addInitScript(`addEventListener('securitypolicyviolation', (event) => {
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI);
  })`);
  context.on('page', (page) => {
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      // Chromium itself says so of each answer that is an error; the tests of those look at the page.
      const isStatus = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isStatus) problems.push(message.text());
    });
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const place = request.url();
      if (!place.startsWith(`${origin}/`) && !place.startsWith('data:')) problems.push(`request: ${place}`);
    });
  });
}
