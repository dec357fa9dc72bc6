/**
 * The statements of the Verifiable Credentials Data Model 2.0 about one credential, as inputs that hold and inputs that do
 * not: the cases of its test suite, made of a credential of this project. What the scope leaves out stands at the end, with
 * the reason; those inputs are refused, never half understood.
 */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { readCredential } from '../../src/facts/credential.ts';
import { readProof } from '../../src/facts/data-integrity.ts';
import { bornAgent, signingKeyOf } from '../helpers/test-agent.ts';
import { nowSeconds, sampleFacts, signedFacts } from './sample-facts.ts';

const agent = bornAgent('vc data model', nowSeconds - 1000);
const facts = sampleFacts(agent.agentId);
const good = signedFacts({ agentId: agent.agentId, signer: signingKeyOf(agent) });
const v2 = 'https://www.w3.org/ns/credentials/v2';
const did = facts.id;

/** Shape and proof as a reader takes them, before anybody is asked about keys. */
function read(changes: object): void {
  const document = JSON.parse(JSON.stringify({ ...good, ...changes })) as JsonObject;
  readCredential(document);
  readProof({ ...document, '@context': good['@context']! });
}

type Case = readonly [section: string, what: string, changes: object];

const holds: readonly Case[] = [
  [
    '4.3 contexts',
    'a second context by URL',
    { '@context': [v2, 'https://www.w3.org/ns/credentials/examples/v2'] },
  ],
  ['4.3 contexts', 'a second context as an object', { '@context': [v2, { a: 'https://a.example/#a' }] }],
  ['4.3 contexts', 'the base context alone', { '@context': [v2] }],
  ['4.4 identifiers', 'no id', { id: undefined }],
  ['4.4 identifiers', 'an id by URL', { id: 'https://a.example/credentials/1' }],
  ['4.4 identifiers', 'an id by URN', { id: 'urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33' }],
  ['4.4 identifiers', 'an id by DID', { id: 'did:example:abc' }],
  [
    '4.5 types',
    'a third type',
    { type: ['VerifiableCredential', 'AgentFactsCredential', 'https://a.example/T'] },
  ],
  ['4.5 types', 'types in another order', { type: ['AgentFactsCredential', 'VerifiableCredential'] }],
  ['4.6 name and description', 'texts', { name: 'Facts', description: 'Of an agent' }],
  [
    '4.6 name and description',
    'texts with a language',
    {
      name: { '@value': 'Fakten', '@language': 'de' },
      description: [{ '@value': 'حقائق', '@language': 'ar', '@direction': 'rtl' }],
    },
  ],
  ['4.7 issuer', 'a URL', { issuer: did }],
  ['4.7 issuer', 'an object with an id', { issuer: { id: did } }],
  ['4.7 issuer', 'with name and description', { issuer: { id: did, name: 'Acme', description: 'Us' } }],
  [
    '4.7 issuer',
    'with a name in a language',
    { issuer: { id: did, name: { '@value': 'Acme', '@language': 'en' } } },
  ],
  [
    '4.8 credential subject',
    'more claims than the schema names',
    { credentialSubject: { ...facts, more: { deep: [1] } } },
  ],
  [
    '4.10 status',
    'a place in a status list',
    {
      credentialStatus: {
        ...{ type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '7' },
        statusListCredential: 'https://a.example/status/1',
      },
    },
  ],
  ['4.9 validity', 'fractions of a second', { validFrom: '2027-01-15T08:00:00.5Z' }],
  ['4.9 validity', 'another zone', { validUntil: '2027-01-16T10:00:00+02:00' }],
  ['4.11 data schemas', 'one', { credentialSchema: { id: 'https://a.example/s', type: 'JsonSchema' } }],
  [
    '4.11 data schemas',
    'several',
    {
      credentialSchema: [
        { id: 'https://a.example/s', type: 'JsonSchema' },
        { id: 'https://a.example/t', type: ['JsonSchema'] },
      ],
    },
  ],
  ['4.12 proofs', 'a list of one', { proof: [good['proof']] }],
  [
    '5.3 related resources',
    'with a digest',
    { relatedResource: [{ id: 'https://a.example/r', digestSRI: 'sha384-x' }] },
  ],
  ['5.4 refreshing', 'one service', { refreshService: { type: 'Example', id: 'https://a.example/r' } }],
  ['5.4 refreshing', 'several services', { refreshService: [{ type: 'Example' }, { type: 'Other' }] }],
  ['5.5 terms of use', 'one', { termsOfUse: { type: 'Policy', id: 'https://a.example/p' } }],
  ['5.5 terms of use', 'several', { termsOfUse: [{ type: 'Policy' }, { type: 'Other' }] }],
  ['5.6 evidence', 'one', { evidence: { type: ['Evidence'], id: 'https://a.example/e' } }],
  ['5.6 evidence', 'several', { evidence: [{ type: 'Evidence' }, { type: 'Other' }] }],
];

