/** What becomes of a request whose target is gone before it answers. */
import { describe, expect, it } from 'vitest';
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
