/** Every example runs as its README says, against real daemons. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Daemon } from '../../demo/lib/daemon.ts';
import { createTestDaemons } from '../helpers/daemons.ts';

const run = promisify(execFile);
const place = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
/** The package by its name, from its source. */
const node = ['--conditions=weft-source'];
const agentId = /nanda:[a-z2-7]{52}/;

const daemons = createTestDaemons();
let network: readonly Daemon[];
let bootstrap: readonly string[];

beforeAll(async () => {
  network = await daemons.startNetwork(3);
  bootstrap = network.flatMap((daemon) => ['--bootstrap', daemon.address]);
}, 60_000);
afterAll(() => daemons.close());

/** What an example prints, by the first word of each line; its last such line counts. */
function printed(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, 12).trim(), line.slice(13)] as const),
  );
}

async function runExample(name: string, ...parameters: string[]): Promise<ReadonlyMap<string, string>> {
  const { stdout, stderr } = await run(process.execPath, [...node, place(name), ...bootstrap, ...parameters]);
  expect(stderr).toBe('');
  return printed(stdout);
}

/** An example that runs until it is told to stop; resolves once it has printed this word. */
async function startExample(
  name: string,
  word: string,
): Promise<{ child: ChildProcess; text: () => string }> {
  const child = spawn(process.execPath, [...node, place(name), ...bootstrap], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  let text = '';
  const lines = createInterface({ input: child.stdout! });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      text += `${line}\n`;
      if (line.startsWith(word)) resolve();
    });
    child.once('close', () => reject(new Error(`${name} ended: ${text}`)));
  });
  return { child, text: () => text };
}

describe('the examples', () => {
  it('agent-calls-agent: an answer is taken from the agent that was looked up', async () => {
    const { text } = await startExample('agent-calls-agent/answerer.ts', 'agent');
    const answerer = printed(text()).get('agent')!;
    const asked = await runExample('agent-calls-agent/asker.ts', answerer);
    expect(asked.get('resolved')).toMatch(/^ok, from \d full nodes$/);
    expect(asked.get('answer')).toBe('you asked: what is the weather?');
  });

  it('agent-calls-agent: an agent that nobody knows is not called', async () => {
    const nobody = `nanda:${'a'.repeat(52)}`;
    const refused = run(process.execPath, [
      ...node,
      place('agent-calls-agent/asker.ts'),
      ...bootstrap,
      nobody,
    ]);
    const { stdout } = await refused.then(
      () => ({ stdout: '' }),
      (error: { stdout: string }) => error,
    );
    expect(printed(stdout).get('resolved')).toMatch(/^not-found/);
    expect(stdout).toContain('not asked');
  });

  it('fastify-agent: a caller is served with a proof, not without, and no more once its agent has ended', async () => {
    const { text } = await startExample('fastify-agent/server.ts', 'serving');
    const server = printed(text()).get('agent')!;
    const { stdout } = await run(process.execPath, [
      ...[...node, place('fastify-agent/caller.ts')],
      ...[...bootstrap, server],
    ]);
    const proofs = stdout.split('\n').filter((line) => line.startsWith('with proof'));
    expect(printed(stdout).get('no proof')).toBe('401 {"error":"there is no proof of who calls"}');
    expect(proofs[0]).toContain('200 {"translation":"tfew"}');
    expect(proofs[1]).toContain('401 {"error":"the agent is tombstoned"}');
  });

  it('fleet: a hundred agents share one light node', async () => {
    const lines = await runExample('fleet/fleet.ts', '100');
    expect(lines.get('registered')).toMatch(/^100 agents in \d+ ms, one light node$/);
    expect(lines.get('resolved')).toBe('100 of 100 from the network');
    expect(lines.get('released')).toMatch(/^0 left/);
    expect(lines.get('first')).toMatch(agentId);
    console.info(`the fleet: ${lines.get('registered')}`);
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;
  it.runIf(hasPython)(
    `python: the HTTP API from the standard library${hasPython ? '' : ' (not run: no python3)'}`,
    async () => {
      const { stdout } = await run('python3', [place('python/agent.py'), network[0]!.dataDirectory]);
      const lines = printed(stdout);
      expect(lines.get('registered')).toMatch(agentId);
      expect(lines.get('updated')).toBe('https://python.example/facts-2');
      expect(lines.get('heard')).toBe('tombstoned');
      expect(lines.get('resolved')).toBe('tombstoned');
    },
  );
});
