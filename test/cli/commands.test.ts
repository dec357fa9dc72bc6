/** The commands against a real API over a node that answers from memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, removeAddressFile, writeAddressFile } from '../../src/api/token-file.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { NodeError } from '../../src/node/node-types.ts';
import { createRecordedNode, type RecordedNode } from '../api/recorded-node.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-cli-'));
let node: RecordedNode;
let api: ApiServer;
let id: string;
let known: RecordedNode['resolution'];

beforeAll(async () => {
  node = createRecordedNode();
  known = node.resolution;
  id = formatAgentId(known.agentId);
  const tokenFile = join(folder, 'api.token');
  const token = openTokenFile(tokenFile);
  const onDefect = (): void => {};
  api = await startApi(node, {
    host: '127.0.0.1',
    port: 0,
    remote: false,
    connectionsMax: 10,
    token,
    onDefect,
  });
  writeAddressFile(folder, { url: api.url, tokenFile, peer: node.peer, processId: process.pid });
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  node.failure = null;
  node.calls.length = 0;
  node.resolution = known;
});

function weft(...argv: string[]): Promise<CommandResult> {
  return runCommand([...argv, '--data', folder]);
}

describe('a command', () => {
  it('shows the node, in words and as one object', async () => {
    const words = await weft('status');
    expect(words).toMatchObject({ code: 0, stderr: '' });
    expect(words.stdout).toMatch(
      /^weft 0\.0\.0 {2}ready for .*\n {2}peer +12D3KooWNode\n[\s\S]*1 in custody/,
    );
    expect((await weft('status', '--json')).json()).toMatchObject({ state: 'ready', peer: '12D3KooWNode' });
    expect((await weft('peers')).stdout).toMatch(/no peer is connected/);
  });

  it('registers, and says what became of it', async () => {
    const result = await weft(
      'register',
      '--primary-facts',
      'https://a.example/f',
      '--ttl',
      '5m',
      '--acknowledgements',
      '3',
    );
    expect(result.code).toBe(0);
    expect(result.stdout).toContain(`registered ${id}`);
    expect(result.stdout).toMatch(/stored by 5 peers\n {2}record +\d+ B, stands until .* \(in 1 d 23 h\)/);
    expect(node.calls).toEqual([
      ['register', { primaryFactsUrl: 'https://a.example/f', ttlSeconds: 300 }, { acknowledgements: 3 }],
    ]);
  });

  it('updates the fields named, clears others, and refuses to do nothing', async () => {
    const result = await weft(
      'update',
      id,
      '--adaptive-resolver',
      'https://r.example',
      '--clear',
      'private-facts',
      '--timeout',
      '9s',
    );
    expect(result.code).toBe(0);
    expect(node.calls[0]!.slice(2)).toEqual([
      { adaptiveResolverUrl: 'https://r.example', privateFactsUrl: null },
      { timeoutMs: 9000 },
    ]);
    const renewed = await weft('update', id, '--renew');
    expect(renewed.stdout).toContain('renewed');
    expect(node.calls[1]).toEqual(['refence', node.resolution.agentId, {}]);
    const idle = await weft('update', id);
    expect(idle).toMatchObject({ code: 2, stdout: '' });
    expect(idle.stderr).toMatch(/nothing to change\n.*--primary-facts/);
  });

  it.each<[string[], unknown[]]>([
    [['rotate'], ['rotate', {}]],
    [['recover'], ['recover', {}]],
    [
      ['revoke', '--reason', 'keyCompromise'],
      ['revoke', 'keyCompromise', {}],
    ],
    [
      ['revoke', '--delegate', '2'],
      ['revokeDelegation', { slot: 2 }, 'unspecified', {}],
    ],
    [
      ['revoke', '--delegate', 'ab'.repeat(32)],
      ['revokeDelegation', { hash: new Uint8Array(32).fill(0xab) }, 'unspecified', {}],
    ],
    [
      [
        'delegate',
        '--to',
        '33'.repeat(32),
        '--rights',
        'op',
        'publish',
        '--fields',
        'ttl',
        '--expires',
        '2d',
      ],
      [
        'delegate',
        {
          audience: new Uint8Array(32).fill(0x33),
          rights: ['op', 'publish'],
          fields: ['ttl'],
          expiresInSeconds: 172_800,
        },
        {},
      ],
    ],
  ])('%j calls the node', async ([name, ...options], [method, ...given]) => {
    const result = await weft(name!, id, ...options);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(node.calls).toEqual([[method, node.resolution.agentId, ...given]]);
  });

  it('resolves in words, as one object, and as bytes', async () => {
    const words = await weft('resolve', id, '--fresh');
    expect(words.code).toBe(0);
    expect(words.stdout).toMatch(
      /^nanda:\w{52} {2}ok\n {2}primary facts +https:\/\/agents\.example\/facts {2}\(controller\)/,
    );
    expect(words.stdout).toMatch(/answered by +3 peers, 3 held it/);
    expect((await weft('resolve', id, '--json')).json()).toMatchObject({ status: 'ok', agentId: id });
    const bytes = encodeState(node.resolution.state!);
    const file = join(folder, 'agent.bundle');
    writeFileSync(file, bytes);
    const inspected = await runCommand(['inspect', file, '--json']);
    expect(inspected.json()).toMatchObject({ structure: 'bundle', valid: true, agentId: id });
    expect((await runCommand(['inspect', '-'], Buffer.from(bytes).toString('base64'))).stdout).toMatch(
      /^bundle, \d+ bytes \(from base64\): nothing wrong\n/,
    );
  });

  it('ends with the exit code of the verdict', async () => {
    const codes = {
      ok: 0,
      'not-found': 4,
      rekeyed: 6,
      expired: 6,
      forked: 6,
      tombstoned: 6,
      'rolled-back': 6,
    } as const;
    for (const [status, code] of Object.entries(codes)) {
      node.resolution = { ...node.resolution, status: status as keyof typeof codes };
      const result = await weft('resolve', id);
      expect(result.code, status).toBe(code);
      expect(result.stdout, status).toContain(status);
    }
  });

  it('ends with the exit code and the advice of the error, and says so on one line of JSON', async () => {
    const failures: readonly (readonly [Error, number, string])[] = [
      [new ProtocolError('bad-url', 'ftp is not allowed'), 5, 'bad-url'],
      [new ProtocolError('tombstoned', 'it has ended'), 6, 'tombstoned'],
      [new NodeError('not-custodial', 'no key here'), 4, 'not-custodial'],
      [new ProtocolError('busy', 'later'), 1, 'busy'],
      [new Error('a defect'), 1, 'internal'],
    ];
    for (const [failure, exitCode, code] of failures) {
      node.failure = failure;
      const words = await weft('rotate', id);
      expect(words).toMatchObject({ code: exitCode, stdout: '' });
      expect(words.stderr).toMatch(/^weft: .+\n {2}.+\n$/);
      const json = await weft('rotate', id, '--json');
      expect(json).toMatchObject({ code: exitCode, stderr: '' });
      expect(json.json()).toMatchObject({ error: { code, exitCode } });
    }
  });

  it('watches until the count is reached', async () => {
    const watching = weft('watch', id, '--count', '2', '--json');
    const { agentId, state } = node.resolution;
    const change = { agentId, state: state!, source: 'gossip', acceptedAtMs: 1 } as const;
    while (!node.isWatched()) await new Promise((resolve) => setImmediate(resolve));
    node.announce({ ...change, change: 'rotated' });
    node.announce({ ...change, change: 'tombstoned' });
    const { code, stdout } = await watching;
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ type, change: what }) => [type, what])).toEqual([
      ['listening', undefined],
      ['change', 'rotated'],
      ['change', 'tombstoned'],
    ]);
  });

  it('says when no daemon runs, or none answers', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'weft-empty-'));
    const none = await runCommand(['status', '--data', empty]);
    expect(none).toMatchObject({ code: 3, stdout: '' });
    expect(none.stderr).toMatch(/no daemon runs on .*\n.*weft start/);
    const tokenFile = join(empty, 'api.token');
    openTokenFile(tokenFile);
    writeAddressFile(empty, { url: 'http://127.0.0.1:1', tokenFile, peer: 'x', processId: 1 });
    const gone = await runCommand(['status', '--data', empty, '--json']);
    expect(gone.code).toBe(3);
    expect(gone.json()).toMatchObject({ error: { code: 'unreachable', exitCode: 3 } });
    removeAddressFile(empty);
    rmSync(empty, { recursive: true });
  });

  it.each([
    [['resolve', 'nanda:short'], /52 characters/],
    [['register', '--ttl', 'soon'], /"soon" is not a duration/],
    [['register', '--acknowledgements', '99'], /whole number in 1\.\.20/],
    [['delegate', id ?? 'x', '--to', 'me'], /is not a public key/],
    [['update', 'x', '--clear', 'name'], /Allowed choices are/],
    [['status', '--api', 'http://127.0.0.1:1', '--token-file', '/nowhere/token'], /cannot read the token/],
  ])('refuses %j before any call', async (argv, message) => {
    const result = await weft(...argv);
    expect([2, 3]).toContain(result.code);
    expect(result.stderr).toMatch(message);
    expect(node.calls).toEqual([]);
  });

  it('is refused with a wrong token', async () => {
    const wrong = join(folder, 'wrong.token');
    writeFileSync(wrong, 'wrong\n');
    const result = await weft('status', '--api', api.url, '--token-file', wrong);
    expect(result.code).toBe(5);
    expect(result.stderr).toMatch(/token is missing or wrong/);
  });
});
