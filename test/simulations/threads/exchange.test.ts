/** What lanes hand one another: in order, a lead later, and never too early. */
import { describe, expect, it } from 'vitest';
import {
  abandon,
  createExchange,
  createSharedMemory,
  lagSteps,
  type Note,
} from '../../../simulations/lib/threads/exchange.ts';

const none = new Uint8Array(0);

/** Two lanes in one thread, which steps them in turns, so that neither waits. */
function createPair() {
  const memory = createSharedMemory(2);
  const lanes = [createExchange(0, 2, memory), createExchange(1, 2, memory)] as const;
  const received: Note[][] = [[], []];
  const step = (lane: 0 | 1): void => lanes[lane].step((note) => received[lane]!.push(note));
  return { memory, lanes, received, step };
}

describe('notes', () => {
  it('arrive a lead after they were posted, in the order in which they were', () => {
    const { lanes, received, step } = createPair();
    lanes[0].post(1, 7, 1_800_000_000_000.25, 3, 4, 5, Uint8Array.of(1, 2, 3));
    lanes[0].post(1, 8, 1_800_000_000_001, -1, 2 ** 31 - 1, 0, none);
    for (let count = 1; count < lagSteps; count++) for (const lane of [0, 1] as const) step(lane);
    expect(received).toEqual([[], []]);
    for (const lane of [0, 1] as const) step(lane);
    expect(received[0]).toEqual([]);
    expect(received[1]).toEqual([
      {
        lane: 0,
        kind: 7,
        timeMs: 1_800_000_000_000.25,
        from: 3,
        to: 4,
        id: 5,
        bytes: Uint8Array.of(1, 2, 3),
      },
      { lane: 0, kind: 8, timeMs: 1_800_000_000_001, from: -1, to: 2 ** 31 - 1, id: 0, bytes: none },
    ]);
  });

  it('of every step arrive once, however far one lane is ahead of the other', () => {
    const { lanes, received, step } = createPair();
    const steps = 40;
    const done = [0, 0];
    // The first lane is ahead by as much as it may be, then the second.
    const behind = (lane: 0 | 1): boolean => done[lane]! - done[1 - lane]! < lagSteps - 1;
    for (let turn = 0; done[0]! + done[1]! < 2 * steps; turn++) {
      const lane = turn % 20 < 10 ? 0 : 1;
      const next = done[lane]! < steps && behind(lane) ? lane : ((1 - lane) as 0 | 1);
      lanes[next].post(1 - next, 1, 1, 0, 0, done[next]!, none);
      step(next);
      done[next]!++;
    }
    for (const notes of received)
      expect(notes.map(({ id }) => id)).toEqual(
        Array.from({ length: steps - lagSteps + 1 }, (_, id) => id).slice(0, notes.length),
      );
    expect(Math.min(...received.map((notes) => notes.length))).toBeGreaterThan(steps - 2 * lagSteps);
  });

  it('that are more than there is room for are refused', () => {
    const { lanes } = createPair();
    const megabyte = new Uint8Array(1024 * 1024);
    const post = () => {
      for (let count = 0; count < 64; count++) lanes[0].post(1, 1, 1, 0, 0, 0, megabyte);
    };
    expect(post).toThrow(RangeError);
  });
});

describe('a lane', () => {
  it('that waits for one that failed hears of it', () => {
    const { memory, step } = createPair();
    abandon(memory);
    for (let count = 1; count < lagSteps; count++) step(0);
    expect(() => step(0)).toThrow('another thread of the run has failed');
  });
});
