/**
 * What was run, as a file: each run with what was measured, so that fits and tables can be made again without it. Lines of
 * JSON: the format, then one run each, so that a change of a run is a change of a line.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type RunProgress, runScenario } from '../lib/run-scenario.ts';
import { ResultFileError } from '../report/result-file.ts';
import type { PlannedRun } from './plan.ts';

export const dataFormat = 'weft-scaling/1';

const runSchema = Type.Object({
  series: Type.String({ maxLength: 64 }),
  value: Type.Number({ exclusiveMinimum: 0 }),
  nodes: Type.Integer({ minimum: 2 }),
  agents: Type.Integer({ minimum: 1 }),
  /** Of virtual time, over which traffic was measured. */
  seconds: Type.Number({ exclusiveMinimum: 0 }),
  lookups: Type.Integer({ minimum: 0 }),
  updates: Type.Integer({ minimum: 0 }),
  revocations: Type.Integer({ minimum: 0 }),
  seed: Type.Integer({ minimum: 0 }),
  traceHash: Type.String({ maxLength: 64 }),
  /** Of this machine, user and system. */
  cpuSeconds: Type.Number({ minimum: 0 }),
  /** Names of invariants that did not hold. */
  broken: Type.Array(Type.String({ maxLength: 200 }), { maxItems: 16 }),
  measures: Type.Record(Type.String({ maxLength: 64 }), Type.Number()),
});

const dataSchema = Type.Object({
  format: Type.Literal(dataFormat),
  runs: Type.Array(runSchema, { maxItems: 512 }),
});

export type ScalingRun = Static<typeof runSchema>;
export type ScalingData = Static<typeof dataSchema>;

const bytesMax = 1024 * 1024;

/** No runs where there is no file. @throws ResultFileError */
export function readData(path: string): ScalingData {
  if (!existsSync(path)) return { format: dataFormat, runs: [] };
  let value: unknown;
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > bytesMax) throw new RangeError(`has more than ${bytesMax} bytes`);
    const [head, ...runs] = text.trimEnd().split('\n');
    value = { ...JSON.parse(head!), runs: runs.map((line) => JSON.parse(line)) };
  } catch (error) {
    throw new ResultFileError(`${path}: ${(error as Error).message}`);
  }
  const [wrong] = Value.Errors(dataSchema, value);
  if (wrong !== undefined)
    throw new ResultFileError(`${path}: ${wrong.instancePath || '/'} ${wrong.message}`);
  return value as ScalingData;
}

export function encodeData({ format, runs }: ScalingData): string {
  const sorted = [...runs].sort(
    (left, right) => left.series.localeCompare(right.series) || left.value - right.value,
  );
  return [{ format }, ...sorted].map((line) => `${JSON.stringify(line)}\n`).join('');
}

export function isSameRun(left: ScalingRun, { series, value }: PlannedRun, seed: number): boolean {
  return left.series === series && left.value === value && left.seed === seed;
}

export async function runPlanned(
  { series, value, scenario }: PlannedRun,
  seed: number,
  onProgress: (progress: RunProgress) => Promise<void> | void,
): Promise<ScalingRun> {
  const before = process.cpuUsage();
  const result = await runScenario(series, scenario, seed, onProgress);
  const spent = process.cpuUsage(before);
  const { load } = scenario;
  const measured = Object.entries(result.measures).flatMap(([name, number]) =>
    number === null || !Number.isFinite(number) ? [] : [[name, Number(number.toPrecision(6))] as const],
  );
  return {
    series,
    value,
    nodes: scenario.nodes,
    agents: scenario.agents,
    seconds: load.seconds + scenario.settleSeconds,
    lookups: Math.round(load.lookupsPerSecond * load.seconds),
    updates: Math.round(load.updatesPerSecond * load.seconds),
    revocations: load.revocations,
    seed,
    traceHash: result.traceHash,
    cpuSeconds: Math.round((spent.user + spent.system) / 1e5) / 10,
    broken: result.invariants.filter(({ ok }) => !ok).map(({ name }) => name),
    measures: Object.fromEntries(measured),
  };
}
