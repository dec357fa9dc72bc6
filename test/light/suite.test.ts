/** The targets of the light suite are those of the issue, and each is fed by one of its sections. */
import { describe, expect, it } from 'vitest';
import { evaluateTargets } from '../../benchmarks/lib/targets.ts';
import { lightSuite } from '../../benchmarks/suites/light.ts';

const just: Readonly<Record<string, number>> = {
  'calls/firstResolveMs': 999,
  'calls/warmResolveMicroseconds': 49,
  'calls/registerMs': 2999,
  'cold/lightP50Ms': 15,
  'cold/fullP50Ms': 10,
  'hearing/p99Ms': 149,
  'idle/bytesPerSecond': 199,
  'memory/addedMegabytes': 39,
};

describe('the targets of the light suite', () => {
  it('are met by a light node that is just good enough, and by none that was not measured', () => {
    expect(evaluateTargets(lightSuite.targets, just).filter(({ ok }) => !ok)).toEqual([]);
    expect(evaluateTargets(lightSuite.targets, {}).filter(({ ok }) => ok)).toEqual([]);
  });

  it.each(Object.keys(just).filter((path) => path !== 'cold/fullP50Ms'))('stand on %s', (path) => {
    const worse = { ...just, [path]: just[path]! * 1.1 };
    expect(evaluateTargets(lightSuite.targets, worse).filter(({ ok }) => !ok)).toHaveLength(1);
  });

  it('are fed by the sections that the suite has', () => {
    const sections = new Set(lightSuite.sections.map(({ name }) => name));
    expect(Object.keys(just).filter((path) => !sections.has(path.split('/')[0]!))).toEqual([]);
  });
});
