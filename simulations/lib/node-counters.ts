/** What the metrics of a node say, read from the text that a Prometheus server would scrape. */

/** Values by name with labels, as `weft_requests_total{kind="find"}`. */
export type NodeCounters = ReadonlyMap<string, number>;

const metricLine = /^(weft_\w+(?:\{[^}]*\})?) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const cumulative = /^weft_\w+_(?:total|count|sum)(?:\{|$)/;

/** Counters, histograms and gauges. */
export function readCounters(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = metricLine.exec(line);
    if (match !== null) values.set(match[1]!, Number(match[2]));
  }
  return values;
}

/** Adds what only grows; a gauge stays what it is. */
export function addCounters(sums: Map<string, number>, values: NodeCounters): void {
  for (const [name, value] of values) {
    if (cumulative.test(name)) sums.set(name, (sums.get(name) ?? 0) + value);
  }
}
