import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { installNativeHash } from '../../src/adapters/native/native-hash.ts';
import { encodeLeaf } from '../../src/audit/leaf.ts';
import { createAuditLog } from '../../src/audit/log/audit-log.ts';
import { headKey } from '../../src/audit/log/log-rows.ts';
import { appendLeaf, emptyFrontier, rootOf } from '../../src/audit/merkle/frontier.ts';
import { hashLeaf } from '../../src/audit/merkle/tree-hash.ts';
import { holdsConsistency, holdsInclusion } from '../../src/audit/merkle/verify-proof.ts';
import { splitEntries } from '../../src/audit/tile/entry-bundle.ts';
import { widthInTree } from '../../src/audit/tile/tile-path.ts';
import { bytesEqual } from '../../src/core/bytes.ts';
import { type Store, StoreError } from '../../src/ports/store.ts';
import { check, eventOf, eventsOf, logSigner, openTestLog } from './test-log.ts';

installNativeHash();
const seenAt = 1_760_000_000;

/** The root of the first events, one leaf after another. */
function rootOfEvents(count: number): Uint8Array {
  const leaves = eventsOf(0, count).map((event) => hashLeaf(encodeLeaf({ ...event, seenAt })));
  return rootOf(leaves.reduce(appendLeaf, emptyFrontier));
}

describe('the log', () => {
  it('is empty at first, and has a name of its node', async () => {
    const { log } = await openTestLog(createMemoryStore());
    const first = await log.checkpoint();
    expect(first).toMatchObject({ size: 0, logId: '01'.repeat(8) });
    expect(first.origin).toBe(`weft/log/${first.peer}/${first.logId}`);
    expect(await log.seal()).toEqual(first);
    await expect(log.tile({ level: 0, index: 0, width: 1 })).rejects.toMatchObject({ code: 'no-such-tile' });
    await expect(log.proveInclusion(0, 0)).rejects.toMatchObject({ code: 'bad-size' });
  });

  it('has the tree of what was accepted, in that order, whatever was sealed together', async () => {
    const { log, accept } = await openTestLog(createMemoryStore());
    let count = 0;
    const heads = [];
    for (const step of [1, 2, 253, 1, 255, 1, 300, 1500]) {
      await accept(eventsOf(count, step));
      count += step;
      const sealed = await log.seal();
      expect(sealed.size).toBe(count);
      expect(bytesEqual(sealed.root, rootOfEvents(count))).toBe(true);
      heads.push(sealed);
    }
    const last = heads.at(-1)!;
    for (const head of heads)
      expect(holdsConsistency(head, last, await log.proveConsistency(head.size, last.size))).toBe(true);
    for (const index of [0, 1, 255, 256, 511, 512, 811, last.size - 1]) {
      const leaf = hashLeaf(encodeLeaf({ ...eventOf(index), seenAt }));
      for (const head of heads.filter(({ size }) => size > index))
        expect(holdsInclusion(leaf, index, head, await log.proveInclusion(index, head.size))).toBe(true);
    }
  });

  it('tells what it has of an agent, oldest first, and of more than asked for the newest', async () => {
    const { log, accept } = await openTestLog(createMemoryStore());
    await accept(eventsOf(0, 5000));
    await log.seal();
    const { agentId } = eventOf(7);
    const found = await log.entriesOf(agentId, 200);
    expect(found.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, n) => 7 + 50 * n));
    expect((await log.entriesOf(agentId, 3)).map(({ index }) => index)).toEqual([4857, 4907, 4957]);
    expect(await log.entriesOf(new Uint8Array(32), 10)).toEqual([]);
    expect((await log.entries(4998, 10)).map(({ index }) => index)).toEqual([4998, 4999]);
    expect(await log.entries(9999, 10)).toEqual([]);
  });

  it('serves every tile that its size has, as wide as asked, and no other', async () => {
    const { log, accept } = await openTestLog(createMemoryStore());
    await accept(eventsOf(0, 700));
    await log.seal();
    expect(await log.tile({ level: 0, index: 0, width: 256 })).toHaveLength(256 * 32);
    expect(await log.tile({ level: 0, index: 2, width: 188 })).toHaveLength(188 * 32);
    expect(await log.tile({ level: 0, index: 2, width: 17 })).toHaveLength(17 * 32);
    expect(await log.tile({ level: 1, index: 0, width: 2 })).toHaveLength(2 * 32);
    expect(splitEntries(await log.tile({ level: null, index: 2, width: 188 }))).toHaveLength(188);
    expect(splitEntries(await log.tile({ level: null, index: 1, width: 100 }))).toHaveLength(100);
    for (const [level, index, width] of [
      [0, 2, 189],
      [0, 3, 1],
      [1, 0, 3],
      [2, 0, 1],
      [63, 0, 1],
      [0, 2 ** 50, 1],
    ] as const)
      await expect(log.tile({ level, index, width })).rejects.toMatchObject({ code: 'no-such-tile' });
    expect(widthInTree(0, 2, 700)).toBe(188);
  });

  it.each([
    [-1, 5],
    [5, 5],
    [0.5, 5],
    [0, 701],
    [0, Number.NaN],
    [0, -1],
    [2 ** 53, 700],
  ])('refuses to prove entry %s of %s', async (index, size) => {
    const { log, accept } = await openTestLog(createMemoryStore());
    await accept(eventsOf(0, 700));
    await log.seal();
    await expect(log.proveInclusion(index, size)).rejects.toMatchObject({
      name: 'AuditError',
      code: 'bad-size',
    });
    await expect(log.proveConsistency(701, size)).rejects.toMatchObject({ code: 'bad-size' });
  });
});

