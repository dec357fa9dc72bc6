/** Which endpoints a client is given: by skill, by region, by load, and no more than its own few. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/rng.ts';
import { chooseRoute, type RoutingSituation } from '../../src/resolution/adaptive/policies.ts';
import { readRouting } from '../../src/resolution/adaptive/routing.ts';
import { nearness } from '../../src/resolution/region.ts';

const seed = 20_260_000;
const hosts = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_one, index) => ({ url: `https://h${index}.example/`, ...more }));
const names = (places: readonly { readonly url: string }[]) =>
  places.map(({ url }) => new URL(url).hostname.split('.')[0]);

function situation(changes: Partial<RoutingSituation> = {}): RoutingSituation {
  const random = createRandom(new Uint8Array(16).fill(seed & 255));
  return {
    skill: null,
    region: null,
    address: '192.0.2.1',
    secret: new Uint8Array(32).fill(7),
    loadOf: () => null,
    random: (below) => random.below(below),
    ...changes,
  };
}

describe('capability', () => {
  const endpoints = [
    { url: 'https://old.example/', skills: ['translate'], version: '1' },
    { url: 'https://new.example/', skills: ['translate/en-es', 'Summarise'], version: '2' },
    { url: 'https://all.example/' },
  ];
  it.each([
    [null, ['all', 'new', 'old']],
    ['translate', ['all', 'new', 'old']],
    ['translate/en-es', ['all', 'new']],
    ['summarise', ['all', 'new']],
    ['cooking', ['all']],
  ])('for %j are those that can do it', (skill, wanted) => {
    const routing = readRouting({ endpoints, policies: ['capability'], answers: 4 });
    expect(names(chooseRoute(routing, situation({ skill }))).sort()).toEqual(wanted);
  });

  it('without the policy nobody is left out, and with it perhaps everybody', () => {
    const open = readRouting({ endpoints: endpoints.slice(0, 2), policies: [] });
    expect(chooseRoute(open, situation({ skill: 'cooking' }))).toHaveLength(2);
    const strict = readRouting({ endpoints: endpoints.slice(0, 2), policies: ['capability'] });
    expect(chooseRoute(strict, situation({ skill: 'cooking' }))).toEqual([]);
  });
});

describe('geo', () => {
  it('counts the shared parts of a region, the very same first', () => {
    expect(nearness('eu-west-1', 'EU_west_1')).toBeGreaterThan(nearness('eu-west-1', 'eu-west'));
    expect(nearness('eu-west-2', 'eu-west')).toBeGreaterThan(nearness('eu-north', 'eu-west'));
    expect(nearness('eu/de/fra', 'eu')).toBeGreaterThan(nearness('us-east', 'eu'));
    expect([nearness(null, 'eu'), nearness('eu', null), nearness('asia', 'eu')]).toEqual([0, 0, 0]);
    expect(nearness('europe', 'eu')).toBe(0);
  });

  it('gives the nearest first, whatever its load', () => {
    const endpoints = ['us-east', 'eu-west-1', 'eu-north'].map((region) => ({
      url: `https://${region}.example/`,
      region,
    }));
    const routing = readRouting({ endpoints, policies: ['geo', 'load'], answers: 3 });
    const loadOf = (url: string): number => (url.includes('eu-west') ? 0.99 : 0);
    expect(names(chooseRoute(routing, situation({ region: 'eu-west', loadOf })))).toEqual([
      'eu-west-1',
      'eu-north',
      'us-east',
    ]);
  });
});

describe('load', () => {
  const routing = readRouting({
    endpoints: hosts(10, { key: undefined }).map(({ url }) => ({ url })),
    policies: ['load'],
    answers: 1,
  });

  it('takes the less loaded of two random ones: never the fullest, and spread over the others', () => {
    const loadOf = (url: string): number => Number(/h(\d)/.exec(url)![1]) / 10;
    const counts = new Map<string, number>();
    const where = situation({ loadOf });
    for (let round = 0; round < 2000; round++) {
      const [name] = names(chooseRoute(routing, where));
      counts.set(name!, (counts.get(name!) ?? 0) + 1);
    }
    expect(counts.get('h9') ?? 0, `seed ${seed}`).toBe(0);
    // Of ten, the i-th best is taken with probability 2 (9 − i) / 90: 0.2 for the best.
    expect(counts.get('h0')!, `seed ${seed}`).toBeGreaterThan(300);
    expect(counts.get('h0')!, `seed ${seed}`).toBeLessThan(500);
    expect(counts.size).toBe(9);
  });

  it('keeps the fullest far emptier than chance does', () => {
    const filled = (choose: (loads: readonly number[]) => number): number => {
      const loads = Array<number>(10).fill(0);
      for (let round = 0; round < 5000; round++) loads[choose(loads)]!++;
      return Math.max(...loads) - 500;
    };
    const random = createRandom(new Uint8Array(16).fill(9));
    const byChance = filled(() => random.below(10));
    const where = situation();
    const byTwo = filled((loads) => {
      const loadOf = (url: string): number => loads[Number(/h(\d)/.exec(url)![1])]! / 5000;
      return Number(names(chooseRoute(routing, { ...where, loadOf }))[0]!.slice(1));
    });
    expect(byTwo, `seed ${seed}`).toBeLessThan(6);
    expect(byChance, `seed ${seed}`).toBeGreaterThan(10);
  });

  it('puts who should report and does not behind all others', () => {
    const key = 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    const endpoints = [
      { url: 'https://silent.example/', key },
      { url: 'https://busy.example/', key },
      { url: 'https://plain.example/' },
    ];
    const both = readRouting({ endpoints, policies: ['load'], answers: 3 });
    const loadOf = (url: string): number | null => (url.includes('busy') ? 1 : null);
    for (let round = 0; round < 30; round++)
      expect(names(chooseRoute(both, situation({ loadOf }))).at(-1)).toBe('silent');
  });
});

describe('threat-shield', () => {
  const endpoints = hosts(16);
  const routing = readRouting({
    endpoints,
    policies: ['threat-shield'],
    answers: 4,
    shield: { endpoints: 3, requestsPerMinute: 60 },
  });
  const shard = (address: string, over = routing) =>
    names(chooseRoute({ ...over, answers: 16 }, situation({ address }))).sort();

  it('shows each client the same few, and different clients different ones', () => {
    expect(shard('192.0.2.1')).toEqual(shard('192.0.2.1'));
    expect(shard('192.0.2.1')).toHaveLength(3);
    const shards = Array.from({ length: 200 }, (_one, index) => shard(`192.0.2.${index}`).join());
    expect(new Set(shards).size).toBeGreaterThan(120);
  });

  it('leaves nearly everybody an endpoint that an attacker does not see', () => {
    const attacked = new Set(shard('203.0.113.66'));
    const hurt = Array.from({ length: 500 }, (_one, index) => shard(`198.51.100.${index}`)).filter((own) =>
      own.every((name) => attacked.has(name)),
    );
    // One shard of 560 is the same.
    expect(hurt.length).toBeLessThan(10);
  });

  it('is secret, and moves few clients when one endpoint goes', () => {
    const other = situation({ secret: new Uint8Array(32).fill(8) });
    const differs = Array.from({ length: 50 }, (_one, index) => {
      const address = `192.0.2.${index}`;
      return (
        names(chooseRoute(routing, { ...other, address }))
          .sort()
          .join() !== shard(address).join()
      );
    });
    expect(differs.filter(Boolean).length).toBeGreaterThan(40);
    const less = readRouting({ ...routing, endpoints: endpoints.slice(1) });
    const moved = Array.from({ length: 300 }, (_one, index) => `192.0.2.${index}`).filter(
      (address) => !shard(address).includes('h0') && shard(address).join() !== shard(address, less).join(),
    );
    expect(moved).toEqual([]);
  });
});
