import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKindQuota, createQuota } from '../../../src/core/peer/quota.ts';

const rate = { burst: 3, perSecond: 0.5 };

describe('quotas of several kinds', () => {
  it('are a quota for each kind, whoever comes with what at whatever time', () => {
    const step = fc.record({
      peer: fc.constantFrom('a', 'b', 'c'),
      kind: fc.nat(3),
      laterMs: fc.integer({ min: -500, max: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const together = createKindQuota(rate, 4, 256);
        const apart = Array.from({ length: 4 }, () => createQuota(rate, 256));
        let nowMs = 1_000_000;
        for (const { peer, kind, laterMs } of steps) {
          nowMs += laterMs;
          expect(together(peer, kind, nowMs)).toBe(apart[kind]!(peer, 1, nowMs));
        }
      }),
    );
  });

  it('forget who was not seen for longest', () => {
    const mayGossip = createKindQuota({ burst: 1, perSecond: 0.001 }, 2, 2);
    expect(['a', 'b', 'a', 'c'].map((peer) => mayGossip(peer, 1, 1000))).toEqual([true, true, false, true]);
    expect(['a', 'b'].map((peer) => mayGossip(peer, 1, 1000))).toEqual([false, true]);
  });
});
