/** Over real nodes, sockets and processes' worth of APIs: each path, the trace, and a resolver that dies in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { multikeyOf } from '../../src/facts/multikey.ts';
import { createLightNode } from '../../src/light/index.ts';
import { verifyEndpointToken } from '../../src/resolution/adaptive/endpoint-token.ts';
import { signLoadReport } from '../../src/resolution/adaptive/load-report.ts';
import { createEndpointResolver } from '../../src/resolution/endpoint-resolver.ts';
import { createResolutionPorts } from '../../src/resolution/resolution-ports.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import { createLiveNetwork, eventually, type LiveNode } from '../helpers/live-nodes.ts';
import { testSigner } from '../helpers/test-agent.ts';

const network = createLiveNetwork();
const token = 'the-token-of-the-tests';
const apis: ApiServer[] = [];
let nodes: readonly LiveNode[];
let host: LiveNode;
let reader: LiveNode;
let hostApi: ApiServer;
let resolverApi: ApiServer;
let agentId: Uint8Array;
let id: string;

const first = 'https://one.example/a2a';
const second = 'https://two.example/a2a';

async function openApi(node: LiveNode, port = 0): Promise<ApiServer> {
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port, remote: false, token, connectionsMax: 50, onDefect };
  const api = await startApi(node.node, { ...options, openReads: true });
  apis.push(api);
  return api;
}

async function call(url: string, method: string, body: object): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    connection: 'close',
  };
  return fetch(url, { method, headers, body: JSON.stringify(body) });
}

beforeAll(async () => {
  const settings = { 'resolution.allowPrivate': true, 'adaptive.enabled': true };
  nodes = await network.startMany(4, { settings });
  [host, reader] = [nodes[0]!, nodes[1]!];
  hostApi = await openApi(host);
  // The resolver has a server of its own, so that it can die alone.
  resolverApi = await openApi(host);
  ({ agentId } = await host.node.agents.register({}));
  id = formatAgentId(agentId);
  const endpoints = { static: ['https://static.example/a2a'], rotating: ['https://rotating.example/a2a'] };
  await host.node.facts.publishOwn(agentId, sampleFacts(agentId, { endpoints }));
  await host.node.agents.update(agentId, {
    primaryFactsUrl: `${hostApi.url}/facts/${id}`,
    adaptiveResolverUrl: `${resolverApi.url}/adaptive/${id}`,
  });
  const key = multikeyOf(testSigner('live endpoint').publicKey);
  const answer = await call(`${hostApi.url}/v1/agents/${id}/routing`, 'PUT', {
    endpoints: [
      { url: first, region: 'eu', key },
      { url: second, region: 'us' },
    ],
    policies: ['geo', 'load'],
  });
  expect(answer.status).toBe(200);
}, 60_000);
afterAll(async () => {
  await Promise.all(apis.map((api) => api.stop()));
  await network.stop();
});

describe('endpoints over the network', { timeout: 60_000 }, () => {
  it('are found by id through the overlay, the facts and their host', async () => {
    const answer = await reader.node.endpoints.resolve(id);
    expect(answer.endpoints.map(({ url, class: kind }) => [kind, url])).toEqual([
      ['rotating', 'https://rotating.example/a2a'],
      ['static', 'https://static.example/a2a'],
    ]);
    expect(answer.trace.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
      'record ok',
      'facts ok',
      'endpoint ok',
    ]);
  });

  it('are found by a name in a namespace, which stands above all that follows', async () => {
    const { agentId: namespace } = await host.node.agents.register({});
    await host.node.names.publish(namespace, 'shop', { agentId });
    const name = `urn:agent:${formatAgentId(namespace).slice('nanda:'.length)}:shop`;
    const answer = await reader.node.endpoints.resolve(name);
    expect(answer).toMatchObject({ name, agentId, path: 'direct' });
    const [nameStep] = answer.trace;
    expect(nameStep).toMatchObject({ step: 'name', outcome: 'ok', asked: name, verifiedBy: 'self' });
    for (const { expiresAtMs } of answer.endpoints)
      expect(expiresAtMs).toBeLessThanOrEqual(nameStep!.holdsUntilMs!);
    await expect(reader.node.endpoints.resolve(`${name}s`)).rejects.toMatchObject({ code: 'no-such-name' });
  });

  it('are found in private where the facts are kept in the overlay', async () => {
    await host.node.overlayFacts.publish(agentId, 'plain');
    const answer = await reader.node.endpoints.resolve(id, { path: 'private', maxStalenessSeconds: 0 });
    expect(answer.path).toBe('private');
    expect(answer.trace[1]).toMatchObject({ from: 'content of the overlay, by a relay' });
  });

  it('are given by the agent’s resolver, with tokens that the endpoint takes from this client alone', async () => {
    const answer = await reader.node.endpoints.resolve(id, {
      path: 'adaptive',
      region: 'us',
      client: 'reader',
    });
    const [best] = answer.endpoints;
    expect(best).toMatchObject({ url: second, class: 'adaptive', region: 'us' });
    const { resolve } = reader.node;
    const held = await verifyEndpointToken(best!.token!, { audience: second, agent: id, resolve });
    expect(held).toMatchObject({ client: 'reader', region: 'us' });
    await expect(verifyEndpointToken(best!.token!, { audience: first, resolve })).rejects.toMatchObject({
      code: 'wrong-audience',
    });
  });

  it('report their load to the resolver, and are asked last when they are busy', async () => {
    const report = (load: number, ago = 0) =>
      signLoadReport(
        { agentId, url: first, load, issuedAt: Math.floor(Date.now() / 1000) - ago },
        testSigner('live endpoint'),
      );
    const url = `${resolverApi.url}/adaptive/${id}/load`;
    expect(await (await call(url, 'POST', { report: report(0.9) })).json()).toEqual({ accepted: true });
    expect(await (await call(url, 'POST', { report: report(0.1, 20) })).json()).toEqual({ accepted: false });
    for (const client of ['one', 'two', 'three']) {
      const { endpoints } = await reader.node.endpoints.resolve(id, { path: 'adaptive', client });
      expect(endpoints.map(({ url: place }) => place)).toEqual([second, first]);
    }
  });

  it('are found by a light node in a program of one’s own, and end with what it hears', async () => {
    const light = await createLightNode({ bootstrap: [host.address] });
    await light.start();
    try {
      const resolver = createEndpointResolver(
        createResolutionPorts({
          resolve: (one, options) => light.resolve(one, options),
          allowPrivate: true,
          userAgent: 'weft/test',
        }),
      );
      light.events.on('rotated', (change) => resolver.changed(change.agentId, true));
      const { endpoints } = await resolver.resolve(id, { path: 'adaptive', region: 'eu' });
      expect(endpoints[0]).toMatchObject({ url: first, class: 'adaptive' });
      expect(resolver.kept.agents).toBe(1);
      await host.node.agents.rotate(agentId);
      // By gossip or by a push, and at the latest when it asks.
      await light.resolve(agentId, { fresh: true });
      await eventually(() => resolver.kept.agents === 0);
      // Facts and routes are signed by the new key from then on.
      expect((await resolver.resolve(id)).endpoints).toHaveLength(2);
      expect((await resolver.resolve(id, { path: 'adaptive' })).endpoints[0]!.class).toBe('adaptive');
    } finally {
      await light.stop();
    }
  });

  it('come from the facts when the resolver dies in the middle, and again from it when it is back', async () => {
    const ask = (client: string) => reader.node.endpoints.resolve(id, { path: 'adaptive', client });
    expect((await ask('before')).endpoints[0]!.class).toBe('adaptive');
    const { port } = resolverApi;
    await resolverApi.stop();
    expect((await ask('before')).endpoints[0]!.class).toBe('adaptive');
    const without = await ask('meanwhile');
    expect(without.endpoints.map((one) => one.class)).toEqual(['rotating', 'static']);
    expect(without.trace.find(({ step }) => step === 'resolver')).toMatchObject({
      outcome: 'failed',
      code: 'resolver-unreachable',
    });
    resolverApi = await openApi(host, port);
    expect((await ask('after')).endpoints[0]!.class).toBe('adaptive');
  });

  it('end with the agent, on every path, in the tick in which that is heard', async () => {
    await host.node.agents.revoke(agentId, 'cessationOfOperation');
    await eventually(() => reader.heard(agentId, 'tombstoned'));
    for (const path of ['direct', 'private', 'adaptive'] as const)
      await expect(reader.node.endpoints.resolve(id, { path, client: 'before' })).rejects.toMatchObject({
        code: 'not-usable',
      });
  });
});
