/** tsconfig.core.json: the compiler itself refuses the outside world in the core, also beside the packages of the core. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
// Under node_modules, so that the packages of the core resolve as they do for the core.
const folder = mkdtempSync(join(root, 'node_modules', '.weft-core-types-'));
afterAll(() => rmSync(folder, { recursive: true }));

function compile(text: string): string[] {
  writeFileSync(join(folder, 'file.ts'), text);
  const settings = { extends: join(root, 'tsconfig.core.json'), include: ['./file.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '--project', folder], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes('error TS'));
}

const packages = `
  export { sha256 } from '@noble/hashes/sha2.js';
  export { verify } from '@noble/ed25519';
  export { encode } from 'cborg';
  export { base32 } from 'multiformats/bases/base32';
  export { Doc } from 'yjs';
`;

it('compiles what the core is made of', () => {
  expect(compile(`${packages} export const words = ['a'].toSorted();`)).toEqual([]);
});

it('refuses timers, console, process, fetch, crypto, Buffer and node modules', () => {
  const names = ['setTimeout', 'console', 'process', 'fetch', 'crypto', 'Buffer'];
  const errors = compile(`${packages} export const used = [${names.join(', ')}]; import 'node:fs';`);
  for (const name of names) expect(errors.join('\n')).toContain(`'${name}'`);
  expect(errors.join('\n')).toContain('node:fs');
});
