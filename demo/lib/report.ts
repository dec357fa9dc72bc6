/** What the demo measured, for people and for programs. */
import { type Spread, spreadOf, tableLines } from './measure.ts';
import type { World } from './world.ts';

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
}

export interface Target {
  readonly name: string;
  readonly value: number;
  /** At most. */
  readonly target: number;
  readonly ok: boolean;
}

export interface DemoJson {
  readonly ok: boolean;
  readonly nodes: number;
  readonly steps: readonly StepResult[];
  readonly recordBytes: number;
  readonly revocation: Spread;
  readonly rotation: Spread;
  readonly merge: { readonly converged: boolean; readonly ms: number };
  readonly lost: number;
  readonly targets: readonly Target[];
}

export interface Report {
  readonly json: DemoJson;
  readonly lines: readonly string[];
}

/** Every step of the story; fewer mean that one did not hold. */
const stepCount = 15;
const propagationMsMax = 1_000;
const totalMsMax = 90_000;
const addrBytesMax = 120;

export function createReport(world: World, steps: readonly StepResult[], totalMs: number): Report {
  const revocation = spreadOf(world.revocationMs);
  const rotation = spreadOf(world.rotationMs);
  const isTold = steps.length === stepCount && steps.every(({ ok }) => ok);
  const atMost = (name: string, value: number, target: number, isMeasured = true): Target => ({
    name,
    value,
    target,
    ok: isMeasured && value <= target,
  });
  const targets = [
    atMost(
      'AgentAddr of Table 3, signature included, bytes',
      world.recordBytes,
      addrBytesMax,
      world.recordBytes > 0,
    ),
    atMost(
      'revocation on all nodes, p99, ms',
      revocation.p99Ms,
      propagationMsMax,
      world.revocationMs.length > 0,
    ),
    atMost('rotation on all nodes, p99, ms', rotation.p99Ms, propagationMsMax, world.rotationMs.length > 0),
    atMost('acknowledged records lost', world.lost, 0),
    atMost('whole demo, ms', Math.round(totalMs), totalMsMax),
  ];
  const ok = isTold && world.merge.converged && targets.every((target) => target.ok);
  const json: DemoJson = {
    ok,
    nodes: world.nodes.length,
    steps,
    recordBytes: world.recordBytes,
    revocation,
    rotation,
    merge: world.merge,
    lost: world.lost,
    targets,
  };
  return {
    json,
    lines: ['', ...timeLines(world, json), '', ...targetLines(targets), '', verdict(json, totalMs)],
  };
}

function timeLines({ recoveryMs }: World, { revocation, rotation, merge }: DemoJson): string[] {
  const cells = (name: string, { p50Ms, p99Ms, maxMs }: Spread): string[] => [
    name,
    ...[p50Ms, p99Ms, maxMs].map((value) => value.toFixed(0)),
  ];
  return tableLines(
    ['from the request to acceptance on each node, ms', 'p50', 'p99', 'max'],
    [
      cells('revocation (a delegate, the agent)', revocation),
      cells('rotation', rotation),
      cells('recovery', spreadOf(recoveryMs)),
      cells('merge of two writers, until all nodes have it', {
        p50Ms: merge.ms,
        p99Ms: merge.ms,
        maxMs: merge.ms,
      }),
    ],
  );
}

function targetLines(targets: readonly Target[]): string[] {
  return tableLines(
    ['target', 'at most', 'here', ''],
    targets.map(({ name, value, target, ok }) => [name, String(target), String(value), ok ? 'ok' : 'MISSED']),
  );
}

function verdict({ ok, steps }: DemoJson, totalMs: number): string {
  const failed = steps.find((step) => !step.ok);
  if (failed !== undefined) return `the step "${failed.name}" did not hold`;
  return `${ok ? 'everything held' : 'a target was missed'}, in ${(totalMs / 1000).toFixed(1)} s`;
}
