/** Closeness and the iterative lookup (docs/protocol.md §4). */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareDistance,
  distancePrefix,
  kadIdOfAgent,
  kadIdOfPeer,
} from '../../../src/core/overlay/distance.ts';
import { createLookup } from '../../../src/core/overlay/lookup.ts';
import {
  createRoutingTable,
  failurePenaltyMs,
  routingTablePeersMax,
} from '../../../src/core/overlay/routing-table.ts';
import { testPeerId } from '../../helpers/peer-network.ts';

const contactOf = (label: string) => ({ peer: testPeerId(label), addresses: [] });
const target = kadIdOfAgent(new Uint8Array(createHash('sha256').update('target').digest()));

function bigDistance(left: Uint8Array, right: Uint8Array): bigint {
  return left.reduce((sum, byte, index) => (sum << 8n) | BigInt(byte ^ right[index]!), 0n);
}

describe('distance', () => {
  it('orders as the 256-bit XOR metric does, ties of the leading bits included', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const point = bytes.map((value) => {
      const view = new DataView(value.buffer, value.byteOffset);
      return { bytes: value, high: view.getInt32(0), low: view.getInt32(4) };
    });
    fc.assert(
      fc.property(point, point, point, fc.nat(31), (center, left, right, shared) => {
        right.bytes.set(left.bytes.subarray(0, shared));
        const view = new DataView(right.bytes.buffer, right.bytes.byteOffset);
        const near = { bytes: right.bytes, high: view.getInt32(0), low: view.getInt32(4) };
        const difference = bigDistance(center.bytes, left.bytes) - bigDistance(center.bytes, near.bytes);
        expect(Math.sign(compareDistance(center, left, near))).toBe(
          difference < 0n ? -1 : difference > 0n ? 1 : 0,
        );
      }),
    );
  });
});

describe('the routing table', () => {
  const table = createRoutingTable(testPeerId('self'));
  for (let index = 0; index < 60; index++) table.add(contactOf(`p${index}`));

  it('names the closest, nearest first', () => {
    const all = Array.from({ length: 60 }, (_, index) => testPeerId(`p${index}`));
    const expected = all.sort((a, b) => compareDistance(target, kadIdOfPeer(a), kadIdOfPeer(b))).slice(0, 20);
    expect(table.closest(target, 20, 0).map((peer) => peer.contact.peer)).toEqual(expected);
  });

  it('asks those who failed last, until they answer or the penalty is over', () => {
    const [nearest] = table.closest(target, 1, 0);
    table.markFailed(nearest!.contact.peer, 1_000);
    expect(table.closest(target, 60, 1_000).at(-1)!.contact.peer).toBe(nearest!.contact.peer);
    expect(table.closest(target, 1, 1_001 + failurePenaltyMs)[0]!.contact.peer).toBe(nearest!.contact.peer);
    table.markAnswered(nearest!.contact.peer);
    expect(table.closest(target, 1, 1_000)[0]!.contact.peer).toBe(nearest!.contact.peer);
  });

  it('knows whether a peer is among the k closest to a key', () => {
    const ranked = table.closest(target, 60, 0);
    expect(table.isAmongClosest(target, 20, ranked[19]!.kadId)).toBe(true);
    expect(table.isAmongClosest(target, 20, ranked[20]!.kadId)).toBe(false);
  });

  it('knows whether a peer is among the k closest to itself, whoever has come and gone', () => {
    const own = createRoutingTable(testPeerId('self'));
    const distanceOf = (peer: string) => distancePrefix(own.self, kadIdOfPeer(peer));
    for (let index = 0; index < 90; index++) {
      own.add(contactOf(`n${index}`));
      if (index % 3 === 0) own.remove(testPeerId(`n${index / 3}`));
      const peers = own.peers().map(({ peer }) => peer);
      for (const peer of [testPeerId(`n${index}`), testPeerId(`other ${index}`)]) {
        const closer = peers.filter((other) => distanceOf(other) < distanceOf(peer)).length;
        for (const count of [1, 5, 20])
          expect(own.isAmongClosest(own.self, count, kadIdOfPeer(peer))).toBe(closer < count);
      }
    }
  });

  it('leaves a key to others where it knows too few near it to tell', () => {
    const peers = Array.from({ length: 2_000 }, (_, index) => contactOf(`wide ${index}`));
    const own = createRoutingTable(peers[0]!.peer);
    // What a peer of a large network knows: the 24 closest to itself, and six of those far away.
    const others = peers.slice(1).map((contact) => ({ contact, kadId: kadIdOfPeer(contact.peer) }));
    others.sort((a, b) => compareDistance(own.self, a.kadId, b.kadId));
    for (const { contact } of [...others.slice(0, 24), ...others.slice(-6)]) own.add(contact);
    const far = others.at(-1)!.kadId;
    expect(others.filter(({ kadId }) => compareDistance(far, kadId, own.self) < 0).length).toBeGreaterThan(
      900,
    );
    expect(own.isAmongClosest(far, 24)).toBe(false);
    expect(own.isAmongClosest(others[3]!.kadId, 24)).toBe(true);
    expect(own.isAmongClosest(far, 24, others[0]!.kadId)).toBe(false);
  });

  it('takes neither itself, nor an id that is not base58, nor more than its bound', () => {
    const small = createRoutingTable(testPeerId('self'));
    expect(small.add(contactOf('self'))).toBe(false);
    expect(small.add({ peer: 'not base58 0OIl', addresses: [] })).toBe(false);
    for (let index = 0; index < routingTablePeersMax; index++) small.add(contactOf(`many ${index}`));
    expect(small.add(contactOf('one more'))).toBe(false);
    expect(small.size).toBe(routingTablePeersMax);
  });
});

