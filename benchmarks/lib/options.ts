/** The command line of the benchmarks. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Suite } from './suite.ts';

/** A checked command line. */
export interface Options {
  readonly suite: Suite;
  readonly quick: boolean;
  readonly json: boolean;
  readonly help: boolean;
  /** Sections to run, in the suite's order; all of them without `--only`. */
  readonly sections: readonly string[];
  readonly outDirectory: string;
  readonly seed: number;
  /** Length of the section `soak`; null: as by default. */
  readonly soakSeconds: number | null;
}

/** A mistake on the command line; the message says what would be right. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** @throws UsageError on an unknown flag, suite or section. */
export function parseOptions(
  args: readonly string[],
  suites: readonly Suite[],
  defaultSeed: number,
): Options {
  const { values, positionals } = parse(args);
  const name = positionals[0] ?? suites[0]!.name;
  const suite = suites.find((candidate) => candidate.name === name);
  if (suite === undefined || positionals.length > 1) {
    throw new UsageError(
      `no suite '${positionals.join(' ')}': one of ${suites.map((one) => one.name).join(', ')}`,
    );
  }
  const known = suite.sections.map((section) => section.name);
  const wanted = (values.only ?? []).flatMap((list) => list.split(','));
  const unknown = wanted.find((section) => !known.includes(section));
  if (unknown !== undefined) {
    throw new UsageError(`no section '${unknown}' in ${suite.name}: any of ${known.join(', ')}`);
  }
  const seed = values.seed === undefined ? defaultSeed : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0) throw new UsageError('--seed takes a whole number, 0 or greater');
  return {
    suite,
    quick: values.quick,
    json: values.json,
    help: values.help,
    sections: known.filter((section) => wanted.length === 0 || wanted.includes(section)),
    outDirectory: resolve(values.out ?? 'benchmarks/results'),
    seed,
    soakSeconds: values.soak === undefined ? null : secondsOf(values.soak),
  };
}

function secondsOf(length: string): number {
  const [, number, unit] = /^(\d+)(s|m)$/.exec(length) ?? [];
  if (number === undefined) throw new UsageError(`--soak takes a length such as 10m or 90s, not '${length}'`);
  return Number(number) * (unit === 'm' ? 60 : 1);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        only: { type: 'string', multiple: true },
        out: { type: 'string' },
        seed: { type: 'string' },
        soak: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The text of `--help`. */
export function helpText(suites: readonly Suite[]): string {
  const sections = suites.flatMap((suite) => [
    `  ${suite.name.padEnd(14)}${suite.title}`,
    ...suite.sections.map((section) => `    ${section.name.padEnd(12)}${section.summary}`),
  ]);
  return `Usage: npm run bench -- [suite] [flags]

Measures weft beside named peers, in one run, with the same process layout for each.

Suites and their sections (the first suite is the default):
${sections.join('\n')}

Flags:
  --quick          under 2 minutes: fewer nodes and samples
  --json           exactly one JSON object on stdout; progress goes to stderr either way
  --only <names>   these sections, separated by commas; the targets of the others are then not met
  --out <dir>      where the result (JSON) and the plot (SVG) are written; default benchmarks/results
  --seed <n>       keys and values depend on it alone; the report names the one used
  --soak <length>  how long the section soak of the api suite runs, such as 10m
  -h, --help       this text

Examples:
  npm run bench -- --quick
  npm --silent run bench -- --json > result.json
  npm run bench -- --only compare --out /tmp/compare
  npm run bench -- overlay --seed 7
  npm run bench -- api --only soak --soak 10m

Exit codes: 0 when it completed, whatever the targets; 1 when it failed; 2 on a wrong command line.`;
}
