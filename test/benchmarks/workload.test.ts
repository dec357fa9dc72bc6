import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runConcurrently, runSequentially } from '../../benchmarks/lib/workload.ts';

const records = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const unhurried = { operationsMin: 0, operationsMax: 1_000, budgetMs: 60_000, drainMsMax: 60_000 };

describe('runSequentially', () => {
  it('runs one operation at a time, in order, up to the number asked for', async () => {
    const seen: number[] = [];
    let running = 0;
    const outcome = await runSequentially(
      async (record) => {
        expect(++running).toBe(1);
        await delay(1);
        seen.push(record);
        running--;
      },
      records(10),
      { operationsMax: 4, budgetMs: 60_000 },
    );
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(outcome.done).toEqual(seen);
    expect(outcome.latenciesMs).toHaveLength(4);
  });

  it('takes a few samples of a subject that is slower than the budget', async () => {
    const outcome = await runSequentially(() => delay(5), records(100), { operationsMax: 100, budgetMs: 1 });
    expect(outcome.latenciesMs).toHaveLength(3);
  });

  it('counts a failure, keeps its message, and gives it no latency', async () => {
    const outcome = await runSequentially(
      async (record) => {
        if (record % 2 === 1) throw new Error('not found');
      },
      records(4),
      { operationsMax: 4, budgetMs: 60_000 },
    );
    expect(outcome).toMatchObject({ done: [0, 2], failures: 2, errors: ['Error: not found'] });
    expect(outcome.latenciesMs).toHaveLength(2);
  });
});

describe('runConcurrently', () => {
  it('keeps as many operations going as asked, never more, and runs each record once', async () => {
    let running = 0;
    let most = 0;
    const outcome = await runConcurrently(
      async () => {
        most = Math.max(most, ++running);
        await delay(2);
        running--;
      },
      records(40),
      8,
      unhurried,
    );
    expect(most).toBe(8);
    expect([...outcome.done].sort((left, right) => left - right)).toEqual(records(40));
    expect(outcome.abandoned).toBe(0);
    expect(outcome.perSecond).toBeCloseTo(40_000 / outcome.elapsedMs, 6);
  });

  it('stops issuing at the end of the budget, but not before the least number', async () => {
    const outcome = await runConcurrently(() => delay(10), records(1_000), 4, {
      ...unhurried,
      operationsMin: 12,
      budgetMs: 1,
    });
    expect(outcome.done).toHaveLength(12);
  });

  it('gives up on stragglers after the drain and says how many', async () => {
    const never = new Promise<void>(() => undefined);
    const outcome = await runConcurrently((record) => (record === 0 ? never : delay(1)), records(10), 2, {
      ...unhurried,
      drainMsMax: 40,
    });
    expect(outcome.done).toHaveLength(9);
    expect(outcome.abandoned).toBe(1);
    expect(outcome.perSecond).toBeGreaterThan(0);
  });

  it('tells the steady rate from the rate with stragglers', async () => {
    const outcome = await runConcurrently(
      (record) => delay(record === 3 ? 200 : 1),
      records(40),
      4,
      unhurried,
    );
    expect(outcome.steadyPerSecond).toBeGreaterThan(outcome.perSecond * 1.5);
  });
});
