import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSimulation } from '../../../simulations/lib/command.ts';
import { agentMix } from '../../../simulations/scaling/agent-mix.ts';
import { assumptions, rosterGrowth } from '../../../simulations/scaling/node-model.ts';
import { planRuns, seriesList } from '../../../simulations/scaling/plan.ts';
import { fitAll, quantities } from '../../../simulations/scaling/quantities.ts';
import { savedDataPath } from '../../../simulations/scaling/scale-command.ts';
import {
  dataFormat,
  encodeData,
  readData,
  runPlanned,
  type ScalingRun,
} from '../../../simulations/scaling/scaling-data.ts';
import { withTables } from '../../../simulations/scaling/scaling-document.ts';
import { claimSeconds, tablesOf } from '../../../simulations/scaling/scaling-tables.ts';
import {
  gossipMessagesPerSecondPerTopic,
  gossipTopicCount,
  syncBodiesMax,
  syncBucketCount,
} from '../../../src/core/limits.ts';
import { peerConfigDefault } from '../../../src/core/peer/peer-config.ts';

const documentPath = join(import.meta.dirname, '../../../docs/scaling.md');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-scaling-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function sim(...args: readonly string[]) {
  let [stdout, stderr] = ['', ''];
  const console = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
    isTerminal: false,
  };
  const code = await runSimulation(['scale', ...args], console);
  return { code, stdout, stderr };
}

/** A run in which each node has sent so much in each second, of 100 s. */
function made(
  series: string,
  nodes: number,
  messagesPerNodeSecond: number,
  counts: Partial<ScalingRun> = {},
): ScalingRun {
  const none = { lookups: 0, updates: 0, revocations: 0 };
  const fixed = { agents: 10, seconds: 100, seed: 1, traceHash: 'x', cpuSeconds: 1, broken: [] };
  const measures = { 'traffic.messagesPerNodeSecond': messagesPerNodeSecond };
  return { series, value: nodes, nodes, ...fixed, ...none, ...counts, measures };
}

describe('the quantities of scaling runs', () => {
  it('take off what the calm run of the same size has', () => {
    const sizes = [1_000, 2_000, 4_000];
    const runs = sizes.flatMap((nodes) => [
      made('calm', nodes, 2),
      // 500 lookups that cost 10·log2 N messages each, of all nodes.
      made('lookups', nodes, 2 + (500 * 10 * Math.log2(nodes)) / nodes / 100, { lookups: 500 }),
    ]);
    const found = fitAll({ format: dataFormat, runs }).find(({ name }) => name === 'lookup.messages');
    expect(found?.fit).toMatchObject({ form: 'log', points: 3 });
    expect(found?.fit?.b).toBeCloseTo(10, 6);
    expect(found?.points[0]?.y).toBeCloseTo(10 * Math.log2(1_000), 6);
  });

  it('say nothing without the calm run, and draw no line through two sizes', () => {
    const runs = [1_000, 2_000].map((nodes) => made('lookups', nodes, 3, { lookups: 10 }));
    const found = fitAll({ format: dataFormat, runs }).find(({ name }) => name === 'lookup.messages');
    expect(found).toMatchObject({ points: [], fit: null });
  });

  it('have a series each, and every series but the calm one has some', () => {
    const names = new Set(quantities.map(({ series }) => series));
    expect([...names].sort()).toEqual(
      seriesList
        .map(({ name }) => name)
        .filter((name) => name !== 'calm')
        .sort(),
    );
  });
});

