/** `weft doctor`: each thing that can be wrong, made wrong for real; with a daemon and without; nothing is changed. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../../demo/lib/daemon.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { createTestDaemons, type TestDaemons, testSettings } from '../helpers/daemons.ts';
import { runCommand } from './run-command.ts';

const timeout = 120_000;
/** Every check is bounded; a busy machine gets a little more than the 15 s that are promised. */
const wholeMsMax = 20_000;
/** Ports that nobody uses: the defaults may be taken on the machine of the tests. */
const quiet = { WEFT_LISTEN: '/ip4/127.0.0.1/tcp/0', WEFT_API_PORT: '0' };
let daemons: TestDaemons;
let count = 0;
const servers: Server[] = [];
const variables = new Set<string>();

beforeAll(() => {
  daemons = createTestDaemons();
});
afterEach(async () => {
  for (const name of variables) delete process.env[name];
  variables.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});
afterAll(() => daemons.close());

function set(environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) {
    process.env[name] = value;
    variables.add(name);
  }
}

interface Examination {
  readonly code: number;
  readonly ok: boolean;
  readonly checks: readonly Finding[];
  /** The first of that name, or whose name begins so. */
  named(name: string): Finding | undefined;
}

async function doctor(folder: string, environment: Record<string, string> = {}): Promise<Examination> {
  set({ WEFT_PASSPHRASE_FILE: join(daemons.directory, 'passphrase'), ...quiet, ...environment });
  const startMs = performance.now();
  const { code, stdout, stderr } = await runCommand(['doctor', '--data', folder, '--json']);
  expect(performance.now() - startMs).toBeLessThan(wholeMsMax);
  expect(stderr).toBe('');
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Finding[] };
  for (const { name, status, detail, hint } of checks) {
    expect(name).toMatch(/\w/);
    expect(detail).toMatch(/\w/);
    expect(['ok', 'warning', 'problem', 'skipped']).toContain(status);
    if (status === 'warning' || status === 'problem') expect(hint, name).toMatch(/\w{3}/);
  }
  expect(code).toBe(ok ? 0 : 1);
  expect(ok).toBe(checks.every(({ status }) => status !== 'problem'));
  return { code, ok, checks, named: (name) => checks.find((one) => one.name.startsWith(name)) };
}

async function newFolder(): Promise<string> {
  set({ WEFT_PASSPHRASE_FILE: join(daemons.directory, 'passphrase') });
  const folder = join(daemons.directory, `folder-${count++}`);
  const settings = testSettings.flatMap((setting) => ['--set', setting]);
  expect((await runCommand(['init', '--data', folder, ...settings])).code).toBe(0);
  return folder;
}

async function listening(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** Every name below a folder with mode, size, times and content. */
function fingerprint(folder: string): Record<string, string> {
  const names = ['.', ...globSync('**/*', { cwd: folder })];
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      const { mode, size, mtimeMs, ctimeMs } = statSync(path);
      const content = statSync(path).isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : '';
      return [name, `${mode} ${size} ${mtimeMs} ${ctimeMs} ${content}`];
    }),
  );
}

