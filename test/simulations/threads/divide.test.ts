/** Who runs which node: equal shares, far apart. */
import { describe, expect, it } from 'vitest';
import { createChance } from '../../../simulations/lib/chance.ts';
import { oneWayMs, regions } from '../../../simulations/lib/latency.ts';
import { placesOf } from '../../../simulations/lib/network.ts';
import { divide, groupRegions } from '../../../simulations/lib/threads/divide.ts';

describe('groups of regions', () => {
  it.each([
    [2, 5],
    [3, 4],
    [4, 3],
    [8, 2],
  ])('%i of them hold at most %i', (count, largest) => {
    const { groupOf } = groupRegions(count);
    const sizes = Array.from({ length: count }, (_, group) => groupOf.filter((one) => one === group).length);
    expect(Math.max(...sizes)).toBe(largest);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });

  it('of two and four threads leave an ocean between them', () => {
    expect(groupRegions(2).leastMs).toBe(38);
    expect(groupRegions(4).leastMs).toBe(38);
  });
});

describe('a division', () => {
  it('has no shorter way between two lanes than it says', () => {
    const chance = createChance(5);
    const { laneOf, leadMs } = divide(300, 3, { latency: 'regions' }, chance);
    const { regionOf, accessMs } = placesOf(300, chance.stream('network'));
    for (let from = 0; from < 300; from++) {
      for (let to = 0; to < 300; to++) {
        if (laneOf[from] === laneOf[to]) continue;
        const wayMs = oneWayMs(regionOf[from]!, regionOf[to]!) + accessMs[from]! + accessMs[to]!;
        expect(wayMs).toBeGreaterThanOrEqual(leadMs);
      }
    }
    expect(regions).toHaveLength(10);
  });

  it('is by numbers where all ways are the same', () => {
    const { laneOf, leadMs } = divide(5, 2, { latency: 20 }, createChance(1));
    expect([...laneOf]).toEqual([0, 0, 0, 1, 1]);
    expect(leadMs).toBe(20);
  });
});
