import { describe, expect, it } from 'vitest';
import {
  type AgentKind,
  agentMix,
  fewerWrites,
  indexWrites,
  ratesOf,
} from '../../../simulations/scaling/agent-mix.ts';
import { refenceSeconds } from '../../../src/core/limits.ts';

const day = 86_400;
const month: AgentKind = {
  name: 'a month',
  aliveShare: 1,
  lifeSeconds: 30 * day,
  endpointSeconds: 60,
  keySeconds: 10 * day,
  tombstoneShare: 0.5,
};

describe('the writes of an agent mix', () => {
  it('are registrations, fences every 22 h, rotations and ends', () => {
    const rates = ratesOf([month]);
    const perMonth = (rate: number): number => rate * month.lifeSeconds;
    expect(perMonth(rates.registrations)).toBeCloseTo(1, 9);
    // 720 h hold 32 times 22 h.
    expect(perMonth(rates.refences)).toBeCloseTo(32, 9);
    expect(perMonth(rates.rotations)).toBeCloseTo(3, 9);
    expect(perMonth(rates.tombstones)).toBeCloseTo(0.5, 9);
    expect(perMonth(indexWrites(rates))).toBeCloseTo(36.5, 9);
    expect(perMonth(rates.endpointWrites)).toBeCloseTo(2 + 43_200, 6);
    expect(fewerWrites([month])).toBeCloseTo(43_202 / 36.5, 6);
  });

  it('add up over kinds by their shares', () => {
    const half = { ...month, aliveShare: 0.5 };
    expect(ratesOf([half, half])).toEqual(ratesOf([month]));
    expect(agentMix.reduce((sum, { aliveShare }) => sum + aliveShare, 0)).toBeCloseTo(1, 12);
  });

  it('are never fewer by more than the pause between fences over the time that an endpoint stays', () => {
    for (const kind of agentMix) {
      expect(fewerWrites([kind])).toBeLessThanOrEqual((2 + refenceSeconds / kind.endpointSeconds) * 1.05);
    }
  });

  it('are one or two for who lives for seconds', () => {
    const helper = { ...month, lifeSeconds: 10, endpointSeconds: Number.POSITIVE_INFINITY };
    expect(fewerWrites([{ ...helper, keySeconds: Number.POSITIVE_INFINITY, tombstoneShare: 0 }])).toBe(2);
  });
});
