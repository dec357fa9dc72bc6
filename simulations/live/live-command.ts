/** `npm run sim -- live`: a scenario on real nodes, and the model of the same beside them. */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { createChance } from '../lib/chance.ts';
import { runScenario } from '../lib/run-scenario.ts';
import { ScenarioError } from '../lib/scenario.ts';
import { scenarioOf, wholeNumber } from '../lib/scenario-files.ts';
import { startMs } from '../lib/world.ts';
import type { Console } from '../report/console.ts';
import { createProgress } from '../report/progress.ts';
import { quoted, writeBoth, writeText } from '../report/write-files.ts';
import { installVirtualTime, whileTimePasses } from '../virtual/virtual-time.ts';
import { setBeside } from './beside.ts';
import type { LiveMode, LiveNetwork } from './live-network.ts';
import { type LivePlan, planLive } from './live-scenario.ts';
import { NoNamespacesError, runInNamespaces } from './run-in-namespaces.ts';
import { type LiveOutcome, type LiveProgress, runLive } from './run-live.ts';

const help = `usage: npm run sim -- live <scenario> [options]

Runs a scenario on real nodes, with libp2p, and the model with the same number of nodes and the same seed beside them.
Marks what differs by more than a quarter.

  <scenario>      a name from --list, or a file
  --nodes N       default 20
  --namespaces    each node a daemon in a network namespace of its own, with the delays and losses of the scenario
                  between them
  --virtual       all in one process, on a network, disks and a clock made from the seed: nothing depends on how fast
                  this machine is, so that times can be compared at any number of nodes, and a run can be repeated
                  (neither: all in one process, on loopback and LevelDB)
  --seed N        of keys, load and model; default 1. But for --virtual a run is not repeatable to the message
  --load F        factor of the agents and rates of the scenario; default 1
  --alone         no model
  --json          the result as one object on stdout, progress on stderr; exits 0 when the run completed
  --report FILE   also as a page
  --out FOLDER    both, as live-<scenario>-<nodes>-<mode>-seed<seed>.json and .html
  --help

--namespaces needs Linux, unshare with user namespaces, nsenter, ip, iptables, gcc and libnetfilter-queue-dev. Everything
that it makes ends with it.

examples:
  npm run sim -- live steady-state
  npm run sim -- live revocation-storm --nodes 60 --virtual
  npm run sim -- live revocation-storm --nodes 60 --namespaces --report live.html
  npm --silent run sim -- live steady-state --nodes 60 --load 0.5 --json > live.json

exit codes: 0 the scenario's thresholds held on the live nodes, those that could be measured; 1 one did not; 2 wrong usage,
or a scenario that this mode cannot run; 3 this machine cannot make such namespaces
`;

