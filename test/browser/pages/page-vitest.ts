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
const ends: (() => unknown)[] = [];
let path = '';

export function describe(name: string, body: () => void): void {
  const outer = path;
  path = `${outer}${name} > `;
  body();
  path = outer;
}

describe.each = eachOf(describe);

export function it(name: string, run: () => unknown): void {
  tests.push({ name: path + name, run });
}

it.each = eachOf(it);

/** Runs after the tests, at the end of them all. */
export function afterAll(run: () => unknown): void {
  ends.push(run);
}

/** One test or group for each value. In the name `%s` and `%j` stand for the value, `$field` for a field of it. */
function eachOf(define: (name: string, body: () => unknown) => void) {
  return <Value>(values: readonly Value[]) =>
    (name: string, body: (value: Value) => unknown): void => {
      for (const value of values) {
        const named = name
          .replace(/%[js]/, () => JSON.stringify(value))
          .replace(/\$(\w+)/g, (_, field: string) => String((value as Record<string, unknown>)[field]));
        define(named, () => body(value));
      }
    };
}

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
  for (const end of ends.splice(0)) await end();
  return verdicts;
}
