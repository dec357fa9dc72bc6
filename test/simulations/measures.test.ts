/** What a run is judged by, counted right. */
import { describe, expect, it } from 'vitest';
import { createAgentAuthor } from '../../simulations/lib/agents.ts';
import { createChance } from '../../simulations/lib/chance.ts';
import { createMeasures } from '../../simulations/lib/measures.ts';
import { createWorld } from '../../simulations/lib/world.ts';

describe('the measures of a run', () => {
  it('count a node that hears of a revocation twice once, from when it heard first, and from the end of the faults', async () => {
    const network = { latency: 5, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 };
    const world = createWorld(
      { nodes: 4, seed: 1, start: 'settled', network, peer: {} },
      { changed() {}, alarmed() {} },
    );
    const faultsOverMs = world.queue.nowMs + 1_000;
    const measures = createMeasures(
      () => world.queue.nowMs,
      () => faultsOverMs,
    );
    const author = createAgentAuthor(createChance(1));
    const agent = author.ended(author.born(1, 1_800_000_000), 1_800_000_001);
    measures.begin(world, 10);
    measures.revoked(agent);
    const heard = { ...agent, type: 'announce-change', change: 'tombstoned', source: 'gossip' } as const;
    world.run(100);
    for (const node of [0, 1, 2]) measures.changed(node, heard);
    world.run(200);
    for (const node of [0, 1, 2, 0, 1]) measures.changed(node, heard);
    world.run(5_000);
    measures.changed(3, heard);
    expect(measures.values(world)).toMatchObject({
      'revocations.reachedShare': 1,
      'revocations.withinSecondShare': 0.75,
      'revocations.p50Ms': 100,
      'revocations.maxMs': 5_300,
      'revocations.maxAfterFaultsMs': 4_300,
    });
    await world.close();
  });
});
