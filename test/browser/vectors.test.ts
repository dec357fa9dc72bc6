/** A page gives the verdicts of Node: the same vectors by the same suites, over @noble alone. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumIsThere, loadModule, openChromium, type PageBrowser, whyNot } from './chromium.ts';
import { embeddedFiles } from './embedded-files.ts';
import type { PageVerdict } from './pages/page-vitest.ts';
import type * as VectorsPage from './pages/vectors-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pageVitest = fileURLToPath(new URL('pages/page-vitest.ts', import.meta.url));
const carried = [
  'test/vectors/ed25519/*.json',
  'test/vectors/{valid,invalid}/**/*.json',
  'docs/protocol.cddl',
];

describe.runIf(chromiumIsThere)(`verification in Chromium${whyNot}`, () => {
  let browser: PageBrowser;
  let verdicts: readonly PageVerdict[];

  beforeAll(async () => {
    browser = await openChromium();
    await browser.bundle('vectors', 'test/browser/pages/vectors-page.ts', {
      plugins: [embeddedFiles(root, carried)],
      resolve: { alias: [{ find: /^vitest$/, replacement: pageVitest }] },
    });
    const module = await loadModule<typeof VectorsPage>(await browser.open(), 'vectors');
    verdicts = await module.evaluate(({ runTests }) => runTests());
  });
  afterAll(() => browser?.close());

  it('§1: gives the verdicts of Node on every vector, signatures included', () => {
    expect(verdicts.filter(({ error }) => error !== null)).toEqual([]);
    expect(browser.problems).toEqual([]);
  });

  it.each([
    ['verifier contract: noble', 7],
    ['the rule itself', 1],
    ['valid identity vectors', 20],
    ['invalid identity vectors', 60],
    ['valid record vectors', 20],
    ['invalid record vectors', 60],
  ])('runs the suite "%s"', (suite, atLeast) => {
    expect(verdicts.filter(({ name }) => name.startsWith(suite)).length).toBeGreaterThanOrEqual(atLeast);
  });
});
