import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSimulation } from '../../../simulations/lib/command.ts';
import type { RunResult } from '../../../simulations/lib/run-scenario.ts';
import type { Comparison } from '../../../simulations/report/compare.ts';
import { formatMeasure } from '../../../simulations/report/measure-catalog.ts';
import { planSweep, type SweepResult } from '../../../simulations/report/sweep.ts';
import { tinyRun, tinyScenario } from './tiny-run.ts';

let folder: string;
let result: RunResult;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weft-report-'));
  result = await tinyRun();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function sim(args: readonly string[], isTerminal = false) {
  let [stdout, stderr] = ['', ''];
  const console = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
    isTerminal,
    columns: 80,
  };
  const code = await runSimulation(args, console);
  return { code, stdout, stderr };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const withMeasures = (measures: Record<string, number | null>): RunResult => ({
  ...result,
  measures: { ...result.measures, ...measures },
});

describe('npm run sim, with files', () => {
  it('writes what it prints with --json, and the page beside it', async () => {
    const path = file('tiny.json', tinyScenario);
    const out = join(folder, 'out', 'deep');
    const { code, stdout, stderr } = await sim([path, '--seed', '11', '--json', '--out', out]);
    expect(code).toBe(0);
    const printed = JSON.parse(stdout) as RunResult & { command: string };
    expect(printed.details).toEqual(result.details);
    expect(printed.command).toContain(`${path} --seed 11 --nodes 12`);
    expect(JSON.parse(readFileSync(join(out, 'tiny-12-seed11.json'), 'utf8'))).toEqual(printed);
    const page = parseHTML(readFileSync(join(out, 'tiny-12-seed11.html'), 'utf8')).document;
    expect(page.querySelector('pre')?.textContent).toBe(printed.command);
    expect(stderr).toContain('tiny-12-seed11.html');
  });

  it('writes over one line on a terminal, and leaves it empty', async () => {
    const { stderr } = await sim([file('tiny.json', tinyScenario), '--json'], true);
    const lines = stderr.split('\r\u001b[2K');
    expect(lines[1]).toMatch(/^registering\s+[█·]{20}\s+\d+%\s+\d+ s virtual\s+[\d,.]+ events\/s/);
    expect(lines.every((line) => line.length < 80)).toBe(true);
    expect(lines.at(-1)).toBe('');
  });

  it('says where it cannot write', async () => {
    const inTheWay = file('in-the-way', '');
    const path = file('tiny.json', tinyScenario);
    const { code, stderr } = await sim([path, '--json', '--report', join(inTheWay, 'report.html')]);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be written');
  });
});

