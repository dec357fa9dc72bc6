/** `npm run sim -- sweep`. */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { ScenarioError } from '../lib/scenario.ts';
import { scenarioOf, wholeNumber } from '../lib/scenario-files.ts';
import type { Console } from './console.ts';
import { createProgress } from './progress.ts';
import { parameterPaths, planSweep, runSweep } from './sweep.ts';
import { quoted, writeBoth, writeText } from './write-files.ts';

const help = `usage: npm run sim -- sweep <scenario> --over <parameter>=<value>,<value>... [options]

Runs a scenario once for each value of a parameter, with the same seeds.

  --over P=V,V    the parameter, and up to 32 values; at most 128 runs in all
  --seed N        default 1
  --seeds N,N     several, each with every value
  --nodes N       in place of the scenario's own number
  --json          the result as one object on stdout, progress on stderr; exits 0 when the runs completed
  --report FILE   also as a page with plots
  --out FOLDER    both, as <scenario>-<parameter>.json and .html
  --help

parameters:
${parameterLines()}
  any other number of a scenario, as in load.lookupsPerSecond, agents, or faults.timesFaster

examples:
  npm run sim -- sweep steady-state --over replication=8,12,20
  npm run sim -- sweep churn --over alpha=1,2,4,8 --seeds 1,2,3 --report alpha.html
  npm run sim -- sweep revocation-storm --nodes 200 --over D=4,6,8,12 --out sweeps

exit codes: 0 everything held at every value; 1 something did not; 2 wrong usage or scenario
`;

function parameterLines(): string {
  const namesByPath = Map.groupBy(Object.entries(parameterPaths), ([, path]) => path);
  return [...namesByPath]
    .map(
      ([path, names]) =>
        `  ${names
          .map(([name]) => name)
          .join(', ')
          .padEnd(26)} ${path}`,
    )
    .join('\n');
}

/** Returns the exit code. @throws ScenarioError, ResultFileError */
export async function runSweepCommand(args: readonly string[], console: Console): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      over: { type: 'string' },
      seed: { type: 'string' },
      seeds: { type: 'string' },
      nodes: { type: 'string' },
      json: { type: 'boolean', default: false },
      report: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.stdout(help);
    return 0;
  }
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new ScenarioError('sweep takes one scenario');
  if (values.over === undefined)
    throw new ScenarioError('sweep needs --over, as in --over replication=8,12,20');
  const seeds = seedsOf(values.seed, values.seeds);
  const own = scenarioOf(name);
  const scenario =
    values.nodes === undefined ? own : { ...own, nodes: wholeNumber('--nodes', values.nodes, 2) };
  const plan = planSweep(scenario, values.over, seeds.length);
  const result = await runSweep(basename(name, '.json'), scenario, plan, seeds, (title) =>
    createProgress(console, title),
  );
  const command = `npm run sim -- sweep ${quoted(name)} --over ${quoted(values.over)} --seeds ${seeds.join(',')} --nodes ${scenario.nodes}`;
  const { describeSweep, renderSweep } = await import('./sweep-report.ts');
  if (values.report !== undefined) writeText(values.report, renderSweep(result, command));
  const saved = { ...result, command };
  if (values.out !== undefined)
    console.stderr(
      `${writeBoth(values.out, `${result.scenario}-${plan.parameter}`, saved, renderSweep(result, command)).join('\n')}\n`,
    );
  console.stdout(values.json ? `${JSON.stringify(saved)}\n` : `${describeSweep(result, command)}\n`);
  return values.json || result.ok ? 0 : 1;
}

function seedsOf(seed: string | undefined, seeds: string | undefined): number[] {
  if (seed !== undefined && seeds !== undefined) throw new ScenarioError('one of --seed and --seeds');
  const texts = (seeds ?? seed ?? '1').split(',');
  return [...new Set(texts.map((text) => wholeNumber('--seeds', text, 0)))];
}
