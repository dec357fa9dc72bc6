/**
 * Takes the picture of a simulation's report that docs/simulation.md shows:
 * `npm run sim -- partition-and-heal --report report.html && node scripts/report-picture.ts report.html`.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { withPalette } from './palette-image.ts';

const size = { width: 1240, height: 1490 };
const [
  report,
  target = join(fileURLToPath(new URL('..', import.meta.url)), 'docs/images/simulation-report.png'),
] = process.argv.slice(2);
if (report === undefined) throw new Error('name the report: node scripts/report-picture.ts report.html');

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--font-render-hinting=none'],
});
try {
  const page = await browser.newPage({ viewport: size, colorScheme: 'light' });
  await page.goto(pathToFileURL(resolve(report)).href);
  writeFileSync(target, withPalette(await page.screenshot()));
} finally {
  await browser.close();
}
