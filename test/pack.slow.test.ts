/** What a user gets: the tarball, installed in an empty project, runs and types. Needs the package registry or its cache. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fencedBlocks, readme } from './helpers/readme-commands.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
};
/** `weft`, `weft/light`, `weft/core`. */
const entries = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => path.replace(/^\./, 'weft'));

const folder = mkdtempSync(join(tmpdir(), 'weft-pack-'));
const project = join(folder, 'project');
let packed: {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
};

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

beforeAll(() => {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  run('npm', ['run', 'build'], root);
  const report = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root);
  packed = (JSON.parse(report) as [typeof packed])[0];
  run(
    'npm',
    ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', join(folder, packed.filename)],
    project,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed tarball', () => {
  it('holds what runs and what explains it, and no sources, tests or keys', () => {
    const tops = new Set(packed.files.map((file) => file.path.split('/')[0]));
    expect([...tops].sort()).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'bin',
        'config',
        'deploy',
        'dist',
        'docs',
        'package.json',
      ].sort(),
    );
    expect(packed.files.map((file) => file.path)).toContain('config/default.json');
    expect(packed.size).toBeLessThan(1_400_000);
  });

  it('runs as weft in an empty project', () => {
    const printed = run(
      process.execPath,
      [join(project, 'node_modules', 'weft', 'bin', 'weft.js'), '--version'],
      project,
    );
    expect(printed.trim()).toBe(manifest.version);
  });

  it('is a daemon there: starts, is healthy, is told to be well by its doctor, exports, and ends', async () => {
    const weft = join(project, 'node_modules', '.bin', 'weft');
    const passphrase = join(folder, 'passphrase');
    writeFileSync(passphrase, 'a passphrase of the tests\n', { mode: 0o600 });
    const env = {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: folder,
      WEFT_DATA: join(folder, 'data'),
      WEFT_PASSPHRASE_FILE: passphrase,
      WEFT_LISTEN: '/ip4/127.0.0.1/tcp/0',
      WEFT_API_PORT: '0',
    };
    const ask = (...argv: string[]): unknown =>
      JSON.parse(execFileSync(weft, [...argv, '--json'], { env, encoding: 'utf8' }));
    const child = spawn(weft, ['start', '--json'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const line = new Promise<string>((resolve) =>
      createInterface({ input: child.stdout }).once('line', resolve),
    );
    expect(JSON.parse(await line)).toMatchObject({ type: 'ready', dataDirectory: env.WEFT_DATA });
    expect(ask('status')).toMatchObject({ state: 'ready' });
    expect(ask('doctor')).toMatchObject({ ok: true });
    expect(ask('export', join(folder, 'weft.archive'))).toMatchObject({ from: 'daemon', bundles: 0 });
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  }, 120_000);

  it.each(entries)('%s imports at run time and exports something', (entry) => {
    const script = `console.log(Object.keys(await import(${JSON.stringify(entry)})).length)`;
    expect(Number(run(process.execPath, ['--input-type=module', '--eval', script], project))).toBeGreaterThan(
      0,
    );
  });

  it('types every entry, with no export that is any', () => {
    const lines = entries.flatMap((entry, index) => [
      `import * as entry${index} from '${entry}';`,
      `export const whole${index}: [AnyKeys<typeof entry${index}>] extends [never] ? true : false = true;`,
    ]);
    const anyKeys = 'type AnyKeys<T> = { [K in keyof T]: 0 extends 1 & T[K] ? K : never }[keyof T];';
    writeFileSync(join(project, 'entries.ts'), [anyKeys, ...lines, ''].join('\n'));
    expect(typeCheck()).toBe('');
    writeFileSync(
      join(project, 'entries.ts'),
      `import { missing } from '${entries[0]}';\nexport const value = missing;\n`,
    );
    expect(typeCheck()).toContain('missing');
  });

  it('types the programs of README.md', () => {
    const programs = fencedBlocks(readme(), 'ts');
    expect(programs.length).toBeGreaterThan(1);
    for (const program of programs) {
      writeFileSync(join(project, 'entries.ts'), `declare const address: string, agent: string;\n${program}`);
      expect(typeCheck()).toBe('');
    }
  });
});

/** What the compiler says of entries.ts in the project; empty when all is well. */
function typeCheck(): string {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'es2024',
    '--module',
    'nodenext',
    ...types,
  ];
  try {
    return run(process.execPath, [compiler, ...flags, 'entries.ts'], project);
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
