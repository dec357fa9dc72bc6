/** Callbacks at points in time, for the parts of one peer; the driver wakes the peer at the earliest. */

export interface Timers {
  /** Calls back at the first wake at or after that time. Returns the cancellation. */
  at(timeMs: number, callback: () => void): () => void;
  /** Runs what is due. */
  run(nowMs: number): void;
  /** Some time was set since whoever looks took note: the earliest may be another. */
  isSet: boolean;
  /** The earliest time still set, or null. */
  nextMs(): number | null;
}

interface Timer {
  readonly timeMs: number;
  callback: (() => void) | null;
}

export function createTimers(): Timers {
  const heap: Timer[] = [];

  function push(timer: Timer): void {
    let index = heap.length;
    heap.push(timer);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.timeMs <= timer.timeMs) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
  }

  function pop(): Timer {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.timeMs < heap[child]!.timeMs) child++;
      if (heap[child]!.timeMs >= last.timeMs) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }

  function dropCancelled(): void {
    while (heap.length > 0 && heap[0]!.callback === null) pop();
  }

  const timers: Timers = {
    isSet: false,
    at(timeMs, callback) {
      const timer: Timer = { timeMs, callback };
      push(timer);
      timers.isSet = true;
      return () => {
        timer.callback = null;
      };
    },
    run(nowMs) {
      // Bounded: a callback that sets a timer for now or earlier runs at the next wake.
      const due: Timer[] = [];
      for (dropCancelled(); heap.length > 0 && heap[0]!.timeMs <= nowMs; dropCancelled()) due.push(pop());
      for (const timer of due) {
        const { callback } = timer;
        timer.callback = null;
        callback?.();
      }
    },
    nextMs() {
      dropCancelled();
      return heap[0]?.timeMs ?? null;
    },
  };
  return timers;
}
