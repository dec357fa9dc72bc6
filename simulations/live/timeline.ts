/** What happens when in a live run: tasks at their times, by the clock of the wall, until a signal ends it all. */

export interface Timeline {
  /** So long from now. */
  at(delayMs: number, task: () => void | Promise<void>): void;
  /** Resolves after that time. @throws the reason of the signal, or what a task threw. */
  pass(durationMs: number): Promise<void>;
  /** Resolves when every task that has begun has ended. @throws the first thing that one threw */
  settled(): Promise<void>;
  /** No task begins any more. */
  close(): void;
}

export function createTimeline(signal: AbortSignal): Timeline {
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];

  function close(): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  }

  function check(): void {
    signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
  }

  return {
    at(delayMs, task) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        const ran = (async () => task())()
          .catch((error: unknown) => void failures.push(error))
          .finally(() => running.delete(ran));
        running.add(ran);
      }, delayMs);
      timers.add(timer);
    },
    async pass(durationMs) {
      check();
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, durationMs);
        signal.addEventListener('abort', end);
      });
      check();
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
      check();
    },
    close,
  };
}
