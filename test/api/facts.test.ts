/** AgentFacts over HTTP: who may publish, what is refused, how they are served and cached. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { verifyFacts } from '../../src/facts/verify-facts.ts';
import { contextOf, sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf } from '../helpers/test-agent.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';
import { endedState } from './sample-states.ts';

const token = 't';
const headers = { host: 'localhost:4800' };
const authorised = { ...headers, authorization: `Bearer ${token}` };
const now = Math.floor(Date.now() / 1000);
let node: RecordedNode;
let api: ReturnType<typeof createApi>;
let agentId: Uint8Array;
let id: string;
const opened: ReturnType<typeof createApi>[] = [];

beforeEach(() => {
  node = createRecordedNode();
  ({ agentId } = node.resolution);
  id = formatAgentId(agentId);
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token, connectionsMax: 1, onDefect };
  api = createApi(node, { ...options, openReads: true });
  opened.push(api);
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
});

const credential = (more: { readonly at?: number; readonly validitySeconds?: number } = {}): JsonObject =>
  signedFacts({ agentId, signer: createSigner(new Uint8Array(32).fill(1)), at: now, ...more });

function put(payload: object | string, query = '', more: object = authorised) {
  const type = { 'content-type': 'application/json' };
  return api.inject({
    method: 'PUT',
    url: `/v1/agents/${id}/facts${query}`,
    headers: { ...type, ...more },
    payload,
  });
}

describe('PUT /v1/agents/:id/facts', () => {
  it('takes a credential from holders of the token alone', async () => {
    expect((await put(credential(), '', headers)).statusCode).toBe(401);
    const answer = await put(credential());
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      agentId: id,
      issuer: formatAgentDid(agentId),
      isSignedHere: false,
      url: `/facts/${id}`,
    });
  });

  it('takes application/vc+json, too', async () => {
    const answer = await put(JSON.stringify(credential()), '', {
      ...authorised,
      'content-type': 'application/vc+json',
    });
    expect(answer.statusCode).toBe(200);
  });

  it('signs facts without a proof with the key in custody', async () => {
    const answer = await put(sampleFacts(agentId), '?validitySeconds=3600');
    expect(answer.json()).toMatchObject({ isSignedHere: true });
    const served = await api.inject({ url: `/facts/${id}`, headers });
    const verdict = await verifyFacts(
      served.json(),
      contextOf([node.resolution.state!], { nowSeconds: now, subject: agentId }),
    );
    expect(verdict).toMatchObject({ issuer: { kind: 'self' }, facts: sampleFacts(agentId) });
    expect(verdict.validUntil - verdict.validFrom).toBe(3600);
  });

  const altered = () => ({ ...credential(), name: 'x' });
  it.each<[number, string, () => object | string]>([
    [422, 'bad-proof', altered],
    [422, 'bad-credential', () => ({ ...credential(), type: ['VerifiableCredential', 'X'] })],
    [422, 'bad-facts', () => ({ ...sampleFacts(agentId), skills: [] })],
    [422, 'not-json', () => '[]'],
    [400, 'bad-request', () => '{"__proto__":{"proof":1}}'],
    [422, 'wrong-subject', () => sampleFacts(new Uint8Array(32).fill(3))],
    [410, 'expired', () => credential({ at: now - 7200, validitySeconds: 3600 })],
    [422, 'not-yet-valid', () => credential({ at: now + 3600 })],
    [413, 'body-too-large', () => JSON.stringify({ ...sampleFacts(agentId), x: 'x'.repeat(66_000) })],
  ])('answers %i %s', async (status, code, body) => {
    const answer = await put(body());
    expect(answer.json()).toMatchObject({ status, code });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect((await api.inject({ url: `/facts/${id}`, headers })).json()).toMatchObject({ code: 'not-hosted' });
  });

  it('takes what another issuer signed when the request names it', async () => {
    const other = bornAgent('facts api issuer', now - 1000);
    const own = node.resolution;
    const otherDid = formatAgentDid(other.agentId);
    node.resolve = async (wanted) => {
      const isOther = formatAgentDid(wanted) === otherDid;
      return isOther ? { ...own, agentId: other.agentId, state: other.state } : own;
    };
    const signed = signedFacts(
      { agentId: other.agentId, signer: signingKeyOf(other), at: now },
      sampleFacts(agentId),
    );
    expect((await put(signed)).json()).toMatchObject({ status: 403, code: 'wrong-issuer' });
    expect((await put(signed, `?issuer=${otherDid}`)).json()).toMatchObject({ issuer: otherDid });
  });

  it.each(['?validitySeconds=-1', '?validitySeconds=1e9', `?issuer=${'x'.repeat(300)}`])(
    'refuses %s',
    async (query) => {
      expect((await put(sampleFacts(agentId), query)).statusCode).toBe(400);
    },
  );
});

describe('GET /facts/:id', () => {
  it('is the credential byte for byte, with a tag and an age that ends with ttl and validity', async () => {
    const given = credential();
    await put(given);
    const answer = await api.inject({ url: `/facts/${id}`, headers });
    expect(answer.headers['content-type']).toBe('application/vc+json');
    expect(answer.headers['cache-control']).toBe('public, max-age=600, must-revalidate');
    expect(answer.json()).toEqual(given);
    const etag = answer.headers.etag!;
    const again = await api.inject({ url: `/facts/${id}`, headers: { ...headers, 'if-none-match': etag } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    await put(credential({ validitySeconds: 120 }));
    const short = await api.inject({ url: `/facts/${id}`, headers: { ...headers, 'if-none-match': etag } });
    expect(short.statusCode).toBe(200);
    expect(Number(/max-age=(\d+)/.exec(short.headers['cache-control']!)![1])).toBeLessThanOrEqual(120);
  });

  it('ends with its agent, and with its removal', async () => {
    await put(credential());
    const live = node.resolution;
    node.resolution = {
      ...live,
      status: 'tombstoned',
      state: endedState(live.state!.keyState.chain[0]!.body.issuedAt),
    };
    expect((await api.inject({ url: `/facts/${id}`, headers })).json()).toMatchObject({
      status: 410,
      code: 'subject-not-active',
    });
    node.resolution = live;
    const remove = () => api.inject({ method: 'DELETE', url: `/v1/agents/${id}/facts`, headers: authorised });
    expect((await remove()).json()).toEqual({ agentId: id, removed: true });
    expect((await remove()).json()).toEqual({ agentId: id, removed: false });
    expect((await api.inject({ url: `/facts/${id}`, headers })).statusCode).toBe(404);
  });

  it('needs the token where reads do', async () => {
    const onDefect = (): void => undefined;
    const closed = createApi(node, {
      host: '127.0.0.1',
      port: 0,
      remote: false,
      token,
      connectionsMax: 1,
      onDefect,
    });
    opened.push(closed);
    for (const url of [`/facts/${id}`, '/.well-known/agent-facts', '/.well-known/agent-card.json'])
      expect((await closed.inject({ url, headers })).statusCode).toBe(401);
  });
});

describe('POST /v1/agents/:id/facts/sign', () => {
  it('gives a credential, and keeps nothing', async () => {
    const answer = await api.inject({
      method: 'POST',
      url: `/v1/agents/${id}/facts/sign?validitySeconds=600`,
      headers: authorised,
      payload: sampleFacts(agentId),
    });
    expect(answer.headers['content-type']).toContain('application/vc+json');
    const context = contextOf([node.resolution.state!], { nowSeconds: now });
    await expect(verifyFacts(answer.json(), context)).resolves.toMatchObject({ agentId });
    expect((await api.inject({ url: `/facts/${id}`, headers })).statusCode).toBe(404);
  });
});

describe('GET /.well-known/agent-facts', () => {
  const wellKnown = (query = '') => api.inject({ url: `/.well-known/agent-facts${query}`, headers });

  it('is the only agent’s facts, or a list, or the ones of the agent named', async () => {
    expect((await wellKnown()).json()).toEqual({ agents: [] });
    const given = credential();
    await put(given);
    expect((await wellKnown()).json()).toEqual(given);
    const second = bornAgent('facts api second', now - 1000);
    const own = node.resolution;
    node.resolve = async (wanted) =>
      formatAgentDid(wanted) === formatAgentDid(second.agentId)
        ? { ...own, agentId: second.agentId, state: second.state }
        : own;
    await node.facts.publish(
      second.agentId,
      signedFacts({ agentId: second.agentId, signer: signingKeyOf(second), at: now }),
    );
    const { agents } = (await wellKnown()).json<{ agents: { agentId: string; url: string }[] }>();
    expect(agents.map(({ agentId: one }) => one).sort()).toEqual([id, formatAgentId(second.agentId)].sort());
    expect(agents[0]).toMatchObject({ label: 'Acme Translator', tags: ['/translate/en-es'] });
    expect((await wellKnown(`?agent=${id}`)).json()).toEqual(given);
    expect((await wellKnown('?agent=nobody')).statusCode).toBe(400);
  });
});
