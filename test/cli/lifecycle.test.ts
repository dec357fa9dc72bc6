/** One agent's life through the command line, on real daemons. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../../demo/lib/daemon.ts';
import { createTestDaemons, type TestDaemons } from '../helpers/daemons.ts';
import { type CommandResult, runCommand } from './run-command.ts';

/** Each step is a call to real daemons with their own disks; a busy machine takes its time. */
const timeout = 180_000;
let daemons: TestDaemons;
let first: Daemon;
let second: Daemon;
let passphraseFile: string;

beforeAll(async () => {
  daemons = createTestDaemons();
  passphraseFile = join(daemons.directory, 'passphrase');
  process.env['WEFT_PASSPHRASE_FILE'] = passphraseFile;
  process.env['WEFT_KEYSTORE_SCRYPT_COST'] = '1024';
  [first, second] = (await daemons.startNetwork(2)) as [Daemon, Daemon];
}, timeout);
afterAll(() => daemons.close());

/** What these tests read of the answers. */
interface Answer {
  readonly agentId: string;
  readonly publicKey: string;
  readonly agents: readonly unknown[];
  readonly keys: { readonly sequence: number };
  readonly record: {
    readonly fence: string;
    readonly fields: { readonly adaptive: { readonly url: string | null } };
  };
  readonly revocations: readonly unknown[];
  readonly state: Answer;
}

/** A command against one of the daemons. */
function weft(daemon: Daemon, ...argv: string[]): Promise<CommandResult> {
  return runCommand([...argv, '--data', daemon.dataDirectory]);
}

async function json(daemon: Daemon, ...argv: string[]): Promise<Answer> {
  const result = await weft(daemon, ...argv, '--json');
  expect(result, argv.join(' ')).toMatchObject({ code: 0, stderr: '' });
  return result.json() as unknown as Answer;
}

async function register(daemon: Daemon, ...argv: string[]): Promise<string> {
  return (await json(daemon, 'register', '--primary-facts', 'https://a.example/f', ...argv)).agentId;
}

/** Resolves at the other daemon until it says so: what is published reaches it within moments. */
async function untilResolved(daemon: Daemon, id: string, fits: (answer: Answer) => boolean) {
  for (;;) {
    const answer = (await weft(daemon, 'resolve', id, '--fresh', '--json')).json() as unknown as Answer;
    if (fits(answer)) return answer;
  }
}

describe('an agent whose keys the daemon holds', { timeout }, () => {
  it('is registered on one node, resolved on another, changed, rotated, recovered and ended', async () => {
    const id = await register(first);
    const found = await json(second, 'resolve', id);
    expect(found).toMatchObject({
      status: 'ok',
      record: { fields: { primary: { url: 'https://a.example/f' } } },
    });
    const watching = weft(second, 'watch', id, '--count', '3', '--json');
    await json(first, 'update', id, '--adaptive-resolver', 'https://r.example/');
    await untilResolved(second, id, ({ record }) => record.fields.adaptive.url === 'https://r.example/');
    await json(first, 'rotate', id);
    await json(first, 'recover', id);
    const answer = await untilResolved(second, id, ({ keys }) => keys.sequence === 1);
    expect(answer).toMatchObject({ status: 'ok', keys: { events: [{ type: 'icp' }, { type: 'rec' }] } });
    await json(first, 'revoke', id, '--reason', 'cessationOfOperation');
    const { stdout } = await watching;
    const changes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { change?: string });
    const seen = changes.map(({ change }) => change);
    expect(seen).toContain('rotated');
    const ended = await weft(second, 'resolve', id, '--fresh');
    expect(ended.code).toBe(6);
    expect(ended.stdout).toMatch(/tombstoned: it was revoked for good[\s\S]*cessationOfOperation/);
    expect((await weft(first, 'update', id, '--ttl', '1h')).code).toBe(6);
  });

  it('is written by a delegate on another node until the grant is revoked', async () => {
    const id = await register(first);
    const { publicKey } = await json(second, 'keys', 'create-delegate', id);
    const granted = await json(
      first,
      'delegate',
      id,
      '--to',
      publicKey,
      '--fields',
      'adaptive',
      '--expires',
      '1h',
    );
    expect(granted).toMatchObject({
      slot: 1,
      state: { delegations: [{ slot: 1, rights: ['op'], fields: ['adaptive'] }] },
    });
    await json(second, 'update', id, '--adaptive-resolver', 'https://delegate.example/');
    const merged = await untilResolved(first, id, ({ record }) => record.fields.adaptive.url !== null);
    expect(merged).toMatchObject({
      record: { fields: { adaptive: { origin: { kind: 'operation', slot: 1 } } } },
    });
    expect((await weft(second, 'update', id, '--primary-facts', 'https://x.example')).code).toBe(5);
    await json(first, 'revoke', id, '--delegate', '1', '--reason', 'privilegeWithdrawn');
    const after = await untilResolved(second, id, ({ revocations }) => revocations.length > 0);
    expect(after).toMatchObject({ status: 'ok', record: { fields: { adaptive: { url: null } } } });
    expect((await weft(second, 'update', id, '--adaptive-resolver', 'https://again.example')).code).not.toBe(
      0,
    );
  });

  it('gives its recovery key to a file, and is taken back with it by another node', async () => {
    const id = await register(first);
    const file = join(daemons.directory, 'offline.keys');
    const moved = await json(first, 'keys', 'export', id, '--out', file, '--roles', 'recovery', '--remove');
    expect(moved).toMatchObject({ agentId: id, roles: ['recovery'], removed: true });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await json(first, 'keys', 'list')).agents).toContainEqual({
      agentId: id,
      roles: ['signing', 'rotation'],
    });
    expect((await weft(first, 'keys', 'export', id, '--out', file, '--roles', 'signing')).code).toBe(5);
    expect((await weft(first, 'recover', id)).code).toBe(5);
    expect(await json(second, 'recover', id, '--recovery-keys', file)).toMatchObject({
      state: { keys: { sequence: 1 } },
    });
    await untilResolved(first, id, ({ keys }) => keys.sequence === 1);
    expect((await weft(first, 'update', id, '--ttl', '5m')).code).not.toBe(0);
    await json(second, 'update', id, '--ttl', '5m');
  });
});

