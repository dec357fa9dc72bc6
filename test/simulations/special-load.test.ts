/** What some scenarios ask for beside the usual load. */
import { describe, expect, it } from 'vitest';
import { runScenario } from '../../simulations/lib/run-scenario.ts';
import type { Scenario } from '../../simulations/lib/scenario.ts';

const load: Scenario['load'] = {
  seconds: 14,
  lookupsPerSecond: 2,
  updatesPerSecond: 0,
  rotationsPerSecond: 0.5,
  revocations: 4,
};
const scenario: Scenario = {
  title: 'a small network',
  nodes: 24,
  agents: 12,
  start: 'settled',
  network: { latency: 'regions', jitter: 0.05, loss: 0.01, uplinkBitsPerSecond: 20_000_000 },
  load,
  faults: [],
  settleSeconds: 4,
  thresholds: [{ measure: 'lookups.rightShare', atLeast: 1 }],
};

const run = (changes: Partial<Scenario>) => runScenario('small', { ...scenario, ...changes }, 3, () => {});

describe('special load', () => {
  it('sends old states again, which nobody who knows better takes', async () => {
    const { ok, measures } = await run({ load: { ...load, replaysPerSecond: 10 } });
    expect(ok).toBe(true);
    expect(measures['replays.count']).toBeGreaterThan(50);
    expect(measures['replays.taken']).toBe(0);
  });

  it('writes agents with two hands, and all readers agree on what stands', async () => {
    const { invariants, measures } = await run({ load: { ...load, twoHandsPerSecond: 1 } });
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
    expect(measures['writers.agreeShare']).toBe(1);
  });

  it('forks agents, which every node flags', async () => {
    const { invariants, measures } = await run({ load: { ...load, forks: 3 }, settleSeconds: 11 });
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
    expect(measures['forks.flaggedShare']).toBe(1);
    expect(measures['lookups.rightShare']).toBe(1);
  });

  it('wants one agent, and tells how much its holders bear', async () => {
    const calm = await run({});
    const hot = await run({ load: { ...load, hotLookupsPerSecond: 30 } });
    expect(hot.measures['load.hottestOverMean']!).toBeGreaterThan(calm.measures['load.hottestOverMean']!);
    expect(calm.measures['replays.taken']).toBeNull();
    expect(calm.measures['writers.agreeShare']).toBeNull();
  });

  it('lets nodes join three others at once, and uses them', async () => {
    const { ok, measures } = await run({ start: 'empty', joinSeconds: 2 });
    expect(ok).toBe(true);
    expect(measures['revocations.reachedShare']).toBe(1);
  });
});
