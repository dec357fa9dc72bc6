import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSimulation } from '../../simulations/lib/command.ts';
import { addCounters, readCounters } from '../../simulations/lib/node-counters.ts';
import type { RunResult } from '../../simulations/lib/run-scenario.ts';
import type { Scenario } from '../../simulations/lib/scenario.ts';
import { type BesideResult, setBeside } from '../../simulations/live/beside.ts';
import { describeBeside } from '../../simulations/live/beside-report.ts';
import { type LivePlan, planLive } from '../../simulations/live/live-scenario.ts';
import { createTimeline } from '../../simulations/live/timeline.ts';
import { simulate } from '../../simulations/virtual/seed-runs.ts';

const scenario: Scenario = {
  title: 'a small network',
  nodes: 500,
  agents: 10,
  start: 'settled',
  network: { latency: 'regions', jitter: 0.1, loss: 0.01, uplinkBitsPerSecond: 1e7 },
  load: { seconds: 1, lookupsPerSecond: 20, updatesPerSecond: 2, rotationsPerSecond: 1, revocations: 2 },
  faults: [],
  settleSeconds: 0.2,
  thresholds: [
    { measure: 'lookups.rightShare', atLeast: 1 },
    { measure: 'revocations.reachedShare', atLeast: 1 },
    { measure: 'revocations.p99Ms', atMost: 1 },
  ],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-live-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function live(changes: object, ...args: string[]) {
  const path = join(folder, 'small.json');
  writeFileSync(path, JSON.stringify({ ...scenario, ...changes }));
  let [stdout, stderr] = ['', ''];
  const code = await runSimulation(['live', path, ...args], {
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

describe('npm run sim -- live', () => {
  it('runs a scenario on real nodes in one process, with the model beside them', async () => {
    const page = join(folder, 'live.html');
    const { code, stdout } = await live({}, '--nodes', '8', '--seed', '3', '--json', '--report', page);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as BesideResult;
    const { ok, scenario: name, seed, nodes, mode } = result;
    expect({ ok, name, seed, nodes, mode }).toEqual({
      ...{ ok: true, name: 'small', seed: 3 },
      ...{ nodes: 8, mode: 'process' },
    });
    expect(result.cpuShare).toBeGreaterThan(0);
    expect(result.cpuShare).toBeLessThanOrEqual(1);
    const row = (measure: string) => result.rows.find((one) => one.measure === measure)!;
    // 20 lookups, 10 registrations, 5 changes, all of them on both sides.
    for (const [measure, count] of [
      ...[['lookups.count', 20] as const, ['publishes.count', 15] as const],
      ...[['revocations.count', 2] as const, ['lookups.rightShare', 1] as const],
      ...[['publishes.storedShare', 1] as const, ['revocations.reachedShare', 1] as const],
    ]) {
      expect(row(measure)).toMatchObject({
        measure,
        model: count,
        live: count,
        within: true,
      });
    }
    // The nodes' own counters: a neighbour sends what another has sent, and everybody was asked for something.
    expect(row('gossip.duplicatesPerDelivery').live).toBeGreaterThan(0);
    expect(row('requests.findPerNodeSecond').live).toBeGreaterThan(0);
    expect(row('traffic.bytesPerNodeSecond').live).toBeGreaterThan(100);
    expect(result.rows.filter(({ measure }) => measure.endsWith('Ms'))).toEqual([]);
    expect(result.targets.map(({ ok: met }) => met)).toEqual([true, true, null]);
    expect(result.leftOut.join('\n')).toMatch(/latency, jitter, loss[\s\S]*times:/);
    const { document } = parseHTML(readFileSync(page, 'utf8'));
    expect(document.querySelector('pre')?.textContent).toBe(result.command);
    expect(document.querySelector('table')?.textContent).toContain('lookups.rightShare');
  }, 60_000);

  it('runs them in virtual time, with times and cuts, the same each time', async () => {
    const path = join(folder, 'virtual.json');
    const load = { ...scenario.load, seconds: 8 };
    const faults = [{ type: 'partition', atSeconds: 2, forSeconds: 3, share: 0.25 }];
    writeFileSync(path, JSON.stringify({ ...scenario, load, faults, settleSeconds: 8 }));
    const args = ['live', path, '--virtual', '--nodes', '8', '--seed', '3'];
    // Side by side, so that each is slowed down by the other.
    const [first, second] = await Promise.all([simulate<BesideResult>(args), simulate<BesideResult>(args)]);
    expect(second).toEqual(first);
    const { live: outcome, rows, leftOut, mode, cpuShare } = first;
    expect({ mode, cpuShare, leftOut }).toEqual({ mode: 'virtual', cpuShare: null, leftOut: [] });
    expect(outcome.traceHash).toMatch(/^[0-9a-f]{16}$/);
    const row = (measure: string) => rows.find((one) => one.measure === measure)!;
    // A lookup takes a way to another region and back at least, and an end that was cut off comes when the cut is over.
    for (const side of ['model', 'live'] as const) {
      expect(row('lookups.p50Ms')[side]).toBeGreaterThan(50);
      expect(row('revocations.reachedShare')[side]).toBe(1);
      expect(row('revocations.maxMs')[side]).toBeGreaterThan(500);
    }
  }, 120_000);

  it('says how with --help', async () => {
    const { code, stdout } = await live({}, '--help');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('--namespaces') });
  });

  it.each([
    [
      'a fault of the model alone',
      { faults: [{ type: 'slow', atSeconds: 0, forSeconds: 1, share: 1, addedMs: 1 }] },
    ],
    ['full disks', { faults: [{ type: 'full-disks', atSeconds: 0, forSeconds: 1, share: 1 }] }],
    ['a network fault on loopback', { faults: [{ type: 'loss', atSeconds: 0, forSeconds: 1, loss: 0.1 }] }],
    ['a cut on loopback', { faults: [{ type: 'partition', atSeconds: 0, forSeconds: 1, share: 0.5 }] }],
    ['an empty start', { start: 'empty', joinSeconds: 1 }],
    ['clocks that differ', { clockSkewSeconds: 1 }],
    ['messages that come twice', { network: { ...scenario.network, duplicate: 0.1 } }],
    ['nodes behind NATs', { network: { ...scenario.network, nat: { share: 0.5 } } }],
    ['another mesh', { gossip: { degree: 4 } }],
    ['load of the model alone', { load: { ...scenario.load, replaysPerSecond: 1 } }],
    ['what is no setting of a node', { peer: { hedgeAfterMs: 10 } }],
  ])('refuses %s, and starts nothing', async (_what, changes) => {
    const { code, stderr } = await live(changes, '--nodes', '8');
    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot be run live:\n {2}/);
  });

  it('names everything that it refuses at once', async () => {
    const faults = [{ type: 'loss', atSeconds: 0, forSeconds: 1, loss: 0.1 }];
    const { stderr } = await live({ faults, clockSkewSeconds: 1 }, '--nodes', '900');
    for (const part of ["'loss' needs a network", "'clockSkewSeconds'", '900 nodes']) {
      expect(stderr).toContain(part);
    }
  });

  it.each([
    ['no scenario', ['live'], 'name one scenario'],
    ['a load of nothing', ['live', 'steady-state', '--load', '0'], '--load takes a number'],
    ['no number of nodes', ['live', 'steady-state', '--nodes', 'many'], '--nodes takes a whole number'],
  ])('answers %s with how it goes', async (_what, args, message) => {
    let stderr = '';
    const code = await runSimulation(args, {
      stdout: () => {},
      stderr: (text) => {
        stderr += text;
      },
      isTerminal: false,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('a scenario as real nodes run it', () => {
  it('has its network in namespaces, and loopback in one process, each for the model too', () => {
    const inNamespaces = planLive(scenario, { mode: 'namespaces', nodes: 8, load: 1 });
    expect(inNamespaces).toMatchObject({ scenario: { nodes: 8, network: scenario.network }, leftOut: [] });
    const inProcess = planLive(scenario, { mode: 'process', nodes: 8, load: 1 });
    expect(inProcess.scenario.network).toMatchObject({ loss: 0, jitter: 0 });
    expect(inProcess.leftOut).toHaveLength(1);
  });

  it('has its load times the factor, and never nothing of what it has something of', () => {
    const { scenario: less } = planLive(scenario, { mode: 'process', nodes: 8, load: 0.1 });
    expect(less).toMatchObject({ agents: 1, load: { lookupsPerSecond: 2, revocations: 1, seconds: 1 } });
  });

  it('gives nodes what it asks of peers', () => {
    const peer = { replication: 8, syncIntervalSeconds: 5 };
    const { settings } = planLive({ ...scenario, peer }, { mode: 'process', nodes: 8, load: 1 });
    expect(settings).toEqual({ 'replication.count': 8, 'sync.intervalSeconds': 5 });
  });

  it('may crash, churn, be cut and lose packets in namespaces', () => {
    const during = { atSeconds: 0, forSeconds: 1 };
    const faults: Scenario['faults'] = [
      { type: 'crash', ...during, share: 0.5 },
      { type: 'churn', ...during, share: 0.5, sessions: 'kad', timesFaster: 1000 },
      { type: 'partition', ...during, share: 0.5, oneWay: true },
      { type: 'loss', ...during, loss: 0.1 },
    ];
    expect(planLive({ ...scenario, faults }, { mode: 'namespaces', nodes: 8, load: 1 }).scenario.faults).toBe(
      faults,
    );
  });
});

describe('model and live side by side', () => {
  const plan: LivePlan = planLive(scenario, { mode: 'namespaces', nodes: 8, load: 1 });
  const times = { lookupsMs: [], publishesMs: [], revocationsMs: [], revocationPairs: { all: 0, heard: 0 } };
  const beside = (cpuShare: number, values: Record<string, number>, modelled: Record<string, number>) =>
    setBeside({
      ...{ plan, scenario: 'small', seed: 1, mode: 'namespaces', command: 'npm run sim -- live small' },
      live: {
        ...{
          measures: values,
          details: times,
          failures: { 'lookup: unavailable': 2 },
          nodes: 8,
          cpuShare,
          nodeCpuSeconds: 1,
        },
        ...{ store: 'LevelDB', joinSeconds: 1, traceHash: null },
      },
      model: {
        measures: modelled,
        details: { ...times, counts: { 'requests:find': 80, 'requests:sync': 1 }, countedSeconds: 10 },
        nodes: 8,
        traceHash: '',
      } as unknown as RunResult,
    });
  const rowsOf = ({ rows }: BesideResult) => Object.fromEntries(rows.map((row) => [row.measure, row]));

  it('marks what differs by more than a quarter of the model', () => {
    const result = beside(
      0.1,
      { 'lookups.hops': 1.2, 'lookups.requests': 5 },
      { 'lookups.hops': 1, 'lookups.requests': 3 },
    );
    expect(rowsOf(result)).toMatchObject({
      'lookups.hops': { ratio: 1.2, within: true },
      'lookups.requests': { within: false },
    });
    expect(describeBeside(result)).toMatch(/lookups\.requests .*DIFFERS > 25%/);
    expect(describeBeside(result)).toContain('lookup: unavailable: 2 times');
  });

  it('takes a kind of request that one side did not send for none, and leaves out the rare ones', () => {
    const values = { 'requests.putPerNodeSecond': 1, 'traffic.messagesPerNodeSecond': 4 };
    const rows = rowsOf(beside(0.1, values, {}));
    expect(rows['requests.findPerNodeSecond']).toMatchObject({ model: 1, live: 0, within: false });
    expect(rows['requests.putPerNodeSecond']).toMatchObject({
      model: 0,
      live: 1,
      ratio: null,
      within: false,
    });
    expect(rows['requests.syncPerNodeSecond']).toBeUndefined();
  });

  it('has times where the machine was calm, and says why where it has none', () => {
    const [values, modelled] = [{ 'revocations.p99Ms': 0.5 }, { 'revocations.p99Ms': 0.4 }];
    const calm = beside(0.49, values, modelled);
    expect(rowsOf(calm)['revocations.p99Ms']).toMatchObject({ ratio: 1.25 });
    expect(calm.targets.at(-1)).toMatchObject({ name: 'revocations.p99Ms', value: 0.5, ok: true });
    const busy = beside(0.51, values, modelled);
    expect(rowsOf(busy)['revocations.p99Ms']).toBeUndefined();
    expect(busy.leftOut).toEqual([expect.stringContaining('51% of the processors were busy')]);
    expect(busy.targets.at(-1)).toMatchObject({ name: 'revocations.p99Ms', value: null, ok: null });
  });
});

describe('counters of a node', () => {
  it('are read from its metrics and summed over its runs, gauges left out', () => {
    const text =
      '# HELP x\nweft_requests_total{kind="find"} 3\nweft_lookup_hops_sum{kind="resolve"} 1.5\nweft_agents 7\nnodejs_x 2\n';
    const read = readCounters(text);
    expect([...read.values()]).toEqual([3, 1.5, 7]);
    const sums = new Map<string, number>();
    for (let run = 0; run < 2; run++) addCounters(sums, read);
    expect([...sums]).toEqual([
      ['weft_requests_total{kind="find"}', 6],
      ['weft_lookup_hops_sum{kind="resolve"}', 3],
    ]);
  });
});

describe('a timeline', () => {
  it('ends with its signal, and with what a task throws', async () => {
    const abort = new AbortController();
    const ended = createTimeline(abort.signal).pass(60_000);
    abort.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    const timeline = createTimeline(new AbortController().signal);
    timeline.at(0, () => {
      throw new Error('a task failed');
    });
    await expect(timeline.pass(20).then(timeline.settled)).rejects.toThrow('a task failed');
  });
});
