/** AgentFacts over two real nodes: published at one, found through the index and verified at the other, through a life. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import { fetchFacts } from '../../src/facts/fetch/fetch-facts.ts';
import { createLiveNetwork, eventually, type LiveNode } from '../helpers/live-nodes.ts';
import { sampleFacts } from './sample-facts.ts';

const network = createLiveNetwork();
const token = 'the-token-of-the-tests';
const throwing = (code: string) => expect.objectContaining({ name: 'FactsError', code });
let host: LiveNode;
let reader: LiveNode;
let api: ApiServer;
let agentId: Uint8Array;

beforeAll(async () => {
  const nodes = await network.startMany(2);
  [host, reader] = [nodes[0]!, nodes[1]!];
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 10, onDefect };
  api = await startApi(host.node, { ...options, openReads: true });
  ({ agentId } = await host.node.agents.register({}));
}, 60_000);
afterAll(async () => {
  await api.stop();
  await network.stop();
});

const fetched = (fresh = false) =>
  fetchFacts(agentId, {
    resolve: (one) => reader.node.resolve(one, { fresh }),
    check: createNodeCryptoVerifier().verify,
    nowSeconds: Math.floor(Date.now() / 1000),
    allowPrivate: true,
    userAgent: 'weft/test',
  });

describe('facts over the network', { timeout: 60_000 }, () => {
  it('are found by id alone once the record points to them', async () => {
    const url = `${api.url}/facts/${formatAgentId(agentId)}`;
    const answer = await fetch(`${api.url}/v1/agents/${formatAgentId(agentId)}/facts`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(sampleFacts(agentId)),
    });
    expect(answer.status).toBe(200);
    await expect(fetched()).rejects.toThrow(throwing('no-facts-url'));
    await host.node.agents.update(agentId, { primaryFactsUrl: url });
    const found = await fetched(true);
    expect(found).toMatchObject({
      url,
      issuer: { did: formatAgentDid(agentId), kind: 'self' },
      facts: sampleFacts(agentId),
    });
  });

  it('are signed anew by the key of now after a rotation, and the old ones fall', async () => {
    const before = await fetched();
    await host.node.agents.rotate(agentId);
    const after = await fetched(true);
    expect(after.verificationMethod).not.toBe(before.verificationMethod);
    expect(after.facts).toEqual(before.facts);
    await expect(host.node.facts.publish(agentId, before.credential)).rejects.toThrow(
      throwing('key-not-current'),
    );
  });

  it('stand after a restart of the host, and end with the agent everywhere', async () => {
    await api.stop();
    await host.stop();
    await host.start([reader.address]);
    const onDefect = (error: unknown): never => {
      throw error;
    };
    const port = Number(new URL(api.url).port);
    const options = { host: '127.0.0.1', port, remote: false, token, connectionsMax: 10, onDefect };
    api = await startApi(host.node, { ...options, openReads: true });
    expect((await fetched(true)).facts).toEqual(sampleFacts(agentId));
    await host.node.agents.revoke(agentId, 'cessationOfOperation');
    await expect(host.node.facts.read(agentId)).rejects.toThrow(throwing('subject-not-active'));
    await eventually(() => reader.heard(agentId, 'tombstoned'));
    await expect(fetched()).rejects.toThrow(throwing('subject-not-active'));
  });
});
