import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { runCommand } from './run-command.ts';

const program = createProgram(process, () => {});
const paths = pathsBelow(program);

function pathsBelow({ commands }: Command): string[][] {
  return commands.flatMap((command) =>
    command.commands.length === 0
      ? [[command.name()]]
      : pathsBelow(command).map((inner) => [command.name(), ...inner]),
  );
}

describe('the help', () => {
  it('lists every command, and documents the exit codes', async () => {
    const { code, stdout } = await runCommand(['--help']);
    expect(code).toBe(0);
    expect(program.commands.map((command) => command.name())).toEqual([
      'init',
      'start',
      'status',
      'peers',
      'register',
      'update',
      'resolve',
      'endpoint',
      'search',
      'announce',
      'name',
      'rotate',
      'recover',
      'revoke',
      'delegate',
      'watch',
      'events',
      'audit',
      'facts',
      'routing',
      'trust',
      'keys',
      'inspect',
      'mcp',
      'doctor',
      'export',
      'import',
      'completion',
    ]);
    for (const command of program.commands) expect(stdout).toContain(command.name());
    expect(stdout).toMatch(
      /Exit codes:[\s\S]*0 done[\s\S]*3 no daemon reached[\s\S]*6 found, but not usable/,
    );
  });

  it.each(paths.map((path) => path.join(' ')))(
    'of `weft %s` says what it does, lists every option, and ends with examples',
    async (path) => {
      const { code, stdout, stderr } = await runCommand([...path.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^Usage: weft /);
      expect(stdout).toContain('--json');
      const examples = stdout.slice(stdout.indexOf('\nExamples:\n'));
      const lines = examples.split('\n').filter((line) => line.startsWith('  $ '));
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).toContain(`weft ${path}`);
      expect(stdout).toMatchSnapshot();
    },
  );

  it('comes with advice where a command is misspelt or missing', async () => {
    const misspelt = await runCommand(['reslove', 'x']);
    expect(misspelt.code).toBe(2);
    expect(misspelt.stderr).toMatch(/unknown command 'reslove'\n\(Did you mean resolve\?\)/);
    expect((await runCommand(['resolve'])).code).toBe(2);
    expect((await runCommand(['status', '--jsn'])).stderr).toMatch(/Did you mean --json\?/);
    const usage = await runCommand(['resolve', '--json']);
    expect(usage.json()).toMatchObject({ error: { code: 'usage', exitCode: 2 } });
    expect((await runCommand(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
