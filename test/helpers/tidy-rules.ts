/**
 * The rules of docs/architecture.md that a machine keeps. Each takes files and answers with violations as sentences
 * that begin with the place, so that an empty list means tidy.
 */
import { posix } from 'node:path';
import type { SourceFile, SourceImport } from './source-file.ts';

export const fileLinesMax = 400;
export const functionLinesMax = 70;

/** What one layer may import. Names of packages: exact, or a scope that ends in `/`; `node:` stands for every builtin. */
interface Layer {
  /** Folders and files of this layer, without `src/`; the longest match wins. */
  readonly at: string;
  /** Other layers, as prefixes of paths without `src/`. Its own folder is always allowed. */
  readonly layers: readonly string[];
  /** Layers of which only types may be taken. */
  readonly typesOf?: readonly string[];
  readonly packages: readonly string[] | 'any';
}

const corePackages = ['@noble/', 'cborg', 'canonicalize', 'multiformats'];
const lightLayers = [
  'core',
  'ports',
  'driver',
  'custody',
  'private',
  'names',
  'adapters/libp2p',
  'adapters/memory',
  'adapters/indexeddb',
  'adapters/system',
];

/** The table of docs/architecture.md, §2. */
export const layers: readonly Layer[] = [
  { at: 'core', layers: [], packages: corePackages },
  { at: 'core/record/merge', layers: ['core'], packages: [...corePackages, 'yjs'] },
  { at: 'ports', layers: [], typesOf: ['core'], packages: [] },
  { at: 'driver', layers: ['core', 'ports'], packages: [] },
  { at: 'custody', layers: ['core', 'ports', 'driver'], packages: [] },
  { at: 'private', layers: ['core', 'ports', 'driver', 'custody'], packages: ['@noble/', 'multiformats'] },
  { at: 'adapters', layers: ['core', 'ports'], packages: 'any' },
  { at: 'config', layers: ['core'], packages: 'any' },
  { at: 'archive', layers: ['core'], packages: ['node:crypto'] },
  { at: 'audit', layers: ['core'], packages: ['multiformats'] },
  { at: 'audit/log', layers: ['audit', 'core', 'ports'], packages: [] },
  { at: 'audit/exchange', layers: ['audit', 'core', 'ports'], packages: [] },
  {
    at: 'facts',
    layers: ['core'],
    packages: ['ajv', 'canonicalize', 'minisearch', 'multiformats', 'typebox'],
  },
  { at: 'facts/host', layers: ['facts', 'core', 'ports'], packages: [] },
  {
    at: 'trust',
    layers: ['facts', 'core', 'ports'],
    packages: ['ajv', 'multiformats', 'typebox', 'node:zlib'],
  },
  {
    at: 'resolution',
    layers: ['core', 'facts', 'ports', 'trust'],
    packages: ['ajv', 'multiformats', 'typebox'],
  },
  { at: 'query', layers: ['core', 'facts', 'trust'], packages: [] },
  {
    at: 'facts/fetch',
    layers: ['facts', 'core'],
    packages: ['undici', 'multiformats', 'node:dns', 'node:net'],
  },
  {
    at: 'names',
    layers: ['core', 'facts'],
    packages: ['dns-packet', 'undici', 'node:crypto', 'node:dns', 'node:net', 'node:tls', 'node:url'],
  },
  {
    at: 'node',
    layers: [
      'core',
      'ports',
      'driver',
      'custody',
      'adapters',
      'config',
      'archive',
      'facts',
      'names',
      'trust',
      'private',
      'resolution',
      'audit',
      'query',
    ],
    packages: 'any',
  },
  { at: 'light', layers: [...lightLayers, 'adapters/native'], packages: 'any' },
  {
    at: 'light/browser',
    layers: ['light', ...lightLayers],
    packages: ['libp2p', '@libp2p/', '@multiformats/', '@noble/'],
  },
  {
    at: 'api',
    layers: ['core', 'config', 'archive', 'facts', 'names', 'trust', 'resolution', 'audit', 'query'],
    typesOf: ['node'],
    packages: 'any',
  },
  {
    at: 'cli',
    layers: [
      'node',
      'api',
      'config',
      'core',
      'mcp',
      'archive',
      'facts',
      'names',
      'trust',
      'resolution',
      'audit',
      'query',
    ],
    packages: 'any',
  },
  { at: 'mcp', layers: [], packages: 'any' },
  { at: 'did', layers: [], packages: [] },
  {
    at: 'index',
    layers: ['core', 'ports', 'config', 'node', 'light', 'names', 'trust', 'resolution', 'query'],
    packages: [],
  },
];

/** Constructs that make a decision depend on something else than its arguments, or that only compute in the future. */
const bannedInCore = new Set([
  'Date.now',
  'new Date',
  'Math.random',
  'async',
  'await',
  'Promise',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'console',
  'process',
  'crypto',
  'fetch',
  'Buffer',
]);

