/** Reads results back from their files, which may be anything. */
import { readFileSync, statSync } from 'node:fs';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type RunResult, resultFormat } from '../lib/run-scenario.ts';
import { scenarioSchema } from '../lib/scenario.ts';

/** A file that is no result that can be read; the message says which and why. */
export class ResultFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ResultFileError';
  }
}

const bytesMax = 16 * 1024 * 1024;
const number = Type.Number();
const text = Type.String({ maxLength: 4096 });
const measure = Type.Union([number, Type.Null()]);
const list = (item: TSchema, maxItems: number) => Type.Array(item, { maxItems });
const spread = Type.Object({
  least: number,
  p50: number,
  p90: number,
  p99: number,
  most: number,
  mean: number,
  nodes: list(number, 64),
});
const series = list(number, 1024);
const details = Type.Object({
  hops: series,
  requests: series,
  timeline: Type.Object({
    bucketSeconds: Type.Number({ exclusiveMinimum: 0 }),
    lookups: series,
    right: series,
    publishes: series,
    stored: series,
    messages: series,
  }),
  sentMessages: spread,
  receivedMessages: spread,
  sentBytes: spread,
  keySpace: Type.Object({
    nodes: series,
    copies: series,
    agents: list(Type.Object({ place: number, copies: number }), 4096),
  }),
  lookupsMs: series,
  publishesMs: series,
  revocationsMs: series,
  revocationPairs: Type.Object({ all: number, heard: number }),
});
const schema = Type.Object({
  format: Type.Literal(resultFormat),
  ok: Type.Boolean(),
  scenario: text,
  seed: Type.Integer(),
  nodes: Type.Integer(),
  traceHash: text,
  virtualSeconds: number,
  wallSeconds: number,
  cpuSeconds: number,
  peakBytes: number,
  events: number,
  thresholds: list(
    Type.Object({
      name: text,
      value: measure,
      limit: number,
      comparison: Type.Union([Type.Literal('at-most'), Type.Literal('at-least')]),
      ok: Type.Boolean(),
    }),
    64,
  ),
  invariants: list(Type.Object({ name: text, ok: Type.Boolean(), violations: list(text, 1000) }), 64),
  measures: Type.Record(text, measure),
  parameters: scenarioSchema,
  details,
});

/** @throws ResultFileError */
export function readResult(path: string): RunResult {
  const value = readJson(path);
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== resultFormat) {
    const what = typeof format === 'string' ? `is of the format '${format.slice(0, 60)}'` : 'names no format';
    throw new ResultFileError(`${path}: ${what}; what is read is '${resultFormat}', of --json or --out`);
  }
  const [wrong] = Value.Errors(schema, value);
  if (wrong !== undefined)
    throw new ResultFileError(`${path}: ${wrong.instancePath || '/'} ${wrong.message}`);
  return value as RunResult;
}

function readJson(path: string): unknown {
  try {
    const { size } = statSync(path);
    if (size > bytesMax) throw new ResultFileError(`has ${size} bytes; a result has up to ${bytesMax}`);
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ResultFileError(`${path}: ${(error as Error).message}`);
  }
}
