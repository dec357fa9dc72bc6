/** Grants on real daemons by the command line: a chain over three of them, its end from each place, helpers that come and go. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../../demo/lib/daemon.ts';
import { parseAgentId } from '../../src/core/identity/agent-id.ts';
import { formatGrant, parseGrant } from '../../src/core/identity/delegation-grant.ts';
import { type CommandResult, runCommand } from '../cli/run-command.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import { createTestDaemons, type TestDaemons } from '../helpers/daemons.ts';

/** Each step is a call to real daemons with their own disks; a busy machine takes its time. */
const timeout = 180_000;
let daemons: TestDaemons;
let first: Daemon;
let second: Daemon;
let third: Daemon;

beforeAll(async () => {
  daemons = createTestDaemons();
  process.env['WEFT_PASSPHRASE_FILE'] = join(daemons.directory, 'passphrase');
  process.env['WEFT_KEYSTORE_SCRYPT_COST'] = '1024';
  [first, second, third] = (await daemons.startNetwork(3)) as [Daemon, Daemon, Daemon];
}, timeout);
afterAll(() => daemons.close());

interface GrantJson {
  readonly grant: string;
  readonly hash: string;
  readonly depth: number;
  readonly isHeld: boolean;
}
interface RowJson {
  readonly hash: string;
  readonly parent: string | null;
  readonly standing: string;
  readonly isInherited: boolean;
  readonly isHeld: boolean;
}

const weft = (daemon: Daemon, ...argv: string[]): Promise<CommandResult> =>
  runCommand(['--data', daemon.dataDirectory, ...argv]);

async function json<Answer = GrantJson>(daemon: Daemon, ...argv: string[]): Promise<Answer> {
  const result = await weft(daemon, ...argv, '--json');
  expect(result, argv.join(' ')).toMatchObject({ code: 0, stderr: '' });
  return result.json() as Answer;
}

/** Until a node has heard of it by gossip: nobody asks it for anything fresh. */
async function untilVerified(daemon: Daemon, grant: string, code: string | null): Promise<void> {
  for (;;) {
    const { json: read } = await weft(daemon, 'delegate', 'verify', grant, '--json');
    if (read()['code'] === code) return;
  }
}

const treeOf = (daemon: Daemon, id: string) =>
  json<{ readonly grants: readonly RowJson[] }>(daemon, 'delegate', 'tree', id);

/** An agent of the first, and below its controller a chain: second, third, and a key of nobody's. */
async function chain() {
  const { agentId: id } = await json<{ agentId: string }>(
    first,
    'register',
    '--primary-facts',
    'https://a.example/f',
  );
  const keyAt = async (daemon: Daemon) =>
    (await json<{ publicKey: string }>(daemon, 'keys', 'create-delegate', id)).publicKey;
  const [secondKey, thirdKey] = [await keyAt(second), await keyAt(third)];
  const create = (daemon: Daemon, ...argv: string[]) => json(daemon, 'delegate', 'create', id, ...argv);
  const root = await create(first, '--to', secondKey, '--rights', 'sub', 'facts', 'revoke', '--for', '1h');
  expect(await json(second, 'delegate', 'keep', root.grant)).toMatchObject({ isHeld: true, depth: 1 });
  const middle = await create(second, '--to', thirdKey, '--rights', 'sub', 'facts', '--for', '30m');
  expect(await json(third, 'delegate', 'keep', middle.grant)).toMatchObject({ isHeld: true, depth: 2 });
  const leaf = await create(third, '--to', 'ab'.repeat(32), '--rights', 'facts', '--for', '5m');
  expect(leaf.depth).toBe(3);
  return { id, root, middle, leaf };
}

