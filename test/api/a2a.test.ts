/** Agent cards, checked by the SDK of the A2A project: its types, its canonical form, its verification of signatures. */
import { createPublicKey } from 'node:crypto';
import { AgentCard, canonicalizeAgentCard, verifyAgentCardSignature } from '@a2a-js/sdk';
import { DefaultAgentCardResolver } from '@a2a-js/sdk/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApi, startApi } from '../../src/api/server.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import { canonicalJson } from '../../src/facts/data-integrity.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf } from '../helpers/test-agent.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';
import { rotatedState } from './sample-states.ts';

const headers = { host: 'localhost:4800' };
const now = Math.floor(Date.now() / 1000);
let node: RecordedNode;
let api: ReturnType<typeof createApi>;
let agentId: Uint8Array;
let id: string;

beforeEach(() => {
  node = createRecordedNode();
  ({ agentId } = node.resolution);
  id = formatAgentId(agentId);
  api = apiOver();
});
afterEach(() => api.close());

function apiOver(publicUrl: string | null = null, agent: string | null = null) {
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 1, onDefect };
  return createApi(node, { ...options, openReads: true, publicUrl, agent });
}

interface KeySet {
  readonly keys: readonly { readonly kid: string; readonly x: string }[];
}

async function read(url = '/.well-known/agent-card.json', more: object = {}) {
  return api.inject({ url, headers: { ...headers, ...more } });
}

/** What a client of A2A does with a card: fetch the key set that it names, and verify. */
async function verify(card: object): Promise<void> {
  const check = verifyAgentCardSignature(async (kid, jku) => {
    const { keys } = (await read(new URL(jku!).pathname)).json<KeySet>();
    return createPublicKey({ key: keys.find((one) => one.kid === kid) as never, format: 'jwk' });
  });
  // In both forms that its users have: as it came, and as its own type.
  await check(card as AgentCard);
  await check(AgentCard.fromJSON(card));
}

