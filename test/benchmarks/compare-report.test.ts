import { describe, expect, it } from 'vitest';
import type { TurnOutcome } from '../../benchmarks/lib/subject-calls.ts';
import { evaluateTargets } from '../../benchmarks/lib/targets.ts';
import { planCompare } from '../../benchmarks/sections/compare-plan.ts';
import { reportCompare, type SubjectRun } from '../../benchmarks/sections/compare-report.ts';
import { overlaySuite } from '../../benchmarks/suites/overlay.ts';

const start = { startMs: 100, cpuSeconds: 0.1, residentBytesBefore: 50e6, residentBytesAfter: 70e6 };

function turn(latencyMs: number, perSecond: number | null, failures = 0): TurnOutcome {
  const series = { done: [1, 2], failures, errors: failures > 0 ? ['Error: not found'] : [] };
  const sequential = { ...series, latenciesMs: [latencyMs, latencyMs] };
  const concurrent =
    perSecond === null
      ? null
      : { ...series, perSecond, steadyPerSecond: perSecond * 2, elapsedMs: 10, abandoned: 1 };
  return { put: sequential, get: sequential, concurrentPut: concurrent, concurrentGet: concurrent };
}

const run = (subject: SubjectRun['subject'], nodes: number, turns: readonly TurnOutcome[]): SubjectRun => ({
  subject,
  nodes,
  start,
  turns,
  failure: null,
});

describe('reportCompare', () => {
  const runs = [
    run('weft', 20, [turn(1, 900), turn(1, 1100), turn(4, 1000)]),
    run('hyperdht', 20, [turn(4, 100), turn(4, 110), turn(4, null)]),
    run('kad-dht', 20, [turn(200, 10, 1)]),
  ];
  const result = reportCompare(runs, planCompare(false));

  it('takes medians over all samples and over the rounds that had a rate', () => {
    expect(result.measurements).toMatchObject({
      'compare/weft/20/putP50Ms': 1,
      'compare/weft/20/putsPerSecond': 1000,
      'compare/hyperdht/20/putsPerSecond': 105,
    });
  });

  it('feeds the targets of the suite', () => {
    const targets = evaluateTargets(overlaySuite.targets, result.measurements);
    const named = (name: string) => targets.find((target) => target.name === name);
    expect(named('cold resolve p50, time, against hyperdht, N = 20')).toMatchObject({
      value: 0.25,
      ok: true,
    });
    expect(named('puts/s, 64 in flight, against kad-dht, N = 20')).toMatchObject({ value: 100, ok: true });
    expect(named('puts/s, 64 in flight, against hyperdht, N = 60')).toMatchObject({ value: null, ok: false });
  });

  it('divides the growth of the resident memory by the number of nodes', () => {
    expect(result.data).toMatchObject({ figures: [{ memoryPerNodeBytes: 1e6 }, {}, {}] });
  });

  it('says what failed and how often', () => {
    expect(result.data).toMatchObject({
      figures: [{}, {}, { failures: 4, operations: 12, errors: ['Error: not found'] }],
    });
    expect(result.tables[0]!.notes!.join('\n')).toContain(
      'kad-dht at 20 nodes failed with: Error: not found',
    );
  });

  it('reports a subject that did not start, and the others beside it', () => {
    const absent: SubjectRun = {
      subject: 'weft',
      nodes: 60,
      start: null,
      turns: [],
      failure: 'Error: no port',
    };
    const { data, tables, measurements } = reportCompare([...runs, absent], planCompare(false));
    expect(data).toMatchObject({
      figures: [{}, {}, {}, { startMs: null, putMs: null, errors: ['Error: no port'] }],
    });
    expect(tables[0]!.notes!.join('\n')).toContain('weft at 60 nodes failed with: Error: no port');
    expect(measurements['compare/weft/20/putP50Ms']).toBe(1);
    expect(measurements['compare/weft/60/putP50Ms']).toBeUndefined();
  });

  it('leaves a gap in the charts where nothing was measured', () => {
    const [puts] = result.charts;
    expect(puts!.groups).toEqual(['8 nodes', '20 nodes', '60 nodes']);
    expect(puts!.series.find((series) => series.name === 'weft')!.values).toEqual([null, 1, null]);
  });
});
