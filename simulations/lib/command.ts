/** The command line of the simulations. */
import { existsSync, globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatNumber, renderTable } from '../../benchmarks/lib/table.ts';
import { type RunProgress, type RunResult, repeatCommand, runScenario } from './run-scenario.ts';
import { loadScenario, type Scenario, ScenarioError } from './scenario.ts';

const folder = fileURLToPath(new URL('../scenarios/', import.meta.url));

const help = `usage: npm run sim -- <scenario> [options]
       npm run sim -- virtual [--seed N] [--nodes N] [--minutes N] [--json]

Runs a network of weft nodes in virtual time, by the core of the daemon: the same seed gives the same run.

  <scenario>      a name from --list, or a file
  virtual         whole nodes, libp2p included, and faults from the seed; 20 nodes and 3 minutes by default
  --seed N        default 1
  --nodes N       in place of the scenario's own number
  --json          the result as one object on stdout, progress on stderr; exits 0 when the run completed
  --list          the scenarios that come with weft
  --help

examples:
  npm run sim -- steady-state
  npm run sim -- revocation-storm --nodes 2000 --seed 7
  npm --silent run sim -- churn --json > churn.json

exit codes: 0 everything held; 1 a threshold or an invariant did not; 2 wrong usage or scenario
`;

export interface Console {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether lines of progress may be written over. */
  readonly isTerminal: boolean;
}

/** Returns the exit code. */
export async function runSimulation(args: readonly string[], console: Console): Promise<number> {
  try {
    return await run(args, console);
  } catch (error) {
    if (
      !(error instanceof ScenarioError) &&
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
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      nodes: { type: 'string' },
      json: { type: 'boolean', default: false },
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
  const own = scenarioOf(name);
  const scenario =
    values.nodes === undefined ? own : { ...own, nodes: wholeNumber('--nodes', values.nodes, 2) };
  const result = await runScenario(basename(name, '.json'), scenario, seed, progressOf(console));
  if (values.json) {
    console.stdout(`${JSON.stringify(withTargets(result))}\n`);
    return 0;
  }
  console.stdout(`${describe(scenario, result)}\n`);
  return result.ok ? 0 : 1;
}

export function scenarioNames(): string[] {
  return globSync('*.json', { cwd: folder })
    .map((file) => basename(file, '.json'))
    .sort();
}

function scenarioOf(name: string): Scenario {
  const own = `${folder}${name}.json`;
  if (existsSync(own)) return loadScenario(own);
  if (existsSync(name)) return loadScenario(name);
  throw new ScenarioError(`no scenario '${name}': one of ${scenarioNames().join(', ')}, or a file`);
}

function wholeNumber(flag: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least)
    throw new ScenarioError(`${flag} takes a whole number, ${least} or greater`);
  return number;
}

/** The targets of every measuring command: the thresholds under the names that those have. */
function withTargets(result: RunResult) {
  const targets = result.thresholds.map(({ name, value, limit, ok }) => ({ name, value, target: limit, ok }));
  return { ...result, targets };
}

function progressOf(console: Console): (progress: RunProgress) => Promise<void> {
  let shownMs = 0;
  return async ({ phase, share, events, faults }) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < (console.isTerminal ? 200 : 5_000)) return;
    shownMs = nowMs;
    const bar = '█'.repeat(Math.round(share * 20)).padEnd(20, '·');
    const line = `${phase.padEnd(12)} ${bar} ${Math.round(share * 100)}%  ${events} events  ${faults.join(', ')}`;
    console.stderr(console.isTerminal ? `\r\u001b[2K${line}` : `${line}\n`);
    // Signals and output have their turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (console.isTerminal && share >= 1) console.stderr('\r\u001b[2K');
  };
}

function describe(scenario: Scenario, result: RunResult): string {
  const mark = (ok: boolean): string => (ok ? 'ok' : 'NOT MET');
  const thresholds = renderTable({
    title: `${scenario.title}: ${result.nodes} nodes, seed ${result.seed}`,
    columns: ['threshold', 'limit', 'here', ''],
    rows: result.thresholds.map(({ name, value, limit, comparison, ok }) => [
      name,
      `${comparison === 'at-most' ? '<=' : '>='} ${limit}`,
      formatNumber(value),
      mark(ok),
    ]),
  });
  const measures = renderTable({
    title: 'measured',
    columns: ['', ''],
    rows: Object.entries(result.measures).map(([name, value]) => [name, formatNumber(value)]),
  });
  const invariants = result.invariants.flatMap(({ name, ok, violations }) => [
    `${ok ? '✓' : '✗'} ${name}`,
    ...violations.slice(0, 5).map((violation) => `    ${violation}`),
  ]);
  const rate = formatNumber(result.virtualSeconds / result.wallSeconds);
  return [
    thresholds,
    '',
    measures,
    '',
    ...invariants,
    '',
    `${result.virtualSeconds.toFixed(0)} s of virtual time in ${result.wallSeconds.toFixed(1)} s (${rate} times), ${result.events} events, trace ${result.traceHash}`,
    ...(result.ok ? [] : [`repeat it: ${repeatCommand(result)}`]),
  ].join('\n');
}
