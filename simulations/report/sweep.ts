/** One scenario with one parameter at several values, each with the same seeds. */
import type { RunProgress, RunResult } from '../lib/run-scenario.ts';
import { runScenario } from '../lib/run-scenario.ts';
import { parseScenario, type Scenario, ScenarioError } from '../lib/scenario.ts';

/** Names as they are said, and their place in a scenario. */
export const parameterPaths: Readonly<Record<string, string>> = {
  replication: 'peer.replication',
  k: 'peer.replication',
  parallelism: 'peer.parallelism',
  alpha: 'peer.parallelism',
  α: 'peer.parallelism',
  acknowledgements: 'peer.acknowledgements',
  w: 'peer.acknowledgements',
  degree: 'gossip.degree',
  D: 'gossip.degree',
  republish: 'peer.handOverSeconds',
  sync: 'peer.syncIntervalSeconds',
  responders: 'peer.respondersMin',
  hedge: 'peer.hedgeAfterMs',
  loss: 'network.loss',
  jitter: 'network.jitter',
  reorder: 'network.reorder',
  duplicate: 'network.duplicate',
};

const valuesMax = 32;
const runsMax = 128;

export interface SweepPlan {
  readonly parameter: string;
  /** In the scenario. */
  readonly path: string;
  readonly points: readonly { readonly value: number; readonly scenario: Scenario }[];
}

export interface SweepRun {
  readonly value: number;
  readonly seed: number;
  readonly ok: boolean;
  readonly traceHash: string;
  readonly wallSeconds: number;
  readonly thresholds: RunResult['thresholds'];
  /** Names of those that were broken. */
  readonly broken: readonly string[];
  readonly measures: RunResult['measures'];
}

export interface SweepResult {
  readonly format: 'weft-sweep/1';
  /** Every run held. */
  readonly ok: boolean;
  readonly scenario: string;
  readonly nodes: number;
  readonly parameter: string;
  readonly path: string;
  readonly values: readonly number[];
  readonly seeds: readonly number[];
  readonly runs: readonly SweepRun[];
  readonly parameters: Scenario;
}

/** @param over `name=value,value`. @throws ScenarioError */
export function planSweep(scenario: Scenario, over: string, seeds: number): SweepPlan {
  const [parameter = '', list = '', ...rest] = over.split('=');
  const texts = list.split(',');
  if (parameter === '' || rest.length > 0 || texts.some((text) => !/^-?[0-9.]+(e-?[0-9]+)?$/.test(text)))
    throw new ScenarioError('--over takes a parameter and numbers, as in replication=8,12,20');
  const values = [...new Set(texts.map(Number))];
  if (values.length > valuesMax || values.length * seeds > runsMax)
    throw new ScenarioError(`a sweep has at most ${valuesMax} values and ${runsMax} runs`);
  const path = Object.hasOwn(parameterPaths, parameter) ? parameterPaths[parameter]! : parameter;
  return {
    parameter,
    path,
    points: values.map((value) => ({
      value,
      scenario: parseScenario(`${path}=${value}`, withValue(scenario, path, value)),
    })),
  };
}

/** A copy with that value at that path; what is no parameter is refused by the schema of a scenario. */
function withValue(scenario: Scenario, path: string, value: number): unknown {
  const [first = '', second, ...rest] = path.split('.');
  if (rest.length > 0 || !/^[a-zA-Z]+$/.test(`${first}${second ?? ''}`))
    throw new ScenarioError(
      `'${path}' is no parameter: ${Object.keys(parameterPaths).join(', ')}, or a field`,
    );
  if (second === undefined) return { ...scenario, [first]: value };
  if (first === 'faults') return { ...scenario, faults: withFault(scenario.faults, second, value) };
  const inner = Object.hasOwn(scenario, first) ? (scenario as Record<string, unknown>)[first] : {};
  return { ...scenario, [first]: { ...(inner as object), [second]: value } };
}

/** In each fault that has it. */
function withFault(faults: Scenario['faults'], field: string, value: number): object[] {
  if (!faults.some((fault) => Object.hasOwn(fault, field)))
    throw new ScenarioError(`no fault of this scenario has '${field}'`);
  return faults.map((fault) => (Object.hasOwn(fault, field) ? { ...fault, [field]: value } : fault));
}

export async function runSweep(
  name: string,
  scenario: Scenario,
  plan: SweepPlan,
  seeds: readonly number[],
  progressOf: (title: string) => (progress: RunProgress) => Promise<void> | void,
): Promise<SweepResult> {
  const runs: SweepRun[] = [];
  const total = plan.points.length * seeds.length;
  for (const { value, scenario: changed } of plan.points) {
    for (const seed of seeds) {
      const title = `${runs.length + 1}/${total} ${plan.parameter}=${value}  `;
      const result = await runScenario(name, changed, seed, progressOf(title));
      const { ok, traceHash, wallSeconds, thresholds, measures } = result;
      const broken = result.invariants.filter((one) => !one.ok).map((one) => one.name);
      runs.push({ value, seed, ok, traceHash, wallSeconds, thresholds, broken, measures });
    }
  }
  return {
    format: 'weft-sweep/1',
    ok: runs.every(({ ok }) => ok),
    scenario: name,
    nodes: scenario.nodes,
    parameter: plan.parameter,
    path: plan.path,
    values: plan.points.map(({ value }) => value),
    seeds,
    runs,
    parameters: scenario,
  };
}

/** Of the runs of that value in which it was measured; null without any. */
export function meanOf(runs: readonly SweepRun[], value: number, measure: string): number | null {
  const found = runs.flatMap((run) => {
    const one = run.value === value ? run.measures[measure] : null;
    return one === null || one === undefined ? [] : [one];
  });
  return found.length === 0 ? null : found.reduce((sum, one) => sum + one, 0) / found.length;
}
