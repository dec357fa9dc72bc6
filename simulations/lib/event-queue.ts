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

  function isBefore(left: number, right: number): boolean {
    const difference = times[left]! - times[right]!;
    return difference < 0 || (difference === 0 && sequences[left]! < sequences[right]!);
  }

  function swap(left: number, right: number): void {
    [times[left], times[right]] = [times[right]!, times[left]!];
    [sequences[left], sequences[right]] = [sequences[right]!, sequences[left]!];
    [tasks[left], tasks[right]] = [tasks[right]!, tasks[left]!];
  }

  function at(timeMs: number, run: () => void): void {
    let index = times.length;
    times.push(Math.max(timeMs, nowMs));
    sequences.push(sequence++);
    tasks.push(run);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(index, parent)) break;
      swap(index, parent);
      index = parent;
    }
  }

  function takeFirst(): () => void {
    const first = tasks[0]!;
    const last = times.length - 1;
    swap(0, last);
    times.pop();
    sequences.pop();
    tasks.pop();
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= last) break;
      const child = left + 1 < last && isBefore(left + 1, left) ? left + 1 : left;
      if (!isBefore(child, index)) break;
      swap(index, child);
      index = child;
    }
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
