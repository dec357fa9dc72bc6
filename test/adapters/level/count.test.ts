/** The store counts its entries without looking for keys of which the writers know, and looks where they may be wrong. */
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLevelStore, type LevelStore } from '../../../src/adapters/level/level-store.ts';
import type { StoreWrite } from '../../../src/ports/store.ts';
import { temporaryDirectory } from './level-fixture.ts';

const put = (key: string, isNew?: boolean): StoreWrite => ({
  key,
  value: Uint8Array.of(1),
  ...(isNew !== undefined && { isNew }),
});
const remove = (key: string, isNew?: boolean): StoreWrite => ({ ...put(key, isNew), value: null });

/** An empty store that was compared with its roster, and the keys that are looked for from then on. */
async function openWatched(options: { readonly freeBytes?: () => Promise<number> } = {}) {
  const directory = await temporaryDirectory();
  const store = await createLevelStore({ directory, ballastBytes: 0, freeBytesMin: 1, ...options });
  onTestFinished(() => store.close());
  await store.audited;
  const looks = vi.spyOn(ClassicLevel.prototype, 'hasMany');
  onTestFinished(() => looks.mockRestore());
  return { directory, store, lookedFor: () => looks.mock.calls.flatMap(([keys]) => keys as unknown[]) };
}

const entriesOf = async (store: LevelStore): Promise<number> => (await store.statistics()).entries;

describe('the count of entries', () => {
  it('follows what writers know, without a look', async () => {
    const { store, lookedFor } = await openWatched();
    await store.write([put('a', true), put('b', true), put('c', true)]);
    await store.write([put('a', false), remove('b', false), remove('none', true)]);
    expect(await entriesOf(store)).toBe(2);
    expect(lookedFor()).toEqual([]);
  });

  it('looks for keys of which nothing is known', async () => {
    const { store, lookedFor } = await openWatched();
    await store.write([put('a', true), put('b')]);
    await store.write([put('a'), put('b', false), remove('none')]);
    expect(await entriesOf(store)).toBe(2);
    expect(lookedFor()).toEqual(['k/b', 'k/a', 'k/none']);
  });

  it('holds for changes of one key that wait together', async () => {
    const { store } = await openWatched();
    await store.write([put('a', true)]);
    await Promise.all([
      store.write([remove('a')]),
      store.write([put('a', true)]),
      store.write([put('b', true)]),
      store.write([put('b', false)]),
      store.write([remove('b', false)]),
    ]);
    expect(await entriesOf(store)).toBe(1);
  });

  it('takes nobody at his word once a write was refused', async () => {
    let freeBytes = 2 ** 30;
    const { store, lookedFor } = await openWatched({ freeBytes: async () => freeBytes });
    freeBytes = 0;
    await store.statistics();
    await expect(store.write([put('a', true)])).rejects.toMatchObject({ code: 'disk-full' });
    freeBytes = 2 ** 30;
    await store.statistics();
    // The writer believes that the write before this one came through.
    await store.write([put('a', false)]);
    expect(await entriesOf(store)).toBe(1);
    expect(lookedFor()).toEqual(['k/a']);
  });

  it('takes nobody at his word once an entry was taken out of service', async () => {
    const { directory, store } = await openWatched();
    await store.write([put('a', true), put('b', true)]);
    await store.close();
    const records = new ClassicLevel(join(directory, 'records'));
    await records.clear();
    await records.close();
    const again = await createLevelStore({ directory, ballastBytes: 0 });
    onTestFinished(() => again.close());
    expect(await again.audited).toMatchObject({ lost: 2 });
    // The writer has not heard of it yet.
    await again.write([put('a', false)]);
    expect(await entriesOf(again)).toBe(1);
  });
});
