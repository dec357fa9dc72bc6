/** `weft init` and `weft start` as processes: from nothing to ready, refusals, signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testSettings } from '../helpers/daemons.ts';

const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
const settings = testSettings.flatMap((setting) => ['--set', setting]);
const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--api-port', '0'];
/** Processes start in a second; on a busy machine in many. */
const timeout = 180_000;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-daemon-'));
  writeFileSync(join(folder, 'passphrase'), 'open sesame\n', { mode: 0o600 });
});
afterEach(async () => {
  await Promise.all(
    children
      .splice(0)
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => {
        child.kill('SIGKILL');
        return new Promise((resolve) => child.once('exit', resolve));
      }),
  );
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The first line of stdout. */
  readonly firstLine: Promise<string>;
}

function weft(argv: readonly string[], environment: Record<string, string> = {}): Running {
  const env = { ...process.env, WEFT_PASSPHRASE_FILE: join(folder, 'passphrase'), ...environment };
  const child = spawn(process.execPath, [script, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const lines = createInterface({ input: child.stdout });
  const firstLine = new Promise<string>((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => {
    stdout += `${line}\n`;
  });
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended, firstLine };
}

const data = (): string => join(folder, 'data');
const start = (...argv: string[]): Running =>
  weft(['start', '--data', data(), ...listen, ...settings, ...argv]);

describe('start', { timeout }, () => {
  it('makes a node from nothing, says that it is ready, serves, and ends cleanly at SIGTERM', async () => {
    const running = start('--json');
    const ready = JSON.parse(await running.firstLine) as {
      readonly addresses: readonly string[];
      readonly api: { readonly url: string; readonly tokenFile: string };
    };
    expect(ready).toMatchObject({
      type: 'ready',
      dataDirectory: data(),
      isNew: true,
      peer: expect.stringMatching(/^12D3/),
    });
    expect(ready.addresses[0]).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3/);
    const { url, tokenFile } = ready.api;
    for (const file of [tokenFile, join(data(), 'api.json')])
      expect(statSync(file).mode & 0o777, file).toBe(0o600);
    expect(statSync(data()).mode & 0o777).toBe(0o700);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/v1/agents`)).status).toBe(401);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^weft_connected_peers 0$/m);
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toBe('{"type":"stopped"}');
    expect(existsSync(join(data(), 'api.json'))).toBe(false);
  });

  it('keeps its identity, its token and its place over a restart, and tells people how others join', async () => {
    const before = start();
    expect(await before.firstLine).toMatch(/^weft \d+\.\d+\.\d+ {2}running$/);
    const token = readFileSync(join(data(), 'api.token'), 'utf8');
    before.child.kill('SIGINT');
    const first = await before.ended;
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(
      /this is a new network; others join it with\n +weft start --bootstrap \/ip4\/.*\/p2p\/12D3/,
    );
    const after = start();
    await after.firstLine;
    after.child.kill('SIGTERM');
    const second = await after.ended;
    const peer = /peer +(12D3\w+)/;
    expect(peer.exec(second.stdout)![1]).toBe(peer.exec(first.stdout)![1]);
    expect(readFileSync(join(data(), 'api.token'), 'utf8')).toBe(token);
  });

  it('refuses a data folder that another process uses, and a port that is taken', async () => {
    const running = start('--json');
    const { api, addresses } = JSON.parse(await running.firstLine) as {
      api: { url: string };
      addresses: string[];
    };
    const other = await start('--json').ended;
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout)).toMatchObject({
      error: { code: 'locked', hint: expect.stringMatching(/--data/) },
    });
    const taken = /\/tcp\/\d+/.exec(addresses[0]!)![0];
    const deaf = await weft([
      'start',
      '--data',
      join(folder, 'deaf'),
      '--listen',
      `/ip4/127.0.0.1${taken}`,
      ...settings,
    ]).ended;
    expect(deaf.code).toBe(1);
    expect(deaf.stderr).toMatch(
      /^weft: cannot listen on \/ip4\/127\.0\.0\.1\/tcp\/.*address already in use.*\n.*--listen/m,
    );
    const port = new URL(api.url).port;
    const elsewhere = await weft([
      'start',
      '--data',
      join(folder, 'other'),
      ...listen,
      ...settings,
      '--api-port',
      port,
    ]).ended;
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.stderr).toMatch(
      /the API cannot listen on 127\.0\.0\.1:\d+: another program uses it\n.*--api-port/,
    );
  });

  it('refuses a wrong passphrase, a missing one and a wrong setting, each with what to do', async () => {
    const made = await weft(['init', '--data', data(), ...settings]).ended;
    expect(made.code).toBe(0);
    writeFileSync(join(folder, 'wrong'), 'guess\n');
    const wrong = await weft(['start', '--data', data()], { WEFT_PASSPHRASE_FILE: join(folder, 'wrong') })
      .ended;
    expect(wrong).toMatchObject({ code: 5, stdout: '' });
    expect(wrong.stderr).toMatch(/passphrase/);
    const missing = await weft(['start', '--data', data()], { WEFT_PASSPHRASE_FILE: '' }).ended;
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/nobody can be asked[\s\S]*WEFT_PASSPHRASE_FILE/);
    const setting = await weft(['start', '--data', data(), '--set', 'api.prot=1']).ended;
    expect(setting.code).toBe(2);
    expect(setting.stderr).toMatch(/there is no setting "api\.prot"; did you mean "api\.port"\?/);
    const bootstrap = await weft(['start', '--data', data(), '--bootstrap', '/ip4/127.0.0.1/tcp/1']).ended;
    expect(bootstrap.code).toBe(2);
    expect(bootstrap.stderr).toMatch(/does not end in \/p2p/);
  });
});

describe('init', { timeout }, () => {
  it('makes keys and settings once, and start uses them', async () => {
    const argv = [
      'init',
      '--data',
      data(),
      ...listen,
      ...settings,
      '--set',
      'protocolPrefix=/weft-test',
      '--json',
    ];
    const made = await weft(argv).ended;
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const { peer, configFile } = JSON.parse(made.stdout) as { peer: string; configFile: string };
    expect(JSON.parse(readFileSync(configFile, 'utf8'))).toMatchObject({
      protocolPrefix: '/weft-test',
      api: { port: 0 },
    });
    const again = await weft(argv).ended;
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({
      error: { message: expect.stringMatching(/has a node already/) },
    });
    const running = weft(['start', '--data', data(), '--json']);
    expect(JSON.parse(await running.firstLine)).toMatchObject({ type: 'ready', peer });
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });

  it('leaves keys unencrypted only on an explicit word, and remembers it', async () => {
    const none = { WEFT_PASSPHRASE_FILE: '' };
    const argv = ['--data', data(), ...listen, ...settings];
    const refused = await weft(['init', ...argv], none).ended;
    expect(refused.code).toBe(2);
    expect(existsSync(join(data(), 'config.json'))).toBe(false);
    expect((await weft(['init', ...argv, '--no-passphrase'], none).ended).stdout).toMatch(/not encrypted/);
    const running = weft(['start', '--data', data(), '--json'], none);
    expect(JSON.parse(await running.firstLine)).toMatchObject({ type: 'ready' });
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});
