/** The trust suite is put together of sections with their own targets, each of which stands on its own section. */
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../benchmarks/lib/options.ts';
import { evaluateTargets } from '../../benchmarks/lib/targets.ts';
import { trustSuite } from '../../benchmarks/suites/trust.ts';

/** The paths that a target asks for. */
function pathsOf(target: (typeof trustSuite.targets)[number]): string[] {
  const asked: string[] = [];
  const get = (_: object, path: string | symbol): number => asked.push(String(path));
  target.value(new Proxy({}, { get }));
  return asked;
}

describe('the trust suite', () => {
  it('has sections of different names, chosen by --only', () => {
    const names = trustSuite.sections.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(parseOptions(['trust', '--only', 'search'], [trustSuite], 1).sections).toEqual(['search']);
  });

  it('has targets that its own sections feed', () => {
    const names = new Set(trustSuite.sections.map(({ name }) => name));
    const paths = trustSuite.targets.flatMap(pathsOf);
    expect(paths.length).toBeGreaterThanOrEqual(trustSuite.targets.length);
    expect(paths.filter((path) => !names.has(path.split('/')[0]!))).toEqual([]);
  });

  it('meets no target that was not measured', () => {
    expect(evaluateTargets(trustSuite.targets, {}).filter(({ ok }) => ok)).toEqual([]);
  });

  it('holds the search to 50 ms', () => {
    const okOf = (value: number) =>
      evaluateTargets(trustSuite.targets, { 'search/p50Ms': value }).filter(({ ok }) => ok).length;
    expect([49, 51].map(okOf)).toEqual([1, 0]);
  });
});
