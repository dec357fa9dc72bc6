/**
 * Every route of the OpenAPI document over a live node, with generated input: never a 500, never a hang, never a path or
 * a stack, and no key of the keystore in any answer, log line or metric.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import type { Log } from '../../src/ports/log.ts';
import { createLiveNetwork, type LiveNode } from '../helpers/live-nodes.ts';
import { type ApiDocument, type ApiOperation, type JsonSchema, operationsOf } from './api-document.ts';

const network = createLiveNetwork();
const token = 'the-token-of-the-tests';
const headers = { host: 'localhost', authorization: `Bearer ${token}` };
const runs = 40;
/** Everything that came out, for the search for keys. */
const told: string[] = [];
const defects: string[] = [];
let live: LiveNode;
let api: ReturnType<typeof createApi>;
let document: ApiDocument;
let id: string;

function createTellingLog(): Log {
  const tell = (data: object, message: string): void => {
    told.push(
      `${message} ${JSON.stringify(data, (_key, value) => (value instanceof Error ? value.stack : value))}`,
    );
  };
  const log: Log = { trace: tell, debug: tell, info: tell, warn: tell, error: tell, child: () => log };
  return log;
}

beforeAll(async () => {
  live = await network.start('fuzzed', { replace: { log: createTellingLog() } });
  const onDefect = (error: unknown, route: string): number =>
    defects.push(`${route}: ${(error as Error).stack}`);
  const options = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 10, onDefect };
  api = createApi(live.node, options);
  document = (await api.inject({ url: '/openapi.json', headers })).json<ApiDocument>();
  const made = await send('POST', '/v1/agents', { primaryFactsUrl: 'https://agents.example/facts' });
  id = made.json<{ agentId: string }>().agentId;
}, 30_000);
afterAll(async () => {
  await api.close();
  await network.stop();
});

async function send(
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  payload?: object | string | Buffer,
  more: Record<string, string> = {},
) {
  const given = payload === undefined ? {} : { payload };
  const answer = await api.inject({ method, url, headers: { ...headers, ...more }, ...given });
  // Byte by byte, so that an archive or a bundle is searched, too.
  told.push(answer.rawPayload.toString('latin1'), JSON.stringify(answer.headers));
  return answer;
}

const hostileTexts = [
  '',
  '__proto__',
  'constructor',
  '../../../etc/passwd',
  '%00',
  '\u0000',
  '..%2f..%2f',
  "' OR 1=1 --",
  '{{7*7}}',
  '\ud800',
  'ﷺ'.repeat(50),
  '9'.repeat(400),
  '-1',
  '1e309',
  'nanda:'.padEnd(58, 'a'),
];

/** A value that the schema may or may not admit: most of the time nearly one. */
function valueFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  const wrong = fc.oneof(
    fc.constantFrom<unknown>(null, true, -1, 1e300, ...hostileTexts),
    fc.jsonValue({ maxDepth: 3 }),
  );
  return fc.oneof({ weight: 4, arbitrary: fitting(schema) }, { weight: 1, arbitrary: wrong });
}

function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { type, pattern, minimum = 0, maximum = 1e6, properties, items } = schema;
  const values = schema['enum'] as unknown[] | undefined;
  const anyOf = schema['anyOf'] as JsonSchema[] | undefined;
  if (values !== undefined) return fc.constantFrom(...values);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(valueFor));
  if (type === 'object') {
    const required = (schema['required'] ?? []) as string[];
    const fields = Object.entries((properties ?? {}) as Record<string, JsonSchema>).map(
      ([name, property]) => [name, valueFor(property)],
    );
    return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
      requiredKeys: required,
    });
  }
  if (type === 'array') return fc.array(valueFor(items as JsonSchema), { maxLength: 6 });
  if (type === 'integer' || type === 'number')
    return fc.integer({ min: Number(minimum), max: Math.min(Number(maximum), 1e9) });
  if (type === 'boolean') return fc.boolean();
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern));
  return fc.oneof(
    fc.constantFrom('https://a.example/x', 'http://127.0.0.1:1/x', 'ftp://x', ...hostileTexts),
    fc.string({ maxLength: 90 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
}

function requestFor({ path, operation }: { path: string; operation: ApiOperation }) {
  const { parameters = [], requestBody } = operation;
  const paths = fc.tuple(
    ...parameters
      .filter((one) => one.in === 'path')
      .map(({ name }) =>
        fc.tuple(
          fc.constant(name),
          fc.oneof(
            { weight: 3, arbitrary: fc.constantFrom(id, `did:${id}`) },
            {
              weight: 2,
              arbitrary: fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'binary' })),
            },
          ),
        ),
      ),
  );
  const queries = fc.record(
    Object.fromEntries(
      parameters.filter((one) => one.in === 'query').map(({ name, schema }) => [name, valueFor(schema)]),
    ),
    { requiredKeys: [] },
  );
  const [media] = Object.keys(requestBody?.content ?? {});
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const body =
    schema === undefined || media === 'application/cbor'
      ? fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined })
      : fc.option(valueFor(schema), { nil: undefined, freq: 12 });
  return fc.record({ paths, queries, body }).map((drawn) => ({
    url: urlOf(path, drawn.paths, drawn.queries),
    media: media ?? 'application/cbor',
    body: drawn.body instanceof Uint8Array ? Buffer.from(drawn.body) : drawn.body,
  }));
}

