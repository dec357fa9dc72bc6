/** The completion, in the shells themselves: lines are typed, Tab is pressed, and what is offered is compared. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeCommand, flattened } from '../../src/cli/completion/command-tree.ts';
import { createProgram } from '../../src/cli/program.ts';
import { reasonCodes } from '../../src/core/identity/reason-code.ts';
import { runCommand } from './run-command.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

const drivers = fileURLToPath(new URL('./shells/', import.meta.url));
const tree = describeCommand(createProgram(process, () => {}));
const commandNames = tree.commands.map((command) => command.path[0]!);
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weft-completion-'));
  mkdirSync(join(folder, 'place', 'inner'), { recursive: true });
  writeFileSync(join(folder, 'place', 'agent.bundle'), '');
  for (const shell of shells)
    writeFileSync(join(folder, shell), (await runCommand(['completion', shell])).stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

function isInstalled(shell: Shell): boolean {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What the shell offers at the end of each line, in no order, each once. */
function offered(shell: Shell, lines: readonly string[]): string[][] {
  const options = { bash: ['--norc', '--noprofile'], zsh: ['-f'], fish: ['--no-config'] }[shell];
  const argv = [...options, join(drivers, `complete.${shell}`), join(folder, shell), folder, ...lines];
  const printed = execFileSync(shell, argv, { encoding: 'utf8', timeout: 60_000, env: plainEnvironment() });
  const blocks = printed.split(/^END\n/m).slice(0, lines.length);
  return blocks.map((block) => [...new Set(block.split('\n').filter((line) => line !== ''))].sort());
}

/** The shell's own files of the user stay out of it. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
}

describe.each(shells)('the completion of %s', (shell) => {
  it('offers commands, options, choices, settings and files where they may stand', { timeout: 90_000 }, ({
    skip,
  }) => {
    skip(!isInstalled(shell), `${shell} is not installed`);
    const place = join(folder, 'place');
    const expected: readonly (readonly [string, readonly string[]])[] = [
      ['weft re', commandNames.filter((name) => name.startsWith('re'))],
      ['weft ', commandNames],
      ['weft --json st', commandNames.filter((name) => name.startsWith('st'))],
      [`weft --data ${place} pe`, ['peers']],
      ['weft keys ', ['list', 'export', 'import', 'create-delegate']],
      ['weft keys export nanda --rem', ['--remove']],
      ['weft keys export nanda --roles ', ['signing', 'rotation', 'recovery', 'delegate']],
      ['weft keys export nanda --roles signing rec', ['recovery']],
      ['weft revoke nanda --reason ', reasonCodes],
      ['weft start --profile ', ['private', 'public']],
      ['weft start --set api.po', ['api.port=']],
      ['weft completion ', shells],
      ['weft export --fo', ['--force']],
      ['weft resolve nanda:bq4k --ra', ['--raw']],
      ['weft status --nothing-begins-so', []],
    ];
    const found = offered(
      shell,
      expected.map(([line]) => line),
    );
    expected.forEach(([line, words], index) => {
      expect(found[index], line).toEqual([...words].sort());
    });
  });

  it('offers files for a file and folders for a folder', { timeout: 60_000 }, ({ skip }) => {
    skip(!isInstalled(shell), `${shell} is not installed`);
    const place = `${join(folder, 'place')}/`;
    const [files, folders] = offered(shell, [`weft inspect ${place}`, `weft --data ${place}`]);
    const names = (list: readonly string[]): string[] =>
      list.map((name) => name.replace(place, '').replace(/\/$/, '')).sort();
    expect(names(files!)).toEqual(['agent.bundle', 'inner']);
    expect(names(folders!)).toEqual(['inner']);
  });
});

describe('the script', () => {
  it.each(shells)('of %s names every command and every long option of the program', async (shell) => {
    const { stdout, code } = await runCommand(['completion', shell]);
    expect(code).toBe(0);
    for (const { path, options } of flattened(tree)) {
      if (path.length > 0) expect(stdout).toContain(path.at(-1));
      for (const { names } of options)
        for (const name of names.filter((one) => one.startsWith('--')))
          expect(stdout, `${path.join(' ')} ${name}`).toContain(name.slice(2));
    }
  });

  it('is printed as JSON on request, and only for shells that are known', async () => {
    const { stdout } = await runCommand(['completion', 'bash']);
    expect((await runCommand(['completion', 'bash', '--json'])).json()).toEqual({
      shell: 'bash',
      script: stdout,
    });
    expect((await runCommand(['completion', 'tcsh'])).code).toBe(2);
  });
});
