/** did:nanda through `did-resolver` itself, and the contract of a Universal Resolver driver. */
import { Resolver } from 'did-resolver';
import { base58btc } from 'multiformats/bases/base58';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import { getResolver } from '../../src/did/resolver.ts';
import { createRecordedNode, type RecordedNode } from '../api/recorded-node.ts';
import { endedState, forkedState, rotatedState, sampleKeys } from '../api/sample-states.ts';

const born = Date.UTC(2026, 0, 1) / 1000;
const hour = (hours: number): string => new Date((born + hours * 3600) * 1000).toISOString();
let node: RecordedNode;
let known: Resolution;
let api: ApiServer;
let did: string;
let resolver: Resolver;

beforeAll(async () => {
  node = createRecordedNode();
  known = node.resolution;
  const onDefect = (): void => {};
  const options = { host: '127.0.0.1', port: 0, remote: false, token: 't', connectionsMax: 10, onDefect };
  api = await startApi(node, { ...options, openReads: true });
});
afterAll(() => api.stop());
beforeEach(() => {
  node.failure = null;
  node.resolution = { ...known, state: rotatedState(born) };
  did = formatAgentDid(rotatedState(born).agentId);
  resolver = new Resolver(getResolver({ url: api.url }));
});

const multikey = (place: 0 | 1): string =>
  base58btc.encode(Uint8Array.from([0xed, 0x01, ...sampleKeys[place]]));

describe('did-resolver', () => {
  it('gets the signing key and the services of an agent', async () => {
    const { didDocument, didResolutionMetadata, didDocumentMetadata } = await resolver.resolve(did);
    expect(didResolutionMetadata.error).toBeUndefined();
    expect(didDocument).toMatchObject({
      id: did,
      verificationMethod: [{ type: 'Multikey', controller: did, publicKeyMultibase: multikey(1) }],
      authentication: [`${did}#${multikey(1)}`],
      service: [
        { id: `${did}#primary`, type: 'AgentFacts', serviceEndpoint: 'https://agents.example/facts' },
        {
          id: `${did}#adaptive`,
          type: 'AdaptiveResolver',
          serviceEndpoint: 'https://agents.example/resolve',
        },
      ],
    });
    expect(didDocumentMetadata).toMatchObject({ nanda: { status: 'ok' } });
    expect(didDocumentMetadata['deactivated']).toBeUndefined();
  });

  it('gets the key of a time from the history, by versionTime and by versionId', async () => {
    const old = await resolver.resolve(`${did}?versionTime=${hour(0.5)}`);
    expect(old.didDocument).toMatchObject({ verificationMethod: [{ publicKeyMultibase: multikey(0) }] });
    expect(old.didDocument).not.toHaveProperty('service');
    const { versionId, nextVersionId } = old.didDocumentMetadata;
    const next = await resolver.resolve(`${did}?versionId=${nextVersionId}`);
    expect(next.didDocument).toMatchObject({ verificationMethod: [{ publicKeyMultibase: multikey(1) }] });
    expect((await resolver.resolve(`${did}?versionId=${versionId}`)).didDocument).toEqual(old.didDocument);
    const before = await resolver.resolve(`${did}?versionTime=${hour(-1)}`);
    expect(before).toMatchObject({ didDocument: null, didResolutionMetadata: { error: 'notFound' } });
  });

  it('hears that an agent has ended, and still gets the key of before', async () => {
    node.resolution = { ...known, status: 'tombstoned', state: endedState(born) };
    const ended = await resolver.resolve(did);
    expect(ended.didDocumentMetadata).toMatchObject({ deactivated: true });
    expect(ended.didDocument).not.toHaveProperty('verificationMethod');
    const before = await resolver.resolve(`${did}?versionTime=${hour(1.5)}`);
    expect(before.didDocument).toMatchObject({ verificationMethod: [{ publicKeyMultibase: multikey(1) }] });
    expect(before.didDocumentMetadata['deactivated']).toBeUndefined();
  });

  it('gets a document of a forked agent that authorises nobody', async () => {
    node.resolution = { ...known, status: 'forked', state: forkedState(born) };
    const { didDocument, didDocumentMetadata } = await resolver.resolve(did);
    expect(didDocument).toMatchObject({ id: did });
    expect(didDocument).not.toHaveProperty('verificationMethod');
    expect(didDocumentMetadata).toMatchObject({ nanda: { status: 'forked' } });
  });

  it('gets an error as metadata, also when no node answers', async () => {
    node.resolution = { ...known, status: 'not-found', state: null };
    expect((await resolver.resolve(did)).didResolutionMetadata.error).toBe('notFound');
    expect((await resolver.resolve('did:nanda:short')).didResolutionMetadata.error).toBe('invalidDid');
    const lost = new Resolver(getResolver({ url: 'http://127.0.0.1:1' }));
    expect((await lost.resolve(did)).didResolutionMetadata.error).toBe('internalError');
  });
});

describe('the driver', () => {
  const get = (text: string, accept?: string): Promise<Response> =>
    fetch(`${api.url}/1.0/identifiers/${text}`, { headers: accept === undefined ? {} : { accept } });

  it.each([
    [undefined, 'application/did-resolution', true],
    ['*/*', 'application/did-resolution', true],
    ['application/did-resolution', 'application/did-resolution', true],
    ['application/json', 'application/json', true],
    [
      'application/ld+json;profile="https://w3id.org/did-resolution"',
      'application/ld+json; profile="https://w3id.org/did-resolution"',
      true,
    ],
    ['application/did', 'application/did', false],
    ['text/html;q=0.9, application/did+ld+json', 'application/did+ld+json', false],
    ['application/did+json;q=0.2, application/did;q=0.1', 'application/did+json', false],
  ])('answers %s with %s', async (accept, contentType, isResult) => {
    const response = await get(did, accept);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(contentType);
    const body = (await response.json()) as { id?: string; didDocument?: { id: string } };
    expect(isResult ? body.didDocument?.id : body.id).toBe(did);
  });

  it.each([
    ['did:nanda:short', undefined, 400, 'invalidDid'],
    ['nanda', undefined, 400, 'invalidDid'],
    ['did:web:example.com', undefined, 501, 'methodNotSupported'],
    ['DID%23primary', undefined, 501, 'featureNotSupported'],
    ['DID%2Fpath', undefined, 501, 'featureNotSupported'],
    ['DID%3Fservice=x', undefined, 501, 'featureNotSupported'],
    ['DID?versionTime=soon', undefined, 400, 'invalidDidUrl'],
    ['DID?versionTime=2026-01-01T00:00:00Z&versionId=00', undefined, 400, 'invalidDidUrl'],
    ['DID', 'text/html', 406, 'representationNotSupported'],
    ['DID', 'application/did;q=0', 406, 'representationNotSupported'],
  ])('answers %s, %s with %i', async (text, accept, status, error) => {
    const response = await get(text.replace('DID', did), accept);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/did-resolution');
    expect(await response.json()).toMatchObject({ didDocument: null, didResolutionMetadata: { error } });
  });

  it('answers 404 for nobody, 410 for who has ended, and takes versions inside the DID URL', async () => {
    const encoded = encodeURIComponent(`${did}?versionTime=${hour(0.5)}`);
    expect(await (await get(encoded, 'application/did')).json()).toMatchObject({
      verificationMethod: [{ publicKeyMultibase: multikey(0) }],
    });
    node.resolution = { ...known, status: 'tombstoned', state: endedState(born) };
    expect((await get(did)).status).toBe(410);
    node.resolution = { ...known, status: 'not-found', state: null };
    expect((await get(did)).status).toBe(404);
  });
});