describe('a chain of grants over three daemons', { timeout }, () => {
  it('holds everywhere, falls everywhere by gossip when its middle is revoked, and never comes back', async () => {
    const { id, root, middle, leaf } = await chain();
    for (const daemon of [first, second, third])
      for (const { grant } of [root, middle, leaf])
        expect((await weft(daemon, 'delegate', 'verify', grant, '--right', 'facts')).code).toBe(0);
    expect((await weft(first, 'delegate', 'verify', leaf.grant, '--right', 'sub')).code).toBe(6);
    // Neither its holder nor a stranger to the chain ends it.
    expect((await weft(third, 'delegate', 'revoke', id, middle.grant)).code).toBe(5);
    await json(second, 'delegate', 'revoke', id, middle.hash, '--reason', 'keyCompromise');
    for (const daemon of [first, second, third]) {
      await untilVerified(daemon, middle.grant, 'revoked');
      await untilVerified(daemon, leaf.grant, 'revoked');
      await untilVerified(daemon, root.grant, null);
    }
    // Whoever holds what has fallen issues nothing more, and cannot keep it again.
    expect(
      (await weft(third, 'delegate', 'create', id, '--to', 'cd'.repeat(32), '--rights', 'facts')).code,
    ).toBe(5);
    expect((await weft(first, 'delegate', 'keep', leaf.grant)).code).toBe(6);
    const rows = (await treeOf(second, id)).grants;
    expect(rows).toMatchObject([
      { hash: root.hash, parent: null, standing: 'holds', isHeld: true },
      { hash: middle.hash, parent: root.hash, standing: 'revoked', isInherited: false },
    ]);
    const { stdout } = await weft(third, 'delegate', 'tree', id);
    expect(stdout).toMatch(/^nanda:[a-z2-7]{52} {2}active\n└─ ● [0-9a-f]{12} .*▰/);
    expect(stdout).toMatch(
      /\n {3}└─ ✗ [0-9a-f]{12} this node .*revoked .* by the delegate at depth 1 \(keyCompromise\)/,
    );
    expect(stdout).toMatch(/\n {6}└─ ✗ [0-9a-f]{12} .*fell with the one above it \(revoked\)/);
    expect(stdout).toMatch(/1 grant holds, 2 do not; grants without a slot travel by hand/);
    // The controller saw none of the grants below its own: it knows them by the proof of the revocation.
    expect((await treeOf(first, id)).grants).toMatchObject([
      { hash: root.hash },
      { hash: middle.hash, source: 'revocation' },
    ]);
  });

  it('falls as a whole when the controller revokes its root or rotates, also on a node that was away', async () => {
    const { id, root, leaf } = await chain();
    await third.stop();
    await json(first, 'delegate', 'revoke', id, root.grant);
    await third.start();
    for (const daemon of [first, second, third]) await untilVerified(daemon, leaf.grant, 'revoked');
    const other = await chain();
    await json(first, 'rotate', other.id);
    for (const daemon of [first, second, third])
      await untilVerified(daemon, other.leaf.grant, 'wrong-establishment');
    expect((await weft(second, 'delegate', 'renew', other.middle.grant, '--for', '5m')).code).not.toBe(0);
    expect((await treeOf(third, other.id)).grants.every(({ standing }) => standing === 'void')).toBe(true);
  });
});

describe('a helper', { timeout }, () => {
  it('has a key of its own in a file, signs facts with it, is renewed, and falls with its grant', async () => {
    const { agentId: id } = await json<{ agentId: string }>(
      first,
      'register',
      '--primary-facts',
      'https://a.example/f',
    );
    const [keys, grantFile, factsFile] = ['helper.keys', 'helper.grant', 'facts.json'].map((name) =>
      join(daemons.directory, name),
    ) as [string, string, string];
    const made = await json(
      first,
      ...[
        'delegate',
        'create',
        id,
        '--new-key',
        keys,
        '--rights',
        'sub',
        'facts',
        '--for',
        '5m',
        '--out',
        grantFile,
      ],
    );
    expect(statSync(keys).mode & 0o777).toBe(0o600);
    expect(statSync(grantFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(grantFile, 'utf8').trim()).toBe(formatGrant(parseGrant(made.grant)));
    writeFileSync(factsFile, JSON.stringify(sampleFacts(parseAgentId(id))));
    const signed = join(daemons.directory, 'facts.vc.json');
    await json(second, 'facts', 'sign', factsFile, '--keys', keys, '--out', signed);
    expect(await json(second, 'facts', 'verify', signed)).toMatchObject({
      valid: true,
      issuerKind: 'delegate',
    });
    // Below its own grant it lets another key in, from the file alone.
    const below = await json(
      second,
      'delegate',
      'create',
      id,
      '--keys',
      keys,
      '--to',
      'ef'.repeat(32),
      '--rights',
      'facts',
      '--for',
      '1m',
    );
    expect(below.depth).toBe(2);
    const renewed = await json(first, 'delegate', 'renew', grantFile, '--for', '10m');
    expect(renewed.hash).not.toBe(made.hash);
    await json(first, 'delegate', 'revoke', id, grantFile);
    await untilVerified(second, made.grant, 'revoked');
    await untilVerified(second, renewed.grant, null);
    expect((await weft(second, 'facts', 'verify', signed)).code).toBe(6);
  });

  it('lives as long as one command, with the exit code of its program', async () => {
    const { agentId: id } = await json<{ agentId: string }>(
      first,
      'register',
      '--primary-facts',
      'https://a.example/f',
    );
    const file = join(daemons.directory, 'seen.json');
    const program = `require('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify([process.env.HELPER_KEY, process.env.HELPER_GRANT])); process.exit(7)`;
    const { code, stderr } = await weft(
      first,
      ...['delegate', 'run', id, '--rights', 'facts', '--for', '5m', '--', process.execPath, '-e', program],
    );
    expect(code).toBe(7);
    expect(stderr).toMatch(/the helper’s grant is revoked \((stored|partial)\)/);
    const [seed, grant] = JSON.parse(readFileSync(file, 'utf8')) as [string, string];
    expect(seed).toMatch(/^[0-9a-f]{64}$/);
    for (const daemon of [first, second, third]) await untilVerified(daemon, grant, 'revoked');
    expect((await weft(first, 'delegate', 'run', id, '--', '/nothing/here')).code).toBe(1);
  });

  it('ends with its time, without a word from anybody', async () => {
    const { agentId: id } = await json<{ agentId: string }>(
      first,
      'register',
      '--primary-facts',
      'https://a.example/f',
    );
    const { grant } = await json(
      first,
      'delegate',
      'create',
      id,
      '--to',
      'ab'.repeat(32),
      '--rights',
      'facts',
      '--for',
      '1s',
    );
    await untilVerified(second, grant, 'expired');
    expect((await weft(second, 'delegate', 'verify', grant)).stdout).toMatch(/has ended/);
  });
});
