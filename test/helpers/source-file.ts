/**
 * What the tidy rules need to know of one TypeScript file, read from its syntax tree (the oxc parser inside vite):
 * imports, functions with their length, and the globals and constructs that it uses.
 */
import { parseSync } from 'vite';

export interface SourceImport {
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** `import`, `export` (a re-export), `dynamic`, or `require` (of a CommonJS package). */
  readonly form: 'import' | 'export' | 'dynamic' | 'require';
  readonly names: readonly string[];
  readonly line: number;
}

export interface SourceFunction {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** A construct that a rule may forbid, such as `Date.now`, `new Date`, `async`, `await`, `setTimeout`. */
export interface SourceUse {
  readonly what: string;
  readonly line: number;
}

export interface SourceFile {
  /** Relative to the root of the project, with forward slashes: `src/core/limits.ts`. */
  readonly path: string;
  readonly lines: number;
  readonly startsWithHeader: boolean;
  readonly imports: readonly SourceImport[];
  readonly functions: readonly SourceFunction[];
  readonly uses: readonly SourceUse[];
  readonly hasDefaultExport: boolean;
  /** Nothing of its own: every statement passes another file's names on. */
  readonly isBarrel: boolean;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Reads one file. @throws Error when it does not parse. */
export function readSourceFile(path: string, source: string): SourceFile {
  const { program, errors } = parseSync(path, source, {
    lang: path.endsWith('.tsx') ? 'tsx' : 'ts',
    sourceType: 'module',
  });
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const lineStarts = [0];
  for (let index = 0; index < source.length; index++) if (source[index] === '\n') lineStarts.push(index + 1);
  const lineOf = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1;
  const found = { imports: [] as SourceImport[], functions: [] as SourceFunction[], uses: [] as SourceUse[] };
  walk(program as unknown as Node, null, (node, parent) => {
    const line = lineOf(node.start);
    const imported = importOf(node, line);
    if (imported !== null) found.imports.push(imported);
    if (functionTypes.has(node.type)) {
      const lines = lineOf(node.end) - line + 1 - declaredLines(node, lineOf);
      found.functions.push({ name: functionName(node, parent), line, lines });
    }
    for (const what of usesOf(node, parent)) found.uses.push({ what, line });
  });
  return {
    path,
    lines: lineStarts.length - (source.endsWith('\n') ? 1 : 0),
    startsWithHeader: source.startsWith('/**'),
    hasDefaultExport: /^export default /m.test(source),
    isBarrel: isBarrel(program as unknown as Node),
    ...found,
  };
}

/**
 * Lines of the functions declared directly in a function's body: they are read, and counted, by themselves. A factory
 * over shared state is a module in its own right, as a class would be.
 */
function declaredLines(node: Node, lineOf: (offset: number) => number): number {
  const body = isNode(node['body']) ? node['body'] : null;
  const statements = body?.type === 'BlockStatement' ? (body['body'] as readonly Node[]) : [];
  return statements
    .filter((statement) => statement.type === 'FunctionDeclaration')
    .reduce((sum, statement) => sum + lineOf(statement.end) - lineOf(statement.start) + 1, 0);
}

function isBarrel(program: Node): boolean {
  const statements = program['body'] as readonly Node[];
  const passesOn = (node: Node): boolean => node.type.startsWith('Export') && isNode(node['source']);
  return (
    statements.some((node) => node.type === 'ExportAllDeclaration') ||
    (statements.length > 0 && statements.every(passesOn))
  );
}

function walk(node: Node, parent: Node | null, visit: (node: Node, parent: Node | null) => void): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, node, visit);
    } else if (isNode(value)) walk(value, node, visit);
  }
}

function importOf(node: Node, line: number): SourceImport | null {
  const required = requiredBy(node);
  if (required !== null) return { specifier: required, typeOnly: false, form: 'require', names: [], line };
  const source = isNode(node['source']) ? text(node['source']['value']) : '';
  if (source === '') return null;
  const specifiers = (Array.isArray(node['specifiers']) ? node['specifiers'] : []) as Node[];
  const names = specifiers.map((item) => nameOf(item['imported'] ?? item['local']));
  const inlineTypes =
    specifiers.length > 0 &&
    specifiers.every((item) => (item['importKind'] ?? item['exportKind']) === 'type');
  const typeOnly = inlineTypes || node['importKind'] === 'type' || node['exportKind'] === 'type';
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: source, typeOnly, form: 'import', names, line };
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return { specifier: source, typeOnly, form: 'export', names, line };
    case 'ImportExpression':
      return { specifier: source, typeOnly: false, form: 'dynamic', names, line };
    case 'TSImportType':
      return { specifier: source, typeOnly: true, form: 'import', names, line };
    default:
      return null;
  }
}

/** `x` of `require('x')` and of `createRequire(import.meta.url)('x')`. */
function requiredBy(node: Node): string | null {
  if (node.type !== 'CallExpression' || !isNode(node['callee'])) return null;
  const { callee } = node as unknown as { callee: Node };
  const requires = nameOf(callee) === 'require' || nameOf(callee['callee']) === 'createRequire';
  const [first] = node['arguments'] as readonly unknown[];
  return requires && isNode(first) && typeof first['value'] === 'string' ? first['value'] : null;
}

function nameOf(value: unknown): string {
  return isNode(value) ? text(value['name'] ?? value['value']) : '';
}

function functionName(node: Node, parent: Node | null): string {
  return nameOf(node['id']) || nameOf(parent?.['id']) || nameOf(parent?.['key']) || 'anonymous function';
}

/** Identifiers that name something else than a variable: `x.console`, `{ console: 1 }`, a method called `setTimeout`. */
function isVariable(node: Node, parent: Node | null): boolean {
  if (parent === null) return true;
  const plainKey = parent['computed'] !== true && parent['shorthand'] !== true;
  if (parent.type === 'MemberExpression') return parent['property'] !== node || parent['computed'] === true;
  if (parent['key'] === node) return !plainKey;
  return (
    !parent.type.startsWith('TS') || parent.type === 'TSAsExpression' || parent.type === 'TSNonNullExpression'
  );
}

function usesOf(node: Node, parent: Node | null): readonly string[] {
  if (functionTypes.has(node.type)) return node['async'] === true ? ['async'] : [];
  switch (node.type) {
    case 'AwaitExpression':
      return ['await'];
    case 'ForOfStatement':
      return node['await'] === true ? ['await'] : [];
    case 'NewExpression':
      return [`new ${nameOf(node['callee'])}`];
    case 'MemberExpression':
      return [`${nameOf(node['object'])}.${nameOf(node['property'])}`];
    case 'Identifier':
      return isVariable(node, parent) ? [nameOf(node)] : [];
    default:
      return [];
  }
}
