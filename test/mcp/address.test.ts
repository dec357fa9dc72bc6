/** How `--http` is read, and that no other command carries the SDK. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parseAddress } from '../../src/cli/commands/mcp.ts';
import { script } from './mcp-live.ts';

it.each([
  [true, '127.0.0.1', 4803],
  ['5000', '127.0.0.1', 5000],
  [':5000', '127.0.0.1', 5000],
  ['0', '127.0.0.1', 0],
  ['localhost', 'localhost', 4803],
  ['localhost:5000', 'localhost', 5000],
  ['0.0.0.0:1', '0.0.0.0', 1],
  ['[::1]', '::1', 4803],
  ['[::1]:5000', '::1', 5000],
] as const)('%s is a host and a port', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port });
});

it('the SDK, and the NANDA index, are loaded by nobody who does not use them', { timeout: 60_000 }, () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`;
  const preload = `data:text/javascript,${encodeURIComponent(hook)}`;
  const loadedBy = (...argv: string[]): string =>
    spawnSync(process.execPath, ['--import', preload, script, ...argv], { encoding: 'utf8' }).stderr;
  const help = loadedBy('start', '--help');
  expect(help).toContain('/cli/commands/start.ts');
  expect(help).not.toMatch(/modelcontextprotocol|\/src\/mcp\/|\/api\/nanda\//);
  const used = loadedBy('mcp', '--http', 'x y z');
  expect(used).toMatch(/\/src\/mcp\/daemon-client\.ts/);
});
