/**
 * What a suite imports from vitest, in a page: the same `expect`, and just enough of `describe` and `it` to run a suite
 * from its top to its end. The suites themselves do not know.
 */
import { expect } from '../../../node_modules/vitest/dist/index.js';

export { expect };

export interface PageTest {
  readonly name: string;
  readonly run: () => unknown;
}

export interface PageVerdict {
  readonly name: string;
  /** Null: it passed. */
  readonly error: string | null;
}

const tests: PageTest[] = [];
let path = '';

export function describe(name: string, body: () => void): void {
  const outer = path;
  path = `${outer}${name} > `;
  body();
  path = outer;
}

export function it(name: string, run: () => unknown): void {
  tests.push({ name: path + name, run });
}

/** One test for each value; `%j` and `%s` in the name stand for it. */
it.each = <Value>(values: readonly Value[]) => {
  return (name: string, run: (value: Value) => unknown): void => {
    for (const value of values) {
      it(name.replace(/%[js]/, JSON.stringify(value)), () => run(value));
    }
  };
};

/** One after the other. */
export async function runTests(): Promise<PageVerdict[]> {
  const verdicts: PageVerdict[] = [];
  for (const { name, run } of tests.splice(0)) {
    try {
      await run();
      verdicts.push({ name, error: null });
    } catch (error) {
      verdicts.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  return verdicts;
}
