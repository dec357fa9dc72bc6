import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventQueue } from '../../simulations/lib/event-queue.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 1);

describe(`the queue of events (seed ${seed})`, () => {
  it('runs them by time, and those of one time in the order in which they were planned', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (times) => {
        const queue = createEventQueue(0);
        const ran: [number, number][] = [];
        for (const [index, timeMs] of times.entries()) queue.at(timeMs, () => ran.push([queue.nowMs, index]));
        queue.runUntil(100, () => {});
        const wanted = times.map((timeMs, index) => [timeMs, index] as const);
        wanted.sort((left, right) => left[0] - right[0] || left[1] - right[1]);
        expect(ran).toEqual(wanted);
        expect(queue.nowMs).toBe(100);
      }),
      { seed },
    );
  });

  it('runs what is planned meanwhile, also for now, and leaves the rest', () => {
    const queue = createEventQueue(1_000);
    const ran: string[] = [];
    queue.at(1_500, () => {
      ran.push('first');
      queue.at(0, () => ran.push('at once'));
      queue.at(2_001, () => ran.push('later'));
    });
    queue.runUntil(2_000, () => {});
    expect(ran).toEqual(['first', 'at once']);
    expect(queue.size).toBe(1);
  });

  it('does what happened before now at its own time, and what follows from it in its order', () => {
    const queue = createEventQueue(0);
    const ran: [string, number][] = [];
    const note = (what: string) => (): void => void ran.push([what, queue.nowMs]);
    queue.at(250, note('soon'));
    queue.runUntil(200, () => {});
    queue.as(120, () => {
      note('heard of')();
      queue.at(queue.nowMs + 50, note('follows at once'));
      queue.at(queue.nowMs + 100, note('follows'));
    });
    expect(queue.nowMs).toBe(200);
    queue.runUntil(300, () => {});
    expect(ran).toEqual([
      ['heard of', 120],
      ['follows at once', 170],
      ['follows', 220],
      ['soon', 250],
    ]);
    expect(queue.nowMs).toBe(300);
  });

  it('says when a time is over, before the next begins', () => {
    const queue = createEventQueue(0);
    const seen: string[] = [];
    for (const timeMs of [5, 5, 7]) queue.at(timeMs, () => seen.push(`event ${timeMs}`));
    queue.runUntil(10, () => seen.push(`end of ${queue.nowMs}`));
    expect(seen).toEqual(['end of 0', 'event 5', 'event 5', 'end of 5', 'event 7', 'end of 7']);
  });
});