function urlOf(path: string, paths: readonly [string, string][], queries: Record<string, unknown>): string {
  const filled = paths.reduce(
    (url, [name, value]) => url.replace(`{${name}}`, () => encodeURIComponent(value.toWellFormed())),
    path,
  );
  const query = new URLSearchParams(
    Object.entries(queries).map(([name, value]) => [name, textOf(value).toWellFormed()]),
  );
  return query.size === 0 ? filled : `${filled}?${query}`;
}

/** Of objects too, whose prototype may be none. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** What must not stand in an answer: frames of a stack, folders of the machine. */
const leaks = [/\n\s+at /, /\bat \S+ \(/, /node_modules/, /file:\/\//, /\/src\//, new RegExp(process.cwd())];

describe('every route of the document', () => {
  it('answers generated input with less than 500, in time, and shows nothing of the machine', {
    timeout: 120_000,
  }, async () => {
    const operations = operationsOf(document).filter(({ path }) => path !== '/v1/changes');
    expect(operations.length).toBeGreaterThan(20);
    for (const target of operations) {
      await fc.assert(
        fc.asyncProperty(requestFor(target), async ({ url, media, body }) => {
          const payload = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body);
          const began = performance.now();
          // The end of the only agent would end the test of the others.
          const isEnd = target.path.endsWith('/revoke') && decodeURIComponent(url).includes(id);
          const answer = await send(
            target.method,
            isEnd ? url.replace(/agents\/[^/]+/, `agents/${'a'.repeat(52)}`) : url,
            target.method === 'GET' ? undefined : payload,
            payload === undefined ? {} : { 'content-type': media },
          );
          expect(performance.now() - began, url).toBeLessThan(5000);
          expect(
            answer.statusCode === 503 || answer.statusCode === 504 || answer.statusCode < 500,
            answer.body,
          ).toBe(true);
          for (const leak of leaks) expect(answer.body).not.toMatch(leak);
          if (answer.statusCode >= 400 && !url.startsWith('/1.0/'))
            expect(answer.json()).toMatchObject({ status: answer.statusCode, code: expect.any(String) });
        }),
        { numRuns: runs },
      );
    }
    expect(defects).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('refuses JSON that reaches for prototypes, at any depth', async () => {
    for (const text of [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"primaryFactsUrl":{"__proto__":{"polluted":1}}}',
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    ]) {
      const answer = await send('POST', '/v1/agents', text, { 'content-type': 'application/json' });
      expect(answer.statusCode).toBe(400);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    '/docs/../v1/agents',
    '/docs/%2e%2e/v1/agents',
    '/docs%2f..%2fv1/agents',
    '//v1/agents',
    '/v1//agents',
    '/v1/agents/',
    '/V1/AGENTS',
    '/v1/agents;x=1',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/v1/agents%00',
    '/v1/agents#',
    '/docs?x=/v1/agents',
  ])('shows custody to nobody without the token, however the path is spelt: %s', async (url) => {
    const answer = await api.inject({ url, headers: { host: 'localhost' } });
    expect(answer.body).not.toContain(id);
    expect(answer.statusCode).toBeLessThan(500);
  });
});

/** Every form in which 32 bytes might have slipped out. */
function formsOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  return [
    bytesToHex(secret),
    bytesToHex(secret).toUpperCase(),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('latin1'),
    [...secret].join(','),
  ];
}

describe('the keys in custody', () => {
  it('stand in no answer, no stream, no log line and no metric, those of before included', async () => {
    const secrets = new Map<string, Uint8Array>();
    const collect = async (): Promise<void> => {
      for (const { agentId } of await live.keys.list()) {
        for (const secret of Object.values(await live.keys.read(agentId))) {
          if (secret !== undefined) secrets.set(bytesToHex(secret), secret);
        }
      }
    };
    await api.listen({ host: '127.0.0.1', port: 0 });
    const { port } = api.server.address() as { port: number };
    const abort = new AbortController();
    const stream = await fetch(`http://127.0.0.1:${port}/v1/changes`, {
      headers: { authorization: headers.authorization, accept: 'text/event-stream' },
      signal: abort.signal,
    });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    await collect();
    for (const path of ['rotate', 'delegate-key', 'refence', 'recover', 'rotate']) {
      const answer = await send('POST', `/v1/agents/${id}/${path}`, path === 'delegate-key' ? undefined : {});
      expect(answer.statusCode, path).toBe(200);
      await collect();
    }
    const streamed: string[] = [];
    while (streamed.join('').split('event: change\n').length < 5) streamed.push((await reader.read()).value!);
    abort.abort();
    told.push(streamed.join(''));
    for (const { path, method } of operationsOf(document)) {
      if (method !== 'GET' || path === '/v1/changes') continue;
      await send(
        'GET',
        path.replace(/\{(\w+)\}/, (_, name) => (name === 'did' ? `did:${id}` : id)),
      );
    }
    for (const path of ['/docs', '/openapi.json', '/', '/metrics']) await send('GET', path);
    const text = told.join('\n');
    expect(text).toContain(id);
    expect(text).toContain('weft_agents');
    expect(secrets.size).toBeGreaterThan(6);
    for (const secret of secrets.values())
      for (const form of formsOf(secret)) expect(text.includes(form)).toBe(false);
    expect(text.includes(token)).toBe(false);
  });
});
