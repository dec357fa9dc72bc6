import { describe, expect, it } from 'vitest';
import { createChance } from '../../simulations/lib/chance.ts';
import { settledTables } from '../../simulations/lib/placement.ts';
import { compareDistance, kadId, sharedPrefixBits } from '../../src/core/overlay/distance.ts';

describe('the tables of a settled network', () => {
  const chance = createChance(7);
  const places = Array.from({ length: 300 }, (_, node) => kadId(chance.bytes(`place ${node}`)));
  const tables = settledTables(places, 20, chance.stream('tables'));

  it('have the 20 closest of each node', () => {
    for (const [node, table] of tables.entries()) {
      const others = places.map((_, other) => other).filter((other) => other !== node);
      others.sort((left, right) => compareDistance(places[node]!, places[left]!, places[right]!));
      expect(others.slice(0, 20).every((other) => table.includes(other))).toBe(true);
    }
  });

  it('have somebody at every distance at which there is somebody', () => {
    for (const [node, table] of tables.entries()) {
      const bitsOf = (other: number): number => sharedPrefixBits(places[node]!, places[other]!);
      const there = new Set(
        places
          .map((_, other) => other)
          .filter((other) => other !== node)
          .map(bitsOf),
      );
      expect(new Set(table.map(bitsOf))).toEqual(there);
    }
  });
});
