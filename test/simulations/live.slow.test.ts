/** Daemons in network namespaces: a run with delay, loss, a crash and a cut between them, and what is left of it after. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Scenario } from '../../simulations/lib/scenario.ts';
import type { BesideResult } from '../../simulations/live/beside.ts';
import { namespacesObstacle } from '../../simulations/live/run-in-namespaces.ts';

const program = fileURLToPath(new URL('../../simulations/run.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'weft-live-slow-'));
afterAll(() => rmSync(folder, { recursive: true }));
const obstacle = namespacesObstacle(join(folder, 'delay'));
const whyNot = obstacle === '' ? '' : ` (not run: ${obstacle})`;

const scenario: Scenario = {
  title: 'a small network',
  nodes: 8,
  agents: 16,
  start: 'settled',
  network: { latency: 30, jitter: 0.1, loss: 0.01, uplinkBitsPerSecond: 1e7 },
  load: { seconds: 12, lookupsPerSecond: 5, updatesPerSecond: 1, rotationsPerSecond: 0, revocations: 4 },
  faults: [],
  settleSeconds: 5,
  thresholds: [
    { measure: 'lookups.rightShare', atLeast: 1 },
    { measure: 'revocations.reachedShare', atLeast: 1 },
  ],
};

function scenarioFile(changes: Partial<Scenario>): string {
  const path = join(folder, 'small.json');
  writeFileSync(path, JSON.stringify({ ...scenario, ...changes }));
  return path;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it with its temporary files in a folder of its own. */
function live(args: readonly string[], onStderr: (text: string, end: () => void) => void = () => {}) {
  const child = spawn(process.execPath, ['--conditions=weft-source', program, 'live', ...args, '--json'], {
    env: { ...process.env, TMPDIR: folder },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += String(data);
  });
  child.stderr.on('data', (data) => {
    stderr += String(data);
    onStderr(stderr, () => void child.kill('SIGINT'));
  });
  return new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
}

const leftovers = (): string[] => readdirSync(folder).filter((name) => name.startsWith('weft-live-run-'));

describe.runIf(whyNot === '')(`daemons in namespaces${whyNot}`, () => {
  it('answer and hear as the model does, over a network with delay and loss', async () => {
    const { code, stdout, stderr } = await live([scenarioFile({}), '--nodes', '8', '--namespaces']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const result = JSON.parse(stdout) as BesideResult;
    expect(result).toMatchObject({ ok: true, mode: 'namespaces', nodes: 8 });
    expect(result.live.failures).toEqual({});
    const row = (measure: string) => result.rows.find((one) => one.measure === measure)!;
    expect(row('lookups.count')).toMatchObject({ model: 60, live: 60 });
    expect(row('revocations.reachedShare').live).toBe(1);
    // A lookup and its answer are a round trip of 60 ms at least.
    expect(result.live.measures['lookups.p50Ms']).toBeGreaterThan(60);
    expect(result.live.measures['traffic.bytesPerNodeSecond']).toBeGreaterThan(100);
    expect(leftovers()).toEqual([]);
  });

  it('are killed and come back, and everybody hears of every revocation in the end', async () => {
    const faults: Scenario['faults'] = [
      { type: 'loss', atSeconds: 0, forSeconds: 12, loss: 0.05 },
      { type: 'crash', atSeconds: 2, forSeconds: 4, share: 0.25 },
      { type: 'partition', atSeconds: 8, forSeconds: 4, share: 0.25 },
    ];
    const { stdout, stderr } = await live([scenarioFile({ faults }), '--nodes', '8', '--namespaces']);
    expect(stdout, stderr).not.toBe('');
    const { live: outcome, targets } = JSON.parse(stdout) as BesideResult;
    expect(outcome.measures['revocations.count']).toBe(4);
    expect(targets.find(({ name }) => name === 'revocations.reachedShare')).toMatchObject({ value: 1 });
    expect(leftovers()).toEqual([]);
  });

  it('are gone, and their folder with them, when the run is interrupted', async () => {
    let isInterrupted = false;
    const { signal, stdout } = await live(
      [scenarioFile({}), '--nodes', '4', '--namespaces'],
      (stderr, end) => {
        if (isInterrupted || !stderr.includes('load')) return;
        isInterrupted = true;
        end();
      },
    );
    expect({ signal, stdout }).toEqual({ signal: 'SIGINT', stdout: '' });
    expect(leftovers()).toEqual([]);
    expect(processesWith(folder)).toEqual([]);
  });
});

describe('nodes in one process', () => {
  it('stop and start again from their folders under load', async () => {
    const faults: Scenario['faults'] = [
      { type: 'crash', atSeconds: 2, forSeconds: 3, share: 0.25 },
      {
        ...{ type: 'churn', atSeconds: 6, forSeconds: 5, share: 0.25 },
        ...{ sessions: 'kad', timesFaster: 5000 },
      },
    ];
    const { stdout, stderr } = await live([scenarioFile({ faults }), '--nodes', '8']);
    expect(stdout, stderr).not.toBe('');
    const { live: outcome } = JSON.parse(stdout) as BesideResult;
    expect(outcome.measures).toMatchObject({ 'revocations.count': 4, 'revocations.reachedShare': 1 });
    expect(leftovers()).toEqual([]);
  });
});

/** Command lines of processes that name this text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(text) ? [line] : [];
      } catch {
        return [];
      }
    });
}
