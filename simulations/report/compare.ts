/** Two results side by side: what is worse in the second, by the direction in which each measure is better. */
import type { RunResult } from '../lib/run-scenario.ts';
import { kindOf } from './measure-catalog.ts';

export type Verdict = 'same' | 'better' | 'worse' | 'other' | 'gone' | 'new';

export interface ComparedMeasure {
  readonly name: string;
  readonly before: number | null;
  readonly after: number | null;
  /** Of `before`; null where there is nothing to divide by. */
  readonly change: number | null;
  readonly verdict: Verdict;
}

export interface Comparison {
  readonly format: 'weft-comparison/1';
  /** No regression. */
  readonly ok: boolean;
  /** Share of a measure that does not count as a change. */
  readonly tolerance: number;
  /** What differs in how the two were run: then a difference may be no regression. */
  readonly differences: readonly string[];
  readonly measures: readonly ComparedMeasure[];
  /** Sentences. */
  readonly regressions: readonly string[];
}

/** @param tolerance share, 0.05 for 5%. */
export function compareResults(before: RunResult, after: RunResult, tolerance: number): Comparison {
  const names = [...new Set([...Object.keys(before.measures), ...Object.keys(after.measures)])];
  const measures = names.map((name) =>
    compareMeasure(name, measured(before, name), measured(after, name), tolerance),
  );
  const regressions = [
    ...measures.flatMap(({ name, verdict }) => {
      if (verdict === 'worse') return [`${name} is worse`];
      return verdict === 'gone' ? [`${name} was measured before`] : [];
    }),
    ...lost(
      before.thresholds,
      after.thresholds,
      (threshold) => `the threshold of ${threshold} was met before`,
    ),
    ...lost(before.invariants, after.invariants, (invariant) => `it held before that ${invariant}`),
  ];
  return {
    format: 'weft-comparison/1',
    ok: regressions.length === 0,
    tolerance,
    differences: differencesOf(before, after),
    measures,
    regressions,
  };
}

function measured({ measures }: RunResult, name: string): number | null {
  return Object.hasOwn(measures, name) ? measures[name]! : null;
}

function compareMeasure(
  name: string,
  before: number | null,
  after: number | null,
  tolerance: number,
): ComparedMeasure {
  const { better } = kindOf(name);
  if (before === null || after === null) {
    const isGone = after === null && before !== null;
    const verdict = before === after ? 'same' : isGone ? (better === 'neither' ? 'other' : 'gone') : 'new';
    return { name, before, after, change: null, verdict };
  }
  const change = before === 0 ? null : (after - before) / Math.abs(before);
  return { name, before, after, change, verdict: verdictOf() };

  function verdictOf(): Verdict {
    if (Math.abs(after! - before!) <= tolerance * Math.abs(before!)) return 'same';
    if (better === 'neither') return 'other';
    return after! > before! === (better === 'higher') ? 'better' : 'worse';
  }
}

type Judged = readonly { readonly name: string; readonly ok: boolean }[];

/** Those that were ok, and are not any more. */
function lost(before: Judged, after: Judged, say: (name: string) => string): string[] {
  return after
    .filter(({ name, ok }) => !ok && before.some((one) => one.name === name && one.ok))
    .map(({ name }) => say(name));
}

function differencesOf(before: RunResult, after: RunResult): string[] {
  const [left, right] = [before, after].map(({ scenario, seed, parameters }) =>
    flatten({ scenario, seed, ...parameters }),
  );
  const names = [...new Set([...left!.keys(), ...right!.keys()])].filter(
    (name) => !/^(title|thresholds)/.test(name),
  );
  return names
    .filter((name) => left!.get(name) !== right!.get(name))
    .map((name) => `${name}: ${left!.get(name) ?? 'not set'}, then ${right!.get(name) ?? 'not set'}`);
}

function flatten(value: unknown, prefix = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[prefix, String(value)]]);
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [
      ...flatten(inner, prefix === '' ? name : `${prefix}.${name}`),
    ]),
  );
}
