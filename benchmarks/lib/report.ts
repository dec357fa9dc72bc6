/** The result of a run: the object of `--json`, the tables for a person, and the files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderCharts } from './chart.ts';
import type { MachineDescription } from './machine.ts';
import type { Json, SectionResult, Suite } from './suite.ts';
import { formatNumber, renderTable, type Table } from './table.ts';
import { evaluateTargets, type TargetOutcome } from './targets.ts';

/** What `--json` prints and the result file holds. */
export interface Report {
  readonly suite: string;
  readonly quick: boolean;
  readonly seed: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly machine: MachineDescription;
  /** Versions of weft and of the packages it was measured beside. */
  readonly versions: Readonly<Record<string, string>>;
  readonly targets: readonly TargetOutcome[];
  /** What each section found, by its name; a section that was not chosen is absent. */
  readonly sections: Readonly<Record<string, Json>>;
}

/** What a run brought together before it is reported. */
export interface Findings {
  readonly suite: Suite;
  readonly quick: boolean;
  readonly seed: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly machine: MachineDescription;
  readonly versions: Readonly<Record<string, string>>;
  readonly resultBySection: ReadonlyMap<string, SectionResult>;
}

/** The report of a run; one entry of `targets` for each row of the suite, measured or not. */
export function createReport(findings: Findings): Report {
  const results = [...findings.resultBySection];
  const measurements = Object.assign({}, ...results.map(([, result]) => result.measurements));
  return {
    suite: findings.suite.name,
    quick: findings.quick,
    seed: findings.seed,
    startedAt: new Date(findings.startedAtMs).toISOString(),
    durationSeconds: Math.round((findings.endedAtMs - findings.startedAtMs) / 100) / 10,
    machine: findings.machine,
    versions: findings.versions,
    targets: evaluateTargets(findings.suite.targets, measurements),
    sections: Object.fromEntries(results.map(([name, result]) => [name, result.data])),
  };
}

/** The tables for a person, targets last. */
export function renderReport(report: Report, findings: Findings): string {
  const tables = [...findings.resultBySection.values()].flatMap((result) => result.tables);
  const { machine } = report;
  const description = [
    `${report.suite}${report.quick ? ' (quick)' : ''}: ${describeRun(report)}`,
    `${machine.cores} cores, ${machine.cpuModel}, ${formatNumber(machine.memoryBytes / 2 ** 30)} GiB, Node ${machine.nodeVersion}, load ${machine.loadAverage.toFixed(2)} at the start`,
  ].join('\n');
  return [description, ...tables.map(renderTable), renderTable(targetsTable(report.targets))].join('\n\n');
}

/** Writes `<suite>.json` and `<suite>.svg`; returns their paths. */
export async function writeReport(
  report: Report,
  findings: Findings,
  directory: string,
): Promise<readonly string[]> {
  const charts = [...findings.resultBySection.values()].flatMap((result) => result.charts);
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  const { cores, cpuModel, nodeVersion } = report.machine;
  const smallPrint = [
    `${describeRun(report)}, ${cores} cores, ${cpuModel}, Node ${nodeVersion}`,
    versions.join(', '),
  ];
  const json = join(directory, `${report.suite}.json`);
  const svg = join(directory, `${report.suite}.svg`);
  await mkdir(directory, { recursive: true });
  await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(svg, renderCharts(findings.suite.title, charts, smallPrint));
  return [json, svg];
}

function describeRun(report: Report): string {
  return `${report.startedAt.slice(0, 10)}, seed ${report.seed}, ${report.durationSeconds} s`;
}

const symbols = { 'at-most': '<=', 'at-least': '>=', below: '<' } as const;

function targetsTable(targets: readonly TargetOutcome[]): Table {
  const met = targets.filter((target) => target.ok).length;
  return {
    title: `Targets: ${met} of ${targets.length} met`,
    columns: ['what', 'measured', 'target', 'unit', 'ok'],
    rows: targets.map((target) => [
      target.name,
      target.value === null ? 'not measured' : formatNumber(target.value),
      `${symbols[target.comparison]} ${target.target}`,
      target.unit,
      target.ok ? 'yes' : 'NO',
    ]),
  };
}
