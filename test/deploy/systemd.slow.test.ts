/** What the unit forbids against what a daemon does: every system call of a run must be one that the unit admits. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSettings } from '../helpers/daemons.ts';
import { answers, textOf } from './deploy-files.ts';

const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
const isThere = answers('strace', '-qq', 'true') && answers('systemd-analyze', 'syscall-filter', '@default');
const whyNot = isThere ? '' : ' (not run: strace and systemd-analyze are needed)';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-calls-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The calls of a set such as `@system-service`, those of the sets in it included. */
function callsOf(set: string): Set<string> {
  const printed = execFileSync('systemd-analyze', ['syscall-filter', set], { encoding: 'utf8' });
  const items = printed
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
  return new Set(
    items
      .filter((item) => item !== '' && !item.startsWith('#'))
      .flatMap((item) => (item.startsWith('@') ? [...callsOf(item)] : [item])),
  );
}

/** What is left of the lines of SystemCallFilter, in order. */
function admitted(): Set<string> {
  const calls = new Set<string>();
  for (const [, not, sets] of textOf('systemd/weft.service').matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const call of sets!.split(' ').flatMap((set) => [...callsOf(set)]))
      if (not === '~') calls.delete(call);
      else calls.add(call);
  }
  return calls;
}

/** Starts a daemon, registers an agent, exports, and stops it; the names of all its system calls. */
async function callsOfLife(): Promise<string[]> {
  const trace = join(folder, 'trace');
  const passphrase = join(folder, 'passphrase');
  writeFileSync(passphrase, 'a passphrase of the tests\n', { mode: 0o600 });
  const env = { ...process.env, WEFT_PASSPHRASE_FILE: passphrase, WEFT_DATA: join(folder, 'data') };
  const settings = testSettings
    .filter((one) => !one.startsWith('verifierWorkers'))
    .flatMap((one) => ['--set', one]);
  const start = ['start', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--api-port', '0', ...settings];
  const argv = ['-f', '-qq', '-o', trace, process.execPath, script, ...start];
  const child = spawn('strace', argv, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const line = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once('line', resolve),
  );
  const weft = (...command: string[]): void =>
    void execFileSync(process.execPath, [script, ...command], { env, stdio: 'ignore' });
  weft('register', '--primary-facts', 'https://a.example/f');
  weft('export', join(folder, 'archive'));
  process.kill((JSON.parse(line) as { processId: number }).processId, 'SIGTERM');
  await ended;
  const calls = readFileSync(trace, 'utf8').matchAll(/^\d+ +(\w+)\(/gm);
  return [...new Set([...calls].map((match) => match[1]!))].sort();
}

describe.runIf(isThere)(`the filter of system calls${whyNot}`, () => {
  it('admits all that a daemon does in its life, and not all that there is', async () => {
    const calls = admitted();
    const used = await callsOfLife();
    console.info(`${used.length} system calls are used, ${calls.size} are admitted`);
    expect(used.length).toBeGreaterThan(40);
    expect(used.filter((call) => !calls.has(call))).toEqual([]);
    for (const call of ['mount', 'chown', 'setuid', 'ptrace', 'reboot'])
      expect(calls.has(call), call).toBe(false);
  }, 180_000);
});
