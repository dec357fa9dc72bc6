/** What a relay does for others at once and over time (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { createRelayBudget, relayLimits } from '../../../src/core/private/relay-budget.ts';
import { createSealedMemory } from '../../../src/core/private/sealed-text.ts';

const limits = {
  ...{ inFlightMax: 6, inFlightPerAsker: 3, inFlightPerTarget: 4 },
  ...{ requestsBurst: 10, requestsPerSecond: 1, bytesBurst: 1000, bytesPerSecond: 100 },
};

describe('the budget of a relay', () => {
  it('bounds what is under way, for each asker, each target and in all', () => {
    const budget = createRelayBudget(limits);
    const leave = [1, 2, 3].map(() => budget.enter('a', 'x', 0));
    expect(leave.every((one) => one !== null)).toBe(true);
    expect(budget.enter('a', 'y', 0)).toBeNull();
    expect(budget.enter('b', 'x', 0)).not.toBeNull();
    expect(budget.enter('b', 'x', 0)).toBeNull();
    expect(budget.enter('b', 'y', 0)).not.toBeNull();
    expect(budget.enter('b', 'z', 0)).not.toBeNull();
    expect(budget.enter('c', 'z', 0)).toBeNull();
    expect(budget.inFlight).toBe(6);
    leave[0]!(10, 0);
    expect(budget.enter('c', 'z', 0)).not.toBeNull();
  });

  it('bounds requests over time, and forgives with it', () => {
    const budget = createRelayBudget(limits);
    for (let count = 0; count < 10; count++) budget.enter('a', 'x', 1000)!(0, 1000);
    expect(budget.enter('a', 'x', 1000)).toBeNull();
    expect(budget.enter('b', 'x', 1000)).not.toBeNull();
    expect(budget.enter('a', 'x', 3000)).not.toBeNull();
  });

  it('bounds the bytes of answers: what goes beyond is paid for first', () => {
    const budget = createRelayBudget(limits);
    budget.enter('a', 'x', 1000)!(5000, 1000);
    expect(budget.enter('a', 'x', 2000)).toBeNull();
    expect(budget.enter('a', 'x', 40_000)).toBeNull();
    expect(budget.enter('a', 'x', 42_000)).not.toBeNull();
  });

  it('holds what an ordinary asker needs', () => {
    const budget = createRelayBudget();
    const leaves = Array.from({ length: relayLimits.inFlightPerAsker }, (_, index) =>
      budget.enter('a', `t${index}`, 0),
    );
    expect(leaves.every((leave) => leave !== null)).toBe(true);
  });
});

describe('the memory of a target', () => {
  const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code });
  const nowMs = 29_000_000 * 60_000 + 30_000;
  const key = (fill: number) => new Uint8Array(32).fill(fill);

  it('takes a question once, and only of its time', () => {
    const memory = createSealedMemory();
    memory.accept(key(1), 29_000_000, nowMs);
    expect(() => memory.accept(key(1), 29_000_000, nowMs)).toThrow(refusal('displaced'));
    expect(() => memory.accept(key(1), 29_000_001, nowMs)).toThrow(refusal('displaced'));
    memory.accept(key(2), 28_999_998, nowMs);
    memory.accept(key(3), 29_000_002, nowMs);
    expect(() => memory.accept(key(4), 28_999_997, nowMs)).toThrow(refusal('expired'));
    expect(() => memory.accept(key(5), 29_000_003, nowMs)).toThrow(refusal('from-the-future'));
  });
});
