/** Agent cards as an extension of facts, both ways, checked by the SDK of the A2A project. */
import { createPublicKey } from 'node:crypto';
import { AgentCard, canonicalizeAgentCard, verifyAgentCardSignature } from '@a2a-js/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { pointersExtension } from '../../src/api/a2a/agent-card.ts';
import { factsOfCard } from '../../src/api/a2a/facts-of-card.ts';
import { createApi } from '../../src/api/server.ts';
import type { JsonObject } from '../../src/api/views.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import { canonicalJson } from '../../src/facts/data-integrity.ts';
import { createRecordedNode, type RecordedNode } from './recorded-node.ts';

/** Everything that a card of A2A 1.0 can say, as its SDK writes it. */
const theirs = AgentCard.toJSON(
  AgentCard.fromJSON({
    name: 'Route planner',
    description: 'Plans routes.',
    supportedInterfaces: [
      {
        url: 'https://planner.example/a2a',
        protocolBinding: 'JSONRPC',
        protocolVersion: '1.0',
        tenant: 'blue',
      },
      { url: 'https://planner.example/rest', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    ],
    provider: { organization: 'Planner Inc', url: 'https://planner.example' },
    version: '3.1.0',
    documentationUrl: 'https://planner.example/docs',
    iconUrl: 'https://planner.example/icon.png',
    capabilities: {
      streaming: true,
      pushNotifications: false,
      extendedAgentCard: true,
      extensions: [
        { uri: 'https://planner.example/ext', description: 'x', required: true, params: { a: [1, 'b'] } },
      ],
    },
    securitySchemes: {
      key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key', description: 'a key' } },
      bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } },
    },
    securityRequirements: [{ schemes: { key: { list: [] } } }],
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain', 'image/png'],
    skills: [
      {
        id: 'routes/plan',
        name: 'Plan a route',
        description: 'From here to there.',
        tags: ['maps', 'routing'],
        examples: ['Plan a route from Rome to Paris'],
        inputModes: ['application/json'],
      },
      { id: 'routes/draw', name: 'Draw', description: 'Draws it.', tags: ['maps'] },
    ],
    signatures: [{ protected: 'e30', signature: 'AAAA' }],
  }),
) as JsonObject;

let node: RecordedNode;
let api: ReturnType<typeof createApi>;
let agentId: Uint8Array;

beforeEach(() => {
  node = createRecordedNode();
  ({ agentId } = node.resolution);
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 1, onDefect };
  api = createApi(node, { ...options, openReads: true });
});

const read = (url: string) => api.inject({ url, headers: { host: 'localhost:4800' } });
const ourCard = async (): Promise<JsonObject> => (await read('/.well-known/agent-card.json')).json();

describe('an agent card becomes facts', () => {
  it('that say what it says, fit the schema, and keep the rest as a signed extension', async () => {
    const facts = factsOfCard(agentId, theirs);
    expect(facts).toMatchObject({
      ...{
        id: formatAgentDid(agentId),
        label: 'Route planner',
        description: 'Plans routes.',
        version: '3.1.0',
      },
      documentationUrl: 'https://planner.example/docs',
      provider: { name: 'Planner Inc', url: 'https://planner.example' },
      endpoints: {
        static: [
          { url: 'https://planner.example/a2a', protocol: 'JSONRPC' },
          { url: 'https://planner.example/rest', protocol: 'HTTP+JSON' },
        ],
      },
      capabilities: {
        modalities: ['text', 'application/json', 'image'],
        streaming: true,
        authentication: { methods: ['apiKey', 'bearer'] },
      },
      skills: [
        { id: 'routes/plan', inputModes: ['application/json'], outputModes: ['text/plain', 'image/png'] },
        {
          id: 'routes/draw',
          inputModes: ['text/plain', 'application/json'],
          a2a: { name: 'Draw', tags: ['maps'] },
        },
      ],
    });
    const hosted = await node.facts.publishOwn(agentId, facts);
    expect(hosted.credential).toMatchObject({
      credentialSubject: { a2a: { extension: 'urn:nanda:a2a-card:1' } },
    });
  });

  it('of version 0.3, too', () => {
    const old = {
      ...{
        protocolVersion: '0.3.0',
        name: 'Old',
        description: 'Old one',
        version: '1',
        url: 'https://old.example/a2a',
      },
      ...{ preferredTransport: 'GRPC', defaultInputModes: ['text'], defaultOutputModes: ['text'] },
      additionalInterfaces: [{ url: 'https://old.example/rest', transport: 'HTTP+JSON' }],
      capabilities: { streaming: false },
      securitySchemes: { a: { type: 'oauth2', flows: {} }, b: { type: 'http', scheme: 'basic' } },
      skills: [{ id: 's', name: 'S', description: 'does s', tags: [] }],
    };
    expect(factsOfCard(agentId, old)).toMatchObject({
      provider: { name: 'old.example', url: 'https://old.example' },
      endpoints: {
        static: [{ protocol: 'GRPC' }, { url: 'https://old.example/rest', protocol: 'HTTP+JSON' }],
      },
      capabilities: {
        modalities: ['text'],
        streaming: false,
        authentication: { methods: ['oauth2', 'basic'] },
      },
    });
  });

  it.each<[string, JsonObject]>([
    ['nothing', {}],
    ['no skill', { ...theirs, skills: [] }],
    ['no interface that can be called', { ...theirs, supportedInterfaces: [{ url: 'ftp://x' }, 'y', null] }],
    ['skills that are none', { ...theirs, skills: ['a', 7, null] }],
    ['a name beyond all bounds', { ...theirs, name: 'x'.repeat(10_000) }],
    ['security schemes that are none', { ...theirs, skills: [{}], securitySchemes: ['x'] }],
  ])('but not one with %s', (_what, card) => {
    expect(() => factsOfCard(agentId, card)).toThrow(
      expect.objectContaining({ name: 'FactsError', code: 'bad-facts' }),
    );
  });
});

