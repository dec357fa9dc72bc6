/** Order statistics of samples. */

/** What the report says about a series of samples. */
export interface Summary {
  readonly samples: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * The value below which the given fraction of the samples lies, linear between neighbours (type 7 of Hyndman and Fan).
 * @throws RangeError without samples, or when the fraction is outside 0 to 1.
 */
export function quantile(samples: readonly number[], fraction: number): number {
  if (samples.length === 0) throw new RangeError('a quantile needs at least one sample');
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`fraction ${fraction} is not within 0 and 1`);
  const sorted = Float64Array.from(samples).sort();
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

/** The middle sample. @throws RangeError without samples. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The summary of a series; null without samples. */
export function summarize(samples: readonly number[]): Summary | null {
  if (samples.length === 0) return null;
  return {
    samples: samples.length,
    p50: quantile(samples, 0.5),
    p90: quantile(samples, 0.9),
    p99: quantile(samples, 0.99),
    max: quantile(samples, 1),
  };
}