describe('an agent whose keys stay with the caller', { timeout }, () => {
  it('lives through the same commands, and no daemon ever holds a key', async () => {
    const file = join(daemons.directory, 'own.keys');
    const keys = ['--keys', file];
    const words = await weft(first, 'register', '--primary-facts', 'https://own.example', ...keys);
    expect(words.code).toBe(0);
    expect(words.stdout).toMatch(
      /the record dies at 20\d\d-.*Z unless you renew it before: weft update nanda:\w+ --renew/,
    );
    const id = /nanda:[a-z2-7]{52}/.exec(words.stdout)![0];
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await json(first, 'update', id, '--adaptive-resolver', 'https://r.example/', ...keys);
    const before = await json(second, 'resolve', id, '--fresh');
    const renewed = await json(second, 'update', id, '--renew', ...keys);
    expect(renewed.state.record.fence).not.toBe(before.record.fence);
    expect(await json(first, 'rotate', id, ...keys)).toMatchObject({ state: { keys: { sequence: 1 } } });
    expect(await json(first, 'recover', id, ...keys)).toMatchObject({
      state: { keys: { events: [{}, { type: 'rec' }] } },
    });
    const granted = await json(first, 'delegate', id, '--to', 'ab'.repeat(32), ...keys);
    expect(granted).toMatchObject({ slot: 1 });
    await json(first, 'revoke', id, '--delegate', '1', ...keys);
    expect((await weft(first, 'rotate', id)).code).toBe(4);
    expect(JSON.stringify((await json(first, 'keys', 'list')).agents)).not.toContain(id);
    await json(first, 'revoke', id, ...keys);
    expect((await weft(second, 'resolve', id, '--fresh')).code).toBe(6);
  });

  it('is not touched with a wrong passphrase, or a damaged file', async () => {
    const file = join(daemons.directory, 'more.keys');
    await register(first, '--keys', file);
    const wrong = join(daemons.directory, 'wrong-passphrase');
    writeFileSync(wrong, 'another\n');
    process.env['WEFT_PASSPHRASE_FILE'] = wrong;
    const refused = await weft(first, 'register', '--keys', file, '--json');
    process.env['WEFT_PASSPHRASE_FILE'] = passphraseFile;
    expect(refused.code).toBe(5);
    expect(refused.json()).toMatchObject({ error: { code: 'wrong-passphrase' } });
    writeFileSync(file, '{"format":"weft-keys"');
    expect((await weft(first, 'register', '--keys', file, '--json')).json()).toMatchObject({
      error: { code: 'damaged' },
    });
  });
});

describe('a bundle', { timeout }, () => {
  it('is handed from resolve to inspect', async () => {
    const id = await register(first);
    const file = join(daemons.directory, 'agent.bundle');
    const { bytes } = await first.client().readBytes(`/v1/agents/${id}/bundle`);
    writeFileSync(file, bytes);
    const { stdout, code } = await runCommand(['inspect', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bundle, \d+ bytes: nothing wrong\n {2}agent nanda:/);
    expect(stdout.match(/✓/g)).toHaveLength(2);
    expect(existsSync(join(first.dataDirectory, 'api.json'))).toBe(true);
  });
});
