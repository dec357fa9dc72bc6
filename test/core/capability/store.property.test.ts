/** What one storing peer keeps of announcements in all (docs/protocol.md §7): bounded, and fair to who brings little. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDraw, hourOf } from '../../../src/core/capability/ranked-set.ts';
import { type CapabilityStore, createCapabilityStore } from '../../../src/core/peer/capability-store.ts';
import { createRandom } from '../../../src/core/rng.ts';
import { testPeerId } from '../../helpers/peer-network.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 29);
const hash = (name: string): Buffer => createHash('sha256').update(name).digest();
const hour = hourOf(1_800_000_000);
const establishment = new Uint8Array(32);
const draw = createDraw(testPeerId('store'));
const placeOf = (name: string): string => hash(`place ${name}`).toString('hex');

function row(name: string, options: { issuedAt?: number; expiresAt?: number; sizeBytes?: number } = {}) {
  const { issuedAt = 1, expiresAt = 100, sizeBytes = 400 } = options;
  const agentId = new Uint8Array(hash(name));
  const bytes = new Uint8Array(sizeBytes).fill(issuedAt % 256);
  return { agentId, key: Buffer.from(agentId).toString('hex'), issuedAt, expiresAt, bytes, establishment };
}

const put = (
  store: CapabilityStore,
  name: string,
  places: readonly string[],
  from = 'a',
): 'stored' | 'displaced' => store.put(row(name), places, from, hour);

describe(`the announcements that a storing peer keeps (seed ${seed})`, () => {
  it('stand at their places, and leave all of them together', () => {
    const store = createCapabilityStore(draw, 1_000_000);
    put(store, 'one', [placeOf('x'), placeOf('y')]);
    put(store, 'two', [placeOf('x')]);
    expect(
      store
        .at(placeOf('x'), hour)
        .map(({ key }) => key)
        .sort(),
    ).toEqual([row('one').key, row('two').key].sort());
    expect(store.tagCount()).toBe(2);
    store.drop(row('one').key);
    expect(store.at(placeOf('y'), hour)).toEqual([]);
    expect([store.size(), store.tagCount()]).toEqual([1, 1]);
    store.sweep(100);
    expect([store.size(), store.tagCount(), store.sizeBytes()]).toEqual([0, 0, 0]);
  });

  it('keep their bytes to themselves, and no frame that they came in', () => {
    const store = createCapabilityStore(draw, 1_000_000);
    const frame = new Uint8Array(100_000);
    store.put({ ...row('one'), bytes: frame.subarray(10, 410) }, [placeOf('x')], 'a', hour);
    expect(store.get(row('one').key)!.bytes.buffer.byteLength).toBeLessThan(450);
  });

  it('never take more than their bound, whatever comes and goes', () => {
    const random = createRandom(hash(`bound ${seed}`));
    const store = createCapabilityStore(draw, 60_000);
    for (let step = 0; step < 6_000; step++) {
      const name = `agent ${random.below(300)}`;
      const places = Array.from({ length: random.below(5) }, () => placeOf(`${random.below(40)}`));
      const options = { issuedAt: step, sizeBytes: 200 + random.below(3_000) };
      if (random.below(8) === 0) store.drop(row(name).key);
      else
        store.put(row(name, options), places, `sender ${random.below(7)}`, hour + Math.floor(step / 2_000));
      expect(store.sizeBytes()).toBeLessThanOrEqual(60_000);
    }
    for (let index = 0; index < 300; index++) store.drop(row(`agent ${index}`).key);
    expect([store.size(), store.tagCount(), store.sizeBytes()]).toEqual([0, 0, 0]);
  });

  it('are those of who brought little, when somebody brings 10,000', () => {
    const store = createCapabilityStore(draw, 200_000);
    const few = Array.from({ length: 20 }, (_, index) => `honest ${index}`);
    for (const name of few) put(store, name, [placeOf(name)], 'honest');
    for (let index = 0; index < 10_000; index++)
      put(store, `spam ${index}`, [placeOf(`spam ${index}`)], 'spammer');
    expect(few.filter((name) => store.get(row(name).key) === undefined)).toEqual([]);
    expect(put(store, 'late', [placeOf('late')], 'another')).toBe('stored');
    expect(store.get(row('late').key)).toBeDefined();
  });

  it('are those of who brought little, also where the spammer passed them on before', () => {
    const store = createCapabilityStore(draw, 200_000);
    const few = Array.from({ length: 20 }, (_, index) => `honest ${index}`);
    for (const name of few) put(store, name, [placeOf(name)], 'spammer');
    for (const name of few) put(store, name, [placeOf(name)], 'honest');
    for (let index = 0; index < 1_000; index++)
      put(store, `spam ${index}`, [placeOf(`spam ${index}`)], 'spammer');
    // While both had brought as little, the last one stayed with the spammer.
    expect(few.filter((name) => store.get(row(name).key) === undefined).length).toBeLessThanOrEqual(10);
    for (const name of few) put(store, name, [placeOf(name)], 'honest');
    for (let index = 1_000; index < 2_000; index++)
      put(store, `spam ${index}`, [placeOf(`spam ${index}`)], 'spammer');
    expect(few.filter((name) => store.get(row(name).key) === undefined)).toEqual([]);
  });

  it('are dropped where the draw of their only place goes to another', () => {
    const store = createCapabilityStore(draw, 1_000_000);
    const names = Array.from({ length: 200 }, (_, index) => `crowd ${index}`);
    for (const name of names) put(store, name, [placeOf('crowd')]);
    expect(store.size()).toBe(64);
    expect(store.at(placeOf('crowd'), hour)).toHaveLength(64);
  });

  it('stay where one of their places keeps them, and come back to the others in another hour', () => {
    const store = createCapabilityStore(draw, 1_000_000);
    const names = Array.from({ length: 200 }, (_, index) => `crowd ${index}`);
    for (const name of names) put(store, name, [placeOf('crowd'), placeOf(name)]);
    expect(store.size()).toBe(200);
    const before = store.at(placeOf('crowd'), hour).map(({ key }) => key);
    for (const name of names) store.put(row(name), [placeOf('crowd'), placeOf(name)], 'a', hour + 1);
    const after = store.at(placeOf('crowd'), hour + 1).map(({ key }) => key);
    expect(after).toHaveLength(64);
    expect(after.filter((key) => !before.includes(key)).length).toBeGreaterThan(10);
  });

  it('do not depend on the order in which agents came, while there is room', () => {
    const random = createRandom(hash(`order ${seed}`));
    for (let round = 0; round < 20; round++) {
      const names = Array.from({ length: 150 }, (_, index) => `${round} ${index}`);
      const fill = (order: readonly string[]): string[][] => {
        const store = createCapabilityStore(draw, 10_000_000);
        for (const name of order) put(store, name, [placeOf('all'), placeOf(`${name.length}`)]);
        return [placeOf('all'), placeOf('3'), placeOf('4')].map((place) =>
          store.at(place, hour).map(({ key }) => key),
        );
      };
      expect(fill(random.pick(names, names.length))).toEqual(fill(names));
    }
  });
});
