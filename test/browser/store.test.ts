/** The store of a page: the contract of every store, and what only a browser does. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumIsThere, loadModule, openChromium, type PageBrowser, whyNot } from './chromium.ts';
import type * as StorePage from './pages/store-page.ts';

const pageVitest = fileURLToPath(new URL('pages/page-vitest.ts', import.meta.url));

describe.runIf(chromiumIsThere)(`the store in IndexedDB, in Chromium${whyNot}`, () => {
  let browser: PageBrowser;
  let page: Page;

  beforeAll(async () => {
    browser = await openChromium();
    const alias = [{ find: /^vitest$/, replacement: pageVitest }];
    await browser.bundle('store', 'test/browser/pages/store-page.ts', { resolve: { alias } });
    page = await browser.open();
  });
  afterAll(() => browser?.close());

  it('keeps the contract of every store', async () => {
    const module = await loadModule<typeof StorePage>(page, 'store');
    const verdicts = await module.evaluate(({ runTests }) => runTests());
    expect(verdicts.filter(({ error }) => error !== null)).toEqual([]);
    expect(verdicts.length).toBeGreaterThanOrEqual(24);
  });

  it('keeps what it holds over a reload', async () => {
    const before = await loadModule<typeof StorePage>(page, 'store');
    await before.evaluate(async ({ createIndexedDbStore }) => {
      const store = await createIndexedDbStore({ name: 'kept' });
      await store.write([{ key: 'agent/1', value: Uint8Array.of(1, 2, 3) }]);
    });
    await page.reload();
    const after = await loadModule<typeof StorePage>(page, 'store');
    const kept = await after.evaluate(async ({ createIndexedDbStore }) => {
      const store = await createIndexedDbStore({ name: 'kept' });
      return [...((await store.get('agent/1')) ?? [])];
    });
    expect(kept).toEqual([1, 2, 3]);
  });

  it('is open in one page at a time', async () => {
    const module = await loadModule<typeof StorePage>(page, 'store');
    const codes = await module.evaluate(async ({ createIndexedDbStore }) => {
      const open = () =>
        createIndexedDbStore({ name: 'one' }).then(
          (store) => store,
          (error: { code: string }) => error.code,
        );
      const first = await open();
      const second = await open();
      if (typeof first !== 'string') await first.close();
      const third = await open();
      return [first, second, third].map((one) => (typeof one === 'string' ? one : 'open'));
    });
    expect(codes).toEqual(['open', 'locked', 'open']);
  });
});
