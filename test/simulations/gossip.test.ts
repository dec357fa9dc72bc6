/** The model of gossip by itself: meshes alone, without flooding and without IHAVE. */
import { describe, expect, it } from 'vitest';
import { createChance } from '../../simulations/lib/chance.ts';
import { createEventQueue } from '../../simulations/lib/event-queue.ts';
import { createGossipNetwork } from '../../simulations/lib/gossip.ts';
import { createNetwork } from '../../simulations/lib/network.ts';

const nodes = 40;

/** How many accept a message of the first node; those of `down` are not there. */
function delivered(degree: number, down: ReadonlySet<number> = new Set()): number {
  const chance = createChance(1);
  const queue = createEventQueue(0);
  const gossip = createGossipNetwork(nodes, {
    ...{ queue, degree, floodPublish: false, lazy: false, random: chance.stream('gossip') },
    network: createNetwork(
      nodes,
      { latency: 50, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 },
      chance.stream('network'),
    ),
    isUp: (node) => !down.has(node),
    neighbours: (node) =>
      Array.from({ length: nodes }, (_, other) => other).filter((other) => other !== node),
    validate: (_node, _from, _topic, _data, onVerdict) => onVerdict('accept'),
  });
  gossip.publish(0, 'topic', new Uint8Array(8));
  queue.runUntil(10_000, () => {});
  return gossip.counts.delivered;
}

describe('a mesh', () => {
  it.each([3, 6])('of degree %i brings a message to everybody else', (degree) => {
    expect(delivered(degree)).toBe(nodes - 1);
  });

  it('of degree 1 brings it to a neighbour at least', () => {
    expect(delivered(1)).toBeGreaterThanOrEqual(1);
  });

  it('goes around those who are not there', () => {
    expect(delivered(6, new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))).toBe(nodes - 11);
  });
});
