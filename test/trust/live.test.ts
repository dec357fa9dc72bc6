/** Credentials over real nodes: issued at one, accepted at another, revoked, through a partition and restarts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { createLightNode } from '../../src/light/index.ts';
import { createTrustVerifier } from '../../src/trust/verifier/trust-verifier.ts';
import { sampleFacts } from '../facts/sample-facts.ts';
import { createLiveNetwork, eventually, type LiveNode } from '../helpers/live-nodes.ts';
import { throwing } from './scene.ts';

const network = createLiveNetwork();
const token = 'the-token-of-the-tests';
const settings = { 'resolution.allowPrivate': true };
let nodes: readonly LiveNode[];
let api: ApiServer;
let issuerId: Uint8Array;
let subjectId: Uint8Array;

beforeAll(async () => {
  nodes = await network.startMany(4, { settings });
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 50, onDefect };
  api = await startApi(nodes[0]!.node, { ...options, openReads: true });
  ({ agentId: issuerId } = await nodes[0]!.node.agents.register({}));
  ({ agentId: subjectId } = await nodes[1]!.node.agents.register({}));
}, 60_000);
afterAll(async () => {
  await api.stop();
  await network.stop();
});

async function issued(status: readonly ('revocation' | 'suspension')[] = ['revocation']) {
  const issuer = await nodes[0]!.node.trust.issuer();
  const claims = { result: 'pass' } as JsonObject;
  const wish = {
    types: ['SecurityAuditCredential'],
    subject: formatAgentDid(subjectId),
    claims,
    status,
    validitySeconds: 3600,
  };
  return issuer.issue(issuerId, wish, api.url);
}

describe('credentials over the network', { timeout: 60_000 }, () => {
  it('are accepted where nobody knew the issuer, and dropped by every verifier when it revokes', async () => {
    const one = await issued();
    const light = await createLightNode({ bootstrap: [nodes[1]!.address] });
    await light.start();
    const embedded = await createTrustVerifier({
      network: {
        resolve: (agentId) => light.resolve(agentId),
        watch: (agents, signal) => light.watch(agents, { signal }),
      },
      check: createNodeCryptoVerifier().verify,
      clock: createSystemClock(),
      fetch: async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer()),
    });
    const full = await Promise.all([1, 2, 3].map((index) => nodes[index]!.node.trust.verifier()));
    const verifiers = [...full, embedded];
    for (const verifier of verifiers) await verifier.accept(one.document);
    const heard = verifiers.map(
      (verifier) =>
        new Promise<string>((resolve) => {
          const end = verifier.onDropped(({ digest, why }) => {
            if (digest !== one.digest) return;
            end();
            resolve(why);
          });
        }),
    );
    const issuer = await nodes[0]!.node.trust.issuer();
    expect(await issuer.revoke(issuerId, [one.serial], 'keyCompromise')).toMatchObject({
      pushed: 'credential',
    });
    expect(await Promise.all(heard)).toEqual(['revoked', 'revoked', 'revoked', 'revoked']);
    for (const verifier of verifiers)
      await expect(verifier.accept(one.document)).rejects.toThrow(throwing('revoked'));
    embedded.stop();
    await light.stop();
  });

  it('that were revoked during a partition are refused after it, and after a restart', async () => {
    const one = await issued([]);
    const far = nodes[3]!;
    await (await far.node.trust.verifier()).accept(one.document);
    network.cut([nodes.slice(0, 3), [far]]);
    await (await nodes[0]!.node.trust.issuer()).revoke(issuerId, [one.serial], 'unspecified');
    network.heal();
    await eventually(async () => {
      const outcome = await (await far.node.trust.verifier()).accept(one.document).then(
        () => 'taken',
        (error: { code?: string }) => error.code,
      );
      return outcome === 'revoked';
    });
    await far.stop();
    // Alone, with nobody to ask: it remembers.
    await far.start([]);
    await expect((await far.node.trust.verifier()).accept(one.document)).rejects.toThrow(throwing('revoked'));
    await far.stop();
    await far.start([nodes[0]!.address]);
  });

  it('open another view of facts to who holds one, and to nobody else', async () => {
    const { node } = nodes[0]!;
    const partners = sampleFacts(issuerId, { label: 'For partners' });
    const policy = {
      ...{ version: 1, zone: 'partners', roots: [{ issuer: formatAgentDid(issuerId) }] },
      rules: [{ id: 'partner', credential: 'PartnerCredential' }],
    };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const id = formatAgentId(issuerId);
    const put = await fetch(`${api.url}/v1/agents/${id}/views/partners`, {
      method: 'PUT',
      headers,
      body: JSON.stringify({ facts: partners, policy }),
    });
    expect(put.status).toBe(200);
    const { url } = (await put.json()) as { url: string };
    const read = (body: object) =>
      fetch(`${api.url}${url}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await read({})).status).toBe(422);
    expect(await (await node.trust.views()).list(issuerId)).toHaveLength(1);
  });
});
