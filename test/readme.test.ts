/** Every command and program of README.md runs, in the order in which it stands there, in an empty folder. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fencedBlocks, readme, root, shellCommands } from './helpers/readme-commands.ts';
import { openSession, type Running } from './helpers/readme-session.ts';

const text = readme();
const commands = shellCommands(text);
const weftCommands = commands.filter((command) => command.startsWith('weft '));
const npmCommands = commands.filter((command) => command.startsWith('npm '));
const scripts = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

const session = openSession({
  WEFT_LISTEN: '/ip4/127.0.0.1/tcp/0',
  WEFT_API_PORT: '0',
  WEFT_LOG_LEVEL: 'warn',
  WEFT_KEYSTORE_SCRYPT_COST: '1024',
  WEFT_PASSPHRASE_FILE: 'passphrase',
});
writeFileSync(join(session.folder, 'passphrase'), 'correct horse battery staple\n');
afterAll(() => session.close());

/** What the reader puts into a variable, by where it is printed. */
const printedBy: readonly (readonly [RegExp, string, RegExp])[] = [
  [/^weft start$/, 'ADDRESS', /\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+/],
  [/^weft register /, 'AGENT', /nanda:[a-z2-7]{52}/],
  [/^weft keys create-delegate /, 'KEY', /\b[0-9a-f]{64}\b/],
];

function remember(command: string, printed: string): void {
  for (const [by, variable, pattern] of printedBy) {
    if (by.test(command)) session.set(variable, pattern.exec(printed)![0]);
  }
}

describe('README.md', () => {
  it('shows commands of npm and weft only, and programs', () => {
    expect(commands.filter((command) => !/^(npm|weft) /.test(command))).toEqual([]);
    expect(weftCommands.length).toBeGreaterThan(10);
    expect(npmCommands).toContain('npm ci && npm test');
    expect(npmCommands).toContain('npm ci && npm run demo');
  });

  it.each(npmCommands.flatMap((command) => command.split(' && ')))('has a script for: %s', (command) => {
    if (command === 'npm ci')
      return expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).toContain('lockfileVersion');
    const script = /^npm (?:run )?([a-z:]+)/.exec(command)![1]!;
    expect(scripts).toHaveProperty([script]);
  });

  const waiting: { readonly command: string; readonly process: Running }[] = [];

  it.each(weftCommands)('runs: %s', async (command) => {
    if (/^weft start\b/.test(command)) {
      remember(command, await session.start(command).printed(/running[\s\S]*data/));
    } else if (command.endsWith('&')) {
      const process = session.start(command.replace(/\s*&$/, ''));
      await process.printed(/listening/);
      waiting.push({ command, process });
    } else {
      const { exitCode, stdout, stderr } = await session.run(command);
      expect(exitCode, stdout + stderr).toBe(0);
      remember(command, stdout);
    }
  });

  it('lets what ran in the background come to its end', async () => {
    expect(waiting.length).toBeGreaterThan(0);
    for (const { command, process } of waiting) {
      const { exitCode, stdout, stderr } = await process.finished;
      expect(exitCode, `${command}\n${stdout}${stderr}`).toBe(0);
    }
  });

  const programs = fencedBlocks(text, 'ts');
  it.each(programs.map((program, index) => [index, program] as const))(
    'runs program %i',
    async (index, program) => {
      const given = `const [address, agent] = [process.env['ADDRESS']!, process.env['AGENT']!];\nvoid [address, agent];\n`;
      const file = join(session.folder, `program-${index}.ts`);
      writeFileSync(
        file,
        given +
          program.replace(/from 'weft(\/[a-z]+)?'/g, (_, entry = '') => `from '${root}src${entry}/index.ts'`),
      );
      const { exitCode, stdout, stderr } = await session.run(`node ${file}`);
      expect(exitCode, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/\b(ok|tombstoned)\b/);
    },
  );
});
