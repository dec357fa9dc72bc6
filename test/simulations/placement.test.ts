import { describe, expect, it } from 'vitest';
import { createChance } from '../../simulations/lib/chance.ts';
import { peerName } from '../../simulations/lib/peer-name.ts';
import { settledTables } from '../../simulations/lib/placement.ts';
import { compareDistance, kadId, kadIdOfPeer, sharedPrefixBits } from '../../src/core/overlay/distance.ts';
import { createRoutingTable } from '../../src/core/overlay/routing-table.ts';

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

  it('let each of the 20 closest take a key for its own, and few others (docs/protocol.md §4)', () => {
    const names = places.map((_, node) => peerName(chance.bytes(`peer ${node}`)));
    const kadIds = names.map(kadIdOfPeer);
    const routing = names.map(createRoutingTable);
    for (const [node, table] of settledTables(kadIds, 20, chance.stream('met')).entries()) {
      for (const other of table) {
        routing[node]!.add({ peer: names[other]!, addresses: [] });
        routing[other]!.add({ peer: names[node]!, addresses: [] });
      }
    }
    let takers = 0;
    for (let key = 0; key < 40; key++) {
      const target = kadId(chance.bytes(`key ${key}`));
      const isTaken = routing.map((table) => table.isAmongClosest(target, 24));
      const closest = names.map((_, node) => node);
      closest.sort((left, right) => compareDistance(target, kadIds[left]!, kadIds[right]!));
      expect(closest.slice(0, 20).filter((node) => !isTaken[node])).toEqual([]);
      takers += isTaken.filter(Boolean).length;
    }
    // Their tables alone, without their own neighbourhoods as a measure, would let more than half of all nodes take it.
    expect(takers / 40).toBeLessThan(80);
  });
});
