/** The machine's own clock and randomness. */
import { describe, expect, it, vi } from 'vitest';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { createSystemEntropy } from '../../../src/adapters/system/entropy.ts';

describe('the system clock', () => {
  it('tells the time in milliseconds', () => {
    expect(Math.abs(createSystemClock().nowMs() - Date.now())).toBeLessThan(1000);
  });

  it('calls back once, not before the delay, and never after it was cancelled', () => {
    vi.useFakeTimers();
    try {
      const calls: string[] = [];
      const clock = createSystemClock();
      clock.schedule(1000, () => calls.push('kept'));
      clock.schedule(1000, () => calls.push('cancelled'))();
      vi.advanceTimersByTime(999);
      expect(calls).toEqual([]);
      vi.advanceTimersByTime(10_000);
      expect(calls).toEqual(['kept']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('keeps a delay that is longer than a timer can be', () => {
    vi.useFakeTimers();
    try {
      const days = 40 * 86_400_000;
      let calls = 0;
      const cancel = createSystemClock().schedule(days, () => {
        calls += 1;
      });
      vi.advanceTimersByTime(days - 1);
      expect(calls).toBe(0);
      vi.advanceTimersByTime(1);
      expect(calls).toBe(1);
      createSystemClock().schedule(days, () => {
        calls += 1;
      });
      cancel();
      const cancelLater = createSystemClock().schedule(days, () => {
        calls += 100;
      });
      vi.advanceTimersByTime(30 * 86_400_000);
      cancelLater();
      vi.advanceTimersByTime(days);
      expect(calls).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the system entropy', () => {
  it('gives as many bytes as asked for, also more than Web Crypto gives at once', () => {
    const entropy = createSystemEntropy();
    for (const length of [0, 1, 32, 65_536, 200_001])
      expect(entropy.randomBytes(length)).toHaveLength(length);
    const tail = entropy.randomBytes(200_000).subarray(190_000);
    expect(new Set(tail).size).toBe(256);
    expect(entropy.randomBytes(32)).not.toEqual(entropy.randomBytes(32));
  });
});