describe('without a daemon', { timeout }, () => {
  it('finds nothing wrong with a new node, says what it did not look at, and changes nothing', async () => {
    const folder = await newFolder();
    const before = fingerprint(folder);
    const found = await doctor(folder);
    expect(found.ok, JSON.stringify(found.checks, null, 1)).toBe(true);
    expect(fingerprint(folder)).toEqual(before);
    expect(found.named('permissions')).toMatchObject({ status: 'ok' });
    expect(found.named('peers')).toMatchObject({
      status: 'skipped',
      detail: expect.stringMatching(/no daemon runs/),
    });
    expect(found.named('bootstrap')).toMatchObject({ status: 'skipped' });
    expect(found.named('version of the store')).toMatchObject({ status: 'skipped' });
    const words = await runCommand(['doctor', '--data', folder]);
    expect(words.stdout).toMatch(/^✓ /m);
    expect(words.stdout).toMatch(/\n0 problems, \d+ warnings?, \d+ fine, \d+ not checked\n$/);
    const nothing = join(daemons.directory, 'not-there');
    expect((await doctor(nothing)).named('data folder')).toMatchObject({
      status: 'warning',
      hint: expect.stringMatching(/weft init/),
    });
    expect(existsSync(nothing)).toBe(false);
  });

  it('says who has taken a port, which this user may not have, and which address is not here', async () => {
    const folder = await newFolder();
    const [api, tcp] = [await listening(), await listening()];
    const found = await doctor(folder, {
      WEFT_API_PORT: String(api),
      WEFT_LISTEN: `/ip4/127.0.0.1/tcp/${tcp}/ws,/ip4/192.0.2.1/tcp/4801`,
      WEFT_NANDA_ENABLED: 'true',
      WEFT_NANDA_PORT: String(tcp),
    });
    const holder = new RegExp(`${api} is taken by process ${process.pid} `);
    expect(found.named('port API')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(holder),
      hint: expect.stringMatching(/--api-port/),
    });
    expect(found.named(`port /ip4/127.0.0.1/tcp/${tcp}`)).toMatchObject({
      status: 'problem',
      hint: expect.stringMatching(/--listen/),
    });
    expect(found.named('port NANDA')).toMatchObject({
      status: 'problem',
      hint: expect.stringMatching(/nanda\.port/),
    });
    expect(found.named('port /ip4/192.0.2.1')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/no address of this/),
    });
  });

  it('finds keys, token and folder open to others, each with the command that closes it', async () => {
    const folder = await newFolder();
    const key = join(folder, globSync('keys/*', { cwd: folder })[0]!);
    chmodSync(key, 0o644);
    chmodSync(folder, 0o755);
    const { checks, ok } = await doctor(folder);
    expect(ok).toBe(false);
    const found = checks.filter(({ name }) => name === 'permissions');
    expect(found).toContainEqual(expect.objectContaining({ status: 'problem', hint: `chmod 600 ${key}` }));
    expect(found).toContainEqual(expect.objectContaining({ status: 'warning', hint: `chmod 700 ${folder}` }));
    expect(found).toHaveLength(2);
  });

  it('tells a user that the folder is another one’s, and which ports are not for him', ({ skip }) => {
    const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const isPossible = spawnSync('setpriv', [...asNobody, process.execPath, '--version']).status === 0;
    skip(!isPossible, 'only root can become another user here, with setpriv');
    const folder = mkdtempSync(join(tmpdir(), 'weft-of-root-'));
    chmodSync(folder, 0o755);
    const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
    const env = { ...process.env, HOME: folder, WEFT_LISTEN: '/ip4/127.0.0.1/tcp/80', WEFT_API_PORT: '0' };
    const argv = [...asNobody, process.execPath, script, 'doctor', '--data', folder, '--json'];
    const { stdout, status } = spawnSync('setpriv', argv, { env, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(status).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: Finding[] };
    const detailOf = (name: string): string | undefined => checks.find((one) => one.name === name)?.detail;
    expect(detailOf('permissions')).toMatch(/belongs to user 0, and this is user 65534/);
    expect(detailOf('disk sync')).toMatch(/cannot be written to|cannot be measured/);
    const port = detailOf('port /ip4/127.0.0.1/tcp/80');
    expect(port).toMatch(/may not listen on 80|80 is free|80 is taken/);
  });

  it('finds settings that cannot be read, cannot be met, or contradict each other', async () => {
    const folder = await newFolder();
    const unreadable = await doctor(folder, { WEFT_API_PRT: '1' });
    expect(unreadable.checks).toMatchObject([
      { name: 'settings', status: 'problem', detail: expect.stringMatching(/did you mean WEFT_API_PORT/) },
      { status: 'skipped' },
    ]);
    delete process.env['WEFT_API_PRT'];
    const missing = await doctor(folder, {
      WEFT_PASSPHRASE_FILE: join(folder, 'no-such'),
      WEFT_PRE_SHARED_KEY_FILE: join(folder, 'no-key'),
      WEFT_PROFILE: 'public',
      WEFT_ANNOUNCE: '/ip4/10.1.2.3/tcp/4801',
    });
    expect(missing.named('keystore.passphraseFile')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/does not exist/),
    });
    expect(missing.named('preSharedKeyFile')).toMatchObject({ status: 'problem' });
    expect(missing.named('announce')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/10\.1\.2\.3.*private/),
    });
    expect(missing.named('bootstrap')).toMatchObject({ status: 'warning' });
    for (const name of ['WEFT_PRE_SHARED_KEY_FILE', 'WEFT_PROFILE', 'WEFT_ANNOUNCE'])
      delete process.env[name];
    const open = await doctor(folder, {
      WEFT_API_HOST: '0.0.0.0',
      WEFT_API_REMOTE: 'true',
      WEFT_LISTEN: '',
    });
    expect(open.named('api.host')).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/plain HTTP/),
    });
    expect(open.named('listen')).toMatchObject({ status: 'warning' });
  });

  it('finds a disk that is too full, limits that are too low, and a store of another release', async () => {
    const folder = await newFolder();
    mkdirSync(join(folder, 'store'), { mode: 0o700 });
    writeFileSync(join(folder, 'store', 'schema.json'), '{"format":"weft-store","schema":99}\n', {
      mode: 0o600,
    });
    const found = await doctor(folder, {
      WEFT_STORE_FREE_BYTES_MIN: String(2 ** 49),
      WEFT_CONNECTIONS_MAX: '10000',
      WEFT_API_CONNECTIONS_MAX: '20000',
    });
    expect(found.named('disk')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/puts are refused/),
    });
    const allowed = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    const isEnough = Number.isNaN(allowed) || allowed >= 40_400;
    expect(found.named('open files')).toMatchObject({
      status: isEnough ? 'ok' : 'problem',
      hint: isEnough ? null : expect.stringMatching(/LimitNOFILE/),
    });
    expect(found.named('version of the store')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/schema 99/),
    });
  });

  it('ends in time although a peer takes the connection and says nothing', async () => {
    const folder = await newFolder();
    const silent = createServer(() => undefined);
    servers.push(silent);
    const sockets: Socket[] = [];
    silent.on('connection', (socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const id = '12D3KooWLs6w3UBY3cQJSk2U64inPRxBJVc7FTxqbjQMycUJU6EU';
    set({
      WEFT_PASSPHRASE_FILE: join(daemons.directory, 'passphrase'),
      ...quiet,
      WEFT_BOOTSTRAP: `/ip4/127.0.0.1/tcp/${port}/p2p/${id}`,
      WEFT_TRACING_ENABLED: 'true',
      WEFT_TRACING_ENDPOINT: 'http://127.0.0.1:1/v1/traces',
    });
    const script = fileURLToPath(new URL('../helpers/run-weft.ts', import.meta.url));
    const startMs = performance.now();
    // As a process of its own: what is still open at the end must not keep it.
    const child = spawn(process.execPath, [script, 'doctor', '--data', folder, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(performance.now() - startMs).toBeLessThan(wholeMsMax);
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: Finding[] };
    const [bootstrap] = checks.filter(({ name }) => name.startsWith('bootstrap'));
    expect(bootstrap).toMatchObject({ status: 'problem', detail: expect.stringMatching(/no connection/) });
    expect(checks.find(({ name }) => name === 'tracing')).toMatchObject({ status: 'warning' });
    for (const socket of sockets) socket.destroy();
  });

  it('finds a clock that was turned back, by what was written in its future', async () => {
    const folder = await newFolder();
    const tomorrow = Date.now() / 1000 + 86_400;
    utimesSync(join(folder, 'config.json'), tomorrow, tomorrow);
    const { checks } = await doctor(folder);
    expect(checks).toContainEqual(
      expect.objectContaining({
        name: 'clock',
        status: 'problem',
        detail: expect.stringMatching(/23 h|1 d/),
      }),
    );
  });

  it('tells a bootstrap peer that is not there from one without a name, and from one that is no weft', async () => {
    const folder = await newFolder();
    const id = '12D3KooWLs6w3UBY3cQJSk2U64inPRxBJVc7FTxqbjQMycUJU6EU';
    const foreign = await listening();
    const found = await doctor(folder, {
      WEFT_BOOTSTRAP: [
        `/ip4/127.0.0.1/tcp/1/p2p/${id}`,
        `/dns4/no-such-name.invalid/tcp/4801/p2p/${id}`,
        `/ip4/127.0.0.1/tcp/${foreign}/p2p/${id}`,
      ].join(','),
    });
    expect(found.named('bootstrap /ip4/127.0.0.1/tcp/1/')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/no connection/),
    });
    expect(found.named('bootstrap /dns4')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/its name is not known/),
    });
    expect(found.named(`bootstrap /ip4/127.0.0.1/tcp/${foreign}`)).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/no connection/),
    });
  });
});

