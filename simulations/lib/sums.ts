/** What the cores of all nodes count, added up. */

/** By metric and label: cores count a few things with each message, so that a sum is found without a new text. */
export function createSums(): {
  add(metric: string, label: string, value: number): void;
  /** By `metric:label`. */
  all(): Map<string, number>;
} {
  const byMetric = new Map<string, Map<string, { value: number }>>();
  return {
    add(metric: string, label: string, value: number): void {
      let byLabel = byMetric.get(metric);
      if (byLabel === undefined) {
        byLabel = new Map();
        byMetric.set(metric, byLabel);
      }
      const sum = byLabel.get(label);
      if (sum === undefined) byLabel.set(label, { value });
      else sum.value += value;
    },
    all(): Map<string, number> {
      const sums = [...byMetric].flatMap(([metric, byLabel]) =>
        [...byLabel].map(([label, { value }]): [string, number] => [`${metric}:${label}`, value]),
      );
      return new Map(sums);
    },
  };
}
