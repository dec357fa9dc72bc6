/** What is to happen, in the order of (time, sequence): two events of one time run in the order in which they were planned. */

export interface EventQueue {
  /** Virtual time, milliseconds since 1970. */
  readonly nowMs: number;
  readonly size: number;
  /** A time that has passed counts as now. */
  at(timeMs: number, run: () => void): void;
  /** Runs everything up to that time, and is there afterwards. `onTimeChange` runs before each step of the time. */
  runUntil(timeMs: number, onTimeChange: () => void): void;
}

/** A binary heap in three arrays: no object an event but its closure. */
export function createEventQueue(startMs: number): EventQueue {
  const times: number[] = [];
  const sequences: number[] = [];
  const tasks: (() => void)[] = [];
  let nowMs = startMs;
  let sequence = 0;

  function put(index: number, timeMs: number, order: number, task: () => void): void {
    times[index] = timeMs;
    sequences[index] = order;
    tasks[index] = task;
  }

  function move(from: number, to: number): void {
    put(to, times[from]!, sequences[from]!, tasks[from]!);
  }

  /** Whether what is planned at that place comes before the other. */
  function isBefore(index: number, timeMs: number, order: number): boolean {
    return times[index]! < timeMs || (times[index] === timeMs && sequences[index]! < order);
  }

  function at(timeMs: number, run: () => void): void {
    const dueMs = Math.max(timeMs, nowMs);
    const order = sequence++;
    let index = times.length;
    for (let parent = (index - 1) >> 1; index > 0; parent = (index - 1) >> 1) {
      if (isBefore(parent, dueMs, order)) break;
      move(parent, index);
      index = parent;
    }
    put(index, dueMs, order, run);
  }

  function takeFirst(): () => void {
    const first = tasks[0]!;
    const timeMs = times.pop()!;
    const order = sequences.pop()!;
    const task = tasks.pop()!;
    const size = times.length;
    if (size === 0) return first;
    let index = 0;
    for (let child = 1; child < size; child = 2 * index + 1) {
      if (child + 1 < size && isBefore(child + 1, times[child]!, sequences[child]!)) child++;
      if (!isBefore(child, timeMs, order)) break;
      move(child, index);
      index = child;
    }
    put(index, timeMs, order, task);
    return first;
  }

  return {
    get nowMs() {
      return nowMs;
    },
    get size() {
      return times.length;
    },
    at,
    runUntil(timeMs, onTimeChange) {
      for (;;) {
        // What the end of a turn plans for now still belongs to now.
        if (times.length === 0 || times[0]! > nowMs) onTimeChange();
        if (times.length === 0 || times[0]! > timeMs) break;
        nowMs = times[0]!;
        takeFirst()();
      }
      nowMs = Math.max(nowMs, timeMs);
    },
  };
}
