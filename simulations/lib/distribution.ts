/** Numbers as they come, and what a reader wants to know of them. */

export interface Summary {
  readonly count: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface Distribution {
  add(value: number): void;
  summary(): Summary;
  /** The share of values up to that one; 0 without values. */
  shareWithin(value: number): number;
  /** The values at so many equal steps from the least to the greatest; empty without values. */
  quantiles(steps: number): number[];
}

export function createDistribution(): Distribution {
  let values = new Float64Array(256);
  let count = 0;
  let isSorted = true;

  function sorted(): Float64Array {
    if (!isSorted) values.subarray(0, count).sort();
    isSorted = true;
    return values.subarray(0, count);
  }

  const quantile = (share: number): number | null =>
    sorted()[Math.min(count - 1, Math.floor(count * share))] ?? null;

  return {
    add(value) {
      if (count === values.length) {
        const longer = new Float64Array(2 * count);
        longer.set(values);
        values = longer;
      }
      values[count++] = value;
      isSorted = false;
    },
    summary: () => ({
      count,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max: quantile(1),
    }),
    shareWithin(limit) {
      if (count === 0) return 0;
      let within = 0;
      for (let index = 0; index < count; index++) if (values[index]! <= limit) within++;
      return within / count;
    },
    quantiles: (steps) =>
      count === 0 ? [] : Array.from({ length: steps + 1 }, (_, step) => quantile(step / steps)!),
  };
}
