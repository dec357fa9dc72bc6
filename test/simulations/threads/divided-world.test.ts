/** Runs whose nodes are divided among threads: repeatable, and the same network as in one. */
import { describe, expect, it } from 'vitest';
import { runScenario } from '../../../simulations/lib/run-scenario.ts';
import { parseScenario, type Scenario } from '../../../simulations/lib/scenario.ts';
import { createDividedWorld } from '../../../simulations/lib/threads/divided-world.ts';

const scenario: Scenario = {
  title: 'a small network',
  nodes: 40,
  agents: 20,
  start: 'settled',
  threads: 2,
  network: { latency: 'regions', jitter: 0.05, loss: 0.01, uplinkBitsPerSecond: 20_000_000 },
  load: { seconds: 3, lookupsPerSecond: 20, updatesPerSecond: 2, rotationsPerSecond: 1, revocations: 4 },
  faults: [],
  settleSeconds: 3,
  thresholds: [{ measure: 'lookups.rightShare', atLeast: 1 }],
};

const run = (changes: Partial<Scenario>, seed = 3) =>
  runScenario('small', { ...scenario, ...changes }, seed, () => {});

/** What does not depend on the machine. */
function repeatable({
  wallSeconds: _1,
  cpuSeconds: _2,
  peakBytes: _3,
  ...result
}: Awaited<ReturnType<typeof run>>) {
  return result;
}

describe('a run of several threads', () => {
  it('is the same for the same seed, and another for another', async () => {
    const threads = 4;
    const [first, again, other] = [await run({ threads }), await run({ threads }), await run({ threads }, 4)];
    expect(repeatable(again)).toEqual(repeatable(first));
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  it('finds agents, brings every revocation to every node, and keeps every invariant', async () => {
    const { measures, invariants, ok } = await run({ threads: 3 });
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
    expect(measures).toMatchObject({
      'lookups.count': 60,
      'lookups.rightShare': 1,
      'publishes.storedShare': 1,
      'revocations.count': 4,
      'revocations.reachedShare': 1,
    });
    expect(ok).toBe(true);
  });

  it('is the network that one thread runs', async () => {
    const { threads: _, ...alone } = scenario;
    const changes = { nodes: 120, load: { ...scenario.load, revocations: 15 }, agents: 40 };
    const divided = await run(changes);
    const whole = await runScenario('small', { ...alone, ...changes }, 3, () => {});
    // Both draw other delays, so that what depends on a few messages differs; what all of them make is the same.
    const alike = [
      'gossip.duplicatesPerDelivery',
      'lookups.p50Ms',
      'revocations.p50Ms',
      'routing.peersPerNode',
      'signatures.checksPerNodeSecond',
      'storage.agentsPerNode',
      'storage.copiesPerRecord',
      'traffic.messagesPerNodeSecond',
      'traffic.bytesPerNodeSecond',
    ];
    for (const name of alike) {
      const ratio = divided.measures[name]! / whole.measures[name]!;
      expect([name, ratio > 0.85 && ratio < 1.15, ratio]).toEqual([name, true, ratio]);
    }
    expect(divided.details.sentMessages.p50 / whole.details.sentMessages.p50).toBeCloseTo(1, 0);
  });

  it('bears messages that come twice, late and in another order', async () => {
    const network = { ...scenario.network, latency: 30, loss: 0.05, reorder: 0.3, duplicate: 0.3 };
    const { measures, invariants } = await run({ network, settleSeconds: 10 });
    expect(measures['network.duplicated']).toBeGreaterThan(1_000);
    expect(measures['lookups.rightShare']).toBe(1);
    expect(measures['revocations.reachedShare']).toBe(1);
    expect(invariants.filter((one) => !one.ok)).toEqual([]);
  });

  it('that fails says so, and of what', () => {
    const settings = { ...scenario, seed: 1, peer: { replication: 0.5 } };
    expect(() => createDividedWorld(settings, 2, { changed() {}, alarmed() {} })).toThrow(
      'a thread of the run failed: RangeError',
    );
  });
});

describe('threads', () => {
  it.each<[string, Partial<Scenario>]>([
    ['have met before the run', { start: 'empty' }],
    [
      'stay up and reach one another',
      { faults: [{ type: 'crash', atSeconds: 1, forSeconds: 1, share: 0.1 }] },
    ],
    ['stay up and reach one another', { network: { ...scenario.network, nat: { share: 0.5 } } }],
    ['are some way apart', { network: { ...scenario.network, latency: 0 } }],
    ['are not reached into', { placedAgents: 1000 }],
  ])('are refused where nodes do not: %s', (reason, changes) => {
    expect(() => parseScenario('a scenario', { ...scenario, ...changes })).toThrow(reason);
  });
});
