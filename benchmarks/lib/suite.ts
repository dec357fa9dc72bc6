/** What a suite is made of: sections that measure, and the targets that their measurements are held against. */
import type { Chart } from './chart.ts';
import type { Table } from './table.ts';
import type { TargetRow } from './targets.ts';

/** What the command line decided, for every section. */
export interface RunSettings {
  readonly quick: boolean;
  readonly seed: number;
  /** What `--soak` says; null when it was left out. */
  readonly soakSeconds: number | null;
  /** One line of progress for a person; goes to stderr. */
  readonly progress: (line: string) => void;
}

/** Plain data, as it stands in the result file. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What one section found. */
export interface SectionResult {
  /** For the result file, under the section's name. */
  readonly data: Json;
  /** Numbers by path, for the targets; a path begins with the section's name. */
  readonly measurements: Readonly<Record<string, number>>;
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
}

/** One part of a suite, chosen by `--only`. */
export interface Section {
  readonly name: string;
  /** For `--help`, and the heading of its progress. */
  readonly summary: string;
  run(settings: RunSettings): Promise<SectionResult>;
}

/** A section with the targets that its measurements are held against: one line in the list of its suite. */
export interface MeasuredSection {
  readonly section: Section;
  readonly targets: readonly TargetRow[];
}

/** A named set of sections with its targets. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly sections: readonly Section[];
  readonly targets: readonly TargetRow[];
  /** npm packages whose versions the report names. */
  readonly packages: readonly string[];
}
