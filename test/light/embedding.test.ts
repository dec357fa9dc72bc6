/** docs/embedding.md, run: its commands are those of the package, its blocks one program against a real daemon. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LightNodeErrorCode } from '../../src/light/index.ts';
import { fencedBlocks, root, shellCommands } from '../helpers/readme-commands.ts';
import { openSession } from '../helpers/readme-session.ts';

const text = readFileSync(join(root, 'docs', 'embedding.md'), 'utf8');
const session = openSession({
  WEFT_LISTEN: '/ip4/127.0.0.1/tcp/0',
  WEFT_API_PORT: '0',
  WEFT_LOG_LEVEL: 'warn',
  WEFT_KEYSTORE_SCRYPT_COST: '1024',
  WEFT_PASSPHRASE_FILE: 'passphrase',
});
writeFileSync(join(session.folder, 'passphrase'), 'correct horse battery staple\n');
afterAll(() => session.close());

const codes: Readonly<Record<LightNodeErrorCode, true>> = {
  'not-running': true,
  offline: true,
  'no-usable-answers': true,
  'not-stored': true,
  'not-held': true,
  'no-key': true,
  'no-such-name': true,
  'agent-not-active': true,
  overtaken: true,
  'slot-taken': true,
  'bad-argument': true,
  refused: true,
  'store-failed': true,
};

describe('docs/embedding.md', () => {
  it('names every code of an error, and no other', () => {
    const named = text
      .split('## 6.')[1]!
      .split('## 7.')[0]!
      .matchAll(/^\| (`[^|]+) \|/gm);
    const listed = [...named].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
    );
    expect(listed.sort()).toEqual(Object.keys(codes).sort());
  });

  it('runs, from top to bottom, beside the full node that it starts', async () => {
    const [install, start] = shellCommands(text);
    expect(install).toBe('npm install weft');
    const printed = await session.start(start!.replace(/^npx /, '')).printed(/running[\s\S]*data/);
    session.set('WEFT_ADDRESS', /\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+/.exec(printed)![0]);
    const program = fencedBlocks(text, 'ts')
      .join('\n')
      .replace(/from 'weft(\/[a-z]+)'/g, (_, entry: string) => `from '${root}src${entry}/index.ts'`);
    writeFileSync(join(session.folder, 'embedding.ts'), program);
    const { exitCode, stdout, stderr } = await session.run('node embedding.ts');
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^registered nanda:[a-z2-7]{52}$/),
      'ok https://agents.example/planner/facts.json',
      'fleet 20',
      'heard changed active',
      'bad-argument',
      'revoked agent nanda:',
      'tombstoned',
    ]);
  });
});
