import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it.each([
  ['npm run bench', ['benchmarks/run.ts', '--help']],
  ['npm run sim', ['simulations/run.ts', '--list']],
])('%s ends without a word when nobody reads it any more', async (_what, args) => {
  const child = spawn(process.execPath, ['--conditions=weft-source', ...args], { cwd: root });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
