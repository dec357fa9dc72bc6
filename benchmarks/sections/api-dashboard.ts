/** How fast the dashboard of a daemon is there in Chromium, and how much it is. */
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Response } from 'playwright-core';
import { median } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { withDaemons } from './api-client.ts';

/** The section. */
export const apiDashboardSection: Section = {
  name: 'dashboard',
  summary: 'from opening the dashboard in Chromium until it is loaded, and its size',
  run: runDashboard,
};

const executablePath = '/usr/bin/chromium';
const launchArguments = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];

interface Load {
  /** From the navigation until all files are there and the page shows what the daemon says of itself. */
  readonly loadMs: number;
  readonly bytes: number;
  readonly bytesGzipped: number;
  readonly files: number;
}

function runDashboard({ quick, progress }: RunSettings): Promise<SectionResult> {
  if (!existsSync(executablePath)) return Promise.resolve(notMeasured(`there is no ${executablePath}`));
  const loads = quick ? 3 : 10;
  return withDaemons(3, async ([daemon]) => {
    const page = await fetch(`${daemon!.api.url}/`);
    if (page.status !== 200) return notMeasured('the daemon serves no dashboard: npm run build makes it');
    const browser = await chromium.launch({ executablePath, args: launchArguments });
    try {
      // The first start of the browser's own processes is not what is measured.
      await load(browser, daemon!.api.url);
      const found: Load[] = [];
      for (let index = 0; index < loads; index++) found.push(await load(browser, daemon!.api.url));
      progress(`dashboard: loaded ${loads} times`);
      return report(found);
    } finally {
      await browser.close();
    }
  });
}

/** In a profile of its own: nothing is cached. */
async function load(browser: Browser, url: string): Promise<Load> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const responses: Response[] = [];
    page.on('response', (response) => {
      if (!new URL(response.url()).pathname.startsWith('/v1/')) responses.push(response);
    });
    const { peer } = (await (await fetch(`${url}/v1/status`)).json()) as { peer: string };
    const beganMs = performance.now();
    await page.goto(`${url}/`, { waitUntil: 'load' });
    await page.waitForFunction((text) => document.body.innerText.includes(text), peer.slice(-6));
    const loadMs = performance.now() - beganMs;
    const bodies = await Promise.all(responses.map((response) => response.body()));
    const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
    return {
      loadMs,
      bytes: sum(bodies.map((body) => body.length)),
      bytesGzipped: sum(bodies.map((body) => gzipSync(body).length)),
      files: bodies.length,
    };
  } finally {
    await context.close();
  }
}

function notMeasured(reason: string): SectionResult {
  const table = { title: `Dashboard: not measured, ${reason}`, columns: [''], rows: [] };
  return { data: { notMeasured: reason }, measurements: {}, tables: [table], charts: [] };
}

function report(loads: readonly Load[]): SectionResult {
  const times = loads.map(({ loadMs }) => loadMs);
  const [{ bytes, bytesGzipped, files }] = loads as [Load];
  const figures = { medianMs: median(times), worstMs: Math.max(...times), bytes, bytesGzipped, files };
  return {
    data: { loads: loads.length, ...figures },
    measurements: {
      'dashboard/loadMs': figures.medianMs,
      'dashboard/kilobytesGzipped': bytesGzipped / 1000,
    },
    tables: [
      {
        title: `The dashboard in Chromium, nothing cached, ${loads.length} times`,
        columns: ['what', 'value', 'unit'],
        rows: [
          ['loaded, median', formatNumber(figures.medianMs), 'ms'],
          ['loaded, worst', formatNumber(figures.worstMs), 'ms'],
          [`its ${files} files`, formatNumber(bytes / 1000), 'kB'],
          ['the same gzipped', formatNumber(bytesGzipped / 1000), 'kB'],
        ],
        notes: ['Loaded is when the page shows what the daemon says of itself.'],
      },
    ],
    charts: [],
  };
}