describe('npm run sim -- scale', () => {
  it('runs what is planned and keeps it', async () => {
    const [planned] = planRuns([12], ['lookups']);
    const { scenario } = planned!;
    const small = { ...scenario, agents: 4, load: { ...scenario.load, seconds: 1 }, settleSeconds: 1 };
    const run = await runPlanned({ ...planned!, scenario: small }, 3, () => {});
    expect(run).toMatchObject({ series: 'lookups', value: 12, nodes: 12, seed: 3, lookups: 20, broken: [] });
    expect(run.measures['lookups.rightShare']).toBe(1);
    const path = join(folder, 'data.jsonl');
    writeFileSync(path, encodeData({ format: dataFormat, runs: [run] }));
    expect(readData(path).runs).toEqual([run]);
    const { code, stdout } = await sim('--data', path, '--only-data', '--json');
    const result = JSON.parse(stdout) as {
      ok: boolean;
      targets: unknown[];
      points: unknown[];
      fits: unknown[];
    };
    expect(code).toBe(0);
    expect(result).toMatchObject({ ok: true, fits: [], runs: [run] });
    expect(result.targets).toEqual([{ name: 'invariants, lookups 12', value: 0, target: 0, ok: true }]);
    expect(result.points.length).toBeGreaterThan(0);
  });

  it('does not run again what is there', async () => {
    const path = join(folder, 'calm.jsonl');
    const args = ['--nodes', '4', '--series', 'calm', '--data', path];
    const first = await sim(...args);
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('1/1 calm 4') });
    const kept = readFileSync(path, 'utf8');
    expect(await sim(...args)).toEqual({ code: 0, stdout: first.stdout, stderr: '' });
    expect(readFileSync(path, 'utf8')).toBe(kept);
  });

  it('draws page and pictures from what was kept', async () => {
    const report = join(folder, 'scaling.html');
    const document = join(folder, 'scaling.md');
    writeFileSync(document, readFileSync(documentPath));
    const { code, stdout } = await sim(
      ...['--only-data', '--data', savedDataPath, '--report', report, '--document', document],
    );
    expect(code).toBe(0);
    expect(stdout).toContain('What is full first');
    expect(readFileSync(report, 'utf8')).toContain('What a node costs');
    const picture = readFileSync(join(folder, 'images', 'scaling-lookup.svg'), 'utf8');
    expect(picture).toContain('prefers-color-scheme: dark');
    expect(picture).toContain('xmlns="http://www.w3.org/2000/svg"');
  });

  it.each([
    [['--series', 'nothing'], "no series 'nothing': one of calm, idle"],
    [['--nodes', '1'], '--nodes takes a whole number'],
    [['--only-data'], '--only-data needs --data'],
    [['steady-state'], 'scale takes options only'],
    [['--only-data', '--data', import.meta.filename], 'scale-command.test.ts'],
  ])('refuses %s', async (args, message) => {
    const { code, stderr } = await sim(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('shows how', async () => {
    const { code, stdout } = await sim('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('examples:');
  });
});

describe('docs/scaling.md', () => {
  const text = readFileSync(documentPath, 'utf8');

  it('has the tables of the runs that are kept', () => {
    expect(withTables(text, tablesOf(fitAll(readData(savedDataPath))))).toBe(text);
  });

  it('says in its sentences what the rules and the mix come to', () => {
    const flat = text.replace(/\s+/g, ' ');
    const roster = rosterGrowth(agentMix) * assumptions.rosterSeconds;
    expect(flat).toContain(`${roster.toFixed(1)} agents for each agent alive after one year`);
    expect(flat).toContain(`endpoints that change every ${claimSeconds.usual.toFixed(0)} s`);
    expect(flat).toContain(`fence every 160 h it needs ${claimSeconds.longest.toFixed(0)} s`);
    expect(flat).toContain(
      `${syncBucketCount} buckets and pages of ${syncBodiesMax.toLocaleString('en-US')} agents`,
    );
    expect(flat).toContain(`At ${peerConfigDefault.agentsMax.toLocaleString('en-US')} agents`);
    expect(flat).toContain(
      `may send ${gossipMessagesPerSecondPerTopic} a second in each of ${gossipTopicCount} topics`,
    );
    expect(flat).toContain(
      `${assumptions.handOverBytes.toLocaleString('en-US')} bytes over the length of a session`,
    );
    expect(flat).toContain(`${assumptions.takeInMs} ms for each bundle taken in`);
  });

  it('shows pictures that are there', () => {
    const pictures = [...text.matchAll(/\]\((images\/[a-z-]+\.svg)\)/g)].map(([, path]) => path!);
    expect(pictures.length).toBeGreaterThan(3);
    for (const path of pictures) expect(statSync(join(documentPath, '..', path)).size).toBeGreaterThan(1_000);
  });

  it('rests on data that is small', () => {
    expect(statSync(savedDataPath).size).toBeLessThan(100_000);
  });
});
