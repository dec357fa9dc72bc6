/** Pages in the system's Chromium for tests: what runs there is bundled from the source, and served on loopback. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type JSHandle, type Page } from 'playwright-core';
import { build, type InlineConfig } from 'vite';

const executablePath = '/usr/bin/chromium';
const launchArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const root = fileURLToPath(new URL('../..', import.meta.url));
const typeByExtension: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** In CI a missing Chromium is a failure; elsewhere the tests of pages say why they do not run. */
export const chromiumIsThere = existsSync(executablePath) || process.env['CI'] === 'true';

/** For the name of a test that does not run. */
export const whyNot = chromiumIsThere ? '' : ` (not run: there is no ${executablePath})`;

export interface PageBrowser {
  /** Where built files go: what stands here is served at `/`. */
  readonly folder: string;
  readonly url: string;
  /** Bundles a module of the project as `/<name>.js`. */
  bundle(name: string, entry: string, config?: InlineConfig): Promise<void>;
  /** A page in a profile of its own at this path (an empty page when left out); what it throws is in `problems`. */
  open(path?: string): Promise<Page>;
  /** Errors that nobody caught in a page, and error lines of its console. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** One Chromium; close it in an `afterAll`. */
export async function openChromium(): Promise<PageBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-page-'));
  const server = createPageServer(folder);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const problems: string[] = [];
  const browser: Browser = await chromium.launch({ executablePath, args: launchArguments });
  return {
    folder,
    url,
    problems,
    bundle: (name, entry, config = {}) => bundlePage(folder, name, entry, config),
    async open(path = '/') {
      const page = await (await browser.newContext()).newPage();
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      await page.goto(`${url}${path}`);
      return page;
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A module that the server has, in this page. As text: what a test file says in code, vitest would rewrite. */
export async function loadModule<Module>(page: Page, name: string): Promise<JSHandle<Module>> {
  return (await page.evaluateHandle(`import('/${name}.js')`)) as JSHandle<Module>;
}

async function bundlePage(folder: string, name: string, entry: string, config: InlineConfig): Promise<void> {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    ...config,
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      modulePreload: false,
      chunkSizeWarningLimit: 10_000,
      rolldownOptions: {
        input: join(root, entry),
        preserveEntrySignatures: 'strict',
        output: { format: 'es', entryFileNames: `${name}.js`, codeSplitting: false },
      },
    },
  });
}

function createPageServer(folder: string): Server {
  return createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>weft</title><link rel="icon" href="data:,">');
      return;
    }
    try {
      const content = await readFile(join(folder, path));
      response.setHeader('content-type', typeByExtension[extname(path)] ?? 'application/octet-stream');
      response.end(content);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
}
