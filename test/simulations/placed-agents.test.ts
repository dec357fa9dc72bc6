/** An index that is far larger than what is asked of it. */
import { describe, expect, it } from 'vitest';
import { runScenario } from '../../simulations/lib/run-scenario.ts';
import type { Scenario } from '../../simulations/lib/scenario.ts';

const scenario: Scenario = {
  title: 'a small network',
  nodes: 40,
  agents: 1,
  placedAgents: 1_000_000_000,
  start: 'settled',
  network: { latency: 'regions', jitter: 0.05, loss: 0.01, uplinkBitsPerSecond: 20_000_000 },
  load: { seconds: 6, lookupsPerSecond: 10, updatesPerSecond: 2, rotationsPerSecond: 1, revocations: 3 },
  faults: [],
  settleSeconds: 3,
  thresholds: [
    { measure: 'lookups.rightShare', atLeast: 1 },
    { measure: 'publishes.storedShare', atLeast: 1 },
    { measure: 'revocations.reachedShare', atLeast: 1 },
    { measure: 'placed.askedCount', atLeast: 80 },
  ],
};

describe('agents that were registered long ago', () => {
  it('are found, change and end as any, each at its k closest nodes from the beginning', async () => {
    const { thresholds, invariants, measures } = await runScenario('small', scenario, 5, () => {});
    expect([...thresholds, ...invariants].filter(({ ok }) => !ok)).toEqual([]);
    expect(measures['storage.copiesPerRecord']).toBeGreaterThanOrEqual(20);
    // Each was asked of several of its holders, and none of them had it decoded.
    expect(measures['lookups.requests']).toBeGreaterThan(2);
  });
});
