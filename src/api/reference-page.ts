/** The reference of the API as one page of HTML: no script, nothing from elsewhere, its style allowed by its hash. */
import { createHash } from 'node:crypto';

/** A JSON Schema, as far as the page shows one. */
interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly $ref?: string;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<
    Record<string, { readonly description?: string; readonly content?: Content }>
  >;
}

/** An OpenAPI document, as far as the page shows one. */
export interface ApiDescription {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const style = `
:root { color-scheme: light dark; --line: #8884; --quiet: #777; --accent: #0b6e99; }
@media (prefers-color-scheme: dark) { :root { --accent: #6cc6ee; --quiet: #999; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 58rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
section { margin: 2rem 0; } h3 { margin: 0; font: 600 1rem ui-monospace, monospace; }
h3 b { color: var(--accent); display: inline-block; min-width: 4.5rem; }
p { margin: .4rem 0; } .quiet { color: var(--quiet); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-top: 1px solid var(--line); }
code, pre { font: .85rem ui-monospace, monospace; }
pre { overflow: auto; padding: .8rem; border: 1px solid var(--line); border-radius: 6px; }
nav a { margin-right: 1rem; } a { color: var(--accent); }
summary { cursor: pointer; margin-top: .4rem; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** What the page may do: nothing but its own style. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
};

/** The page. */
export function renderReference({ info, tags = [], paths }: ApiDescription): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const used = tags.filter(({ name }) => operations.some(({ operation }) => operation.tags?.includes(name)));
  const chapters = used.map(({ name, description = '' }) => {
    const own = operations.filter(({ operation }) => operation.tags?.includes(name));
    const entries = own.map(({ path, method, operation }) => renderOperation(path, method, operation));
    return `<h2 id="${escaped(name)}">${escaped(name)}</h2><p>${prose(description)}</p>${entries.join('')}`;
  });
  const links = used.map(({ name }) => `<a href="#${escaped(name)}">${escaped(name)}</a>`).join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(info.title)} API</title><style>${style}</style></head><body><h1>${escaped(info.title)} API</h1><p class="quiet">version ${escaped(info.version)}, <a href="/openapi.json">openapi.json</a></p><p>${prose(info.description ?? '')}</p><nav>${links}</nav>${chapters.join('')}</body></html>\n`;
}

function renderOperation(path: string, method: string, operation: Operation): string {
  const {
    summary = '',
    description = '',
    security = [],
    parameters = [],
    requestBody,
    responses,
  } = operation;
  const access = security.length === 0 || Object.keys(security[0]!).length > 0 ? 'needs the token' : '';
  const both = security.length > 1 ? 'open, or needs the token where api.reads says so' : access;
  const body = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema = {} }]) => `<p class="quiet">body: ${escaped(type)}</p>${renderProperties(schema)}`,
  );
  return [
    `<section id="${escaped(operation.operationId ?? '')}"><h3><b>${method.toUpperCase()}</b> ${escaped(path)}</h3>`,
    `<p>${prose(summary)}${summary === '' ? '' : '.'} ${prose(description)}</p>`,
    both === '' ? '' : `<p class="quiet">${both}</p>`,
    renderParameters(parameters),
    ...body,
    ...Object.entries(responses ?? {})
      .filter(([status]) => status !== 'default')
      .map(([status, { content = {} }]) => renderAnswer(status, content)),
    '</section>',
  ].join('');
}

function renderParameters(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    ({ name, in: place, required, schema = {}, description = schema.description ?? '' }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${place}${required ? '' : ', optional'}</td><td>${kindOf(schema)}</td><td>${prose(description)}</td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}

function renderProperties({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(
    ([name, schema]) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${required.includes(name) ? '' : 'optional'}</td><td>${kindOf(schema)}</td><td>${prose(schema.description ?? '')}</td></tr>`,
  );
  return rows.length === 0 ? '' : `<table>${rows.join('')}</table>`;
}

function renderAnswer(status: string, content: Content): string {
  const parts = Object.entries(content).map(
    ([type, { schema = {} }]) =>
      `<details><summary>${escaped(status)} <code>${escaped(type)}</code></summary><pre>${escaped(outline(schema, ''))}</pre></details>`,
  );
  return parts.join('');
}

/** A schema as an indented outline. */
function outline(schema: Schema, indent: string): string {
  const alternatives = schema.anyOf?.filter(({ type }) => type !== 'null');
  if (alternatives !== undefined) {
    const orNull = alternatives.length < (schema.anyOf?.length ?? 0) ? ' or null' : '';
    return `${alternatives.map((one) => outline(one, indent)).join(' or ')}${orNull}`;
  }
  if (schema.items !== undefined) return `[${outline(schema.items, indent)}, …]`;
  if (schema.properties === undefined) return plainKind(schema);
  const inner = `${indent}  `;
  const lines = Object.entries(schema.properties).map(
    ([name, property]) => `${inner}${name}: ${outline(property, inner)}`,
  );
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function plainKind({ type, enum: values, format, $ref }: Schema): string {
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  return $ref?.split('/').at(-1) ?? format ?? type ?? 'anything';
}

function kindOf(schema: Schema): string {
  const { minimum, maximum, pattern, maxLength } = schema;
  const range = minimum === undefined ? '' : ` ${minimum}..${maximum ?? ''}`;
  const shape = pattern === undefined ? '' : ` ${pattern}`;
  const length = maxLength === undefined ? '' : ` up to ${maxLength} characters`;
  return `<code>${escaped(outline(schema, '') + range + shape + length)}</code>`;
}

/** Text with its code in code. */
function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => names[character]!);
}
