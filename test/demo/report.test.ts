import { describe, expect, it } from 'vitest';
import { createReport, type StepResult } from '../../demo/lib/report.ts';
import type { World } from '../../demo/lib/world.ts';

const held: StepResult[] = Array.from({ length: 15 }, (_, index) => ({
  name: `step ${index}`,
  ok: true,
  ms: 10,
}));

function worldWith(part: Partial<World> = {}): World {
  return {
    nodes: Array.from({ length: 8 }),
    recordBytes: 120,
    rotationMs: [10, 20, 30],
    recoveryMs: [12],
    revocationMs: [5, 6, 7],
    merge: { converged: true, ms: 40 },
    lost: 0,
    ...part,
  } as World;
}

describe('the report of the demo', () => {
  it('is ok when every step held and every target was met', () => {
    const { json, lines } = createReport(worldWith(), held, 60_000);
    expect(json).toEqual({
      ok: true,
      nodes: 8,
      steps: held,
      recordBytes: 120,
      revocation: { p50Ms: 6, p99Ms: 7, maxMs: 7 },
      rotation: { p50Ms: 20, p99Ms: 30, maxMs: 30 },
      merge: { converged: true, ms: 40 },
      lost: 0,
      targets: expect.arrayContaining([expect.objectContaining({ ok: true })]),
    });
    expect(lines.at(-1)).toBe('everything held, in 60.0 s');
  });

  it('is not ok for a step that failed, one that never ran, a lost record, or a target that was missed', () => {
    const failed = [...held.slice(0, 4), { name: 'merge', ok: false, ms: 1 }];
    expect(createReport(worldWith(), failed, 1).json.ok).toBe(false);
    expect(createReport(worldWith(), failed, 1).lines.at(-1)).toBe('the step "merge" did not hold');
    expect(createReport(worldWith(), held.slice(0, 14), 1).json.ok).toBe(false);
    expect(createReport(worldWith({ lost: 1 }), held, 1).json.ok).toBe(false);
    expect(createReport(worldWith({ recordBytes: 121 }), held, 1).json.ok).toBe(false);
    expect(createReport(worldWith({ merge: { converged: false, ms: 0 } }), held, 1).json.ok).toBe(false);
    expect(createReport(worldWith(), held, 90_001).json.ok).toBe(false);
    expect(createReport(worldWith({ revocationMs: [1001] }), held, 1).lines.join('\n')).toContain('MISSED');
  });
});