describe('facts that were made of a card become a card', () => {
  it('that says all that the first one said, and leads back to the index', async () => {
    await node.facts.publishOwn(agentId, factsOfCard(agentId, theirs));
    const ours = AgentCard.toJSON(AgentCard.fromJSON(await ourCard())) as JsonObject;
    const { signatures: _one, ...expected } = theirs;
    const { signatures: _two, ...card } = ours as { signatures: unknown } & JsonObject;
    const { extensions, ...capabilities } = card['capabilities'] as { extensions: { uri: string }[] };
    const first = expected['capabilities'] as { extensions: { uri: string }[] };
    expect(capabilities).toEqual({ ...first, extensions: undefined });
    expect(extensions.map(({ uri }) => uri)).toEqual([
      ...first.extensions.map(({ uri }) => uri),
      pointersExtension,
    ]);
    const modes = {
      defaultInputModes: undefined,
      defaultOutputModes: undefined,
      skills: undefined,
      capabilities: undefined,
    };
    expect({ ...card, ...modes }).toEqual({ ...expected, ...modes });
    const skills = (expected['skills'] as JsonObject[]).map((skill) => ({ ...skill }));
    expect(card['skills']).toMatchObject(
      skills.map(({ inputModes: _in, outputModes: _out, ...skill }) => skill),
    );
  });

  it('that is signed, as the SDK verifies in both of its forms, where it has no security schemes', async () => {
    const { securitySchemes: _schemes, securityRequirements: _requirements, ...open } = theirs;
    await node.facts.publishOwn(agentId, factsOfCard(agentId, open));
    const card = (await ourCard()) as JsonObject & { signatures: object[] };
    const { signatures, ...unsigned } = card;
    expect(signatures).toHaveLength(1);
    expect(canonicalizeAgentCard(AgentCard.fromJSON(card))).toBe(canonicalJson(unsigned));
    const check = verifyAgentCardSignature(async (kid, jku) => {
      const { keys } = (await read(new URL(jku!).pathname)).json<{ keys: { kid: string }[] }>();
      return createPublicKey({ key: keys.find((one) => one.kid === kid) as never, format: 'jwk' });
    });
    await check(AgentCard.fromJSON(card));
    await check(card as unknown as AgentCard);
  });

  it('that is not signed where it has some: the SDK canonicalises them away', async () => {
    await node.facts.publishOwn(agentId, factsOfCard(agentId, theirs));
    const card = await ourCard();
    expect(card['securitySchemes']).toEqual(theirs['securitySchemes']);
    expect(card['signatures']).toBeUndefined();
    // The reason: once this fails, such cards can be signed.
    expect(canonicalizeAgentCard(AgentCard.fromJSON(card))).not.toContain('securitySchemes');
  });

  it('in which what the facts say counts, and not what stands in the extension', async () => {
    const facts = factsOfCard(agentId, theirs);
    await node.facts.publishOwn(agentId, {
      ...facts,
      label: 'Renamed',
      version: '4.0.0',
      skills: facts.skills.slice(1),
    });
    expect(await ourCard()).toMatchObject({
      name: 'Renamed',
      version: '4.0.0',
      skills: [{ id: 'routes/draw' }],
    });
    const changed = { ...facts, endpoints: { static: ['https://elsewhere.example/a2a'] } };
    await node.facts.publishOwn(agentId, changed);
    expect((await ourCard())['supportedInterfaces']).toEqual([
      { url: 'https://elsewhere.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ]);
  });

  it('as often as it goes round: the pointers of the last time do not pile up', async () => {
    await node.facts.publishOwn(agentId, factsOfCard(agentId, theirs));
    const once = await ourCard();
    await node.facts.publishOwn(agentId, factsOfCard(agentId, once));
    const twice = await ourCard();
    const without = ({ signatures: _s, capabilities, ...rest }: JsonObject) => ({
      ...rest,
      uris: (capabilities as { extensions: { uri: string }[] }).extensions.map(({ uri }) => uri),
    });
    expect(without(twice)).toEqual(without(once));
  });

  it('without the extension when it is not one of this kind', async () => {
    const facts = factsOfCard(agentId, theirs);
    await node.facts.publishOwn(agentId, {
      ...facts,
      a2a: { extension: 'urn:other', iconUrl: 'x' },
    } as never);
    expect((await ourCard())['iconUrl']).toBeUndefined();
  });
});