/** A store whose next batch fails: refused, or applied and not answered, as a disk does. */
function faulty(store: Store): Store & { failNext(how: 'refused' | 'applied'): void } {
  let next: 'refused' | 'applied' | null = null;
  return {
    ...store,
    failNext: (how) => {
      next = how;
    },
    async write(writes) {
      const how = next;
      next = null;
      if (how === 'refused') throw new StoreError('disk-full', 'full');
      await store.write(writes);
      if (how === 'applied') throw new StoreError('write-failed', 'nobody knows');
    },
  };
}

describe('a log whose disk or process fails', () => {
  it('is the same log after a restart, with what waited', async () => {
    const store = createMemoryStore();
    const before = await openTestLog(store);
    await before.accept(eventsOf(0, 300));
    const sealed = await before.log.seal();
    await before.accept(eventsOf(300, 7));
    const after = await openTestLog(store);
    expect(await after.log.checkpoint()).toEqual(sealed);
    expect(after.queue.length).toBe(1);
    await after.accept(eventsOf(307, 3));
    const next = await after.log.seal();
    expect(next.size).toBe(310);
    expect(bytesEqual(next.root, rootOfEvents(310))).toBe(true);
  });

  it('never signs two trees of one size, whatever a failed batch did, and loses nothing', async () => {
    type Step = { accept: number; fail: 'refused' | 'applied' | null; restart: boolean };
    const step = fc.record<Step>({
      accept: fc.integer({ min: 0, max: 300 }),
      fail: fc.constantFrom(null, 'refused', 'applied'),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const store = faulty(createMemoryStore());
        let node = await openTestLog(store);
        await node.log.checkpoint();
        let count = 0;
        for (const { accept, fail, restart } of steps) {
          if (accept > 0) await node.accept(eventsOf(count, accept));
          count += accept;
          if (fail !== null) store.failNext(fail);
          await node.log.seal().catch(() => undefined);
          store.failNext('refused');
          await store.write([]).catch(() => undefined);
          if (restart) node = await openTestLog(store);
          const shown = await node.log.checkpoint();
          expect(bytesEqual(shown.root, rootOfEvents(shown.size))).toBe(true);
        }
        const last = await node.log.seal();
        expect(last.size).toBe(count);
        expect(bytesEqual(last.root, rootOfEvents(count))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps its tree and what waits while the disk is full, and goes on after', async () => {
    const store = createMemoryStore();
    const { log, accept, queue } = await openTestLog(store);
    await accept(eventsOf(0, 400));
    const sealed = await log.seal();
    await accept(eventsOf(400, 50));
    store.setCapacity(0);
    await expect(accept(eventsOf(450, 1))).rejects.toMatchObject({ code: 'disk-full' });
    await expect(log.seal()).rejects.toMatchObject({ code: 'disk-full' });
    expect(await log.checkpoint()).toEqual(sealed);
    expect(
      holdsInclusion(
        hashLeaf(encodeLeaf({ ...eventOf(9), seenAt })),
        9,
        sealed,
        await log.proveInclusion(9, 400),
      ),
    ).toBe(true);
    store.setCapacity(Number.MAX_SAFE_INTEGER);
    await accept(eventsOf(450, 1));
    const next = await log.seal();
    expect(bytesEqual(next.root, rootOfEvents(451))).toBe(true);
    expect(queue.length).toBe(0);
  });

  it('begins another log under another name when its head is gone, and denies nothing', async () => {
    const store = createMemoryStore();
    const before = await openTestLog(store);
    await before.accept(eventsOf(0, 600));
    const lost = await before.log.seal();
    store.damage(headKey);
    const after = await openTestLog(store, 1, 2);
    const begun = await after.log.checkpoint();
    expect(begun).toMatchObject({ size: 0, peer: lost.peer, logId: '02'.repeat(8) });
    await after.accept(eventsOf(0, 10));
    expect((await after.log.seal()).size).toBe(10);
    await expect(after.log.tile({ level: 0, index: 1, width: 1 })).rejects.toMatchObject({
      code: 'no-such-tile',
    });
    expect(lost.size).toBe(600);
  });

  it.each(['audit/entries/000000000002', 'audit/tile/0/000000000002', 'audit/agents/000000000000'])(
    'begins another log when its edge is gone (%s)',
    async (key) => {
      const store = createMemoryStore();
      let random = 0;
      const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(++random);
      const { queue, accept } = await openTestLog(store);
      const log = createAuditLog({ store, queue, signer: logSigner(1), check, randomBytes });
      await accept(eventsOf(0, 600));
      expect(await log.seal()).toMatchObject({ size: 600, logId: '01'.repeat(8) });
      store.damage(key);
      await accept(eventsOf(0, 7));
      const begun = await log.seal();
      expect(begun).toMatchObject({ size: 7, logId: '02'.repeat(8) });
      expect(bytesEqual(begun.root, rootOfEvents(7))).toBe(true);
    },
  );

  it('is another log under another identity', async () => {
    const store = createMemoryStore();
    const before = await openTestLog(store, 1);
    await before.accept(eventsOf(0, 6));
    const { peer } = await before.log.seal();
    const after = await openTestLog(store, 2);
    expect(await after.log.checkpoint()).toMatchObject({ size: 0, logId: '02'.repeat(8) });
    expect((await after.log.checkpoint()).peer).not.toBe(peer);
  });

  it('makes lost hashes anew from the entries, and says which entries are lost', async () => {
    const store = createMemoryStore();
    const { log, accept } = await openTestLog(store);
    await accept(eventsOf(0, 600));
    const head = await log.seal();
    const whole = await log.tile({ level: 0, index: 1, width: 256 });
    store.damage('audit/tile/0/000000000001');
    expect(bytesEqual(await log.tile({ level: 0, index: 1, width: 256 }), whole)).toBe(true);
    expect(
      holdsInclusion(
        hashLeaf(encodeLeaf({ ...eventOf(300), seenAt })),
        300,
        head,
        await log.proveInclusion(300, 600),
      ),
    ).toBe(true);
    store.damage('audit/entries/000000000001');
    await expect(log.entries(300, 1)).rejects.toMatchObject({ code: 'log-damaged' });
    await accept(eventsOf(600, 1));
    expect((await log.seal()).size).toBe(601);
  });

  it('shares one run among many who ask', async () => {
    const store = createMemoryStore();
    const { log, accept } = await openTestLog(store);
    await accept(eventsOf(0, 5));
    const sealed = await Promise.all(Array.from({ length: 20 }, () => log.seal()));
    expect(new Set(sealed.map(({ note }) => note)).size).toBe(1);
    expect(check).toBeTypeOf('function');
  });
});
