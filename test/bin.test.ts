/** bin/weft.js on a Node that is too old, and before the first build. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

  it('asks for a build when there is none', () => {
    cpSync(executable, join(folder, 'bin', 'weft.js'));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin', 'weft.js')], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('npm run build');
  });
});
