/** What a record, a name or a host can try against whoever resolves: requests into the own network, floods of bytes, detours. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createEndpointResolver } from '../../src/resolution/endpoint-resolver.ts';
import { traceOf } from '../../src/resolution/resolution-error.ts';
import { createResolutionPorts } from '../../src/resolution/resolution-ports.ts';
import { bornAgent, updated } from '../helpers/test-agent.ts';
import { createWorld, idOf } from './world.ts';

/** Counts whoever gets through to it. */
let server: Server;
let hits: string[];
let base: string;

beforeAll(async () => {
  hits = [];
  server = createServer((request, response) => {
    hits.push(request.url!);
    if (request.url!.startsWith('/away')) response.writeHead(302, { location: `${base}/inside` }).end();
    else if (request.url!.startsWith('/flood'))
      response.writeHead(200, { 'content-type': 'application/jwt' }).end('x'.repeat(200_000));
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A resolver with the real guard, over an index that shows this agent. */
function over(pointers: { readonly primary?: string; readonly adaptive?: string }, allowPrivate: boolean) {
  const world = createWorld();
  const born = bornAgent('attacker', world.seconds() - 60, { primary: pointers.primary ?? `${base}/facts` });
  const agent =
    pointers.adaptive === undefined ? born : updated(born, { adaptive: pointers.adaptive }, world.seconds());
  world.show(agent.state);
  const resolver = createEndpointResolver(
    createResolutionPorts({
      resolve: world.ports.resolve,
      check: createNodeCryptoVerifier().verify,
      nowMs: () => world.nowMs,
      allowPrivate,
      userAgent: 'weft/test',
      resolveName: async () => ({
        agentId: agent.agentId,
        from: 'zone',
        verifiedBy: 'dns',
        holdsUntilMs: world.nowMs + 60_000,
        cached: false,
        registry: `${base}/registry`,
      }),
    }),
  );
  return { resolver, id: idOf(agent) };
}

describe('a record that points into the own network', () => {
  it.each([
    ['facts', 'direct' as const],
    ['resolver', 'adaptive' as const],
  ])('by its %s is refused before anybody is asked', async (_what, path) => {
    const adaptive = path === 'adaptive';
    hits.length = 0;
    const pointers = adaptive ? { adaptive: `${base}/adaptive` } : {};
    const { resolver, id } = over(pointers, false);
    const error = await resolver.resolve(id, { path }).catch((reason: unknown) => reason);
    expect(hits).toEqual([]);
    const codes = traceOf(error).map(({ code }) => code);
    expect(codes).toContain(adaptive ? 'bad-route' : 'unsafe-address');
  });

  it('by a name is refused too: the registry of a stranger is none of the node’s own', async () => {
    hits.length = 0;
    const { resolver } = over({}, false);
    const error = await resolver.resolve('urn:agent:evil.example:x').catch((reason: unknown) => reason);
    expect(hits).toEqual([]);
    expect(traceOf(error)[1]).toMatchObject({ step: 'record', outcome: 'refused', code: 'unsafe-address' });
  });
});

describe('a resolver on the way', () => {
  it('may not answer without end', async () => {
    hits.length = 0;
    const { resolver, id } = over({ adaptive: `${base}/flood` }, true);
    const error = await resolver.resolve(id, { path: 'adaptive' }).catch((reason: unknown) => reason);
    expect(traceOf(error)[1]).toMatchObject({ step: 'resolver', outcome: 'refused', code: 'bad-route' });
    expect(hits[0]).toMatch(/^\/flood\?client=weft-[0-9a-f]{16}&nonce=[\w-]{22}$/);
  });

  it('leads by a redirect to what is judged as an answer of it', async () => {
    hits.length = 0;
    const { resolver, id } = over({ adaptive: `${base}/away` }, true);
    const error = await resolver.resolve(id, { path: 'adaptive' }).catch((reason: unknown) => reason);
    expect(hits[1]).toBe('/inside');
    expect(traceOf(error)[1]).toMatchObject({ step: 'resolver', outcome: 'refused', code: 'bad-route' });
  });
});
