import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBench } from '../../benchmarks/lib/bench.ts';
import type { Suite } from '../../benchmarks/lib/suite.ts';
import { measuredTarget } from '../../benchmarks/lib/targets.ts';

const suite: Suite = {
  name: 'sample',
  title: 'A sample',
  packages: ['libp2p'],
  targets: [
    measuredTarget('fast enough', 'speed/ms', 'at-most', 10, 'ms'),
    measuredTarget('small enough', 'size/bytes', 'at-most', 100, 'bytes'),
  ],
  sections: [
    {
      name: 'speed',
      summary: 'how fast it is',
      run: async ({ quick, progress }) => {
        progress('measuring');
        const chart = {
          title: 'Speed & <size>',
          unit: 'ms',
          groups: ['8 nodes'],
          series: [{ name: 'weft', values: [12.5], tails: [20] }],
        };
        const table = { title: 'Speed', columns: ['subject', 'ms'], rows: [['weft', '12.5']] };
        return {
          data: { ms: 12.5, quick },
          measurements: { 'speed/ms': 12.5 },
          tables: [table],
          charts: [chart],
        };
      },
    },
    {
      name: 'size',
      summary: 'how big it is',
      run: async () => ({ data: { bytes: 99 }, measurements: { 'size/bytes': 99 }, tables: [], charts: [] }),
    },
    {
      name: 'broken',
      summary: 'fails',
      run: async () => {
        throw new Error('the network did not start');
      },
    },
  ],
};

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'weft-bench-test-'));
});
afterEach(() => rm(out, { recursive: true }));

async function bench(...args: string[]) {
  const text = { stdout: '', stderr: '' };
  const code = await runBench(args, [suite], {
    stdout: (piece) => {
      text.stdout += piece;
    },
    stderr: (piece) => {
      text.stderr += piece;
    },
  });
  return { code, ...text };
}

describe('npm run bench', () => {
  it('prints exactly one JSON object on stdout, with a target for each row, and progress on stderr', async () => {
    const { code, stdout, stderr } = await bench(
      '--json',
      '--quick',
      '--seed',
      '7',
      '--only',
      'speed,size',
      '--out',
      out,
    );
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      suite: 'sample',
      quick: true,
      seed: 7,
      machine: { cores: expect.any(Number), nodeVersion: process.version },
      versions: { weft: expect.any(String), libp2p: expect.stringMatching(/^3\./) },
      sections: { speed: { ms: 12.5, quick: true }, size: { bytes: 99 } },
    });
    expect(report.targets).toEqual([
      { name: 'fast enough', value: 12.5, target: 10, ok: false, comparison: 'at-most', unit: 'ms' },
      { name: 'small enough', value: 99, target: 100, ok: true, comparison: 'at-most', unit: 'bytes' },
    ]);
    expect(Number.isNaN(Date.parse(report.startedAt))).toBe(false);
    expect(report.durationSeconds).toBeGreaterThanOrEqual(0);
    expect(stderr).toContain('measuring');
  });

  it('writes the same object and a plot that names what it shows', async () => {
    const { stdout } = await bench('--json', '--only', 'speed', '--out', out);
    expect((await readdir(out)).sort()).toEqual(['sample.json', 'sample.svg']);
    expect(JSON.parse(await readFile(join(out, 'sample.json'), 'utf8'))).toEqual(JSON.parse(stdout));
    const plot = await readFile(join(out, 'sample.svg'), 'utf8');
    expect(plot).toContain('Speed &#38; &#60;size&#62;');
    expect(plot).toContain('>weft<');
    expect(plot).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('leaves out the sections that were not asked for and calls their targets not ok', async () => {
    const { code, stdout } = await bench('--json', '--only', 'speed', '--out', out);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(Object.keys(report.sections)).toEqual(['speed']);
    expect(report.targets[1]).toMatchObject({ value: null, ok: false });
  });

  it('prints tables for a person, the targets last', async () => {
    const { stdout } = await bench('--only', 'speed', '--out', out);
    expect(stdout).toMatch(/subject +ms\n-+\nweft +12\.5/);
    expect(stdout).toContain('Targets: 0 of 2 met');
    expect(stdout).toMatch(/fast enough +12\.5 +<= 10 +ms +NO/);
    expect(stdout).toMatch(/small enough +not measured/);
  });

  it('exits 2 on a wrong command line and says what would be right', async () => {
    expect(await bench('--only', 'speeed')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('speed, size'),
    });
    expect(await bench('nosuite')).toMatchObject({ code: 2, stderr: expect.stringContaining('sample') });
    expect(await bench('--fast')).toMatchObject({ code: 2, stderr: expect.stringContaining('--help') });
    expect(await bench('--seed', 'x')).toMatchObject({ code: 2, stdout: '' });
  });

  it('exits 1 with the reason when a section fails, and reports the others all the same', async () => {
    const { code, stdout, stderr } = await bench('--only', 'size,broken', '--json', '--out', out);
    expect(code).toBe(1);
    expect(stderr).toContain('the network did not start');
    const report = JSON.parse(stdout);
    expect(report.sections.broken.failure).toContain('the network did not start');
    expect(report.sections.size).toEqual({ bytes: 99 });
    expect(report.targets[1]).toMatchObject({ value: 99, ok: true });
  });

  it('explains itself', async () => {
    const { code, stdout } = await bench('--help');
    expect(code).toBe(0);
    for (const word of ['--quick', '--json', '--only', '--out', 'Examples:', 'how fast it is'])
      expect(stdout).toContain(word);
  });
});
