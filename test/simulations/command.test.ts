import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSimulation } from '../../simulations/lib/command.ts';
import { loadScenario } from '../../simulations/lib/scenario.ts';
import { scenarioNames } from '../../simulations/lib/scenario-files.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function sim(...args: string[]) {
  let [stdout, stderr] = ['', ''];
  const code = await runSimulation(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    isTerminal: false,
  });
  return { code, stdout, stderr };
}

const small = {
  title: 'small',
  nodes: 8,
  agents: 4,
  start: 'settled',
  network: { latency: 5, jitter: 0, loss: 0, uplinkBitsPerSecond: 1e9 },
  load: { seconds: 2, lookupsPerSecond: 5, updatesPerSecond: 0, rotationsPerSecond: 0, revocations: 1 },
  faults: [],
  settleSeconds: 1,
  thresholds: [{ measure: 'lookups.rightShare', atLeast: 1 }],
};

const churn = { type: 'churn', atSeconds: 1, forSeconds: 1, share: 0.5 };

function scenarioFile(changes: object): string {
  const path = join(folder, 'small.json');
  writeFileSync(path, JSON.stringify({ ...small, ...changes }));
  return path;
}

describe('npm run sim', () => {
  it('lists scenarios, every one of which can be read', async () => {
    const { stdout, code } = await sim('--list');
    expect(code).toBe(0);
    for (const name of scenarioNames()) expect(stdout).toContain(name);
    const path = (name: string): string =>
      new URL(`../../simulations/scenarios/${name}.json`, import.meta.url).pathname;
    for (const name of scenarioNames()) expect(loadScenario(path(name)).thresholds.length).toBeGreaterThan(0);
  });

  it('prints one object with --json, and its targets', async () => {
    const { stdout, code } = await sim(scenarioFile({}), '--json', '--seed', '5');
    const result = JSON.parse(stdout) as { ok: boolean; seed: number; targets: object[] };
    expect({ code, ok: result.ok, seed: result.seed }).toEqual({ code: 0, ok: true, seed: 5 });
    expect(result.targets).toEqual([{ name: 'lookups.rightShare', value: 1, target: 1, ok: true }]);
  });

  it('tells what a large run may take among the targets, and judges it by its thresholds alone', async () => {
    const path = scenarioFile({ budget: { wallSeconds: 1e-6, peakGigabytes: 1000 } });
    const { stdout } = await sim(path, '--json');
    const result = JSON.parse(stdout) as { ok: boolean; targets: { name: string; ok: boolean }[] };
    expect(result.ok).toBe(true);
    const met = result.targets.map(({ name, ok }) => [name, ok]);
    expect(met.slice(1)).toEqual([
      ['wallSeconds', false],
      ['peakGigabytes', true],
    ]);
  });

  it('fails when a threshold is not met, and prints the command that repeats the run', async () => {
    const path = scenarioFile({ thresholds: [{ measure: 'lookups.p50Ms', atMost: 0 }] });
    const { stdout, code } = await sim(path, '--seed', '9');
    expect(code).toBe(1);
    expect(stdout).toContain('NOT MET');
    expect(stdout).toContain('--seed 9 --nodes 8');
  });

  it('divides the nodes among as many threads as it is told, and says so in the command', async () => {
    const ran = async (file: string, threads: string) => {
      const { stdout } = await sim(file, '--threads', threads, '--json');
      return JSON.parse(stdout) as { ok: boolean; command: string; parameters: object };
    };
    const divided = await ran(scenarioFile({}), '2');
    expect(divided).toMatchObject({ ok: true, parameters: { ...small, threads: 2 } });
    expect(divided.command).toContain('--seed 1 --nodes 8 --threads 2');
    const whole = await ran(scenarioFile({ threads: 2 }), '1');
    expect(whole.parameters).toEqual(small);
  });

  it.each([
    ['an unknown name', ['no-such-scenario'], "no scenario 'no-such-scenario'"],
    ['an unknown flag', ['--fast'], '--fast'],
    ['no whole number', ['steady-state', '--seed', 'x'], '--seed takes a whole number'],
    ['no thread', ['steady-state', '--threads', '0'], '--threads takes a whole number, 1 or greater'],
    ['threads where nodes crash', ['mass-restart', '--threads', '2'], 'stay up and reach one another'],
    ['nothing', [], 'name one scenario'],
  ])('answers %s with how it goes', async (_what, args, message) => {
    const { code, stderr } = await sim(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it.each([
    ['a field that is not there', { nodez: 3 }],
    ['no thresholds', { thresholds: [] }],
    ['a wrong fault', { faults: [{ type: 'meteor', atSeconds: 1, forSeconds: 1 }] }],
    ['a negative time', { settleSeconds: -1 }],
    ['sessions that nobody measured', { faults: [{ ...churn, sessions: 'mine', timesFaster: 2 }] }],
    ['sessions that are over at once', { faults: [{ ...churn, sessions: 'kad', timesFaster: 1e9 }] }],
  ])('refuses a file with %s', async (_what, changes) => {
    const { code, stderr } = await sim(scenarioFile(changes));
    expect(code).toBe(2);
    expect(stderr).toContain('small.json');
  });
});