describe('compare', () => {
  it('finds nothing worse in equal runs', async () => {
    const path = file('a.json', result);
    const { code, stdout } = await sim(['compare', path, path, '--json', '--fail-on-regression']);
    const comparison = JSON.parse(stdout) as Comparison;
    expect(code).toBe(0);
    expect(comparison).toMatchObject({ ok: true, regressions: [], differences: [] });
    expect(new Set(comparison.measures.map(({ verdict }) => verdict))).toEqual(new Set(['same']));
  });

  it('finds what is worse, in the direction of each measure', async () => {
    const before = file('a.json', withMeasures({ 'lookups.p50Ms': 100, 'lookups.rightShare': 0.9 }));
    const after = file(
      'b.json',
      withMeasures({ 'lookups.p50Ms': 120, 'lookups.rightShare': 0.99, 'alarms.rolledBack': 1 }),
    );
    const report = join(folder, 'comparison.html');
    const { code, stdout } = await sim(['compare', before, after, '--report', report]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/lookups\.p50Ms +100 ms +120 ms +\+20\.0% +WORSE/);
    expect(stdout).toMatch(/lookups\.rightShare +90\.0% +99\.0% +\+10\.0% +better/);
    expect(stdout).toMatch(/alarms\.rolledBack +0 +1 +WORSE/);
    expect(stdout).toContain('2 regressions, within 5%');
    const page = readFileSync(report, 'utf8');
    expect(page).not.toMatch(/https?:|<script/i);
    const { document } = parseHTML(page);
    expect([...document.querySelectorAll('figure')].map((one) => one.querySelectorAll('svg').length)).toEqual(
      [2, 2, 2],
    );
    expect(document.querySelectorAll('td .missed')).toHaveLength(2);
    expect((await sim(['compare', before, after, '--fail-on-regression'])).code).toBe(1);
    expect((await sim(['compare', after, before, '--fail-on-regression'])).code).toBe(1);
    const within = ['compare', before, after, '--tolerance', '25', '--json'];
    const { regressions } = JSON.parse((await sim(within)).stdout) as Comparison;
    expect(regressions).toEqual(['alarms.rolledBack is worse']);
  });

  it('counts what is not measured, met or held any more', async () => {
    const after: RunResult = {
      ...withMeasures({ 'lookups.p50Ms': null }),
      seed: 12,
      thresholds: result.thresholds.map((one) => ({ ...one, ok: false })),
      invariants: result.invariants.map((one, index) => ({ ...one, ok: index > 0 })),
    };
    const args = ['compare', file('a.json', result), file('b.json', after), '--json'];
    const comparison = JSON.parse((await sim(args)).stdout) as Comparison;
    expect(comparison.regressions).toEqual([
      'lookups.p50Ms was measured before',
      'the threshold of lookups.rightShare was met before',
      `it held before that ${result.invariants[0]!.name}`,
    ]);
    expect(comparison.differences).toEqual(['seed: 11, then 12']);
  });

  it.each<[string, unknown, string]>([
    ['cut off', '{"format": "weft-simulation/1", "ok": tr', 'JSON'],
    ['of another version', { format: 'weft-simulation/99' }, "of the format 'weft-simulation/99'"],
    ['of another kind', { format: 'weft-sweep/1' }, "of the format 'weft-sweep/1'"],
    ['something else', [1, 2], 'names no format'],
    ['null', null, 'names no format'],
    ['incomplete', { format: 'weft-simulation/1', ok: true }, 'bad.json: /'],
  ])('refuses a file that is %s', async (_what, content, message) => {
    const { code, stdout, stderr } = await sim([
      'compare',
      file('bad.json', content),
      file('a.json', result),
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('refuses a result with a field of another type, and a file that is not there', async () => {
    const wrong = file('wrong.json', { ...result, measures: { 'lookups.p50Ms': '<b>' } });
    expect((await sim(['compare', wrong, wrong])).stderr).toContain('/measures/lookups.p50Ms');
    expect(await sim(['compare', join(folder, 'none.json'), wrong])).toMatchObject({ code: 2 });
  });

  it('keeps what would move a cursor off the terminal', async () => {
    const path = file('a.json', withMeasures({ 'evil\u001b[2J': 1 }));
    const { stdout } = await sim(['compare', path, path]);
    expect(stdout).toContain('evil[2J');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('sweep', () => {
  it('runs each value with the same seed, and draws them', async () => {
    const scenario = { ...tinyScenario, thresholds: [{ measure: 'lookups.requests', atMost: 0 }] };
    const path = file('swept.json', scenario);
    const over = ['--over', 'responders=1,3', '--seed', '4'];
    const { code, stdout, stderr } = await sim(['sweep', path, ...over, '--json', '--out', folder]);
    const sweep = JSON.parse(stdout) as SweepResult;
    expect(code).toBe(0);
    expect(sweep).toMatchObject({ ok: false, path: 'peer.respondersMin', values: [1, 3], seeds: [4] });
    const [few, more] = sweep.runs.map(({ measures }) => measures['lookups.requests']!);
    expect(few).toBeLessThan(more!);
    expect(stderr).toContain('2/2 responders=3');
    const page = readFileSync(join(folder, 'swept-responders.html'), 'utf8');
    const { document } = parseHTML(page);
    expect(page).not.toMatch(/https?:|<script/i);
    const figure = [...document.querySelectorAll('figure')].find(
      (one) => one.querySelector('h3')?.textContent === 'Peers asked for each lookup',
    )!;
    expect(figure.querySelector('p')?.textContent).toContain(
      `${formatMeasure('lookups.requests', few!)} at 1, ${formatMeasure('lookups.requests', more!)} at 3`,
    );
    expect(figure.querySelectorAll('.wide circle')).toHaveLength(2);
    const text = await sim(['sweep', path, '--over', 'responders=3', '--seed', '4']);
    expect(text.code).toBe(1);
    expect(text.stdout).toContain('responders=3: lookups.requests');
  });

  it('takes a number of the faults that have it', () => {
    const { points } = planSweep(tinyScenario, 'faults.share=0.2,0.4', 1);
    expect(points.map(({ scenario }) => scenario.faults)).toEqual(
      [0.2, 0.4].map((share) => [{ ...tinyScenario.faults[0], share }, tinyScenario.faults[1]]),
    );
  });

  it.each([
    ['nothing to sweep', ['steady-state'], '--over'],
    [
      'a fault that is not there',
      ['steady-state', '--over', 'faults.timesFaster=2'],
      "no fault of this scenario has 'timesFaster'",
    ],
    ['no values', ['steady-state', '--over', 'k'], '--over takes'],
    ['values that are none', ['steady-state', '--over', 'k=8,many'], '--over takes'],
    ['an unknown parameter', ['steady-state', '--over', 'speed=1'], 'speed=1: /'],
    ['a field inside of no field', ['steady-state', '--over', '__proto__.x=1'], 'is no parameter'],
    ['a value out of bounds', ['steady-state', '--over', 'k=0'], '/peer/replication'],
    ['too many runs', ['steady-state', '--over', 'k=1,2,3', '--seeds', seedList()], '128 runs'],
    ['two ways to name seeds', ['steady-state', '--over', 'k=1', '--seed', '1', '--seeds', '2'], 'one of'],
  ])('answers %s with how it goes', async (_what, args, message) => {
    const { code, stderr } = await sim(['sweep', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

function seedList(): string {
  return Array.from({ length: 50 }, (_, seed) => seed).join(',');
}

describe('help', () => {
  it.each([['--help'], ['compare', '--help'], ['sweep', '--help']])(
    'of %s %s has examples',
    async (...args) => {
      const { code, stdout } = await sim(args);
      expect(code).toBe(0);
      expect(stdout).toMatch(/examples:\n {2}npm run sim/);
      expect(stdout).toContain('exit codes:');
    },
  );
});