const breaks: readonly Case[] = [
  ['4.3 contexts', 'no context', { '@context': undefined }],
  ['4.3 contexts', 'an empty list', { '@context': [] }],
  ['4.3 contexts', 'no base context', { '@context': ['https://www.w3.org/ns/credentials/examples/v2'] }],
  ['4.3 contexts', 'the base context second', { '@context': ['https://a.example/c', v2] }],
  ['4.3 contexts', 'a number among the contexts', { '@context': [v2, 7] }],
  ['4.3 contexts', 'null among the contexts', { '@context': [v2, null] }],
  ['4.3 contexts', 'a list among the contexts', { '@context': [v2, ['https://a.example/c']] }],
  ['4.4 identifiers', 'two ids', { id: ['https://a.example/1', 'https://a.example/2'] }],
  ['4.4 identifiers', 'an id that is no URL', { id: 'not a url' }],
  ['4.4 identifiers', 'an id that is null', { id: null }],
  ['4.4 identifiers', 'an id that is an object', { id: { a: 1 } }],
  ['4.4 identifiers', 'two ids of the subject', { credentialSubject: { ...facts, id: [did, did] } }],
  ['4.5 types', 'no type', { type: undefined }],
  ['4.5 types', 'no VerifiableCredential', { type: ['AgentFactsCredential', 'Other'] }],
  ['4.5 types', 'a number among the types', { type: ['VerifiableCredential', 'AgentFactsCredential', 7] }],
  ['4.6 name and description', 'a number', { name: 7 }],
  ['4.6 name and description', 'an object without a value', { description: { '@language': 'en' } }],
  ['4.6 name and description', 'a direction that is none', { name: { '@value': 'x', '@direction': 'up' } }],
  ['4.7 issuer', 'none', { issuer: undefined }],
  ['4.7 issuer', 'null', { issuer: null }],
  ['4.7 issuer', 'a text that is no URL', { issuer: 'not a url' }],
  ['4.7 issuer', 'an object without an id', { issuer: { name: 'Acme' } }],
  ['4.7 issuer', 'an object whose id is null', { issuer: { id: null } }],
  ['4.7 issuer', 'an object whose id is no URL', { issuer: { id: 'not a url' } }],
  ['4.7 issuer', 'a list', { issuer: [did] }],
  ['4.8 credential subject', 'none', { credentialSubject: undefined }],
  ['4.8 credential subject', 'an empty object', { credentialSubject: {} }],
  ['4.8 credential subject', 'an empty list', { credentialSubject: [] }],
  ['4.8 credential subject', 'a text', { credentialSubject: did }],
  ['4.9 validity', 'a date alone', { validFrom: '2027-01-15' }],
  ['4.9 validity', 'no zone', { validFrom: '2027-01-15T08:00:00' }],
  ['4.9 validity', 'a day that is none', { validUntil: '2027-02-30T08:00:00Z' }],
  ['4.9 validity', 'a zone that is none', { validUntil: '2027-01-16T08:00:00+99:99' }],
  ['4.9 validity', 'an hour that is none', { validUntil: '2027-01-16T24:30:00Z' }],
  ['4.9 validity', 'a number', { validUntil: nowSeconds + 1000 }],
  ['4.9 validity', 'an end before the beginning', { validUntil: '2027-01-15T07:00:00Z' }],
  ['4.11 data schemas', 'without an id', { credentialSchema: { type: 'JsonSchema' } }],
  ['4.11 data schemas', 'without a type', { credentialSchema: { id: 'https://a.example/s' } }],
  [
    '4.11 data schemas',
    'an id that is no URL',
    { credentialSchema: { id: 'not a url', type: 'JsonSchema' } },
  ],
  ['4.12 proofs', 'none', { proof: undefined }],
  ['4.12 proofs', 'without a type', { proof: { ...(good['proof'] as object), type: undefined } }],
  ['4.12 proofs', 'a text', { proof: 'proof' }],
  ['5.3 related resources', 'without a digest', { relatedResource: [{ id: 'https://a.example/r' }] }],
  ['5.3 related resources', 'without an id', { relatedResource: [{ digestSRI: 'sha384-x' }] }],
  ['5.4 refreshing', 'without a type', { refreshService: { id: 'https://a.example/r' } }],
  ['5.4 refreshing', 'an id that is no URL', { refreshService: { type: 'Example', id: 'not a url' } }],
  ['5.5 terms of use', 'without a type', { termsOfUse: { id: 'https://a.example/p' } }],
  ['5.5 terms of use', 'one of two without a type', { termsOfUse: [{ type: 'Policy' }, {}] }],
  ['5.6 evidence', 'without a type', { evidence: { id: 'https://a.example/e' } }],
  ['5.6 evidence', 'a text', { evidence: 'seen' }],
];

