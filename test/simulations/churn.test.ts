/** Nodes that come and go: lengths as they were measured, alike in the model and in live runs. */
import { describe, expect, it } from 'vitest';
import { createChance, weibull } from '../../simulations/lib/chance.ts';
import { absences } from '../../simulations/lib/churn.ts';
import { planFaults } from '../../simulations/lib/fault-plan.ts';
import type { Scenario } from '../../simulations/lib/scenario.ts';
import { createWorld } from '../../simulations/lib/world.ts';
import { planLiveFaults } from '../../simulations/live/live-faults.ts';
import { createLiveNode, type LiveNetwork, type NodeRun } from '../../simulations/live/live-network.ts';

const churn = { sessions: 'kad', timesFaster: 100 } as const;
const random = (seed = 1) => createChance(seed).stream('churn');
const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;

describe('a draw from the Weibull distribution', () => {
  it.each([0.47648, 0.61511, 1, 2])('with shape %d has the quantiles of its formula', (shape) => {
    const source = random();
    const draws = Float64Array.from({ length: 100_000 }, () => weibull(source, 7, shape)).sort();
    for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) {
      const expected = 7 * (-Math.log(1 - share)) ** (1 / shape);
      expect(draws[draws.length * share]! / expected).toBeCloseTo(1, 1);
    }
  });
});

describe('sessions and absences as in KAD, a hundred times faster', () => {
  it('have medians of 56 and 115 s', () => {
    const away = absences(churn, random(), 0, 4e10);
    expect(away.length).toBeGreaterThan(50_000);
    const sessions = away.map(({ fromMs }, index) => fromMs - (away[index - 1]?.untilMs ?? 0));
    expect(quantile(sessions, 0.5) / 56_060).toBeCloseTo(1, 1);
    expect(
      quantile(
        away.map(({ fromMs, untilMs }) => untilMs - fromMs),
        0.5,
      ) / 115_010,
    ).toBeCloseTo(1, 1);
  });

  it('come one after the other, from the beginning to the end, and are the same for the same seed', () => {
    const away = absences(churn, random(2), 1_000, 900_000);
    expect(away.length).toBeGreaterThan(2);
    const times = away.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(1_000);
    expect(times.at(-1)).toBeLessThanOrEqual(900_000);
    expect(absences(churn, random(2), 1_000, 900_000)).toEqual(away);
    expect(absences(churn, random(3), 1_000, 900_000)).not.toEqual(away);
  });
});

describe('churn', () => {
  const scenario: Scenario = {
    title: 'nodes come and go',
    nodes: 20,
    agents: 1,
    start: 'settled',
    network: { latency: 20, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 },
    load: { seconds: 30, lookupsPerSecond: 0, updatesPerSecond: 0, rotationsPerSecond: 0, revocations: 0 },
    faults: [{ type: 'churn', atSeconds: 1, forSeconds: 19, share: 0.5, ...churn, timesFaster: 2000 }],
    settleSeconds: 1,
    thresholds: [{ measure: 'lookups.rightShare', atLeast: 1 }],
  };

  it('takes that share of the nodes away and back, and ends with all of them', async () => {
    const { nodes: count, network } = scenario;
    const world = createWorld(
      { nodes: count, seed: 1, start: 'settled', network, peer: {} },
      { changed() {}, alarmed() {} },
    );
    const plan = planFaults(world, scenario, random());
    const changes = new Map<number, number>();
    const wasUp = world.nodes.map(() => true);
    for (let step = 0; step < 210; step++) {
      world.run(100);
      for (const { index, isUp } of world.nodes) {
        if (isUp === wasUp[index]) continue;
        wasUp[index] = isUp;
        changes.set(index, (changes.get(index) ?? 0) + 1);
      }
    }
    expect(plan.endSeconds).toBe(20);
    expect(changes.size).toBeGreaterThan(5);
    expect(changes.size).toBeLessThanOrEqual(10);
    // Some came back and went again.
    expect(Math.max(...changes.values())).toBeGreaterThan(2);
    expect(world.nodes.every(({ isUp }) => isUp)).toBe(true);
    await world.close();
  });

  it('stops and starts real nodes at such times, one after the other', async () => {
    const planned: { readonly atMs: number; task(): void | Promise<void> }[] = [];
    const timeline = {
      at: (atMs: number, task: () => void | Promise<void>) => void planned.push({ atMs, task }),
    };
    const did = new Map<number, string[]>();
    const nodes = Array.from({ length: 20 }, (_, index) =>
      createLiveNode(index, async () => {
        did.set(index, [...(did.get(index) ?? []), 'start']);
        const end = async (): Promise<void> => void did.get(index)!.push('stop');
        return { metrics: async () => '', end } as unknown as NodeRun;
      }),
    );
    for (const node of nodes) await node.start();
    const network = { nodes } as unknown as LiveNetwork;
    expect(planLiveFaults(network, scenario, random(), timeline as never)).toBe(20);
    for (const { task } of planned.toSorted((a, b) => a.atMs - b.atMs)) await task();
    const touched = [...did.values()].filter((steps) => steps.length > 1);
    expect(touched.length).toBeGreaterThan(5);
    expect(touched.length).toBeLessThanOrEqual(10);
    for (const steps of touched) {
      expect(steps).toEqual(steps.map((_, index) => (index % 2 === 0 ? 'start' : 'stop')));
      expect(steps.at(-1)).toBe('start');
    }
    expect(Math.min(...planned.map(({ atMs }) => atMs))).toBeGreaterThan(1_000);
    expect(Math.max(...planned.map(({ atMs }) => atMs))).toBeLessThanOrEqual(20_000);
  });
});
