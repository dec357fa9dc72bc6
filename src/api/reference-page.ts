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
:root { color-scheme: light dark; --back: #fdfdfb; --card: #fff; --text: #1d2226; --quiet: #656d76; --line: #dfe2e0;
  --code: #f2f3f0; --accent: #0a6f8f; --get: #0a6f8f; --post: #2e7d32; --patch: #9a6200; --lock: #9a3412; }
@media (prefers-color-scheme: dark) { :root { --back: #121517; --card: #191d20; --text: #e3e6e8; --quiet: #98a2ab;
  --line: #2c3338; --code: #22282c; --accent: #62c4e3; --get: #62c4e3; --post: #7ccf80; --patch: #e6b450; --lock: #f0a080; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.55 system-ui, sans-serif; display: grid;
  grid-template-columns: 19rem minmax(0, 1fr); }
nav { position: sticky; top: 0; align-self: start; height: 100vh; overflow: auto; padding: 1.6rem 1rem 2rem 1.4rem;
  border-right: 1px solid var(--line); font-size: .82rem; }
nav strong { display: block; margin: 1.2rem 0 .3rem; text-transform: capitalize; }
nav a { display: flex; gap: .5rem; padding: .16rem 0; color: inherit; text-decoration: none; }
nav a span:last-child { overflow-wrap: anywhere; }
nav a:hover span:last-child, nav a:focus-visible span:last-child { text-decoration: underline; }
nav code { background: none; padding: 0; }
main { max-width: 60rem; padding: 2rem 2.4rem 6rem; }
h1 { margin: 0; font-size: 1.9rem; } h2 { margin: 3rem 0 .2rem; text-transform: capitalize; font-size: 1.35rem; }
section { margin: 1.2rem 0; padding: 1rem 1.2rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
section:target { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
h3 { margin: 0; font: 600 1rem/1.4 ui-monospace, monospace; display: flex; flex-wrap: wrap; gap: .7rem; align-items: baseline; }
h3 a { color: inherit; text-decoration: none; overflow-wrap: anywhere; } h3 a:hover { text-decoration: underline; }
h4 { margin: 1rem 0 .2rem; font-size: .78rem; color: var(--quiet); text-transform: uppercase; letter-spacing: .05em; }
.method { font: 700 .72rem/1.6 ui-monospace, monospace; min-width: 3.2rem; }
.get { color: var(--get); } .post { color: var(--post); } .patch, .put { color: var(--patch); } .delete { color: var(--lock); }
.access { margin-left: auto; font: .75rem/1.6 system-ui, sans-serif; color: var(--quiet); }
.access.token { color: var(--lock); }
p { margin: .4rem 0; max-width: 46rem; } .quiet { color: var(--quiet); }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
td { text-align: left; vertical-align: top; padding: .35rem 1rem .35rem 0; border-top: 1px solid var(--line); }
tr:first-child td { border-top: 0; } td:first-child { width: 13rem; } td small { display: block; color: var(--quiet); }
code, pre { font: .84rem/1.5 ui-monospace, monospace; }
code { background: var(--code); border-radius: 4px; padding: .08rem .25rem; overflow-wrap: anywhere; } pre code { padding: 0; }
pre { margin: .3rem 0; overflow: auto; padding: .7rem .9rem; background: var(--code); border-radius: 6px; max-height: 26rem; }
pre.call { white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: var(--accent); }
summary { cursor: pointer; padding: .15rem 0; }
@media (max-width: 60rem) { body { display: block; } main { padding: 1.2rem 1rem 4rem; }
  nav { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line); padding: 1rem; } td:first-child { width: auto; } }
@media print { nav { display: none; } body { display: block; } section { break-inside: avoid; } }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** What the page may do: nothing but its own style. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
};

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

interface Chapter {
  readonly name: string;
  readonly description: string;
  readonly entries: readonly Entry[];
}

/** The page. */
export function renderReference({ info, tags = [], paths }: ApiDescription): string {
  const chapters = chaptersOf(tags, paths);
  const title = `${escaped(info.title)} API`;
  const intro = [
    `<h1>${title}</h1><p class="quiet">version ${escaped(info.version)} · <a href="/openapi.json">openapi.json</a></p>`,
    `<p>${prose(info.description ?? '')}</p>`,
    '<p>In the examples <code>$WEFT</code> is where the API listens, such as <code>http://127.0.0.1:4800</code>, and <code>$TOKEN</code> the content of <code>api.token</code> in the data folder of the node.</p>',
  ].join('');
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${title}</title><style>${style}</style></head><body>`,
    `<nav aria-label="Routes">${chapters.map(renderLinks).join('')}</nav>`,
    `<main>${intro}${chapters.map(renderChapter).join('')}</main></body></html>\n`,
  ].join('');
}

/** In the order of the tags; one that nobody described comes after those. */
function chaptersOf(tags: NonNullable<ApiDescription['tags']>, paths: ApiDescription['paths']): Chapter[] {
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const names = entries.map(({ operation }) => operation.tags?.[0] ?? 'other');
  const described = new Map(tags.map(({ name, description = '' }) => [name, description]));
  return [...new Set([...described.keys(), ...names])]
    .map((name) => ({
      name,
      description: described.get(name) ?? '',
      entries: entries.filter((_, index) => names[index] === name).sort(byPath),
    }))
    .filter((chapter) => chapter.entries.length > 0);
}

function byPath(left: Entry, right: Entry): number {
  const order = left.path.localeCompare(right.path);
  return order !== 0 ? order : left.method.localeCompare(right.method);
}

function renderLinks({ name, entries }: Chapter): string {
  const links = entries.map(
    ({ path, method, operation }) =>
      `<a href="#${escaped(operation.operationId ?? '')}">${renderMethod(method)}<span>${escaped(path)}</span></a>`,
  );
  return `<strong>${escaped(name)}</strong>${links.join('')}`;
}

function renderChapter({ name, description, entries }: Chapter): string {
  const head = `<h2>${escaped(name)}</h2><p class="quiet">${prose(description)}</p>`;
  return head + entries.map(renderOperation).join('');
}

function renderMethod(method: string): string {
  return `<span class="method ${escaped(method)}">${escaped(method.toUpperCase())}</span>`;
}

function renderOperation(entry: Entry): string {
  const { path, method, operation } = entry;
  const { summary = '', description = '', parameters = [], requestBody, responses } = operation;
  const id = escaped(operation.operationId ?? '');
  const bodies = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema = {} }]) => `<h4>Body, ${escaped(type)}</h4>${renderProperties(schema)}`,
  );
  const answers = Object.entries(responses ?? {})
    .filter(([status]) => status !== 'default')
    .map(([status, { content = {} }]) => renderAnswer(status, content));
  return [
    `<section id="${id}"><h3>${renderMethod(method)}<a href="#${id}">${escaped(path)}</a>${renderAccess(operation)}</h3>`,
    `<p>${prose(summary)}${summary === '' ? '' : '.'} ${prose(description)}</p>`,
    renderParameters(parameters),
    ...bodies,
    `<h4>Example</h4><pre class="call"><code>${escaped(exampleOf(entry))}</code></pre>`,
    '<h4>Answers</h4>',
    ...answers,
    '</section>',
  ].join('');
}

function renderAccess({ security = [] }: Operation): string {
  const isOpen = security.some((one) => Object.keys(one).length === 0);
  if (!isOpen) return '<span class="access token">needs the token</span>';
  return `<span class="access">${security.length > 1 ? 'open, or the token where <code>api.reads</code> says so' : 'open'}</span>`;
}

/** A call of it with curl. */
function exampleOf({ path, method, operation }: Entry): string {
  const { security = [], parameters = [], requestBody, responses = {} } = operation;
  const needsToken = security.every((one) => Object.keys(one).length > 0);
  const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const answers = Object.values(responses).flatMap(({ content = {} }) => Object.keys(content));
  const query = parameters.filter((one) => one.in === 'query' && one.required);
  const search = query.map(({ name }) => `${name}=…`).join('&');
  const filled = path.replace('{id}', '$AGENT').replace('{did}', 'did:$AGENT');
  return [
    'curl',
    ...(method === 'get' ? [] : [`-X ${method.toUpperCase()}`]),
    ...(needsToken ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(answers.includes('text/event-stream') ? ["-N -H 'Accept: text/event-stream'"] : []),
    ...(type === 'application/json' ? [`--json '${JSON.stringify(sampleOf(body?.schema ?? {}))}'`] : []),
    ...(type === 'application/cbor'
      ? ["-H 'Content-Type: application/cbor' --data-binary @bundle.cbor"]
      : []),
    `"$WEFT${filled}${search === '' ? '' : `?${search}`}"`,
  ].join(' ');
}

/** A value that the schema admits, as far as one can be made up: what is required, or else the first property. */
function sampleOf(schema: Schema): unknown {
  const { type, properties, required = [], items, enum: values, anyOf, pattern, minimum = 0 } = schema;
  if (values !== undefined) return values[0];
  if (anyOf !== undefined) return sampleOf(anyOf[0]!);
  if (type === 'object') {
    const names = required.length > 0 ? required : Object.keys(properties ?? {}).slice(0, 1);
    return Object.fromEntries(names.map((name) => [name, sampleOf(properties?.[name] ?? {})]));
  }
  if (type === 'array') return items === undefined ? [] : [sampleOf(items)];
  if (type === 'integer' || type === 'number') return minimum;
  if (type === 'boolean') return true;
  return pattern === undefined && schema.description === undefined ? 'https://…' : '…';
}

function renderParameters(parameters: readonly Parameter[]): string {
  const rows = parameters.map(
    ({ name, in: place, required, schema = {}, description = schema.description ?? '' }) =>
      renderRow(name, `${place}${required ? '' : ', optional'}`, schema, description),
  );
  return renderRows('Parameters', rows);
}

function renderProperties({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, schema]) =>
    renderRow(name, required.includes(name) ? '' : 'optional', schema, schema.description ?? ''),
  );
  return renderRows('', rows);
}

function renderRow(name: string, note: string, schema: Schema, description: string): string {
  const text = description === '' ? '' : `<br>${prose(description)}`;
  const kind = kindOf({ ...schema, ...(description !== '' && { description }) });
  return `<tr><td><code>${escaped(name)}</code><small>${note}</small></td><td>${kind}${text}</td></tr>`;
}

function renderRows(title: string, rows: readonly string[]): string {
  if (rows.length === 0) return '';
  const head = title === '' ? '' : `<h4>${title}</h4>`;
  return `${head}<div class="table"><table>${rows.join('')}</table></div>`;
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

/** A pattern says little to a person where there are words. */
function kindOf(schema: Schema): string {
  const { minimum, maximum, pattern, maxLength, description } = schema;
  const range = minimum === undefined ? '' : ` ${minimum} to ${maximum ?? '…'}`;
  const shape = pattern === undefined || description !== undefined ? '' : ` ${pattern}`;
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
