/** Attacks on small networks: they happen, they are withstood, and a network whose defence is off is broken by them. */
import { describe, expect, it } from 'vitest';
import { runScenario } from '../../simulations/lib/run-scenario.ts';
import type { Attack, Scenario } from '../../simulations/lib/scenario.ts';

const scenario: Scenario = {
  title: 'a small network under attack',
  nodes: 28,
  agents: 10,
  start: 'settled',
  network: { latency: 'regions', jitter: 0.05, loss: 0, uplinkBitsPerSecond: 20_000_000 },
  load: { seconds: 8, lookupsPerSecond: 10, updatesPerSecond: 2, rotationsPerSecond: 0, revocations: 2 },
  faults: [],
  settleSeconds: 4,
  thresholds: [{ measure: 'lookups.rightShare', atLeast: 0 }],
};

const run = (attack: Attack, changes: Partial<Scenario> = {}, seed = 5) =>
  runScenario('attacked', { ...scenario, attack, ...changes }, seed, () => {});

const sybils = (share: number, ...deceits: Extract<Attack, { type: 'sybils' }>['deceits']): Attack => ({
  ...{ type: 'sybils', atSeconds: 1, share, deceits },
});

describe('sybils', () => {
  it('that keep silent, lie, show old records, mislead and store nothing change no answer', async () => {
    const attack = sybils(0.25, 'silent', 'lying', 'stale', 'misleading', 'idle');
    const { measures, invariants } = await run(attack);
    for (const deed of ['silences', 'lies', 'staleShown', 'misled', 'putsSwallowed', 'messagesDropped'])
      expect(measures[`attack.${deed}`], deed).toBeGreaterThan(0);
    expect(measures).toMatchObject({ 'lookups.wrong': 0, 'revocations.reachedShare': 1 });
    expect(measures['lookups.rightShare']).toBeGreaterThanOrEqual(0.99);
    expect(invariants.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('that show old records deceive readers who believe the first answer', async () => {
    const attack = sybils(0.4, 'stale');
    const { measures } = await run(attack, { peer: { respondersMin: 1 } });
    expect(measures['lookups.wrong']).toBeGreaterThan(0);
  });

  it('give the same run for the same seed', async () => {
    const attack = sybils(0.25, 'lying', 'misleading');
    const load = { ...scenario.load, seconds: 3 };
    const [first, second] = [await run(attack, { load }), await run(attack, { load })];
    expect(second.traceHash).toBe(first.traceHash);
  });
});

describe('an eclipse', () => {
  const load = { ...scenario.load, seconds: 58, lookupsPerSecond: 0, updatesPerSecond: 0, revocations: 0 };

  it('by more sybils than k keeps a new record from readers, and never the end of the agent', async () => {
    const { measures, invariants } = await run(
      { type: 'eclipse', atSeconds: 1, nodes: 25, deceit: 'stale' },
      { load, nodes: 24, agents: 4 },
    );
    expect(measures['attack.staleShown']).toBeGreaterThan(40);
    expect(measures['victim.wrongAfterUpdateShare']).toBeGreaterThan(0.5);
    expect(measures).toMatchObject({ 'victim.endedShare': 1, 'victim.liveAfterEnd': 0 });
    expect(invariants.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('gossip', () => {
  const load = { ...scenario.load, seconds: 5, lookupsPerSecond: 0, updatesPerSecond: 0, revocations: 6 };
  const attack: Attack = { type: 'cold-boot', atSeconds: 1, share: 0.5 };

  it('whose meshes are full of sybils that pass nothing on reaches everybody all the same', async () => {
    const { measures } = await run(attack, { load });
    expect(measures['attack.meshShare']).toBeGreaterThan(0.8);
    expect(measures['attack.messagesDropped']).toBeGreaterThan(20);
    expect(measures).toMatchObject({
      'revocations.reachedShare': 1,
      'revocations.withinFiveSecondsShare': 1,
    });
  });

  it('that is sent to the mesh alone and told of by nobody is lost in it', async () => {
    const gossip = { floodPublish: false, lazy: false };
    const { measures } = await run(attack, { load, gossip });
    expect(measures['revocations.reachedShare']).toBeLessThan(1);
  });

  it('goes on when sybils that gossiped well fall silent at once', async () => {
    const flash: Attack = { type: 'covert-flash', atSeconds: 2, share: 0.4 };
    const { measures } = await run(flash, { load });
    expect(measures['attack.messagesDropped']).toBeGreaterThan(0);
    expect(measures['revocations.reachedShare']).toBe(1);
  });
});
