/** Nodes that nobody can dial, and how the model has them met (docs/decisions/0009). */
import { describe, expect, it } from 'vitest';
import { createNats } from '../../simulations/lib/nats.ts';
import { runScenario } from '../../simulations/lib/run-scenario.ts';
import type { Scenario } from '../../simulations/lib/scenario.ts';
import { createWorld } from '../../simulations/lib/world.ts';
import { createRandom } from '../../src/core/rng.ts';

const network = { latency: 20, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 };

describe('nodes behind NATs', () => {
  it('are met through relays, hold records and answer, and hear of every revocation', async () => {
    const scenario: Scenario = {
      title: 'a small network',
      nodes: 24,
      agents: 12,
      start: 'settled',
      network: { ...network, nat: { share: 0.5 } },
      load: { seconds: 10, lookupsPerSecond: 5, updatesPerSecond: 0, rotationsPerSecond: 0, revocations: 3 },
      faults: [],
      settleSeconds: 5,
      thresholds: [
        { measure: 'lookups.rightShare', atLeast: 1 },
        { measure: 'revocations.reachedShare', atLeast: 1 },
        { measure: 'nats.copiesShare', atLeast: 0.3 },
        { measure: 'nats.answersShare', atLeast: 0.2 },
      ],
    };
    const { thresholds, invariants, measures } = await runScenario('small', scenario, 3, () => {});
    expect([...thresholds, ...invariants].filter(({ ok }) => !ok)).toEqual([]);
    expect(measures['nats.relayedConnections']).toBeGreaterThan(10);
  });

  it('dial whom they want; who dials them comes through a relay at first, and directly soon', async () => {
    const world = createWorld(
      { nodes: 30, seed: 2, start: 'empty', network: { ...network, nat: { share: 0.2 } }, peer: {} },
      { changed() {}, alarmed() {} },
    );
    const nats = world.nats!;
    const [relay, asker] = world.nodes.map(({ index }) => index).filter((index) => !nats.isHidden(index));
    const hidden = world.nodes.find(({ index }) => nats.isHidden(index))!.index;
    const meet = (from: number, to: number): void =>
      world.nodes[from]!.dispatch({
        type: 'peer-added',
        contact: { peer: world.nodes[to]!.name, addresses: ['/ip4/127.0.0.1/tcp/1'] },
      });
    // Nobody relays for it yet, so nobody finds it.
    meet(asker!, hidden);
    world.nodes[asker!]!.resolve(new Uint8Array(32), () => {});
    world.run(8_000);
    expect(world.neighbours(hidden)).toEqual([]);
    world.connect(hidden, relay!);
    world.nodes[asker!]!.resolve(new Uint8Array(32), () => {});
    world.run(400);
    expect(world.neighbours(hidden)).toContain(asker);
    expect(nats.relayOf(asker!, hidden)).toBe(relay);
    world.run(2_000);
    expect(nats.relayOf(asker!, hidden)).toBe(-1);
    expect(world.neighbours(hidden)).toContain(asker);
    await world.close();
  });

  it('find a relay only while one has room, and are carried 1 MiB', () => {
    const down = new Set<number>();
    const nats = createNats(
      200,
      { share: 0.99 },
      {
        random: createRandom(new Uint8Array(32).fill(7)),
        isUp: (node) => !down.has(node),
        neighbours: () => Array.from({ length: 200 }, (_, node) => node),
      },
    );
    const all = Array.from({ length: 200 }, (_, node) => node);
    const hidden = all.filter(nats.isHidden);
    const relays = all.filter((node) => !nats.isHidden(node));
    expect(relays).toHaveLength(2);
    const met = hidden.filter((node) => nats.relayTo(node) !== null);
    expect(met).toHaveLength(2 * 64);
    down.add(relays[0]!);
    expect(met.filter((node) => nats.relayTo(node) !== null)).toHaveLength(64);
    const [one, other] = hidden;
    expect(nats.relayed(one!, other!, relays[1]!)).toBe(true);
    expect([nats.carry(one!, other!, 1024 * 1024), nats.carry(other!, one!, 1)]).toEqual([true, false]);
    nats.ended(other!, one!);
    expect(nats.relayOf(one!, other!)).toBe(-1);
  });
});