/** Returns the exit code. @throws ScenarioError */
export async function runLiveCommand(args: readonly string[], console: Console): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      nodes: { type: 'string', default: '20' },
      namespaces: { type: 'boolean', default: false },
      virtual: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      load: { type: 'string', default: '1' },
      alone: { type: 'boolean', default: false },
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
  if (name === undefined || positionals.length > 1) throw new ScenarioError('name one scenario');
  const seed = wholeNumber('--seed', values.seed, 0);
  if (values.namespaces && values.virtual) throw new ScenarioError('name one of --namespaces and --virtual');
  const mode = values.namespaces ? 'namespaces' : values.virtual ? 'virtual' : 'process';
  const nodes = wholeNumber('--nodes', values.nodes, 2);
  const load = factor('--load', values.load);
  const plan = planLive(scenarioOf(name), { mode, nodes, load });
  const scenario = basename(name, '.json');
  const runModel = async () =>
    values.alone
      ? null
      : await runScenario(scenario, plan.scenario, seed, createProgress(console, 'model: '));
  // Virtual time is that of the whole process, for the rest of it.
  const before = mode === 'virtual' ? await runModel() : null;
  let live: LiveOutcome;
  try {
    live = await interruptible((signal) => runNodes(plan, mode, seed, signal, createLiveProgress(console)));
  } catch (error) {
    if (!(error instanceof NoNamespacesError)) throw error;
    console.stderr(`not run: ${error.message}\n`);
    if (values.json)
      console.stdout(
        `${JSON.stringify({ ok: false, scenario, seed, nodes, mode, skipped: error.message })}\n`,
      );
    return 3;
  }
  const model = mode === 'virtual' ? before : await runModel();
  const command = [
    ...['npm run sim -- live', quoted(name), `--nodes ${nodes} --seed ${seed}`],
    ...(load === 1 ? [] : [`--load ${load}`]),
    ...(mode === 'process' ? [] : [`--${mode}`]),
  ].join(' ');
  const result = setBeside({ plan, scenario, seed, mode, live, model, command });
  // The page loads what draws plots.
  const { describeBeside, renderBeside } = await import('./beside-report.ts');
  if (values.report !== undefined) writeText(values.report, renderBeside(result));
  const stem = `live-${scenario}-${nodes}-${mode}-seed${seed}`;
  if (values.out !== undefined)
    console.stderr(`${writeBoth(values.out, stem, result, renderBeside(result)).join('\n')}\n`);
  console.stdout(values.json ? `${JSON.stringify(result)}\n` : `${describeBeside(result)}\n`);
  return values.json || result.ok ? 0 : 1;
}

async function runNodes(
  plan: LivePlan,
  mode: LiveMode,
  seed: number,
  signal: AbortSignal,
  onProgress: (progress: LiveProgress) => void,
): Promise<LiveOutcome> {
  if (mode === 'namespaces') return runInNamespaces(plan, seed, { signal, onProgress });
  const { scenario, settings } = plan;
  const chance = createChance(seed);
  const onStarted = (count: number): void =>
    onProgress({ phase: 'starting', detail: `${count} of ${scenario.nodes} nodes` });
  const parts = { nodes: scenario.nodes, chance, settings, signal, onStarted };
  const run = async (starting: Promise<LiveNetwork>): Promise<LiveOutcome> => {
    const network = await starting;
    try {
      return await runLive(network, scenario, chance, { signal, onProgress });
    } finally {
      await network.close();
    }
  };
  if (mode === 'virtual') {
    const time = installVirtualTime(startMs, chance);
    // Not before now: packages of the network stack take their timers when they are loaded.
    const { startSeededNetwork } = await import('./seeded-network.ts');
    return whileTimePasses(time, () => run(startSeededNetwork(parts, scenario.network, time)));
  }
  const { startProcessNetwork } = await import('./process-network.ts');
  return run(startProcessNetwork(parts));
}

/** Ctrl-C and a request to end take everything down first, and then end the process as they would have. */
async function interruptible<Value>(run: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const abort = new AbortController();
  let received: NodeJS.Signals | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    received = signal;
    abort.abort(new Error(`ended by ${signal}`));
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    return await run(abort.signal);
  } finally {
    for (const signal of signals) process.removeListener(signal, stop);
    if (received !== null) process.kill(process.pid, received);
  }
}

const plainPauseMs = 5_000;

function createLiveProgress(console: Console): (progress: LiveProgress) => void {
  let shown = { phase: '', atMs: 0 };
  return ({ phase, detail }) => {
    const atMs = performance.now();
    if (!console.isTerminal && phase === shown.phase && atMs - shown.atMs < plainPauseMs) return;
    shown = { phase, atMs };
    const line = `${phase.padEnd(12)} ${detail}`;
    console.stderr(
      console.isTerminal ? `\r\u001b[2K${line.slice(0, (console.columns ?? 100) - 1)}` : `${line}\n`,
    );
    if (console.isTerminal && phase === 'settling') console.stderr('\n');
  };
}

function factor(flag: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 100) || text.trim() === '')
    throw new ScenarioError(`${flag} takes a number above 0, up to 100`);
  return number;
}
