/** What a storing peer keeps of names, and who makes room when there is too much (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { signNameRecord } from '../../../src/core/name/name-record.ts';
import { createNameStore } from '../../../src/core/peer/name-store.ts';
import { createRandom } from '../../../src/core/rng.ts';
import { bornAgent } from '../../helpers/test-agent.ts';
import { named, startSeconds } from './fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 37);
const namespace = bornAgent('store', startSeconds);
const target = { agentId: namespace.agentId };
const { establishment } = namespace.state.keyState;
/** Signatures cost time, and nothing here looks at them. */
const quiet = { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) };
const record = (label: string, issuedAt = startSeconds) =>
  signNameRecord({
    ...{ keyState: namespace.state.keyState, signer: quiet, label, issuedAt },
    meaning: { kind: 'target', target },
  });

describe(`the names of a storing peer (seed ${seed})`, () => {
  it('flood: whoever brings the most makes room, the latest first; others’ names stand', () => {
    const store = createNameStore(200_000);
    const displaced: string[] = [];
    store.onDisplaced((key) => displaced.push(key));
    const honest = Array.from({ length: 20 }, (_, index) => record(`honest${index}`));
    for (const [index, one] of honest.entries())
      expect(store.put(one, establishment, `peer ${index % 5}`, 0)).toBe(true);
    const spam = Array.from({ length: 400 }, (_, index) => record(`spam${index}`));
    const taken = spam.filter((one) => store.put(one, establishment, 'spammer', 0));
    expect(store.sizeBytes()).toBeLessThanOrEqual(200_000);
    expect(honest.every(({ key }) => store.get(key) !== undefined)).toBe(true);
    expect(taken.length).toBeLessThan(spam.length);
    // What it brought first stands: a name that is there is not pushed out by the next of the same sender.
    expect(taken.map(({ key }) => key)).toEqual(spam.slice(0, taken.length).map(({ key }) => key));
    expect(displaced).toHaveLength(spam.length - taken.length);
    // A newcomer finds room, at the cost of the heaviest.
    expect(store.put(record('late'), establishment, 'peer 9', 0)).toBe(true);
    expect(store.sizeBytes()).toBeLessThanOrEqual(200_000);
  });

  it('a newer record of a name is no more of its sender’s than the one before', () => {
    const store = createNameStore(1_000_000);
    store.put(record('shop'), establishment, 'owner', 0);
    const sizeBytes = store.sizeBytes();
    for (let round = 1; round < 50; round++)
      store.put(record('shop', startSeconds + round), establishment, 'other', 0);
    expect([store.size(), store.sizeBytes()]).toEqual([1, sizeBytes]);
    expect(store.encoded(record('shop').key)?.includes('owner'.charCodeAt(0))).toBe(true);
  });

  it('whoever passes a name on does not answer for it: spam stays with who brought it', () => {
    const store = createNameStore(60_000);
    for (let index = 0; index < 40; index++) store.put(record(`spam${index}`), establishment, 'spammer', 0);
    for (const key of store.keys()) store.touch(key, 1);
    for (let index = 0; index < 20; index++) store.put(record(`own${index}`), establishment, 'relay', 2);
    expect(store.keys().filter((key) => key === record('own19').key)).toHaveLength(1);
    const own = Array.from({ length: 20 }, (_, index) => record(`own${index}`).key);
    expect(own.every((key) => store.get(key) !== undefined)).toBe(true);
  });

  it('counts what it keeps, whatever comes, goes, is passed on and comes back from the disk', () => {
    const random = createRandom(new TextEncoder().encode(`name store of seed ${seed}`));
    const store = createNameStore(60_000);
    const disk = new Map<string, Uint8Array>();
    store.onDisplaced((key) => disk.delete(key));
    const labels = Array.from({ length: 80 }, (_, index) => record(`n${index}`));
    for (let step = 0; step < 2_000; step++) {
      const one = labels[random.below(labels.length)]!;
      const peer = `peer ${random.below(6)}`;
      const choice = random.below(4);
      if (choice === 0) {
        store.drop(one.key);
        disk.delete(one.key);
      } else if (choice === 1) store.touch(one.key, step);
      else if (store.put(one, establishment, peer, step)) disk.set(one.key, store.encoded(one.key)!);
      else disk.delete(one.key);
      expect(store.sizeBytes()).toBeLessThanOrEqual(60_000);
    }
    expect([...disk.keys()].sort()).toEqual(store.keys().sort());
    const again = createNameStore(60_000);
    for (const bytes of disk.values()) again.restore(bytes, 0);
    expect([again.size(), again.sizeBytes()]).toEqual([store.size(), store.sizeBytes()]);
    for (const key of store.keys()) expect(again.get(key)?.bytes).toEqual(store.get(key)?.bytes);
    for (const key of store.keys()) again.drop(key);
    expect([again.size(), again.sizeBytes()]).toEqual([0, 0]);
    expect(again.ofAgent(bytesToHex(namespace.agentId))).toEqual([]);
  });

  it('an ordinary record counts for 1.2 kB, so that 14,000 of them fit', () => {
    const store = createNameStore(1_000_000);
    store.put(named(namespace, 'shop', target), establishment, 'peer', 0);
    expect(store.sizeBytes()).toBeLessThan(1_200);
  });
});
