import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry, isHeldEntry } from '../../../src/core/peer/entry.ts';

describe('an entry of the store', () => {
  it.each([true, false])('says without being decoded whether the node stores it for others: %s', (isHeld) => {
    for (const mark of [null, { establishment: new Uint8Array(32).fill(7), issuedAt: 1_800_000_000 }]) {
      const entry = { isHeld, learnedAt: 1_800_000_000, expiresAt: 0, mark, bundle: Uint8Array.of(1, 2, 3) };
      const bytes = encodeEntry(entry);
      expect(isHeldEntry(bytes)).toBe(isHeld);
      expect(decodeEntry(bytes)).toEqual(entry);
    }
  });
});
