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
}

export function createDistribution(): Distribution {
  const values: number[] = [];
  let isSorted = true;

  function sorted(): readonly number[] {
    if (!isSorted) values.sort((left, right) => left - right);
    isSorted = true;
    return values;
  }

  const quantile = (share: number): number | null =>
    sorted()[Math.min(values.length - 1, Math.floor(values.length * share))] ?? null;

  return {
    add(value) {
      values.push(value);
      isSorted = false;
    },
    summary: () => ({
      count: values.length,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max: quantile(1),
    }),
    shareWithin: (limit) =>
      values.length === 0 ? 0 : values.filter((value) => value <= limit).length / values.length,
  };
}
