/** Times from publish to acceptance, and what they come to. */

export interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Nearest rank of sorted or unsorted values; 0 for none. @param share 0..1. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/** Rounded to a tenth of a millisecond. */
export function spreadOf(latenciesMs: readonly number[]): Spread {
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    p50Ms: round(percentile(latenciesMs, 0.5)),
    p99Ms: round(percentile(latenciesMs, 0.99)),
    maxMs: round(Math.max(0, ...latenciesMs)),
  };
}

/** Rows as aligned columns; numbers to the right. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('   ');
  return [line(head), widths.map((width) => '─'.repeat(width)).join('───'), ...rows.map(line)];
}
