import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKeySet } from '../../../src/adapters/native/key-set.ts';

const keyOf = (number: number): Uint8Array =>
  new Uint8Array(createHash('sha256').update(String(number)).digest());

describe('a bounded set of keys', () => {
  it('knows nothing at first, the key of zeros included', () => {
    const keys = createKeySet(64);
    expect(keys.has(new Uint8Array(32))).toBe(false);
    for (let number = 0; number < 100; number++) expect(keys.has(keyOf(number))).toBe(false);
  });

  it('never knows a key that was not added, however many were', () => {
    const keys = createKeySet(64);
    for (let number = 0; number < 1000; number++) keys.add(keyOf(number));
    expect(keys.has(new Uint8Array(32))).toBe(false);
    for (let number = 1000; number < 3000; number++) expect(keys.has(keyOf(number))).toBe(false);
  });

  it('knows the newest keys, and never more than its bound', () => {
    const keys = createKeySet(1024);
    const known = (): number[] =>
      Array.from({ length: 5000 }, (_, number) => number).filter((number) => keys.has(keyOf(number)));
    for (let number = 0; number < 5000; number++) {
      keys.add(keyOf(number));
      expect(keys.has(keyOf(number))).toBe(true);
    }
    const left = known();
    expect(left.length).toBeGreaterThan(900);
    expect(left.length).toBeLessThanOrEqual(1024);
    // A key goes when eight newer ones fell into its group: hardly one before half of the bound is newer.
    expect(left.filter((number) => number >= 4500).length).toBeGreaterThan(480);
  });

  it('keeps its own bytes, and takes a key twice as once', () => {
    const keys = createKeySet(8);
    const key = keyOf(1);
    for (let time = 0; time < 20; time++) keys.add(key);
    for (let number = 2; number < 9; number++) keys.add(keyOf(number));
    expect(keys.has(keyOf(1))).toBe(true);
    key.fill(0);
    expect(keys.has(keyOf(1))).toBe(true);
    keys.add(keyOf(9));
    expect(keys.has(keyOf(1))).toBe(false);
  });
});