describe('an agent card', () => {
  it('says what the facts say, in the terms of A2A 1.0', async () => {
    await node.facts.publishOwn(agentId, sampleFacts(agentId));
    const answer = await read();
    expect(answer.headers['content-type']).toContain('application/json');
    const card = AgentCard.fromJSON(answer.json());
    expect(card).toMatchObject({
      name: 'Acme Translator',
      description: 'Translates contracts between English and Spanish.',
      version: '1.2.0',
      provider: { organization: 'Acme', url: 'https://acme.example' },
      documentationUrl: 'https://acme.example/docs',
      supportedInterfaces: [
        { url: 'https://a.acme.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: 'https://b.acme.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: 'https://r.acme.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ],
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
    });
    expect(card.capabilities).toMatchObject({ streaming: true });
    expect(card.skills).toMatchObject([
      { id: 'translate/en-es', name: 'translate/en-es', tags: ['translate', 'en-es', 'en', 'es'] },
    ]);
  });

  it('leads back to the index in capabilities.extensions', async () => {
    const hosted = await node.facts.publishOwn(agentId, sampleFacts(agentId));
    const card = AgentCard.fromJSON((await read()).json());
    expect(card.capabilities!.extensions).toMatchObject([
      {
        uri: 'urn:nanda:agent-pointers:1',
        required: false,
        params: {
          did: formatAgentDid(agentId),
          agentId: id,
          factsUrl: `http://localhost:4800/facts/${id}`,
          factsDigest: hosted.digest,
          primaryFactsUrl: 'https://agents.example/facts',
          adaptiveResolverUrl: 'https://agents.example/resolve',
          authenticationMethods: ['oauth2'],
          requiredScopes: ['translate'],
        },
      },
    ]);
  });

  it('is signed with the key in custody, as the SDK verifies', async () => {
    await node.facts.publishOwn(agentId, sampleFacts(agentId));
    const card = (await read()).json<{ signatures: { protected: string }[] }>();
    await verify(card);
    const header = JSON.parse(Buffer.from(card.signatures[0]!.protected, 'base64url').toString()) as object;
    const key = node.resolution.state!.keyState.signingKey!;
    expect(header).toMatchObject({ alg: 'EdDSA', typ: 'JOSE', kid: methodOfAgent(agentId, key) });
    const { signatures: _signatures, ...unsigned } = card;
    expect(canonicalizeAgentCard(AgentCard.fromJSON(card))).toBe(canonicalJson(unsigned as never));
    // The SDK writes each refusal to the console, too.
    const silence = vi.spyOn(console, 'debug').mockImplementation(() => undefined);
    for (const change of [{ name: 'Evil' }, { version: '9' }, { supportedInterfaces: [] }])
      await expect(verify({ ...card, ...change })).rejects.toThrow();
    silence.mockRestore();
  });

  it.each<[string, Partial<ReturnType<typeof sampleFacts>>]>([
    ['no streaming', { capabilities: { modalities: [], streaming: false, authentication: { methods: [] } } }],
    [
      'several methods of authentication',
      {
        capabilities: {
          modalities: ['text'],
          authentication: { methods: ['bearer', 'magic'], requiredScopes: ['a', 'b'] },
        },
      },
    ],
    [
      'skills without modes',
      { skills: [{ id: 'Write — éàü', description: '“x”\n', inputModes: [], outputModes: [] }] },
    ],
  ])('is the text that was signed with %s', async (_what, changes) => {
    await node.facts.publishOwn(agentId, sampleFacts(agentId, changes));
    const answer = await read();
    const { signatures: _signatures, ...unsigned } = answer.json<{ signatures: object[] }>();
    expect(canonicalizeAgentCard(AgentCard.fromJSON(answer.json()))).toBe(canonicalJson(unsigned as never));
    await verify(answer.json());
  });

  it('has no signature where the key is elsewhere, or was rotated away', async () => {
    const other = bornAgent('a2a elsewhere', now - 1000);
    const own = node.resolution;
    node.resolve = async () => ({ ...own, agentId: other.agentId, state: other.state });
    await node.facts.publish(
      other.agentId,
      signedFacts({ agentId: other.agentId, signer: signingKeyOf(other), at: now }),
    );
    const card = (await read(`/agents/${formatAgentId(other.agentId)}/agent-card.json`)).json();
    expect(card).toMatchObject({ name: 'Acme Translator' });
    expect(card).not.toHaveProperty('signatures');
  });

  it('is the one of the agent named where there are several, and has a tag', async () => {
    expect((await read()).json()).toMatchObject({ status: 404, code: 'not-hosted' });
    await node.facts.publishOwn(agentId, sampleFacts(agentId));
    const { headers: sent, body } = await read();
    expect((await read('/.well-known/agent-card.json', { 'if-none-match': sent.etag })).statusCode).toBe(304);
    expect((await read(`/.well-known/agent-card.json?agent=${id}`)).body).toBe(body);
    expect((await read(`/agents/${id}/agent-card.json`)).body).toBe(body);
    expect((await read('/agents/nobody/agent-card.json')).statusCode).toBe(400);
    const other = bornAgent('a2a second', now - 1000);
    const own = node.resolution;
    node.resolve = async (wanted) =>
      bytesToHex(wanted) === bytesToHex(agentId)
        ? own
        : { ...own, agentId: other.agentId, state: other.state };
    await node.facts.publish(
      other.agentId,
      signedFacts({ agentId: other.agentId, signer: signingKeyOf(other), at: now }),
    );
    expect((await read()).json()).toMatchObject({ status: 404, code: 'not-hosted' });
    expect((await read(`/.well-known/agent-card.json?agent=${id}`)).body).toBe(body);
    await api.close();
    api = apiOver(null, id);
    expect((await read()).body).toBe(body);
    expect((await read('/.well-known/agent-facts')).json()).toMatchObject({
      credentialSubject: { id: formatAgentDid(agentId) },
    });
  });

  it('needs an endpoint by http, and follows a rotation', async () => {
    await node.facts.publishOwn(
      agentId,
      sampleFacts(agentId, { endpoints: { static: ['wss://a.example'] } }),
    );
    expect((await read()).json()).toMatchObject({ status: 404, code: 'no-endpoint' });
    await node.facts.publish(agentId, await node.facts.sign(agentId, sampleFacts(agentId)));
    const bornAt = node.resolution.state!.keyState.chain[0]!.body.issuedAt;
    node.resolution = { ...node.resolution, state: rotatedState(bornAt) };
    expect((await read()).json()).toMatchObject({ status: 409, code: 'key-not-current' });
  });

  it('has links under the public URL where there is one, and repeats no strange Host', async () => {
    await api.close();
    api = apiOver('https://agents.acme.example/weft/');
    await node.facts.publishOwn(agentId, sampleFacts(agentId));
    const text = (await read()).body;
    expect(text).toContain(`"factsUrl":"https://agents.acme.example/weft/facts/${id}"`);
    expect(text).not.toContain('localhost');
  });

  it('is found, read and verified by the client of the SDK over HTTP', async () => {
    await node.facts.publishOwn(agentId, sampleFacts(agentId));
    const onDefect = (error: unknown): never => {
      throw error;
    };
    const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 5, onDefect };
    const server = await startApi(node, { ...options, openReads: true });
    try {
      const card = await new DefaultAgentCardResolver().resolve(server.url);
      expect(card).toMatchObject({ name: 'Acme Translator', skills: [{ id: 'translate/en-es' }] });
      await verifyAgentCardSignature(async (kid, jku) => {
        const { keys } = (await (await fetch(jku!)).json()) as KeySet;
        return createPublicKey({ key: keys.find((one) => one.kid === kid) as never, format: 'jwk' });
      })(card);
    } finally {
      await server.stop();
    }
  });
});
