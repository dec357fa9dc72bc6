/** bin/weft.js on a Node that is too old, and before the first build. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const executable = fileURLToPath(new URL('../bin/weft.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'weft-bin-'));
afterAll(() => rmSync(folder, { recursive: true }));

function runAs(version: string, args: readonly string[]): { status: number | null; stderr: string } {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', preload, executable, ...args], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

describe('bin/weft.js', () => {
  it.each(['18.19.0', '20.20.2', '22.11.0'])(
    'says in one line what to do on Node %s, and exits 1',
    (version) => {
      const { status, stderr } = runAs(version, ['status', '--json']);
      expect(status).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain(`weft needs Node >= 22.12, this is v${version}`);
      expect(stderr).toContain('npm run weft -- status --json');
    },
  );

  it('is written in syntax that an old Node can read', () => {
    const text = readFileSync(executable, 'utf8').replace(/^\s*\/\/.*$/gm, '');
    expect(text).not.toMatch(/\?\?|\?\.|^\s*await |^export /m);
    execFileSync(process.execPath, ['--check', executable]);
  });

  it.skipIf(typeof process.execve !== 'function' || process.platform === 'win32')(
    'runs a daemon, and nothing else, within bounds of memory, as the same process',
    () => {
      const root = join(folder, 'bounded');
      mkdirSync(join(root, 'dist', 'cli'), { recursive: true });
      cpSync(executable, join(root, 'bin', 'weft.js'));
      writeFileSync(join(root, 'package.json'), '{"type":"module"}');
      const says =
        '{ argv, flags: process.execArgv, arenas: process.env.MALLOC_ARENA_MAX, processId: process.pid, ' +
        'threshold: process.env.MALLOC_MMAP_THRESHOLD_ }';
      writeFileSync(
        join(root, 'dist', 'cli', 'main.js'),
        `export function main(argv) { console.log(JSON.stringify(${says})); return 3; }`,
      );
      const run = (nodeFlags: readonly string[], args: readonly string[], environment: object = {}) => {
        const { NODE_OPTIONS: _o, MALLOC_ARENA_MAX: _a, MALLOC_MMAP_THRESHOLD_: _t, ...env } = process.env;
        const command = [...nodeFlags, join(root, 'bin', 'weft.js'), ...args];
        const { status, stdout, stderr, pid } = spawnSync(process.execPath, command, {
          encoding: 'utf8',
          env: { ...env, ...environment },
        });
        expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
        const said = JSON.parse(stdout) as { flags: string[]; arenas?: string; processId: number };
        expect(said).toMatchObject({ argv: args, processId: pid });
        return said;
      };
      const bounds = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
      expect(run([], ['start', '--json'])).toMatchObject({ flags: bounds, arenas: '2', threshold: '131072' });
      expect(run([], ['status'])).toMatchObject({ flags: [] });
      expect(run(['--max-semi-space-size=32'], ['start']).flags).toEqual([
        ...bounds,
        '--max-semi-space-size=32',
      ]);
      expect(run([], ['start'], { NODE_OPTIONS: '--max-semi-space-size=32' }).flags).toEqual([]);
      expect(run([], ['start'], { MALLOC_ARENA_MAX: '7' }).arenas).toBe('7');
    },
  );

  it('asks for a build when there is none', () => {
    cpSync(executable, join(folder, 'bin', 'weft.js'));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin', 'weft.js')], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('npm run build');
  });
});