/** Valid elsewhere, refused here. */
const outOfScope: readonly (readonly [...Case, reason: string])[] = [
  ['4.3 contexts', 'a single context that is no list', { '@context': v2 }, 'the model wants an ordered set'],
  ['4.7 issuer', 'an https issuer', { issuer: 'https://acme.example' }, 'its keys are found by no key log'],
  [
    '4.8 credential subject',
    'several subjects',
    { credentialSubject: [facts, facts] },
    'facts speak of one agent',
  ],
  ['4.9 validity', 'no beginning', { validFrom: undefined }, 'without it nobody knows which facts are newer'],
  [
    '4.9 validity',
    'no end',
    { validUntil: undefined },
    'facts that never end are never revoked for who is offline',
  ],
  [
    '4.10 status',
    'a status of another kind',
    { credentialStatus: { type: 'CredentialStatusList2017', id: 'https://a.example/status/1' } },
    'what is not checked could hide a revocation',
  ],
  [
    '4.12 proofs',
    'several proofs',
    { proof: [good['proof'], good['proof']] },
    'which of them counts is a policy',
  ],
  [
    '4.12 proofs',
    'another cryptosuite',
    { proof: { ...(good['proof'] as object), cryptosuite: 'eddsa-rdfc-2022' } },
    'it needs JSON-LD',
  ],
  [
    '4.13 presentations',
    'a presentation',
    { type: ['VerifiablePresentation', 'AgentFactsCredential'] },
    'facts are shown to everybody',
  ],
];

describe('VC 2.0', () => {
  it.each(holds)('§%s: takes %s', (_section, _what, changes) => {
    expect(() => read(changes)).not.toThrow();
  });

  it.each(breaks)('§%s: refuses %s', (_section, _what, changes) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ name: 'FactsError' }));
  });

  it.each(outOfScope)('§%s: leaves out %s', (_section, _what, changes, reason) => {
    expect(reason).not.toBe('');
    expect(() => read(changes)).toThrow(expect.objectContaining({ name: 'FactsError' }));
  });
});
