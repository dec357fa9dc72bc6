/** The wish to end: the first signal asks, the second insists. */
import { exitCodes } from '../api/error-table.ts';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Resolves at the first signal; from then on a second one ends the process at once. */
export function waitForEnd(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) process.exit(exitCodes.failure);
      asked = true;
      resolve();
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
}
