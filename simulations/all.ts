/** `npm run sim:all`: every scenario but those that take a machine for themselves, and 40 virtual runs of ten minutes; what failed is said at the end. */
import { availableParallelism } from 'node:os';
import type { RunResult } from './lib/run-scenario.ts';
import { scenarioNames, scenarioOf } from './lib/scenario-files.ts';
import { failureOf, inTurns, simulate, simulateVirtual } from './virtual/seed-runs.ts';
import { mustHappenInSome } from './virtual/virtual-result.ts';

const seeds = 40;
const settings = { nodes: 20, minutes: 10 };

interface Verdict {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly detail: string;
}

async function scenario(name: string): Promise<Verdict> {
  const result = await simulate<RunResult>([name]);
  const missed = [...result.thresholds, ...result.invariants].filter(({ ok }) => !ok).map((one) => one.name);
  const detail = result.ok
    ? ''
    : `not met: ${missed.join(', ')}\nrepeat it: npm run sim -- ${name} --seed ${result.seed}`;
  return { name, ok: result.ok, seconds: result.wallSeconds, detail };
}

const happened = new Map<string, number>();

async function virtual(seed: number): Promise<Verdict> {
  const result = await simulateVirtual({ seed, ...settings });
  for (const name of mustHappenInSome) {
    happened.set(name, (happened.get(name) ?? 0) + (result.measures[name] ?? 0));
  }
  const detail = result.ok ? '' : failureOf(result);
  return { name: `virtual seed ${seed}`, ok: result.ok, seconds: result.wallSeconds, detail };
}

const tasks = [
  ...scenarioNames()
    .filter((name) => scenarioOf(name).budget === undefined)
    .map((name) => () => scenario(name)),
  ...Array.from({ length: seeds }, (_, index) => () => virtual(index + 1)),
];
const verdicts: Verdict[] = [];
for (const run of inTurns(tasks, availableParallelism())) {
  const verdict = await run.catch((error: unknown) => ({
    name: 'a run',
    ok: false,
    seconds: 0,
    detail: (error as Error).message,
  }));
  verdicts.push(verdict);
  process.stdout.write(`${verdict.ok ? '✓' : '✗'} ${verdict.name}  ${verdict.seconds.toFixed(0)} s\n`);
}
const never = mustHappenInSome.filter((name) => !happened.get(name));
if (never.length > 0)
  verdicts.push({
    name: 'all virtual runs',
    ok: false,
    seconds: 0,
    detail: `never met with: ${never.join(', ')}`,
  });
const failed = verdicts.filter(({ ok }) => !ok);
for (const { name, detail } of failed) process.stdout.write(`\n${name}\n${detail}\n`);
process.stdout.write(`\n${verdicts.length - failed.length} of ${verdicts.length} runs are ok\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
