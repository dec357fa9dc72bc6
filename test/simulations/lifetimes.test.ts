/** Agents that live for a moment beside others that live for months. */
import { describe, expect, it } from 'vitest';
import { runScenario } from '../../simulations/lib/run-scenario.ts';
import type { Scenario } from '../../simulations/lib/scenario.ts';

const one = { validityHours: 1, endpointEverySeconds: 5, revokedShare: 0.3 };
const scenario: Scenario = {
  title: 'a small network',
  nodes: 24,
  agents: 20,
  start: 'settled',
  network: { latency: 'regions', jitter: 0.05, loss: 0.01, uplinkBitsPerSecond: 20_000_000 },
  load: {
    seconds: 30,
    lookupsPerSecond: 3,
    updatesPerSecond: 0,
    rotationsPerSecond: 0,
    revocations: 0,
    lifetimes: [
      { ...one, name: 'helpers', share: 0.5, fromSeconds: 0.1, toSeconds: 30, recordShare: 0.5 },
      { ...one, name: 'services', share: 0.5, fromSeconds: 86_400, toSeconds: 864_000 },
    ],
  },
  faults: [],
  settleSeconds: 5,
  thresholds: [{ measure: 'lifetimes.services.foundShare', atLeast: 1 }],
};

describe('a mix of lifetimes', () => {
  it('keeps as many alive, finds who lives, and counts what each kind writes', async () => {
    const { ok, invariants, measures } = await runScenario('small', scenario, 3, () => {});
    expect(invariants.filter((rule) => !rule.ok)).toEqual([]);
    expect(ok).toBe(true);
    expect(measures['lifetimes.born']).toBeGreaterThan(20);
    expect(measures['storage.tombstonesPerNode']).toBeGreaterThan(0);
    expect(measures['revocations.reachedShare']).toBe(1);
    // Ten services change their endpoints seven times each, and sign nothing anew within half a minute.
    expect(measures['lifetimes.services.changesPerWrite']).toBeNull();
    expect(measures['lifetimes.helpers.changesPerWrite']).toBeLessThan(70);
    expect(measures['index.changesPerWrite']! * measures['index.writes']!).toBeCloseTo((20 * 35) / 5);
  });
});
