/** Three full nodes with their API, an agent with every pointer that a record can have, and an endpoint that looks at tokens. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startApi } from '../../../src/api/server.ts';
import { formatAgentId } from '../../../src/core/identity/agent-id.ts';
import { verifyEndpointToken } from '../../../src/resolution/adaptive/endpoint-token.ts';
import { sampleFacts } from '../../facts/sample-facts.ts';
import { createLiveNetwork, type LiveNode } from '../../helpers/live-nodes.ts';

export interface PaperScene {
  /** Holds the keys; serves facts, status lists and routes at `base`. */
  readonly host: LiveNode;
  readonly reader: LiveNode;
  readonly base: string;
  readonly agentId: Uint8Array;
  /** As text. */
  readonly id: string;
  /** `urn:agent:…`, of the agent. */
  readonly name: string;
  /** Where the agent's own endpoint listens, in region `eu`: 200 and the client's name for a token that is for it, else 401. */
  readonly endpoint: string;
  /** Another endpoint of the routing, in region `us`; nobody listens there. */
  readonly farEndpoint: string;
  close(): Promise<void>;
}

export async function openPaperScene(): Promise<PaperScene> {
  const network = createLiveNetwork();
  const settings = { 'resolution.allowPrivate': true, 'adaptive.enabled': true };
  const [host, reader] = (await network.startMany(3, { settings })) as [LiveNode, LiveNode, LiveNode];
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token: 'of-the-tests', connectionsMax: 50 };
  const api = await startApi(host.node, { ...options, onDefect, openReads: true });
  const base = api.url;

  const { agents, facts, names, overlayFacts } = host.node;
  const { agentId } = await agents.register({});
  const id = formatAgentId(agentId);
  const endpoints = { static: ['https://static.example/a2a'], rotating: ['https://rotating.example/a2a'] };
  await facts.publishOwn(agentId, sampleFacts(agentId, { endpoints }));
  await overlayFacts.publish(agentId, 'plain');
  await agents.update(agentId, {
    primaryFactsUrl: `${base}/facts/${id}`,
    adaptiveResolverUrl: `${base}/adaptive/${id}`,
  });
  const { agentId: namespace } = await agents.register({});
  await names.publish(namespace, 'shop', { agentId });

  const { server, url: endpoint } = await openEndpoint(id, reader);
  const farEndpoint = 'https://far.example/a2a';
  await host.node.adaptive!.setRouting(agentId, {
    endpoints: [
      { url: endpoint, region: 'eu' },
      { url: farEndpoint, region: 'us' },
    ],
    policies: ['geo'],
  });
  return {
    ...{ host, reader, base, agentId, id, endpoint, farEndpoint },
    name: `urn:agent:${formatAgentId(namespace).slice('nanda:'.length)}:shop`,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await api.stop();
      await network.stop();
    },
  };
}

async function openEndpoint(agent: string, { node }: LiveNode): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    response.setHeader('connection', 'close');
    verifyEndpointToken(token, { audience: url, agent, resolve: node.resolve }).then(
      ({ client }) => response.end(client),
      () => response.writeHead(401).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a2a`;
  return { server, url };
}
