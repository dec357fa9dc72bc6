/** The targets of the api suite are those of the issue, each is fed by one of its sections, and its generator is paced. */
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parseOptions } from '../../benchmarks/lib/options.ts';
import { sendPaced } from '../../benchmarks/lib/paced-requests.ts';
import { evaluateTargets } from '../../benchmarks/lib/targets.ts';
import { apiSuite } from '../../benchmarks/suites/api.ts';

const just: Readonly<Record<string, number>> = {
  'resolve/p99Ms': 4.9,
  'streams/maxMs': 299,
  'dashboard/loadMs': 999,
  'dashboard/kilobytesGzipped': 99,
  'soak/megabytesPerMinute': 0.9,
};

describe('the targets of the api suite', () => {
  it('are met by an API that is just good enough, and by none that was not measured', () => {
    expect(evaluateTargets(apiSuite.targets, just).filter(({ ok }) => !ok)).toEqual([]);
    expect(evaluateTargets(apiSuite.targets, {}).filter(({ ok }) => ok)).toEqual([]);
  });

  it.each(Object.keys(just))('stand on %s', (path) => {
    const worse = { ...just, [path]: just[path]! * 1.2 };
    expect(evaluateTargets(apiSuite.targets, worse).filter(({ ok }) => !ok)).toHaveLength(1);
  });

  it('are fed by the sections that the suite has', () => {
    const sections = new Set(apiSuite.sections.map(({ name }) => name));
    expect(Object.keys(just).filter((path) => !sections.has(path.split('/')[0]!))).toEqual([]);
  });
});

describe('the length of a soak', () => {
  it('is read from the command line', () => {
    const soakOf = (text: string) => parseOptions(['api', '--soak', text], [apiSuite], 1).soakSeconds;
    expect(soakOf('10m')).toBe(600);
    expect(soakOf('90s')).toBe(90);
    expect(parseOptions(['api'], [apiSuite], 1).soakSeconds).toBeNull();
    expect(() => soakOf('soon')).toThrow(/such as 10m/);
  });
});

describe('requests at a constant rate', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function serve(answer: (count: number) => { readonly status: number; readonly waitMs: number }) {
    let count = 0;
    server = createServer((_request, response) => {
      const { status, waitMs } = answer(count++);
      setTimeout(() => response.writeHead(status, { 'content-length': 3 }).end('abc'), waitMs);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  const plan = { host: '127.0.0.1', paths: ['/a', '/b'], seconds: 1 };

  it('are all sent, and what is not a 200 has failed', async () => {
    const port = await serve((count) => ({ status: count % 10 === 0 ? 503 : 200, waitMs: 0 }));
    const { latenciesMs, failed } = await sendPaced({
      ...plan,
      port,
      requestsPerSecond: 200,
      connections: 8,
    });
    expect(latenciesMs.length).toBe(180);
    expect(failed).toBe(20);
    expect(latenciesMs.every((latencyMs) => latencyMs > 0)).toBe(true);
  });

  it('are charged for the time that they stand in line', async () => {
    // One connection, and a server that stands still once for half a second: a tenth of all requests waited for it.
    const port = await serve((count) => ({ status: 200, waitMs: count === 10 ? 500 : 0 }));
    const { latenciesMs } = await sendPaced({ ...plan, port, requestsPerSecond: 100, connections: 1 });
    expect(latenciesMs.length).toBe(100);
    expect([...latenciesMs].filter((latencyMs) => latencyMs > 100).length).toBeGreaterThan(30);
  });
});