/** What answers as a daemon on another machine does, by a clock of its own. */
async function openElsewhere(host: string, clockAheadMs: number): Promise<string> {
  const status = {
    version: '0.0.1',
    peer: '12D3KooWElsewhere',
    addresses: [],
    network: { profile: 'private', isNew: false },
    state: 'ready',
    startedAt: new Date(0).toISOString(),
    connectedPeers: 3,
    knownPeers: 3,
    agents: { known: 7 },
    store: { full: true, quarantined: 2 },
  };
  const metrics = 'weft_bundles_refused_total{kind="from-the-future"} 12\n';
  const server = createHttpServer((request, response) => {
    response.setHeader('date', new Date(Date.now() + clockAheadMs).toUTCString());
    response.end(request.url === '/metrics' ? metrics : JSON.stringify(status));
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  return `http://${host}:${(server.address() as { port: number }).port}`;
}

describe('with a daemon on another machine', { timeout }, () => {
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  it.each([
    [0, 'ok', /agrees with the daemon's/],
    [-300_000, 'problem', /differs by 4 min|differs by 5 min/],
  ] as const)(
    'whose clock is %i ms ahead, compares the clocks, and passes on what it says',
    async (aheadMs, clock, words) => {
      set({ WEFT_PASSPHRASE_FILE: join(daemons.directory, 'passphrase'), ...quiet });
      // Without another address than loopback there is no other machine either.
      const url = await openElsewhere(own ?? '127.0.0.1', aheadMs);
      writeFileSync(join(daemons.directory, 'any.token'), 'token\n', { mode: 0o600 });
      const named = ['--api', url, '--token-file', join(daemons.directory, 'any.token')];
      const folder = join(daemons.directory, 'no-folder');
      const { checks } = (await runCommand(['doctor', '--json', '--data', folder, ...named])).json() as {
        checks: Finding[];
      };
      const clocks = checks.filter(({ name }) => name === 'clock');
      expect(clocks).toContainEqual(
        expect.objectContaining({ status: 'warning', detail: expect.stringMatching(/refused 12 records/) }),
      );
      if (own !== undefined)
        expect(clocks).toContainEqual(
          expect.objectContaining({ status: clock, detail: expect.stringMatching(words) }),
        );
      const detailOf = (name: string): Finding | undefined => checks.find((one) => one.name === name);
      expect(detailOf('disk')).toMatchObject({ status: 'problem' });
      expect(detailOf('disk damage')).toMatchObject({
        status: 'warning',
        detail: expect.stringMatching(/^2 entries/),
      });
      expect(detailOf('version of weft')).toMatchObject({
        status: 'warning',
        detail: expect.stringMatching(/0\.0\.1/),
      });
      expect(detailOf('addresses')).toMatchObject({ status: 'warning' });
    },
  );
});

describe('with a pre-shared key', { timeout }, () => {
  it('dials as a node of that network does, and says what is wrong with the key', async () => {
    const keyFile = join(daemons.directory, 'swarm.key');
    writeFileSync(keyFile, `/key/swarm/psk/1.0.0/\n/base16/\n${'5a'.repeat(32)}\n`, { mode: 0o600 });
    const closed = daemons.create('closed', { settings: [`preSharedKeyFile=${keyFile}`] });
    await closed.start();
    const folder = await newFolder();
    const bootstrap = { WEFT_BOOTSTRAP: closed.address };
    const inside = await doctor(folder, { ...bootstrap, WEFT_PRE_SHARED_KEY_FILE: keyFile });
    expect(inside.named('bootstrap')).toMatchObject({ status: 'ok' });
    const wrong = join(daemons.directory, 'wrong.key');
    writeFileSync(wrong, 'no key\n', { mode: 0o600 });
    const unusable = await doctor(folder, { ...bootstrap, WEFT_PRE_SHARED_KEY_FILE: wrong });
    expect(unusable.named('bootstrap')).toMatchObject({
      status: 'problem',
      hint: expect.stringMatching(/preSharedKeyFile/),
    });
    delete process.env['WEFT_PRE_SHARED_KEY_FILE'];
    const outside = await doctor(folder, bootstrap);
    expect(outside.named('bootstrap')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/no connection/),
    });
    await closed.stop();
  });
});

describe('with a running daemon', { timeout }, () => {
  let first: Daemon;
  let second: Daemon;
  beforeAll(async () => {
    [first, second] = (await daemons.startNetwork(2)) as [Daemon, Daemon];
  }, timeout);

  /** Until the daemon says so. */
  async function until(
    daemon: Daemon,
    fits: (status: { connectedPeers: number; startedAt: string }) => boolean,
  ) {
    for (;;) {
      const status = await daemon.client().call('GET', '/v1/status');
      if (fits(status as unknown as { connectedPeers: number; startedAt: string })) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('sees peers, addresses that answer, and a bootstrap peer that is who it should be', async () => {
    const port = /\/tcp\/(\d+)/.exec(second.address)![1]!;
    await until(second, ({ connectedPeers }) => connectedPeers > 0);
    const found = await doctor(second.dataDirectory, {
      WEFT_BOOTSTRAP: first.address,
      WEFT_LISTEN: `/ip4/127.0.0.1/tcp/${port}`,
    });
    expect(found.ok, JSON.stringify(found.checks, null, 1)).toBe(true);
    expect(found.named('peers')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/1 connected/),
    });
    expect(found.named('address /ip4/127.0.0.1')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining(second.peer),
    });
    expect(found.named('bootstrap')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining(first.peer),
    });
    expect(found.named(`port /ip4/127.0.0.1/tcp/${port}`)).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/listens/),
    });
    expect(found.named('version of weft')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/so is the daemon/),
    });
    expect(found.named('version of the store')).toMatchObject({ status: 'ok' });
  });

  it('names the peer that answers in place of the one that was meant, and the protocol that is not spoken', async () => {
    const other = first.address.replace(first.peer, second.peer);
    const found = await doctor(second.dataDirectory, { WEFT_BOOTSTRAP: other });
    expect(found.named('bootstrap')).toMatchObject({
      status: 'problem',
      detail: `another peer answers there: ${first.peer}`,
    });
    const foreign = await doctor(second.dataDirectory, {
      WEFT_BOOTSTRAP: first.address,
      WEFT_PROTOCOL_PREFIX: '/other',
    });
    expect(foreign.named('bootstrap')).toMatchObject({
      status: 'problem',
      detail: expect.stringContaining('/other/record/1.0.0'),
      hint: expect.stringContaining('protocolPrefix'),
    });
  });

  it('says what a daemon does not listen on, and who does', async () => {
    const taken = await listening();
    const found = await doctor(second.dataDirectory, {
      WEFT_LISTEN: `/ip4/127.0.0.1/tcp/${taken},/ip4/127.0.0.1/tcp/1`,
    });
    expect(found.named(`port /ip4/127.0.0.1/tcp/${taken}`)).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(`process ${process.pid} .* listens on ${taken}, not this daemon`),
    });
    expect(found.named('port /ip4/127.0.0.1/tcp/1')).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/nobody listens/),
    });
  });

  it('looks only at what it can from here when the daemon is named by --api', async () => {
    set({ WEFT_PASSPHRASE_FILE: join(daemons.directory, 'passphrase'), ...quiet });
    const { url, tokenFile } = JSON.parse(readFileSync(join(first.dataDirectory, 'api.json'), 'utf8')) as {
      url: string;
      tokenFile: string;
    };
    const named = ['--api', url, '--token-file', tokenFile, '--data', join(daemons.directory, 'elsewhere')];
    await until(first, ({ connectedPeers }) => connectedPeers > 0);
    const { checks } = (await runCommand(['doctor', '--json', ...named])).json() as { checks: Finding[] };
    expect(checks.find(({ name }) => name === 'peers')).toMatchObject({ status: 'ok' });
    expect(checks.find(({ name }) => name === 'ports')).toMatchObject({ status: 'skipped' });
    expect(checks.find(({ name }) => name === 'addresses')).toMatchObject({ status: 'skipped' });
  });

  it('sees that a daemon was killed, that one is alone, and that one lost its network', async () => {
    await first.kill();
    const killed = await doctor(first.dataDirectory);
    expect(killed.named('peers')).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/ended without cleaning up/),
    });
    // Long enough after its start that nobody is still on the way.
    const isOld = (startedAt: string): boolean => Date.now() - Date.parse(startedAt) > 16_000;
    await until(second, ({ connectedPeers, startedAt }) => connectedPeers === 0 && isOld(startedAt));
    const left = await doctor(second.dataDirectory);
    expect(left).toMatchObject({ ok: false });
    expect(left.named('peers')).toMatchObject({
      status: 'problem',
      detail: expect.stringMatching(/none is connected/),
    });
    await first.start();
    const alone = daemons.create('alone');
    await alone.start();
    const found = await doctor(alone.dataDirectory);
    expect(found.named('peers')).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/began a network/),
    });
  });
});
