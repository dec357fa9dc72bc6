/** Small runs of the simulator: repeatable, true to the core, and able to fail. */
import { describe, expect, it } from 'vitest';
import { runScenario } from '../../simulations/lib/run-scenario.ts';
import type { Scenario } from '../../simulations/lib/scenario.ts';

const scenario: Scenario = {
  title: 'a small network',
  nodes: 24,
  agents: 20,
  start: 'settled',
  network: { latency: 'regions', jitter: 0.05, loss: 0.01, uplinkBitsPerSecond: 20_000_000 },
  load: { seconds: 6, lookupsPerSecond: 10, updatesPerSecond: 2, rotationsPerSecond: 1, revocations: 4 },
  faults: [],
  settleSeconds: 4,
  thresholds: [{ measure: 'lookups.rightShare', atLeast: 1 }],
};

const run = (changes: Partial<Scenario> = {}, seed = 3) =>
  runScenario('small', { ...scenario, ...changes }, seed, () => {});

describe('a run', () => {
  it('is the same for the same seed, and another for another', async () => {
    const [first, again, other] = [await run(), await run(), await run({}, 4)];
    const { wallSeconds: _1, cpuSeconds: _2, peakBytes: _3, ...firstRun } = first;
    const { wallSeconds: _4, cpuSeconds: _5, peakBytes: _6, ...secondRun } = again;
    expect(secondRun).toEqual(firstRun);
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  it('finds agents, brings every revocation to every node, and keeps every invariant', async () => {
    const { measures, invariants, ok } = await run();
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
    expect(measures).toMatchObject({
      'lookups.rightShare': 1,
      'revocations.count': 4,
      'revocations.reachedShare': 1,
    });
    expect(measures['lookups.count']).toBe(60);
    expect(ok).toBe(true);
  });

  it('converges after a partition in which agents ended on one side', async () => {
    const faults: Scenario['faults'] = [{ type: 'partition', atSeconds: 1, forSeconds: 20, share: 0.4 }];
    const { measures, invariants } = await run({ faults, settleSeconds: 20 });
    expect(measures['revocations.withinSecondShare']).toBeLessThan(1);
    expect(measures['revocations.reachedShare']).toBe(1);
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
  });

  it('keeps what was acknowledged when a third of the nodes crashes and comes back', async () => {
    const faults: Scenario['faults'] = [{ type: 'crash', atSeconds: 2, forSeconds: 5, share: 0.33 }];
    const { invariants } = await run({ faults, settleSeconds: 20 });
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
  });

  it('bears messages that come twice, late and in another order', async () => {
    const network = { ...scenario.network, loss: 0.05, reorder: 0.3, duplicate: 0.3 };
    const { measures, invariants } = await run({ network, settleSeconds: 20 });
    expect(measures['network.heldBack']).toBeGreaterThan(1_000);
    expect(measures['network.duplicated']).toBeGreaterThan(1_000);
    expect(measures).toMatchObject({ 'lookups.rightShare': 1, 'publishes.storedShare': 1 });
    expect(measures['revocations.reachedShare']).toBe(1);
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
  });

  it('that cannot meet a threshold says so', async () => {
    const { ok, thresholds } = await run({ thresholds: [{ measure: 'revocations.p99Ms', atMost: 1 }] });
    expect(ok).toBe(false);
    expect(thresholds[0]).toMatchObject({ name: 'revocations.p99Ms', limit: 1, ok: false });
  });

  it('in which nothing was measured meets no threshold', async () => {
    const load = {
      seconds: 1,
      lookupsPerSecond: 0,
      updatesPerSecond: 0,
      rotationsPerSecond: 0,
      revocations: 0,
    };
    const { ok, measures } = await run({ load, settleSeconds: 1 });
    expect(measures['lookups.rightShare']).toBeNull();
    expect(ok).toBe(false);
  });
});
