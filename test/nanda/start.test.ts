/** `weft start` with the NANDA index: shown when it is there, absent when it is not, clear when it cannot be. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testSettings } from '../helpers/daemons.ts';

const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
const settings = testSettings.flatMap((setting) => ['--set', setting]);
const timeout = 180_000;
const body = { agent_id: 'agentm1', agent_url: 'https://agents.example/bridge' };
const headers = { 'content-type': 'application/json' };
const children: ChildProcess[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-nanda-start-'));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => end(child)));
  rmSync(folder, { recursive: true });
});

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await new Promise((resolve) => child.once('exit', resolve));
}

function start(...argv: readonly string[]) {
  const place = ['--data', folder, '--listen', '/ip4/127.0.0.1/tcp/0', '--api-port', '0'];
  const child = spawn(
    process.execPath,
    [script, 'start', '--no-passphrase', ...place, ...settings, ...argv.flatMap((one) => ['--set', one])],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  const lines: string[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  /** The first line that says so. */
  const said = (what: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (line: string): void => {
        if (what.test(line)) resolve(line);
      };
      for (const line of lines) look(line);
      reader.on('line', look);
      child.once('close', () => reject(new Error(`it ended without ${what}: ${stderr}`)));
    });
  const ended = new Promise<{ code: number | null; stderr: string; stdout: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stderr, stdout: lines.join('\n') })),
  );
  return { child, said, ended };
}

const on = ['nanda.enabled=true', 'nanda.port=0'];

it('serves it where the output says, and keeps its names over a restart', { timeout }, async () => {
  const first = start(...on);
  const url = / {2}nanda +(http:\/\/127\.0\.0\.1:\d+)/.exec(await first.said(/^ {2}nanda/))![1]!;
  const made = await fetch(`${url}/register`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(await made.text()).toBe('{"message":"Agent agentm1 registered successfully","status":"success"}');
  expect(statSync(join(folder, 'nanda-names.jsonl')).mode & 0o777).toBe(0o600);
  await end(first.child, 'SIGTERM');
  await expect(fetch(`${url}/list`)).rejects.toThrow();

  const second = start(...on);
  const again = /http:\S+/.exec(await second.said(/^ {2}nanda/))![0];
  expect(await (await fetch(`${again}/lookup/agentm1`)).json()).toEqual({ ...body, api_url: null });
});

it('says in the ready line whether and where it is', { timeout }, async () => {
  const without = start();
  await without.said(/^ {2}data/);
  await end(without.child, 'SIGTERM');
  expect((await without.ended).stdout).not.toMatch(/^ {2}nanda/m);

  const child = spawn(
    process.execPath,
    [
      script,
      'start',
      '--json',
      '--data',
      folder,
      '--listen',
      '/ip4/127.0.0.1/tcp/0',
      '--api-port',
      '0',
      ...settings,
      ...on.flatMap((one) => ['--set', one]),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  children.push(child);
  const line = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once('line', resolve),
  );
  const { nanda } = JSON.parse(line) as { nanda: { url: string } };
  expect(await (await fetch(`${nanda.url}/health`)).json()).toEqual({ status: 'ok', mongo: false });
});

it('ends with what to do when its port is taken, or its names cannot be read', { timeout }, async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const refused = await start('nanda.enabled=true', `nanda.port=${port}`).ended;
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    `the NANDA index cannot listen on 127.0.0.1:${port}: another program uses it`,
  );
  expect(refused.stderr).toContain('--set nanda.port');
  taken.close();

  const file = join(folder, 'nanda-names.jsonl');
  const damaged = `${readFileSync(file, 'utf8')}{"name":\n`;
  writeFileSync(file, damaged);
  const unreadable = await start(...on).ended;
  expect(unreadable.code).toBe(1);
  expect(unreadable.stderr).toContain('nanda-names.jsonl cannot be used: line 2 is damaged');
  expect(unreadable.stderr).toContain('put a copy of it back, or move it away');
  expect(unreadable.stderr).not.toMatch(/\n\s+at /);
  expect(readFileSync(file, 'utf8')).toBe(damaged);

  const remote = await start('nanda.enabled=true', 'nanda.host=0.0.0.0').ended;
  expect(remote.code).toBe(2);
  expect(remote.stderr).toContain('nanda.remote');
});
