/** The shape of the source, kept by machine. Every rule is also run on a text that breaks it. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSourceFile, type SourceFile } from './helpers/source-file.ts';
import {
  cycleViolations,
  dashboardViolations,
  dependencyViolations,
  environmentViolations,
  fileLinesMax,
  formViolations,
  functionLinesMax,
  layerViolations,
  lengthViolations,
  nameViolations,
  purityViolations,
} from './helpers/tidy-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const packageJson = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  dependencies: Record<string, string>;
};

const source = readAll('src/**/*.ts');
const dashboard = readAll('dashboard/src/**/*.{ts,tsx}');

function readAll(pattern: string): readonly SourceFile[] {
  return globSync(pattern, { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => readSourceFile(path, readFileSync(`${root}${path}`, 'utf8')));
}

/** One small file under the given path. */
function fixture(path: string, text: string): SourceFile[] {
  return [readSourceFile(path, text)];
}

describe('the source', () => {
  it('is found', () => {
    expect(source.length).toBeGreaterThan(10);
  });

  it('imports along the layer table only', () => {
    expect(layerViolations(source)).toEqual([]);
  });

  it('has no clock, randomness, timer, promise or console in the core', () => {
    expect(purityViolations(source)).toEqual([]);
  });

  it('reads the environment in config/read-env only', () => {
    expect(environmentViolations(source)).toEqual([]);
  });

  it('has files and functions within their bounds', () => {
    expect(lengthViolations(source)).toEqual([]);
  });

  it('has names that say what is inside', () => {
    expect(nameViolations(source)).toEqual([]);
  });

  it('imports with .ts, exports by name, has no barrels but the entries, heads each core file', () => {
    expect(formViolations(source)).toEqual([]);
  });

  it('has no import cycle', () => {
    expect(cycleViolations(source)).toEqual([]);
  });

  it('imports what package.json lists, and all of it', () => {
    expect(dependencyViolations(source, Object.keys(packageJson.dependencies))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('is found', () => {
    expect(dashboard.length).toBeGreaterThan(10);
  });

  it('knows nothing of the source, and no package but its own', () => {
    expect(dashboardViolations(dashboard)).toEqual([]);
  });

  it('has the form, names, lengths and no cycles, as the source', () => {
    const rules = [lengthViolations, nameViolations, formViolations, cycleViolations];
    expect(rules.flatMap((rule) => rule(dashboard))).toEqual([]);
  });

  it.each([
    `import { limit } from '../../src/core/limits.ts';`,
    `import type { WeftNode } from '../../../src/node/node-types.ts';`,
    `import { useState } from 'react';`,
    `export const load = () => import('node:fs');`,
  ])('may not say: %s', (text) => {
    expect(dashboardViolations(fixture('dashboard/src/a.tsx', text))).toHaveLength(1);
  });

  it('may say what it is made of', () => {
    const text = `import { render } from 'preact'; import { useState } from 'preact/hooks'; export const a = <b>{1}</b>;`;
    expect(dashboardViolations(fixture('dashboard/src/a.tsx', text))).toEqual([]);
  });
});

describe('the layer rule', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['src/core/a.ts', `import { readFileSync } from 'node:fs';`],
    ['src/core/a.ts', `import type { Clock } from '../ports/clock.ts';`],
    ['src/core/a.ts', `import pino from 'pino';`],
    ['src/core/a.ts', `import * as Y from 'yjs';`],
    ['src/core/a.ts', `export const load = () => import('fastify');`],
    ['src/core/a.ts', `export const addon = createRequire(import.meta.url)('sodium-native');`],
    ['src/core/a.ts', `export type F = import('fastify').FastifyInstance;`],
    ['src/core/a.ts', `export { x } from '../config/defaults.ts';`],
    ['src/ports/a.ts', `import { limit } from '../core/limits.ts';`],
    ['src/driver/a.ts', `import { createHost } from '../adapters/libp2p/create-host.ts';`],
    ['src/adapters/level/a.ts', `import { guard } from '../http/guard.ts';`],
    ['src/adapters/level/a.ts', `import { config } from '../../config/config.ts';`],
    ['src/config/a.ts', `import type { WeftNode } from '../node/node-types.ts';`],
    ['src/light/index.ts', `import { openStore } from '../adapters/level/store.ts';`],
    ['src/light/browser.ts', `import { createVerifier } from '../adapters/native/verifier.ts';`],
    ['src/light/browser.ts', `import { join } from 'node:path';`],
    ['src/api/a.ts', `import { createNode } from '../node/create-node.ts';`],
    ['src/api/a.ts', `import type { Store } from '../ports/store.ts';`],
    ['src/cli/a.ts', `import { createHost } from '../adapters/libp2p/create-host.ts';`],
    ['src/mcp/a.ts', `import { limit } from '../core/limits.ts';`],
    ['src/facts/a.ts', `import type { Store } from '../ports/store.ts';`],
    ['src/facts/a.ts', `import { request } from 'undici';`],
    ['src/facts/host/a.ts', `import { createStore } from '../../adapters/memory/memory-store.ts';`],
    ['src/facts/fetch/a.ts', `import type { Store } from '../../ports/store.ts';`],
    ['src/facts/a.ts', `import { judge } from '../trust/judge.ts';`],
    ['src/trust/a.ts', `import type { WeftNode } from '../node/node-types.ts';`],
    ['src/node/a.ts', `import { run } from '../cli/main.ts';`],
    ['src/node/a.ts', `import { seeded } from '../../test/helpers/seeded.ts';`],
    ['src/somewhere/a.ts', `import { limit } from '../core/limits.ts';`],
  ];
  it.each(refused)('refuses in %s: %s', (path, text) => {
    expect(layerViolations(fixture(path, text))).toHaveLength(1);
  });

  const allowed: readonly (readonly [string, string])[] = [
    ['src/core/a.ts', `import { sha256 } from '@noble/hashes/sha2.js'; import { x } from './record/x.ts';`],
    ['src/core/record/merge.ts', `import * as Y from 'yjs'; import { digest } from '../hash.ts';`],
    ['src/ports/a.ts', `import type { AgentId } from '../core/identity/agent-id.ts';`],
    ['src/adapters/level/a.ts', `import { ClassicLevel } from 'classic-level'; import { b } from './b.ts';`],
    ['src/api/a.ts', `import type { WeftNode } from '../node/node-types.ts';`],
    [
      'src/facts/host/a.ts',
      `import type { Store } from '../../ports/store.ts'; import { x } from '../x.ts';`,
    ],
    ['src/facts/fetch/a.ts', `import { request } from 'undici'; import { lookup } from 'node:dns';`],
    ['src/index.ts', `export { createNode } from './node/create-node.ts';`],
  ];
  it.each(allowed)('allows in %s: %s', (path, text) => {
    expect(layerViolations(fixture(path, text))).toEqual([]);
  });
});

describe('the other rules', () => {
  it.each([
    'export const a = Date.now();',
    'export const a = new Date(0);',
    'export const a = Math.random();',
    'export async function a() {}',
    'export const a = async () => 1;',
    'export class A { async b() {} }',
    'setTimeout(() => 1, 1);',
    `console.log('x');`,
    'export const a = Promise.resolve(1);',
    'export const a = (globalThis as { fetch: unknown }).fetch;',
    'export const later = { run: setInterval };',
  ])('keep out of the core: %s', (text) => {
    expect(purityViolations(fixture('src/core/a.ts', text)).length).toBeGreaterThan(0);
    expect(purityViolations(fixture('src/node/a.ts', text))).toEqual([]);
  });

  it('let the core speak of time in names, types and comments', () => {
    const text = '/** Date.now */ export interface A { readonly console: Date; setTimeout(): void } // await';
    expect(purityViolations(fixture('src/core/a.ts', text))).toEqual([]);
  });

  it.each([
    'export const a = process.env.HOME;',
    `export const a = process.env['HOME'];`,
    `import { env } from 'node:process';`,
  ])('keep the environment in one file: %s', (text) => {
    expect(environmentViolations(fixture('src/node/a.ts', text))).toHaveLength(1);
    expect(environmentViolations(fixture('src/config/read-env.ts', text))).toEqual([]);
  });

  it('bound the length of files and functions, and say where', () => {
    const body = (lines: number): string => `export function long() {\n${'  // line\n'.repeat(lines - 2)}}\n`;
    expect(lengthViolations(fixture('src/node/a.ts', body(functionLinesMax)))).toEqual([]);
    expect(lengthViolations(fixture('src/node/a.ts', `\n${body(functionLinesMax + 1)}`))).toEqual([
      'src/node/a.ts:2 long has 71 lines, at most 70 are allowed',
    ]);
    expect(lengthViolations(fixture('src/node/a.ts', '// line\n'.repeat(fileLinesMax)))).toEqual([]);
    expect(lengthViolations(fixture('src/node/a.ts', '// line\n'.repeat(fileLinesMax + 1)))).toHaveLength(1);
    const inner = `  function inner() {\n${'    // line\n'.repeat(functionLinesMax - 2)}  }\n`;
    expect(
      lengthViolations(fixture('src/node/a.ts', `export function outer() {\n${inner}${inner}}\n`)),
    ).toEqual([]);
    const method = `export class A {\n  m() {\n${'    // line\n'.repeat(functionLinesMax)}  }\n}\n`;
    expect(lengthViolations(fixture('src/node/a.ts', method))).toHaveLength(1);
  });

  it.each([
    'src/node/utils.ts',
    'src/helpers/a.ts',
    'src/core/common.ts',
    'src/node/createNode.ts',
    'src/node/Peer.ts',
  ])('refuse the name %s', (path) => {
    expect(nameViolations(fixture(path, ''))).toHaveLength(1);
  });

  it.each([
    ['src/node/a.ts', `import { b } from './b.js';`],
    ['src/node/a.ts', `import { b } from './b';`],
    ['src/node/a.ts', `export { b } from './b.ts';`],
    ['src/node/a.ts', `export * from './b.ts'; export const own = 1;`],
    ['src/node/a.ts', 'export default 1;'],
    ['src/core/a.ts', 'export const a = 1;'],
  ])('refuse the form in %s: %s', (path, text) => {
    expect(formViolations(fixture(path, text))).toHaveLength(1);
  });

  it('let a file with something of its own pass a name on, and the entries be barrels', () => {
    expect(
      formViolations(fixture('src/node/a.ts', `export type { B } from './b.ts'; export const own = 1;`)),
    ).toEqual([]);
    expect(formViolations(fixture('src/index.ts', `export { b } from './node/b.ts';`))).toEqual([]);
  });

  it('find an import cycle, types included, and a file that imports itself', () => {
    const cycle = [
      readSourceFile('src/core/a.ts', `import { b } from './x/b.ts';`),
      readSourceFile('src/core/x/b.ts', `import type { C } from '../c.ts';`),
      readSourceFile('src/core/c.ts', `import { a } from './a.ts';`),
    ];
    expect(cycleViolations(cycle)).toEqual([
      'import cycle: src/core/a.ts → src/core/x/b.ts → src/core/c.ts → src/core/a.ts',
    ]);
    expect(cycleViolations(cycle.slice(0, 2))).toEqual([]);
    expect(cycleViolations(fixture('src/core/a.ts', `import { a } from './a.ts';`))).toHaveLength(1);
  });

  it('compare imports with package.json in both directions', () => {
    const files = fixture('src/node/a.ts', `import { x } from '@scope/one/deep.js'; import 'node:fs';`);
    expect(dependencyViolations(files, ['@scope/one'])).toEqual([]);
    expect(dependencyViolations(files, ['@scope/one', 'two'])).toEqual([
      'package.json: nothing in src imports two',
    ]);
    expect(dependencyViolations(files, [])).toHaveLength(1);
  });

  it('do not read a file that does not parse', () => {
    expect(() => fixture('src/node/a.ts', 'export const = ;')).toThrow('src/node/a.ts');
  });
});
