/** The blobs of a storing peer on its disk, and the facts that a node keeps in the overlay, in time that is moved by hand. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { bytesEqual, bytesToHex, utf8FromBytes } from '../../src/core/bytes.ts';
import { contentUrl, readContent } from '../../src/core/content/content.ts';
import { contentKeptSeconds } from '../../src/core/limits.ts';
import { blindDigest } from '../../src/core/record/pointer.ts';
import { createChangeBus } from '../../src/driver/change-bus.ts';
import type { Log } from '../../src/ports/log.ts';
import { openContentShelf } from '../../src/private/content-shelf.ts';
import { createFactsKeeper } from '../../src/private/facts-keeper.ts';
import { contentBytes } from '../core/content/sample-content.ts';
import { createManualClock, settled, startMs } from '../node/fake-network.ts';

const now = startMs / 1000;
const minuteMs = 60_000;
const sizeBytesMax = 1024 * 1024;
const untilLater = now + 30 * contentKeptSeconds;
const content = (bytes: Uint8Array) => readContent(bytes, now);

describe('the shelf of contents', () => {
  it('holds bytes until they end, or are not sent again', async () => {
    const [store, clock] = [createMemoryStore(), createManualClock()];
    const shelf = await openContentShelf(store, clock, sizeBytesMax);
    const bytes = contentBytes('a', untilLater);
    const { digest } = content(bytes);
    expect(await shelf.put(content(bytes), bytes, 'a peer')).toBe(true);
    expect(await shelf.get(digest)).toEqual(bytes);
    await clock.advance((contentKeptSeconds - 1) * 1000);
    expect(shelf.renew(digest, 'another')).toBe(true);
    await clock.advance((contentKeptSeconds - 1) * 1000);
    expect(await shelf.get(digest)).toEqual(bytes);
    await clock.advance(2_000);
    expect(await shelf.get(digest)).toBeNull();
    // What is over goes from the disk with the next that comes.
    const other = contentBytes('b', untilLater);
    await shelf.put(content(other), other, 'a peer');
    expect((await store.statistics()).entries).toBe(1);
  });

  it('stands through a restart, without what has ended meanwhile', async () => {
    const [store, clock] = [createMemoryStore(), createManualClock()];
    const first = await openContentShelf(store, clock, sizeBytesMax);
    const [long, short] = [contentBytes('long', untilLater), contentBytes('short', now + 600)];
    await first.put(content(long), long, 'a peer');
    await first.put(content(short), short, 'a peer');
    await clock.advance(3600_000);
    const second = await openContentShelf(store, clock, sizeBytesMax);
    expect(second.size).toBe(1);
    expect(await second.get(content(long).digest)).toEqual(long);
    expect(await second.get(content(short).digest)).toBeNull();
    await clock.advance(3 * 3600_000);
    expect(await second.get(content(long).digest)).toBeNull();
  });

  it('drops what is damaged on the disk, and takes it anew', async () => {
    const [store, clock] = [createMemoryStore(), createManualClock()];
    const shelf = await openContentShelf(store, clock, sizeBytesMax);
    const bytes = contentBytes('a', untilLater);
    const { digest } = content(bytes);
    await shelf.put(content(bytes), bytes, 'a peer');
    const key = `content/${bytesToHex(digest)}`;
    const entry = (await store.get(key))!;
    entry[entry.length - 5]! ^= 1;
    await store.write([{ key, value: entry }]);
    expect(await shelf.get(digest)).toBeNull();
    expect(shelf.renew(digest, 'a peer')).toBe(false);
    expect(await shelf.put(content(bytes), bytes, 'a peer')).toBe(true);
    expect(await shelf.get(digest)).toEqual(bytes);
  });

  it('is never larger than its bound, on the disk too', async () => {
    const [store, clock] = [createMemoryStore(), createManualClock()];
    const shelf = await openContentShelf(store, clock, 40_000);
    const honest = contentBytes('honest', untilLater);
    await shelf.put(content(honest), honest, 'an honest peer');
    for (let index = 0; index < 40; index++) {
      const bytes = contentBytes(`flood ${index}`, untilLater, 6_000);
      await shelf.put(content(bytes), bytes, 'a flooder');
    }
    expect((await store.statistics()).sizeBytes).toBeLessThan(44_000);
    expect(await shelf.get(content(honest).digest)).toEqual(honest);
  });

  it('forgets what the store did not take', async () => {
    const [store, clock] = [createMemoryStore({ capacityBytes: 0 }), createManualClock()];
    const shelf = await openContentShelf(store, clock, sizeBytesMax);
    const bytes = contentBytes('a', untilLater);
    await expect(shelf.put(content(bytes), bytes, 'a peer')).rejects.toThrow(
      expect.objectContaining({ code: 'disk-full' }),
    );
    expect([shelf.size, await shelf.get(content(bytes).digest)]).toEqual([0, null]);
  });
});

describe('facts kept in the overlay', () => {
  const agentId = new Uint8Array(32).fill(4);
  const log = { debug: vi.fn(), warn: vi.fn(), child: () => log } as unknown as Log;
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  function createKeeper(given: { isPointable?: boolean; holders?: number } = {}) {
    const [store, clock] = [createMemoryStore(), createManualClock()];
    const bus = createChangeBus();
    const world = {
      text: utf8FromBytes(contentBytes('first', untilLater)) as string | null,
      holders: given.holders ?? 5,
      held: [] as { isKnown: boolean; text: string }[],
      pointed: [] as (string | Uint8Array)[],
    };
    const open = () => {
      const keeper = createFactsKeeper({
        ...{ store, clock, log, entropy: createSystemEntropy() },
        async hold(bytes, { isKnown = false } = {}) {
          world.held.push({ isKnown, text: utf8FromBytes(bytes) });
          const { digest } = content(bytes);
          return { digest, url: contentUrl(digest), holders: world.holders, asked: 8, refusal: null };
        },
        async readFacts() {
          if (world.text === null) throw new Error('gone');
          const bytes = new TextEncoder().encode(world.text);
          return { text: world.text, digest: bytesToHex(content(bytes).digest), validUntil: untilLater };
        },
        isGone: (error) => (error as Error).message === 'gone',
        changes: (options) => bus.read(options),
        async point(_, url) {
          world.pointed.push(url);
          return given.isPointable ?? true;
        },
      });
      stops.push(() => keeper.stop());
      return keeper;
    };
    return { world, clock, store, open, bus };
  }

  it('are sent again within the hour, as a digest where they are known', async () => {
    const { world, clock, open } = createKeeper();
    const kept = await open().publish(agentId, 'plain');
    expect(kept).toMatchObject({ pointer: 'plain', salt: null, isPointed: true, holders: 5 });
    expect(world.pointed).toEqual([kept.url]);
    expect(world.held.map(({ isKnown }) => isKnown)).toEqual([false]);
    await clock.advance(60 * minuteMs);
    expect(world.held.map(({ isKnown }) => isKnown)).toEqual([false, true]);
  });

  it('follow what is served: the new ones once they were signed anew, and nothing once it is gone', async () => {
    const { world, clock, store, open } = createKeeper();
    await open().publish(agentId, 'plain');
    world.text = utf8FromBytes(contentBytes('second', untilLater));
    await clock.advance(60 * minuteMs);
    expect(world.held.at(-1)).toEqual({ isKnown: false, text: world.text });
    expect(new Set(world.pointed).size).toBe(2);
    world.text = null;
    await clock.advance(60 * minuteMs);
    const sent = world.held.length;
    await clock.advance(600 * minuteMs);
    expect(world.held.length).toBe(sent);
    expect((await store.statistics()).entries).toBe(0);
  });

  it('are tried again soon where nobody held them, and the record does not lead there before', async () => {
    const { world, clock, open } = createKeeper({ holders: 0 });
    expect((await open().publish(agentId, 'plain')).isPointed).toBe(false);
    expect(world.pointed).toEqual([]);
    world.holders = 3;
    await clock.advance(2 * minuteMs);
    expect(world.pointed.length).toBeGreaterThan(0);
  });

  it('are brought anew soon after the keys of their agent changed, not after other changes', async () => {
    const { world, clock, open, bus } = createKeeper();
    await open().publish(agentId, 'plain');
    world.text = utf8FromBytes(contentBytes('second', untilLater));
    const change = { agentId, source: 'local', acceptedAtMs: startMs, state: null as never } as const;
    bus.emit({ ...change, change: 'changed' });
    bus.emit({ ...change, change: 'rotated', agentId: new Uint8Array(32) });
    await clock.advance(minuteMs);
    expect(world.held).toHaveLength(1);
    bus.emit({ ...change, change: 'rotated' });
    await settled();
    await clock.advance(minuteMs);
    expect(world.held.at(-1)).toEqual({ isKnown: false, text: world.text });
  });

  it('have one blinded pointer as long as they are the same', async () => {
    const { world, clock, open } = createKeeper();
    const keeper = open();
    const first = await keeper.publish(agentId, 'blinded');
    expect(bytesEqual(world.pointed[0] as Uint8Array, blindDigest(first.salt!, agentId, first.url))).toBe(
      true,
    );
    const again = await keeper.publish(agentId, 'blinded');
    expect(again.salt).toEqual(first.salt);
    await clock.advance(60 * minuteMs);
    expect(world.pointed.at(-1)).toEqual(world.pointed[0]);
  });

  it('go on after a restart, and no more after a release', async () => {
    const { world, clock, open } = createKeeper({ isPointable: false });
    const first = open();
    expect((await first.publish(agentId, 'plain')).isPointed).toBe(false);
    await first.stop();
    const second = open();
    await second.start();
    await clock.advance(minuteMs);
    expect(world.held.map(({ isKnown }) => isKnown)).toEqual([false, true]);
    expect(await second.release(agentId)).toBe(true);
    expect(await second.release(agentId)).toBe(false);
    await clock.advance(600 * minuteMs);
    await settled();
    expect(world.held).toHaveLength(2);
  });
});
