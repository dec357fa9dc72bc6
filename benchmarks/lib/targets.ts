/** Targets: a number out of the measurements, a bound, and whether it holds. */

/** A row of a target table. */
export interface TargetRow {
  readonly name: string;
  readonly comparison: 'at-most' | 'at-least' | 'below';
  readonly target: number;
  readonly unit: string;
  /** The value, or null when what it needs was not measured in this run. */
  value(measurements: Readonly<Record<string, number>>): number | null;
}

/** A row as the report prints it; a target that was not measured is not ok. */
export interface TargetOutcome {
  readonly name: string;
  readonly value: number | null;
  readonly target: number;
  readonly ok: boolean;
  readonly comparison: TargetRow['comparison'];
  readonly unit: string;
}

/** A row on one measurement. */
export function measuredTarget(
  name: string,
  path: string,
  comparison: TargetRow['comparison'],
  target: number,
  unit: string,
): TargetRow {
  return { name, comparison, target, unit, value: (measurements) => measurements[path] ?? null };
}

/** A row on the quotient of two measurements. */
export function ratioTarget(
  name: string,
  paths: { readonly of: string; readonly to: string },
  comparison: TargetRow['comparison'],
  target: number,
): TargetRow {
  return {
    name,
    comparison,
    target,
    unit: 'ratio',
    value(measurements) {
      const numerator = measurements[paths.of];
      const denominator = measurements[paths.to];
      if (numerator === undefined || denominator === undefined || denominator === 0) return null;
      return numerator / denominator;
    },
  };
}

/** Holds every row against the measurements, in the order given. */
export function evaluateTargets(
  rows: readonly TargetRow[],
  measurements: Readonly<Record<string, number>>,
): readonly TargetOutcome[] {
  return rows.map((row) => {
    const measured = row.value(measurements);
    const value = measured === null || !Number.isFinite(measured) ? null : measured;
    const { name, target, comparison, unit } = row;
    return { name, value, target, ok: value !== null && holds(value, comparison, target), comparison, unit };
  });
}

function holds(value: number, comparison: TargetRow['comparison'], target: number): boolean {
  switch (comparison) {
    case 'at-most':
      return value <= target;
    case 'at-least':
      return value >= target;
    case 'below':
      return value < target;
  }
}