const entries = new Set([
  'src/index.ts',
  'src/core/index.ts',
  'src/light/index.ts',
  'src/light/browser.ts',
  'src/resolution/index.ts',
  'src/trust/index.ts',
]);
const vagueNames = /^(utils?|helpers?|common|misc|shared)$/;

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`) || path === `${prefix}.ts`;
}

function layerOf(inside: string): Layer | undefined {
  const fitting = layers.filter((layer) => isUnder(inside, layer.at));
  return fitting.sort((left, right) => right.at.length - left.at.length)[0];
}

/** `@scope/name/deep` → `@scope/name`, `name/deep` → `name`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('/');
}

function targetOf(path: string, imported: SourceImport): string {
  return posix.join(posix.dirname(path), imported.specifier);
}

/** The own folder of a file: one adapter is one outside thing, so `adapters/level` is not `adapters/http`. */
function ownFolder(inside: string, layer: Layer): string {
  return layer.at === 'adapters' ? inside.split('/').slice(0, 2).join('/') : layer.at;
}

function mayImport(file: SourceFile, imported: SourceImport): boolean {
  const inside = file.path.replace(/^src\//, '');
  const layer = layerOf(inside);
  if (layer === undefined) return false;
  if (!isRelative(imported.specifier)) {
    if (layer.packages === 'any') return true;
    const name = packageOf(imported.specifier);
    return layer.packages.some((allowed) =>
      allowed.endsWith('/') ? name.startsWith(allowed) : name === allowed,
    );
  }
  const target = targetOf(file.path, imported);
  if (!target.startsWith('src/')) return false;
  const targetInside = target.replace(/^src\//, '');
  const allowed = [
    ownFolder(inside, layer),
    ...layer.layers,
    ...(imported.typeOnly ? (layer.typesOf ?? []) : []),
  ];
  return allowed.some((prefix) => isUnder(targetInside, prefix));
}

/** The layer table: relative imports and packages. */
export function layerViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((imported) => !mayImport(file, imported))
      .map((imported) => `${file.path}:${imported.line} may not import ${imported.specifier}`),
  );
}

/** What the dashboard is made of; it knows a node by its HTTP API alone. */
const dashboardPackages = new Set(['preact', '@preact/signals', 'uplot']);

/** The dashboard takes nothing of src, and no other package. */
export function dashboardViolations(files: readonly SourceFile[]): string[] {
  const isAllowed = (file: SourceFile, imported: SourceImport): boolean =>
    isRelative(imported.specifier)
      ? targetOf(file.path, imported).startsWith('dashboard/src/')
      : dashboardPackages.has(packageOf(imported.specifier));
  return files.flatMap((file) =>
    file.imports
      .filter((imported) => !isAllowed(file, imported))
      .map((imported) => `${file.path}:${imported.line} may not import ${imported.specifier}`),
  );
}

/** Time, randomness, timers, promises, console and process stay out of the core. */
export function purityViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => file.path.startsWith('src/core/'))
    .flatMap((file) =>
      file.uses
        .filter(
          (use) =>
            bannedInCore.has(use.what) || (use.what === 'globalThis' && file.path !== 'src/core/bytes.ts'),
        )
        .map((use) => `${file.path}:${use.line} uses ${use.what} in the core`),
    );
}

/** Only config/read-env reads the environment. */
export function environmentViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => file.path.startsWith('src/') && file.path !== 'src/config/read-env.ts')
    .flatMap((file) => [
      ...file.uses
        .filter((use) => use.what === 'process.env')
        .map((use) => `${file.path}:${use.line} reads process.env`),
      ...file.imports
        .filter((imported) => imported.specifier.endsWith('process') && imported.names.includes('env'))
        .map((imported) => `${file.path}:${imported.line} imports env`),
    ]);
}

/** Files and functions short enough to read at once. */
export function lengthViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [
    ...(file.lines > fileLinesMax
      ? [`${file.path} has ${file.lines} lines, at most ${fileLinesMax} are allowed`]
      : []),
    ...file.functions
      .filter((item) => item.lines > functionLinesMax)
      .map(
        (item) =>
          `${file.path}:${item.line} ${item.name} has ${item.lines} lines, at most ${functionLinesMax} are allowed`,
      ),
  ]);
}

/** Kebab-case nouns, none of the names that say nothing. */
export function nameViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.path
      .replace(/\.d\.ts$|\.tsx?$/, '')
      .split('/')
      .filter((part) => vagueNames.test(part) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part))
      .map((part) => `${file.path}: the name "${part}" is not a kebab-case noun that says what is inside`),
  );
}

/** Relative imports name the file, with .ts; named exports only; no barrels but the entries; a header on each core file. */
export function formViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [
    ...file.imports
      .filter((imported) => isRelative(imported.specifier) && !/\.(tsx?|json)$/.test(imported.specifier))
      .map((imported) => `${file.path}:${imported.line} imports ${imported.specifier} without .ts`),
    ...(file.isBarrel && !entries.has(file.path) ? [`${file.path} is a barrel; only the entries are`] : []),
    ...(file.hasDefaultExport ? [`${file.path} has a default export`] : []),
    ...(file.path.startsWith('src/core/') && !file.startsWithHeader
      ? [`${file.path} has no header comment`]
      : []),
  ]);
}

/** Import cycles, types included: each one once, as the path that closes. */
export function cycleViolations(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter((imported) => isRelative(imported.specifier))
        .map((imported) => targetOf(file.path, imported)),
    ]),
  );
  const finished = new Set<string>();
  const violations: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (finished.has(path)) return;
    const at = trail.indexOf(path);
    if (at >= 0) {
      violations.push(`import cycle: ${[...trail.slice(at), path].join(' → ')}`);
      return;
    }
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return violations;
}

/** Every package imported by src is a declared dependency, and every declared one is imported. */
export function dependencyViolations(
  files: readonly SourceFile[],
  dependencies: readonly string[],
): string[] {
  const imported = new Map<string, string>();
  for (const file of files) {
    for (const item of file.imports) {
      if (isRelative(item.specifier) || item.specifier.startsWith('node:')) continue;
      imported.set(packageOf(item.specifier), `${file.path}:${item.line}`);
    }
  }
  return [
    ...[...imported]
      .filter(([name]) => !dependencies.includes(name))
      .map(([name, place]) => `${place} imports ${name}, which package.json does not list as a dependency`),
    ...dependencies
      .filter((name) => !imported.has(name))
      .map((name) => `package.json: nothing in src imports ${name}`),
  ];
}
