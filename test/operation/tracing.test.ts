/** Traces: what a collector receives of real requests, whose trace they continue, and that nothing is loaded when off. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOtlpTracing } from '../../src/adapters/tracing/otlp-tracing.ts';
import { parseTraceparent } from '../../src/adapters/tracing/trace-context.ts';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { type Observer, openObserver } from '../../src/node/observed-node.ts';
import type { Log } from '../../src/ports/log.ts';
import { createTestDaemons } from '../helpers/daemons.ts';
import { createLiveNetwork, eventually, type LiveNetwork, type LiveNode } from '../helpers/live-nodes.ts';
import { type Collector, startCollector } from './collector.ts';
import { parseScrape } from './scrape.ts';

const lines: string[] = [];
const log: Log = {
  trace() {},
  debug() {},
  info: (_data, message) => void lines.push(`info ${message}`),
  warn: (_data, message) => void lines.push(`warn ${message}`),
  error: (_data, message) => void lines.push(`error ${message}`),
  child: () => log,
};
const token = 'a token of the tests';
const headers = { authorization: `Bearer ${token}` };
const json = { ...headers, 'content-type': 'application/json' };
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('the header traceparent', () => {
  it('names the caller’s span', () => {
    const caller = { traceId, spanId, isRemote: true };
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toMatchObject({ ...caller, traceFlags: 1 });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)).toMatchObject({ ...caller, traceFlags: 0 });
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-comes-later`)).toMatchObject(caller);
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`, 'a=1,b=2')!.traceState!.get('b')).toBe('2');
  });

  it.each([
    ['nothing', undefined],
    ['another text', 'x'],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['more than version 00 has', `00-${traceId}-${spanId}-01-more`],
    ['a short trace', `00-${traceId.slice(1)}-${spanId}-01`],
    ['spaces', ` 00-${traceId}-${spanId}-01`],
  ])('is ignored when it is %s', (_, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });
});

describe('the traces of a live node', () => {
  let collector: Collector;
  let network: LiveNetwork;
  let observer: Observer;
  let home: LiveNode;
  let other: LiveNode;
  let api: ApiServer;

  beforeAll(async () => {
    collector = await startCollector();
    const flags = {
      dataDirectory: join(tmpdir(), 'weft-nowhere'),
      'log.eventsBytesMax': 0,
      'tracing.enabled': true,
      'tracing.endpoint': collector.endpoint,
      'tracing.serviceName': 'weft-of-the-tests',
    };
    observer = await openObserver(loadConfig({ flags }), log);
    network = createLiveNetwork();
    const { tracing } = observer;
    home = await network.start('home', { replace: { tracing: tracing! } });
    other = await network.start('other', { bootstrap: [home.address] });
    await eventually(() => home.host.network().fullPeers === 1 && other.host.network().fullPeers === 1);
    const options = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 16, openReads: true, token };
    const onDefect = (error: unknown): void => expect.unreachable(`${error}`);
    api = await startApi(observer.observe(home.node), { ...options, tracing: tracing!, onDefect });
  });

  afterAll(async () => {
    await api?.stop();
    await network?.stop();
    await observer?.close();
    await collector?.close();
  });

  async function spansOf(name: string, count = 1) {
    const found = () => collector.spans.filter((span) => span.name === name);
    await eventually(() => found().length >= count, { what: () => `${count} spans ${name}` });
    return found();
  }

  it('have a span for the request, and the resolve within it', async () => {
    const { agentId } = await other.node.agents.register({ primaryFactsUrl: 'https://facts.example/a' });
    const id = formatAgentId(agentId);
    expect((await fetch(`${api.url}/v1/agents/${id}?fresh=true`)).status).toBe(200);
    const [request] = await spansOf('GET /v1/agents/:id');
    const [resolve] = await spansOf('resolve');
    expect(request).toMatchObject({
      kind: 2,
      parentSpanId: '',
      failure: null,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/v1/agents/:id',
        'http.response.status_code': 200,
      },
      service: { 'service.name': 'weft-of-the-tests', 'process.pid': process.pid },
    });
    expect(resolve).toMatchObject({
      traceId: request!.traceId,
      parentSpanId: request!.spanId,
      attributes: { 'weft.agent': id, 'weft.status': 'ok', 'weft.cached': false },
    });
    expect(resolve!.durationMs).toBeGreaterThan(0);
    expect(resolve!.durationMs).toBeLessThanOrEqual(request!.durationMs);
  });

  it('continue the caller’s trace, through a body and the custody of an agent', async () => {
    const traceparent = `00-${traceId}-${spanId}-01`;
    const body = JSON.stringify({ primaryFactsUrl: 'https://facts.example/b' });
    const answer = await fetch(`${api.url}/v1/agents`, {
      method: 'POST',
      headers: { ...json, traceparent },
      body,
    });
    expect(answer.status).toBe(201);
    const [request] = await spansOf('POST /v1/agents');
    const [register] = await spansOf('register');
    const [publish] = await spansOf('publish');
    expect(request).toMatchObject({ traceId, parentSpanId: spanId });
    expect(register).toMatchObject({ traceId, parentSpanId: request!.spanId });
    expect(publish).toMatchObject({ traceId, parentSpanId: register!.spanId });
    expect(publish!.attributes).toMatchObject({ 'weft.status': 'stored' });
    expect(register!.attributes['weft.agent']).toBe(((await answer.json()) as { agentId: string }).agentId);
  });

  it('are not recorded where the caller does not want it, or where nobody asked', async () => {
    await fetch(`${api.url}/v1/status`, { headers: { traceparent: `00-${traceId}-${spanId}-00` } });
    await fetch(`${api.url}/healthz`);
    await fetch(`${api.url}/v1/peers`);
    await spansOf('GET /v1/peers');
    const names = collector.spans.map(({ name }) => name);
    expect(names).not.toContain('GET /v1/status');
    expect(names).not.toContain('GET /healthz');
  });

  it('say that a request failed, and nothing of what its caller sent', async () => {
    const secret = 'something that only the caller knows';
    const answer = await fetch(`${api.url}/nowhere/${encodeURIComponent(secret)}?q=${secret}`, { headers });
    expect(answer.status).toBe(404);
    const [request] = await spansOf('GET');
    expect(request!.attributes).toMatchObject({ 'http.route': 'none', 'http.response.status_code': 404 });
    expect(request!.failure).toBeNull();
    const all = collector.bodies.join('\n');
    expect(all).not.toContain('only');
    expect(all).not.toContain(token);
  });

  it('are counted, lost where the collector does not take them, and taken again afterwards', async () => {
    const spans = async (kind: string): Promise<number> => {
      const { samples } = parseScrape(await (await fetch(`${api.url}/metrics`)).text());
      return samples.get(`weft_spans_total{kind="${kind}"}`) ?? 0;
    };
    const exported = await spans('exported');
    expect(exported).toBeGreaterThan(0);
    collector.answerWith(400);
    await fetch(`${api.url}/v1/store`);
    await eventually(async () => (await spans('lost')) > 0);
    expect(lines).toContain('warn spans cannot be exported; they are dropped');
    collector.answerWith(200);
    await fetch(`${api.url}/v1/keyspace`);
    await spansOf('GET /v1/keyspace');
    await eventually(async () => (await spans('exported')) > exported);
    expect(lines).toContain('info spans are exported again');
  });
});

describe('the settings', () => {
  it.each([
    ['localhost:4318', /tracing\.endpoint/],
    ['http://localhost:4318', /v1\/traces/],
    ['ftp://collector/v1/traces', /tracing\.endpoint/],
  ])('refuse %s as the place of a collector', (endpoint, message) => {
    expect(() => loadConfig({ flags: { 'tracing.endpoint': endpoint } })).toThrow(message);
  });
});

describe('an exporter without a collector', () => {
  it('drops what is too much, keeps the work going, and closes', async () => {
    const counts = { exported: 0, lost: 0 };
    const tracing = createOtlpTracing({
      endpoint: 'http://127.0.0.1:9/v1/traces',
      samplePercent: 100,
      serviceName: 'x',
      serviceVersion: '0',
      counted: (kind, spans) => {
        counts[kind] += spans;
      },
      log,
      batchMs: 60_000,
    });
    for (let index = 0; index < 3000; index++) {
      expect(await tracing.within('work', {}, async () => index)).toBe(index);
    }
    await expect(
      tracing.within('work', {}, async () => {
        throw new Error('as it was');
      }),
    ).rejects.toThrow('as it was');
    await tracing.close();
    expect(counts.exported).toBe(0);
    expect(counts.lost).toBeGreaterThan(3000 - 2048);
  });
});

describe('a daemon', () => {
  const daemons = createTestDaemons();
  const folder = mkdtempSync(join(tmpdir(), 'weft-tracing-'));
  afterEach(() => {
    delete process.env['NODE_OPTIONS'];
  });
  afterAll(async () => {
    await daemons.close();
    rmSync(folder, { recursive: true });
  });

  /** Names of modules that the next processes load go to a file. */
  function watchModules(): () => string {
    const listing = join(folder, `${readdirSync(folder).length}.txt`);
    const hook = join(folder, `${readdirSync(folder).length}.mjs`);
    writeFileSync(
      hook,
      `import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(${JSON.stringify(listing)}, url + '\\n');
    return next(url, context);
  },
});
`,
    );
    process.env['NODE_OPTIONS'] = `--import=${hook}`;
    return () => readFileSync(listing, 'utf8');
  }

  it.each([
    ['loads no tracing when it is off', []],
    [
      'loads it when tracing is on',
      ['tracing.enabled=true', 'tracing.endpoint=http://127.0.0.1:9/v1/traces'],
    ],
  ])('%s', { timeout: 180_000 }, async (name, settings) => {
    const loaded = watchModules();
    const daemon = daemons.create(settings.length === 0 ? 'off' : 'on', { settings });
    await daemon.start();
    await daemon.stop();
    const modules = loaded();
    expect(modules, name).toContain('/src/node/create-node.ts');
    // prom-client loads the package of types and no-ops, @opentelemetry/api, in any case.
    expect(/@opentelemetry\/(?!api\/)|src\/adapters\/tracing/.test(modules)).toBe(settings.length > 0);
  });
});