describe('the iterative lookup', () => {
  /** A network in which each peer knows `degree` others; returns the k closest that the lookup found. */
  function run(
    count: number,
    degree: number,
    failing: ReadonlySet<number>,
  ): { found: string[]; asked: number } {
    const peers = Array.from({ length: count }, (_, index) => testPeerId(`n${index}`));
    const byPeer = new Map(peers.map((peer, index) => [peer, index]));
    const ranked = [...peers].sort((a, b) => compareDistance(target, kadIdOfPeer(a), kadIdOfPeer(b)));
    const position = new Map(ranked.map((peer, index) => [peer, index]));
    // As Kademlia's buckets do: everybody knows some that are closer, and the close ones know each other.
    const closerTo = (peer: string) => {
      const rank = position.get(peer)!;
      const from = Math.max(0, Math.floor(rank / 2) - degree / 2);
      return ranked.slice(from, from + degree).map((other) => ({ peer: other, addresses: [] }));
    };
    const start = ranked
      .slice(-3)
      .map((peer) => ({ contact: { peer, addresses: [] }, kadId: kadIdOfPeer(peer) }));
    const lookup = createLookup({ target, self: testPeerId('self'), seeds: start, width: 20 });
    let asked = 0;
    for (let batch = lookup.take(4); batch.length > 0; batch = lookup.take(4)) {
      for (const contact of batch) {
        asked++;
        if (failing.has(byPeer.get(contact.peer)!)) lookup.failed(contact.peer);
        else lookup.answered(contact.peer, closerTo(contact.peer));
      }
    }
    expect(lookup.isComplete()).toBe(true);
    return { found: lookup.answeredClosest().map((contact) => contact.peer), asked };
  }

  it('finds the k closest of 500 from three far seeds, asking a small part of them', () => {
    const ranked = Array.from({ length: 500 }, (_, index) => testPeerId(`n${index}`)).sort((a, b) =>
      compareDistance(target, kadIdOfPeer(a), kadIdOfPeer(b)),
    );
    const { found, asked } = run(500, 20, new Set());
    expect(found).toEqual(ranked.slice(0, 20));
    expect(asked).toBeLessThan(120);
  });

  it('goes round those who fail', () => {
    const failing = new Set(Array.from({ length: 100 }, (_, index) => index * 5));
    const { found } = run(500, 40, failing);
    expect(found).toHaveLength(20);
  });

  it('asks those near the target in an order of its own, the others nearest first', () => {
    const contacts = Array.from({ length: 20 }, (_, index) => contactOf(`around ${index}`)).sort((a, b) =>
      compareDistance(target, kadIdOfPeer(a.peer), kadIdOfPeer(b.peer)),
    );
    const seeds = contacts.map((contact) => ({ contact, kadId: kadIdOfPeer(contact.peer) }));
    const radius = distancePrefix(target, seeds[9]!.kadId);
    const orders = ['one', 'another'].map((asker) => {
      const self = testPeerId(asker);
      const near = { radius, draw: kadIdOfPeer(self), reach: Number.POSITIVE_INFINITY };
      return createLookup({ target, self, seeds, width: 20, near }).take(20);
    });
    for (const order of orders) {
      expect(new Set(order.slice(0, 10))).toEqual(new Set(contacts.slice(0, 10)));
      expect(order.slice(10)).toEqual(contacts.slice(10));
    }
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it('puts behind all others whom one names that names peers who keep silent', () => {
    const seeds = ['liar', 'honest'].map((label) => ({
      contact: contactOf(label),
      kadId: kadIdOfPeer(testPeerId(label)),
    }));
    const lookup = createLookup({ target, self: testPeerId('self'), seeds, width: 20 });
    lookup.take(2);
    const byDistance = Array.from({ length: 200 }, (_, index) => contactOf(`near or far ${index}`)).sort(
      (a, b) => compareDistance(target, kadIdOfPeer(a.peer), kadIdOfPeer(b.peer)),
    );
    const nobody = byDistance.slice(0, 20);
    const honest = byDistance.slice(-20);
    lookup.answered(testPeerId('liar'), nobody);
    lookup.answered(testPeerId('honest'), honest);
    // One that has left is no reason to doubt, nor are as many as are asked at once.
    for (const { peer } of lookup.take(4)) lookup.late(peer);
    expect(nobody).toContainEqual(lookup.take(1)[0]);
    lookup.late(nobody[4]!.peer);
    expect(lookup.take(20)).toEqual(honest.slice(0, 18));
    // They were only slow.
    for (const { peer } of nobody.slice(0, 5)) lookup.answered(peer, []);
    expect(nobody).toContainEqual(lookup.take(1)[0]);
  });

  it('asks the more at once, the more keep silent for each that answers', () => {
    const seeds = Array.from({ length: 20 }, (_, index) => {
      const contact = contactOf(`silent or not ${index}`);
      return { contact, kadId: kadIdOfPeer(contact.peer) };
    });
    const lookup = createLookup({ target, self: testPeerId('self'), seeds, width: 20 });
    const asked = (): string[] => lookup.take(lookup.missing(3, true)).map(({ peer }) => peer);
    const first = asked();
    expect(first).toHaveLength(3);
    expect(asked()).toEqual([]);
    lookup.late(first[0]!);
    const [next, ...others] = asked();
    expect(others).toEqual([]);
    // Three keep silent, and nobody has answered: nine in place of three, of which one is under way.
    for (const peer of first.slice(1)) lookup.late(peer);
    const more = asked();
    expect(more).toHaveLength(8);
    // Four for each that answers and one to come, of which seven are under way.
    lookup.answered(next!, []);
    lookup.failed(more[0]!);
    expect(lookup.missing(4, true)).toBe(1);
    expect(lookup.missing(8)).toBe(1);
    // They were only slow.
    for (const peer of first) lookup.answered(peer, []);
    expect(lookup.missing(8, true)).toBe(1);
  });

  it('leaves in their place those whom a liar named, once somebody else names them too', () => {
    const seeds = ['liar', 'honest'].map((label) => ({
      contact: contactOf(label),
      kadId: kadIdOfPeer(testPeerId(label)),
    }));
    const lookup = createLookup({ target, self: testPeerId('self'), seeds, width: 20 });
    lookup.take(2);
    const byDistance = Array.from({ length: 200 }, (_, index) => contactOf(`mixed ${index}`)).sort((a, b) =>
      compareDistance(target, kadIdOfPeer(a.peer), kadIdOfPeer(b.peer)),
    );
    const nobody = byDistance.slice(0, 10);
    const there = byDistance.slice(10, 20);
    const far = byDistance.slice(-20);
    lookup.answered(testPeerId('liar'), [...nobody, ...there]);
    for (const { peer } of lookup.take(5)) lookup.late(peer);
    lookup.answered(testPeerId('honest'), [...there, ...far.slice(0, 10)]);
    expect(lookup.take(18)).toEqual([...there, ...far.slice(0, 8)]);
  });

  it('takes for confirmed whom two name, or who answered, within a distance', () => {
    const byDistance = Array.from({ length: 16 }, (_, index) => contactOf(`said ${index}`)).sort((a, b) =>
      compareDistance(target, kadIdOfPeer(a.peer), kadIdOfPeer(b.peer)),
    );
    const seeds = byDistance.slice(-3).map((contact) => ({ contact, kadId: kadIdOfPeer(contact.peer) }));
    const lookup = createLookup({ target, self: testPeerId('self'), seeds, width: 4 });
    const [liar, one, other] = lookup.take(3).map(({ peer }) => peer);
    const [fakes, shared] = [byDistance.slice(0, 4), byDistance.slice(4, 8)];
    lookup.answered(liar!, fakes);
    lookup.answered(one!, shared);
    const everywhere = Number.POSITIVE_INFINITY;
    expect(lookup.confirmed(everywhere)).toEqual(byDistance.slice(-3, -1));
    lookup.answered(other!, shared.slice(1));
    expect(lookup.confirmed(everywhere)).toEqual([...shared.slice(1), byDistance.at(-3)]);
    const within = distancePrefix(target, kadIdOfPeer(shared[2]!.peer));
    expect(lookup.confirmed(within)).toEqual(shared.slice(1, 3));
  });

  it('knows who is not among the k closest, by its own account or by its distance', () => {
    const byDistance = Array.from({ length: 12 }, (_, index) => contactOf(`account ${index}`)).sort((a, b) =>
      compareDistance(target, kadIdOfPeer(a.peer), kadIdOfPeer(b.peer)),
    );
    const seeds = byDistance.slice(4).map((contact) => ({ contact, kadId: kadIdOfPeer(contact.peer) }));
    const lookup = createLookup({ target, self: testPeerId('self'), seeds, width: 4 });
    const asked = lookup.take(4).map(({ peer }) => peer);
    lookup.answered(asked[0]!, byDistance.slice(0, 4));
    // It may have left out who asks.
    lookup.answered(asked[1]!, byDistance.slice(0, 3));
    lookup.answered(asked[2]!, byDistance.slice(0, 2));
    lookup.answered(asked[3]!, [...byDistance.slice(0, 3), byDistance.at(-1)!]);
    expect(asked.map(lookup.isOutside)).toEqual([true, true, false, false]);
    expect(lookup.isOutside(testPeerId('self'))).toBe(false);
    // Nor are those beyond what the asker's own neighbourhood lets expect.
    const reach = distancePrefix(target, kadIdOfPeer(asked[1]!));
    const near = { radius: 0, draw: kadIdOfPeer(testPeerId('self')), reach };
    const sees = createLookup({ target, self: testPeerId('self'), seeds, width: 3, near });
    expect(asked.map(sees.isOutside)).toEqual([false, false, true, true]);
    const alone = createLookup({ target, self: testPeerId('self'), seeds, width: 1 });
    const [only] = alone.take(1);
    alone.answered(only!.peer, []);
    expect(alone.isOutside(only!.peer)).toBe(false);
  });

  it('makes room where most came from', () => {
    const seeds = ['liar', 'honest'].map((label) => ({
      contact: contactOf(label),
      kadId: kadIdOfPeer(testPeerId(label)),
    }));
    const lookup = createLookup({ target, self: testPeerId('self'), seeds, width: 20 });
    const byDistance = Array.from({ length: 400 }, (_, index) => contactOf(`crowd ${index}`)).sort((a, b) =>
      compareDistance(target, kadIdOfPeer(a.peer), kadIdOfPeer(b.peer)),
    );
    const honest = byDistance.slice(200, 205);
    lookup.answered(testPeerId('honest'), honest);
    for (let round = 0; round < 10; round++)
      lookup.answered(testPeerId('liar'), byDistance.slice(round * 20, round * 20 + 20));
    const asked = new Set<string>();
    for (let batch = lookup.take(4); batch.length > 0; batch = lookup.take(4))
      for (const { peer } of batch) {
        asked.add(peer);
        lookup.failed(peer);
      }
    for (const { peer } of honest) expect(asked).toContain(peer);
  });

  it('is not grown without bound by answers that name many', () => {
    const seed = { contact: contactOf('seed'), kadId: kadIdOfPeer(testPeerId('seed')) };
    const lookup = createLookup({ target, self: testPeerId('self'), seeds: [seed], width: 20 });
    for (let round = 0; round < 200; round++) {
      const closer = Array.from({ length: 50 }, (_, index) => contactOf(`flood ${round} ${index}`));
      lookup.answered(testPeerId('seed'), closer);
    }
    expect(lookup.closest().length).toBeLessThanOrEqual(20);
    expect(lookup.take(1_000).length).toBeLessThanOrEqual(20);
  });
});
