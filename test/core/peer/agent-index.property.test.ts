import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentIdFromKey, agentKey } from '../../../src/core/identity/agent-id.ts';
import { createAgentIndex, type IndexRow, type RowSet } from '../../../src/core/peer/agent-index.ts';
import { createRandom } from '../../../src/core/rng.ts';

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const digest = fc.uint8Array({ minLength: 16, maxLength: 16 });
const row: fc.Arbitrary<IndexRow> = fc.record({
  digest,
  authorityDigest: fc.option(digest),
  isHeld: fc.boolean(),
  expiresAt: fc.integer({ min: 0, max: 2 ** 33 }),
  kadHigh: word,
  kadLow: word,
});
/** Few agents, so that they are set again and deleted; all begin alike, so that the hash sees little of them. */
const key = fc.nat({ max: 600 }).map((number) => number.toString(16).padStart(8, '0').padEnd(64, '0'));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(key, row) },
  { weight: 2, arbitrary: fc.tuple(key, fc.constant(null)) },
);

function indexOf(seed: number) {
  return createAgentIndex(createRandom(new Uint8Array(16).fill(seed)));
}

describe('the index of agents', () => {
  it('holds what a map would hold, whatever is set and deleted', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 50, maxLength: 1500, size: 'max' }),
        fc.nat(255),
        (steps, seed) => {
          const index = indexOf(seed);
          const model = new Map<string, IndexRow>();
          for (const [name, value] of steps) {
            if (value === null) {
              index.delete(name);
              model.delete(name);
            } else {
              index.set(name, value);
              model.set(name, value);
            }
          }
          expect(index.size()).toBe(model.size);
          const rowsOf = (set: RowSet) =>
            new Map([...index.rows(set)].map(({ agentId, ...found }) => [agentKey(agentId), found]));
          const modelOf = (isIn: (value: IndexRow) => boolean) =>
            new Map([...model].filter(([, value]) => isIn(value)));
          expect(rowsOf('held')).toEqual(modelOf(({ isHeld }) => isHeld));
          expect(rowsOf('authority')).toEqual(modelOf(({ authorityDigest }) => authorityDigest !== null));
          for (const [name, value] of model) expect(index.get(name)).toEqual(value);
          for (const [name] of steps) expect(index.has(name)).toBe(model.has(name));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('walks over those that are held, or due, and leaves the others out', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, row), { selector: ([name]) => name, maxLength: 300, size: 'max' }),
        fc.integer({ min: 0, max: 2 ** 33 }),
        (rows, dueAt) => {
          const index = indexOf(1);
          for (const [name, value] of rows) index.set(name, value);
          const namesOf = (isIn: (value: IndexRow) => boolean) =>
            rows.filter(([, value]) => isIn(value)).map(([name]) => name);
          expect(index.keysBelow(rows.length, rows.length, 'held').reverse()).toEqual(
            namesOf(({ isHeld }) => isHeld),
          );
          expect(index.keysBelow(rows.length, rows.length, { dueAt }).reverse()).toEqual(
            namesOf(({ expiresAt }) => expiresAt !== 0 && expiresAt <= dueAt),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reaches every agent that stays when a walk goes down and others are deleted on the way', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { minLength: 1, maxLength: 400, size: 'max' }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (names, victims, perStep) => {
          const index = indexOf(1);
          const value = fc.sample(row, { numRuns: 1, seed: 1 })[0]!;
          for (const name of names) index.set(name, value);
          const met = new Set<string>();
          let turn = 0;
          for (let end = index.size(); end > 0; end -= perStep) {
            for (const name of index.keysBelow(end, perStep)) met.add(name);
            index.delete(names[victims[turn++ % victims.length]! % names.length]!);
          }
          for (const name of names) if (index.has(name)) expect(met).toContain(name);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives rows that later changes leave alone, and those of chosen buckets', () => {
    const index = indexOf(7);
    const [first, second] = ['11'.repeat(32), '22'.repeat(32)];
    const one = fc.sample(row, { numRuns: 1, seed: 2 })[0]!;
    const other = fc.sample(row, { numRuns: 1, seed: 3 })[0]!;
    index.set(first, one);
    index.set(second, other);
    const before = index.get(first);
    index.set(first, other);
    index.delete(second);
    expect(before).toEqual(one);
    const held = { ...one, isHeld: true };
    index.set(first, held);
    index.set(second, held);
    expect([...index.rows('held', new Set([0x22]))]).toEqual([{ agentId: agentIdFromKey(second), ...held }]);
  });

  it('knows nothing under what is no key of an agent', () => {
    const index = indexOf(9);
    const value = fc.sample(row, { numRuns: 1, seed: 4 })[0]!;
    index.set('ab'.repeat(32), value);
    for (const name of ['', 'ab', 'AB'.repeat(32), `${'ab'.repeat(31)}g0`, `${'ab'.repeat(31)}é0`]) {
      expect(index.has(name)).toBe(false);
      expect(index.get(name)).toBeUndefined();
      index.delete(name);
      expect(() => index.set(name, value)).toThrow(TypeError);
    }
    expect(index.size()).toBe(1);
  });
});
