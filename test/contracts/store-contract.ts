/** What every store promises (ports/store), run against each implementation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';

export interface StoreSubject {
  readonly store: Store;
  /** Damages an entry where it is kept; the store to go on with. */
  damage(key: string): Promise<Store>;
  /** As when another program fills the disk, and frees it again. */
  setFull(isFull: boolean): Promise<void>;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const put = (key: string, ...values: number[]) => ({ key, value: bytes(...values) });
const del = (key: string) => ({ key, value: null });

async function all(store: Store, prefix: string): Promise<[string, number[]][]> {
  const found: [string, number[]][] = [];
  for await (const [key, value] of store.entries(prefix)) found.push([key, [...value]]);
  return found;
}

/** Nothing but the suite: it also runs in a page. */
export function storeContract(name: string, createSubject: () => Promise<StoreSubject>): void {
  describe(`the store in ${name}`, () => {
    it('reads back what was written, also an empty value', async () => {
      const { store } = await createSubject();
      await store.write([put('a/1', 1, 2, 3), put('a/2')]);
      expect(await store.get('a/1')).toEqual(bytes(1, 2, 3));
      expect(await store.get('a/2')).toEqual(bytes());
    });

    it('returns plain bytes that the reader may change', async () => {
      const { store } = await createSubject();
      await store.write([put('a', 1, 2)]);
      const value = (await store.get('a'))!;
      expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
      value[0] = 9;
      expect(await store.get('a')).toEqual(bytes(1, 2));
    });

    it('keeps the bytes as they were at the call, whatever the caller does with them later', async () => {
      const { store } = await createSubject();
      const value = bytes(1, 2);
      const written = store.write([{ key: 'a', value }]);
      value.fill(9);
      await written;
      expect(await store.get('a')).toEqual(bytes(1, 2));
    });

    it('has nothing under a key that was never written or was deleted', async () => {
      const { store } = await createSubject();
      const reported: string[] = [];
      store.onCorrupt((key) => reported.push(key));
      await store.write([put('a', 1)]);
      await store.write([del('a'), del('never')]);
      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('b')).toBeUndefined();
      expect(reported).toEqual([]);
    });

    it('applies the writes of one call in order', async () => {
      const { store } = await createSubject();
      await store.write([put('a', 1), del('a'), put('b', 1), put('b', 2)]);
      expect(await all(store, '')).toEqual([['b', [2]]]);
    });

    it('applies calls in the order in which they were made', async () => {
      const { store } = await createSubject();
      await Promise.all(Array.from({ length: 100 }, (_, index) => store.write([put('a', index)])));
      expect(await store.get('a')).toEqual(bytes(99));
    });

    it('accepts an empty list of writes', async () => {
      const { store } = await createSubject();
      await store.write([]);
      expect((await store.statistics()).entries).toBe(0);
    });

    it('lists the entries under a prefix in key order and no others', async () => {
      const { store } = await createSubject();
      await store.write([
        put('b/2', 2),
        put('b/1', 1),
        put('b', 0),
        put('a/1', 3),
        put('b0', 4),
        put('c/1', 5),
      ]);
      expect(await all(store, 'b/')).toEqual([
        ['b/1', [1]],
        ['b/2', [2]],
      ]);
    });

    it('lists more entries than one page holds', async () => {
      const { store } = await createSubject();
      const keys = Array.from({ length: 1000 }, (_, index) => `k/${String(index).padStart(4, '0')}`);
      await store.write(keys.map((key, index) => put(key, index & 255)));
      expect((await all(store, 'k/')).map(([key]) => key)).toEqual(keys);
    });

    it('lets a reader stop early and a writer write while it reads', async () => {
      const { store } = await createSubject();
      await store.write([put('a', 1), put('b', 2), put('c', 3)]);
      for await (const [key] of store.entries('')) {
        await store.write([put('a', 9)]);
        if (key === 'b') break;
      }
      expect(await store.get('a')).toEqual(bytes(9));
    });

    it('counts its entries', async () => {
      const { store } = await createSubject();
      await store.write([put('a', 1), put('b', 2)]);
      await store.write([put('a', 3), put('c', 4), del('b'), del('x')]);
      const { entries, sizeBytes, full, quarantined } = await store.statistics();
      expect({ entries, full, quarantined }).toEqual({ entries: 2, full: false, quarantined: 0 });
      expect(sizeBytes).toBeGreaterThan(0);
    });

    it('never serves a damaged entry: it reads as nothing and is reported once', async () => {
      const subject = await createSubject();
      await subject.store.write([put('a', 1), put('b', 2)]);
      const store = await subject.damage('a');
      const reported: string[] = [];
      store.onCorrupt((key) => reported.push(key));
      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('b')).toEqual(bytes(2));
      expect(reported).toEqual(['a']);
      expect((await store.statistics()).quarantined).toBe(1);
    });

    it('leaves a damaged entry out of a listing and reports it', async () => {
      const subject = await createSubject();
      await subject.store.write([put('a', 1), put('b', 2), put('c', 3)]);
      const store = await subject.damage('b');
      const reported: string[] = [];
      store.onCorrupt((key) => reported.push(key));
      expect((await all(store, '')).map(([key]) => key)).toEqual(['a', 'c']);
      expect(reported).toEqual(['b']);
    });

    it('reports to the first listener what was found before it came', async () => {
      const subject = await createSubject();
      await subject.store.write([put('a', 1)]);
      const store = await subject.damage('a');
      expect(await store.get('a')).toBeUndefined();
      const reported: string[] = [];
      store.onCorrupt((key) => reported.push(key));
      expect(reported).toEqual(['a']);
    });

    it('takes a new value for an entry that was damaged', async () => {
      const subject = await createSubject();
      await subject.store.write([put('a', 1)]);
      const store = await subject.damage('a');
      expect(await store.get('a')).toBeUndefined();
      await store.write([put('a', 7)]);
      expect(await store.get('a')).toEqual(bytes(7));
    });

    it('refuses growth when the disk is full, and still reads and deletes', async () => {
      const { store, setFull } = await createSubject();
      await store.write([put('a', 1), put('b', 2)]);
      await setFull(true);
      expect((await store.statistics()).full).toBe(true);
      await expect(store.write([put('c', 3)])).rejects.toMatchObject({
        name: 'StoreError',
        code: 'disk-full',
      });
      await expect(store.write([del('a'), put('c', 3)])).rejects.toMatchObject({ code: 'disk-full' });
      expect(await store.get('a')).toEqual(bytes(1));
      await store.write([del('a')]);
      expect(await all(store, '')).toEqual([['b', [2]]]);
      await setFull(false);
      await store.write([put('c', 3)]);
      expect(await store.get('c')).toEqual(bytes(3));
    });

    it('refuses everything once closed, and closes twice', async () => {
      const { store } = await createSubject();
      await store.write([put('a', 1)]);
      await store.close();
      await store.close();
      const closed = { name: 'StoreError', code: 'closed' };
      await expect(store.write([put('a', 1)])).rejects.toMatchObject(closed);
      await expect(store.get('a')).rejects.toMatchObject(closed);
      await expect(all(store, '')).rejects.toMatchObject(closed);
      await expect(store.statistics()).rejects.toMatchObject(closed);
    });

    it('finishes the writes that were under way when it is closed', async () => {
      const { store } = await createSubject();
      const written = Promise.all([store.write([put('a', 1)]), store.write([put('b', 1)])]);
      await store.close();
      await expect(written).resolves.toHaveLength(2);
    });

    it.each(['', 'a b', 'ä', 'a\u0000', 'x'.repeat(513)])(
      'refuses the key %j as a mistake of the caller',
      async (key) => {
        const { store } = await createSubject();
        await expect(store.write([put(key, 1)])).rejects.toThrow(TypeError);
        await expect(store.get(key)).rejects.toThrow(TypeError);
      },
    );

    it('behaves as a sorted map under any sequence of calls', async () => {
      const key = fc.constantFrom('a', 'a/1', 'a/2', 'b/1', 'b/~', 'c');
      const value = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null });
      const call = fc.array(fc.record({ key, value }), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
          const { store } = await createSubject();
          const model = new Map<string, Uint8Array>();
          for (const writes of calls) {
            for (const write of writes) {
              if (write.value === null) model.delete(write.key);
              else model.set(write.key, write.value);
            }
          }
          await Promise.all(calls.map((writes) => store.write(writes)));
          const expected = [...model].sort(([left], [right]) => (left < right ? -1 : 1));
          expect(await all(store, '')).toEqual(expected.map(([name, held]) => [name, [...held]]));
          expect((await store.statistics()).entries).toBe(model.size);
          await store.close();
        }),
        { numRuns: 25 },
      );
    });
  });
}
