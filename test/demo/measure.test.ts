import { describe, expect, it } from 'vitest';
import { percentile, spreadOf, tableLines } from '../../demo/lib/measure.ts';

describe('percentile', () => {
  it('is the nearest rank of the sorted values', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 1)).toBe(100);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBe(0);
  });
});

describe('spreadOf', () => {
  it('rounds to tenths and is zero for nothing', () => {
    expect(spreadOf([1.26, 3.14, 2])).toEqual({ p50Ms: 2, p99Ms: 3.1, maxMs: 3.1 });
    expect(spreadOf([])).toEqual({ p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});

describe('tableLines', () => {
  it('aligns the first column to the left and the others to the right', () => {
    expect(
      tableLines(
        ['what', 'ms'],
        [
          ['a', '1'],
          ['long name', '1234'],
        ],
      ),
    ).toEqual(['what          ms', '────────────────', 'a              1', 'long name   1234']);
  });
});
