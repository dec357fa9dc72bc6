/** Lines that are easy to follow, and the end of a program. */

/** One line, in columns. */
export function say(what: string, detail = ''): void {
  console.log(`${what.padEnd(12)} ${detail}`.trimEnd());
}

/** Resolves when somebody wants the program to end: Ctrl-C, or a signal. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
