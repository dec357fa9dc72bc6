/** The bounded set of one tag (docs/protocol.md §7): 64 by the draw of the hour, whatever the order. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDraw, createRankedSet, hourOf } from '../../../src/core/capability/ranked-set.ts';
import { createRandom } from '../../../src/core/rng.ts';
import { testPeerId } from '../../helpers/peer-network.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 17);
const random = createRandom(createHash('sha256').update(`ranked set ${seed}`).digest());
const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const hour = hourOf(1_800_000_000);

function kept(peer: string, keys: readonly string[], atHour = hour): string[] {
  const set = createRankedSet('place', createDraw(testPeerId(peer)));
  for (const key of keys) set.add(key, atHour);
  return set.keys(atHour);
}

describe(`the set of one tag (seed ${seed})`, () => {
  it('keeps the same 64 in whatever order they come, however often', () => {
    for (let round = 0; round < 40; round++) {
      const keys = Array.from({ length: 1 + random.below(300) }, (_, index) => keyOf(`${round} ${index}`));
      const shuffled = random.pick(keys, keys.length);
      const again = [...shuffled, ...random.pick(keys, random.below(keys.length))];
      const one = kept('a', keys);
      expect(one).toHaveLength(Math.min(64, keys.length));
      expect(kept('a', shuffled)).toEqual(one);
      expect(kept('a', again)).toEqual(one);
    }
  });

  it('keeps those with the lowest draw', () => {
    const draw = createDraw(testPeerId('a'));
    const keys = Array.from({ length: 500 }, (_, index) => keyOf(`low ${index}`));
    const lowest = [...keys]
      .sort((left, right) => draw(Buffer.from(left, 'hex'), hour) - draw(Buffer.from(right, 'hex'), hour))
      .slice(0, 64);
    expect(kept('a', keys)).toEqual(lowest);
  });

  it('draws anew at each peer and in each hour', () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => keyOf(`anew ${index}`));
    const common = (left: string[], right: string[]): number =>
      left.filter((key) => right.includes(key)).length;
    expect(common(kept('a', keys), kept('b', keys))).toBeLessThan(20);
    expect(common(kept('a', keys), kept('a', keys, hour + 1))).toBeLessThan(20);
  });

  it('draws anew for those that it keeps when the hour turns', () => {
    const keys = Array.from({ length: 200 }, (_, index) => keyOf(`turn ${index}`));
    const set = createRankedSet('place', createDraw(testPeerId('a')));
    for (const key of keys.slice(0, 64)) set.add(key, hour);
    for (const key of keys) set.add(key, hour + 1);
    expect(set.keys(hour + 1)).toEqual(kept('a', keys, hour + 1));
  });

  it('lets 10,000 agents of one party push others out no more than the draw says', () => {
    const honest = Array.from({ length: 64 }, (_, index) => keyOf(`honest ${index}`));
    const spam = Array.from({ length: 10_000 }, (_, index) => keyOf(`spam ${index}`));
    let shown = 0;
    const peers = 20;
    const hours = 24;
    for (let peer = 0; peer < peers; peer++) {
      for (let later = 0; later < hours; later += 6) {
        const left = new Set(kept(`peer ${peer}`, [...honest, ...spam], hour + later));
        shown += honest.filter((key) => left.has(key)).length;
      }
    }
    // 64 places x 80 draws, of which 64 in 10,064 are theirs: 32.6 expected, standard deviation 5.7.
    expect(shown).toBeGreaterThan(12);
    expect(shown).toBeLessThan(56);
  });

  it('lets 10,000 agents change nothing for those that have a better draw', () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => keyOf(`order ${index}`));
    const best = kept('a', keys);
    expect(kept('a', [...best, ...keys])).toEqual(best);
    expect(kept('a', [...keys, ...best])).toEqual(best);
  });
});
