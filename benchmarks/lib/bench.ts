/** One invocation of the benchmarks, from the command line to the exit code. */
import { randomInt } from 'node:crypto';
import { describeMachine, readPackageVersions } from './machine.ts';
import { helpText, type Options, parseOptions, UsageError } from './options.ts';
import { createReport, type Findings, renderReport, writeReport } from './report.ts';
import type { SectionResult, Suite } from './suite.ts';

/** Where the text goes; the process's own streams outside of tests. */
export interface BenchOutput {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** Runs what the arguments ask for and returns the exit code: 0 completed, 1 failed, 2 wrong command line. */
export async function runBench(
  args: readonly string[],
  suites: readonly Suite[],
  output: BenchOutput,
): Promise<0 | 1 | 2> {
  try {
    const options = parseOptions(args, suites, randomInt(2 ** 31));
    if (options.help) output.stdout(`${helpText(suites)}\n`);
    else return await runSuite(options, output);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      output.stderr(`${error.message}\nnpm run bench -- --help shows what there is.\n`);
      return 2;
    }
    output.stderr(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

/** A section that fails does not take the others' results with it: it is reported, and the exit code says so. */
async function runSuite(options: Options, output: BenchOutput): Promise<0 | 1> {
  const { suite, quick, seed, soakSeconds } = options;
  const startedAtMs = Date.now();
  const machine = describeMachine();
  const versions = readPackageVersions(suite.packages);
  let hasFailed = false;
  const resultBySection = new Map<string, SectionResult>();
  const progress = (line: string): void =>
    output.stderr(`${((Date.now() - startedAtMs) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  progress(`suite ${suite.name}, seed ${seed}`);
  for (const section of suite.sections) {
    if (!options.sections.includes(section.name)) continue;
    progress(`${section.name}: ${section.summary}`);
    try {
      resultBySection.set(section.name, await section.run({ quick, seed, soakSeconds, progress }));
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      progress(`${section.name} failed: ${reason}`);
      resultBySection.set(section.name, failedResult(section.name, reason));
      hasFailed = true;
    }
  }
  const endedAtMs = Date.now();
  const findings: Findings = {
    suite,
    quick,
    seed,
    startedAtMs,
    endedAtMs,
    machine,
    versions,
    resultBySection,
  };
  const report = createReport(findings);
  const files = await writeReport(report, findings, options.outDirectory);
  if (options.json) output.stdout(`${JSON.stringify(report)}\n`);
  else output.stdout(`${renderReport(report, findings)}\n`);
  for (const file of files) progress(`wrote ${file}`);
  return hasFailed ? 1 : 0;
}

function failedResult(name: string, reason: string): SectionResult {
  const rows = [[name, reason.split('\n')[0]!]];
  const table = { title: `${name} failed`, columns: ['section', 'reason'], rows };
  return { data: { failure: reason }, measurements: {}, tables: [table], charts: [] };
}
