/** The command line of the simulations. */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { runCompare } from '../report/compare-command.ts';
import type { Console } from '../report/console.ts';
import { createProgress } from '../report/progress.ts';
import { ResultFileError } from '../report/result-file.ts';
import { describeRun } from '../report/run-text.ts';
import { runSweepCommand } from '../report/sweep-command.ts';
import { quoted, writeBoth, writeText } from '../report/write-files.ts';
import { type RunResult, runScenario } from './run-scenario.ts';
import { parseScenario, type Scenario, ScenarioError } from './scenario.ts';
import { scenarioNames, scenarioOf, wholeNumber } from './scenario-files.ts';

const help = `usage: npm run sim -- <scenario> [options]
       npm run sim -- compare <A.json> <B.json> [options]
       npm run sim -- sweep <scenario> --over <parameter>=<value>,<value>... [options]
       npm run sim -- scale [options]
       npm run sim -- virtual [--seed N] [--nodes N] [--minutes N] [--json]
       npm run sim -- live <scenario> [--nodes N] [--virtual | --namespaces] [options]

Runs a network of weft nodes in virtual time, by the core of the daemon: the same seed gives the same run.

  <scenario>      a name from --list, or a file
  compare         two results side by side, with what is worse; compare --help tells more
  sweep           a scenario at several values of a parameter; sweep --help tells more
  scale           what a node costs at several sizes, and lines through it; scale --help tells more
  virtual         whole nodes, libp2p included, and faults from the seed; 20 nodes and 3 minutes by default
  live            a scenario on real nodes, with the model beside them; live --help tells more
  --seed N        default 1
  --nodes N       in place of the scenario's own number
  --threads N     that many run the nodes side by side; another number gives another run of the same network
  --json          the result as one object on stdout, progress on stderr; exits 0 when the run completed
  --report FILE   also as a page with plots, which needs nothing but itself
  --out FOLDER    both, as <scenario>-<nodes>-seed<seed>.json and .html
  --list          the scenarios that come with weft
  --help

examples:
  npm run sim -- steady-state
  npm run sim -- revocation-storm --nodes 2000 --seed 7
  npm run sim -- steady-state --nodes 5000 --threads 4
  npm --silent run sim -- churn --json > churn.json
  npm run sim -- partition-and-heal --report partition.html
  npm run sim -- compare before.json after.json --fail-on-regression
  npm run sim -- sweep steady-state --over replication=8,12,20

exit codes: 0 everything held; 1 a threshold or an invariant did not; 2 wrong usage or scenario
`;

/** Returns the exit code. */
export async function runSimulation(args: readonly string[], console: Console): Promise<number> {
  try {
    return await run(args, console);
  } catch (error) {
    if (
      !(error instanceof ScenarioError) &&
      !(error instanceof ResultFileError) &&
      !(error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
    )
      throw error;
    console.stderr(`${(error as Error).message}\nnpm run sim -- --help shows how\n`);
    return 2;
  }
}

async function run(args: readonly string[], console: Console): Promise<number> {
  if (args[0] === 'virtual') {
    const { runVirtualCommand } = await import('../virtual/virtual-command.ts');
    return runVirtualCommand(args.slice(1), console);
  }
  if (args[0] === 'live') {
    const { runLiveCommand } = await import('../live/live-command.ts');
    return runLiveCommand(args.slice(1), console);
  }
  if (args[0] === 'scale') {
    const { runScaleCommand } = await import('../scaling/scale-command.ts');
    return runScaleCommand(args.slice(1), console);
  }
  if (args[0] === 'compare') return runCompare(args.slice(1), console);
  if (args[0] === 'sweep') return runSweepCommand(args.slice(1), console);
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      nodes: { type: 'string' },
      threads: { type: 'string' },
      json: { type: 'boolean', default: false },
      report: { type: 'string' },
      out: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.stdout(help);
    return 0;
  }
  if (values.list) {
    for (const name of scenarioNames()) console.stdout(`${name.padEnd(24)} ${scenarioOf(name).title}\n`);
    return 0;
  }
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new ScenarioError('name one scenario');
  const seed = wholeNumber('--seed', values.seed, 0);
  const scenario = changed(scenarioOf(name), values);
  const result = await runScenario(basename(name, '.json'), scenario, seed, createProgress(console));
  const threads = values.threads === undefined ? '' : ` --threads ${values.threads}`;
  const command = `npm run sim -- ${quoted(name)} --seed ${seed} --nodes ${scenario.nodes}${threads}`;
  const saved = { ...withTargets(result), command };
  if (values.report !== undefined || values.out !== undefined) {
    // Plots take their time to load, and most runs draw none.
    const { renderRunReport } = await import('../report/run-report.ts');
    const page = renderRunReport(result, command);
    if (values.report !== undefined) writeText(values.report, page);
    const stem = `${result.scenario}-${result.nodes}-seed${seed}`;
    if (values.out !== undefined) console.stderr(`${writeBoth(values.out, stem, saved, page).join('\n')}\n`);
  }
  console.stdout(values.json ? `${JSON.stringify(saved)}\n` : `${describeRun(result, command)}\n`);
  return values.json || result.ok ? 0 : 1;
}

/** What the command line says in place of the file. */
function changed(
  { threads: ownThreads, ...own }: Scenario,
  values: { readonly nodes?: string | undefined; readonly threads?: string | undefined },
): Scenario {
  const nodes = values.nodes === undefined ? own.nodes : wholeNumber('--nodes', values.nodes, 2);
  const threads = values.threads === undefined ? ownThreads : wholeNumber('--threads', values.threads, 1);
  if (threads === undefined || threads === 1) return { ...own, nodes };
  return parseScenario('--threads', { ...own, nodes, threads });
}

/** The targets of every measuring command: the thresholds under the names that those have, and what the run may take. */
function withTargets(result: RunResult) {
  const targets = result.thresholds.map(({ name, value, limit, ok }) => ({ name, value, target: limit, ok }));
  const within = (name: string, value: number, target: number) => ({
    name,
    value,
    target,
    ok: value <= target,
  });
  const { budget } = result.parameters;
  if (budget !== undefined)
    targets.push(
      within('wallSeconds', result.wallSeconds, budget.wallSeconds),
      within('peakGigabytes', result.peakBytes / 1e9, budget.peakGigabytes),
    );
  return { ...result, targets };
}
