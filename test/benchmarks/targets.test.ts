import { describe, expect, it } from 'vitest';
import { evaluateTargets, measuredTarget, ratioTarget } from '../../benchmarks/lib/targets.ts';
import { overlaySuite } from '../../benchmarks/suites/overlay.ts';

describe('evaluateTargets', () => {
  it('keeps a value at an at-most or at-least bound and refuses it at a below bound', () => {
    const rows = [
      measuredTarget('most', 'a', 'at-most', 120, 'bytes'),
      measuredTarget('least', 'a', 'at-least', 120, 'bytes'),
      measuredTarget('below', 'a', 'below', 120, 'bytes'),
    ];
    expect(evaluateTargets(rows, { a: 120 }).map((row) => row.ok)).toEqual([true, true, false]);
    expect(evaluateTargets(rows, { a: 121 }).map((row) => row.ok)).toEqual([false, true, false]);
    expect(evaluateTargets(rows, { a: 119 }).map((row) => row.ok)).toEqual([true, false, true]);
  });

  it('computes a ratio from its two measurements', () => {
    const row = ratioTarget('time', { of: 'ours', to: 'theirs' }, 'at-most', 0.5);
    expect(evaluateTargets([row], { ours: 2, theirs: 8 })).toEqual([
      { name: 'time', value: 0.25, target: 0.5, ok: true, comparison: 'at-most', unit: 'ratio' },
    ]);
    expect(evaluateTargets([row], { ours: 6, theirs: 8 })).toMatchObject([{ value: 0.75, ok: false }]);
  });

  it('calls a target that was not measured, or cannot be a number, not ok', () => {
    const ratio = ratioTarget('time', { of: 'ours', to: 'theirs' }, 'at-most', 0.5);
    const single = measuredTarget('one', 'ours', 'at-most', 1, 'ms');
    expect(evaluateTargets([ratio, single], {})).toMatchObject([
      { value: null, ok: false },
      { value: null, ok: false },
    ]);
    expect(evaluateTargets([ratio], { ours: 0, theirs: 0 })).toMatchObject([{ value: null, ok: false }]);
    expect(evaluateTargets([single], { ours: Number.NaN })).toMatchObject([{ value: null, ok: false }]);
  });
});

describe('the targets of the overlay suite', () => {
  const names = overlaySuite.targets.map((row) => row.name);

  it('have names of their own', () => {
    expect(new Set(names).size).toBe(names.length);
  });

  it('stand at 20 and at 60 nodes for every comparison with a peer', () => {
    const compared = names.filter(
      (name) => name.includes('against hyperdht') || name.includes('against kad-dht'),
    );
    const at = (nodes: number): readonly string[] =>
      compared.filter((name) => name.endsWith(`N = ${nodes}`)).map((name) => name.replace(/, N = \d+$/, ''));
    expect(at(20)).toHaveLength(6);
    expect(at(60)).toEqual(at(20));
  });

  it('are all met by a weft that is fast enough, and by none that was not measured', () => {
    const figures = { putP50Ms: 1, resolveP50Ms: 1, putsPerSecond: 2000, resolvesPerSecond: 2000 };
    const slow = { putP50Ms: 10, resolveP50Ms: 10, putsPerSecond: 100, resolvesPerSecond: 100 };
    const measurements: Record<string, number> = {
      'address/bytes': 120,
      'ingest/updatesPerSecond': 3000,
      'ingest/rawLowerPerSecond': 4000,
      'gossip/60/p99Ms': 149,
      'records/residentMegabytes': 200,
    };
    for (const nodes of [20, 60]) {
      for (const [subject, of] of Object.entries({ weft: figures, hyperdht: slow, 'kad-dht': slow })) {
        for (const [name, value] of Object.entries(of))
          measurements[`compare/${subject}/${nodes}/${name}`] = value;
      }
    }
    expect(evaluateTargets(overlaySuite.targets, measurements).filter((row) => !row.ok)).toEqual([]);
    expect(evaluateTargets(overlaySuite.targets, {}).some((row) => row.ok)).toBe(false);
  });
});
