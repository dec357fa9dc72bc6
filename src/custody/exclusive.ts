/** One task at a time for each key; tasks of different keys run side by side. */

export interface Exclusive {
  /** Runs the task after all earlier ones of that key have ended, however they ended. */
  run<Value>(key: string, task: () => Promise<Value>): Promise<Value>;
  /** Resolves once no task is running or waiting. */
  idle(): Promise<void>;
}

export function createExclusive(): Exclusive {
  // Bounded by the calls that wait: a key goes with its last task.
  const lastByKey = new Map<string, Promise<unknown>>();

  return {
    run(key, task) {
      const before = lastByKey.get(key) ?? Promise.resolve();
      const result = before.then(task, task);
      const settled = result.then(
        () => {},
        () => {},
      );
      lastByKey.set(key, settled);
      void settled.then(() => {
        if (lastByKey.get(key) === settled) lastByKey.delete(key);
      });
      return result;
    },
    async idle() {
      while (lastByKey.size > 0) await Promise.all(lastByKey.values());
    },
  };
}
