/**
 * Whole nodes in virtual time: six seeds that are always the same and one that never was before. A run that fails prints
 * what led to it and the command that repeats it.
 */
import { describe, expect, it } from 'vitest';
import { runSimulation } from '../../simulations/lib/command.ts';
import { failureOf, inTurns, simulateVirtual } from '../../simulations/virtual/seed-runs.ts';
import { mustHappenInSome, virtualCommand } from '../../simulations/virtual/virtual-result.ts';

const withinMs = 900_000;
const size = { nodes: 20, minutes: 3 };
const fresh = Number(process.env['WEFT_TEST_SEED'] ?? 1_000 + Math.floor(Math.random() * 1e9));
const seeds = [1, 2, 3, 4, 5, 6, fresh];

describe('whole nodes in virtual time', () => {
  it(`keep every invariant, whatever breaks (seeds ${seeds.join(', ')})`, { timeout: withinMs }, async () => {
    process.stdout.write(`the fresh seed: ${virtualCommand({ seed: fresh, ...size })}\n`);
    const runs = inTurns(
      seeds.map((seed) => () => simulateVirtual({ seed, ...size })),
      2,
    );
    const results = await Promise.all(runs);
    expect(
      results
        .filter(({ ok }) => !ok)
        .map(failureOf)
        .join('\n\n'),
    ).toBe('');
    expect(new Set(results.map(({ traceHash }) => traceHash)).size).toBe(seeds.length);
    for (const name of mustHappenInSome) {
      const total = results.reduce((sum, { measures }) => sum + (measures[name] ?? 0), 0);
      expect(total, `${name} in seeds ${seeds.join(', ')}`).toBeGreaterThan(0);
    }
  });
});

describe('a virtual run', () => {
  it('is the same each time, also beside another', { timeout: withinMs }, async () => {
    const settings = { seed: fresh, nodes: 8, minutes: 2 };
    // Side by side, so that each is slowed down by the other wherever chance has it.
    const [first, second] = await Promise.all([simulateVirtual(settings), simulateVirtual(settings)]);
    const told = ({ wallSeconds: _wall, cpuSeconds: _cpu, ...rest }: typeof first) => rest;
    expect(told(second), virtualCommand(settings)).toEqual(told(first));
    expect(first.events).toBeGreaterThan(1_000);
  });

  it.each([
    ['too few nodes', ['--nodes', '3'], '--nodes takes a whole number'],
    ['no whole seed', ['--seed', '1.5'], '--seed takes a whole number'],
    ['no time for chaos', ['--minutes', '1'], '--minutes takes a whole number'],
    ['an unknown flag', ['--hours', '1'], '--hours'],
  ])('answers %s with how it goes', async (_what, args, message) => {
    let said = '';
    const code = await runSimulation(['virtual', ...args], {
      stdout: () => {},
      stderr: (text) => {
        said += text;
      },
      isTerminal: false,
    });
    expect(code).toBe(2);
    expect(said).toContain(message);
  });
});
