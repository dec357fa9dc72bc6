/** What becomes of a request whose target is gone before it answers, and of a node that goes and comes back. */
import { describe, expect, it } from 'vitest';
import { createAgentAuthor } from '../../simulations/lib/agents.ts';
import { createChance } from '../../simulations/lib/chance.ts';
import { createWorld } from '../../simulations/lib/world.ts';

describe('a request to a node that crashes', () => {
  const network = { latency: 50, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 };

  it.each([
    ['before it arrives', 25],
    ['before the answer leaves', 51],
    ['after', 60],
  ])('%s is over soon', async (_when, afterMs) => {
    const listeners = { changed() {}, alarmed() {} };
    const world = createWorld({ nodes: 2, seed: 1, start: 'settled', network, peer: {} }, listeners);
    const [asker] = world.nodes;
    let status = '';
    asker!.resolve(new Uint8Array(32), (resolution) => {
      status = resolution.status;
    });
    world.run(afterMs);
    expect(asker!.peer.snapshot().waitingRequests).toBeGreaterThan(0);
    world.crash(1);
    world.run(1_000);
    expect(status).toBe('not-found');
    expect(asker!.peer.snapshot().waitingRequests).toBe(0);
    await world.close();
  });
});

describe('a node that comes back', () => {
  const network = { latency: 50, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 };
  const listeners = { changed() {}, alarmed() {} };
  const peer = { replication: 2, acknowledgements: 1, respondersMin: 1 };

  it('meets all again that it knew, however short a session was', async () => {
    const world = createWorld({ nodes: 8, seed: 1, start: 'settled', network, peer: {} }, listeners);
    const knew = world.neighbours(0).length;
    expect(knew).toBe(7);
    for (const sessionMs of [10, 1, 5_000]) {
      world.crash(0);
      world.run(1_000);
      world.restart(0);
      world.run(sessionMs);
    }
    expect(world.neighbours(0)).toHaveLength(knew);
    await world.close();
  });

  it('waits for the first that it meets with what it is asked', async () => {
    const world = createWorld({ nodes: 8, seed: 1, start: 'settled', network, peer }, listeners);
    const { bundle, agentId } = createAgentAuthor(createChance(1)).born(1, 1_800_000_000);
    world.nodes[0]!.publish(bundle, () => {});
    world.run(5_000);
    const asked = world.nodes.find(({ store }) => store.size === 0)!;
    world.crash(asked.index);
    world.restart(asked.index);
    let status = '';
    asked.resolve(agentId, (resolution) => {
      status = resolution.status;
    });
    world.run(2_000);
    expect(status).toBe('ok');
    await world.close();
  });
});
