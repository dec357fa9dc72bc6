import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, quantile, summarize } from '../../benchmarks/lib/statistics.ts';

describe('quantile', () => {
  it('takes the middle of an odd number of samples and the mean of the two middle ones of an even number', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('sorts by value, not by text', () => {
    expect(quantile([100, 9, 10], 0)).toBe(9);
    expect(quantile([100, 9, 10], 1)).toBe(100);
  });

  it('is linear between neighbours', () => {
    expect(quantile([0, 10, 20, 30, 40], 0.9)).toBeCloseTo(36);
    expect(quantile([0, 10], 0.25)).toBeCloseTo(2.5);
  });

  it('leaves the samples in their order', () => {
    const samples = [3, 1, 2];
    quantile(samples, 0.5);
    expect(samples).toEqual([3, 1, 2]);
  });

  it('lies between the least and the greatest sample and never falls as the fraction rises', () => {
    const samples = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
    const fractions = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(samples, fractions, (values, [first, second]) => {
        const low = quantile(values, Math.min(first, second));
        const high = quantile(values, Math.max(first, second));
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values));
        expect(high - low).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
  });

  it('refuses no samples and a fraction that is none', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
    expect(() => quantile([1], 1.5)).toThrow(RangeError);
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError);
  });
});

describe('summarize', () => {
  it('counts the samples and names the tail', () => {
    const samples = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect(summarize(samples)).toEqual({ samples: 101, p50: 50, p90: 90, p99: 99, max: 100 });
  });

  it('is null without samples', () => {
    expect(summarize([])).toBeNull();
  });
});
