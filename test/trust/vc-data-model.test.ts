/**
 * The inputs of the W3C test suite of the Verifiable Credentials Data Model 2.0 (github.com/w3c/vc-data-model-2.0-test-suite,
 * tests/input), by their names: what each is about, made of a credential of this project. Each `fail` is refused; each `ok`
 * that is in scope is taken; the others stand below, with the reason.
 */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { readProof } from '../../src/facts/data-integrity.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { readTrustCredential } from '../../src/trust/credential.ts';
import { present, verifyPresentation } from '../../src/trust/views/presentation.ts';
import { signingKeyOf } from '../helpers/test-agent.ts';
import { agentOf, credentialOf, didOf, nowSeconds, worldOf } from './scene.ts';

const [issuer, holder, reader] = ['vc issuer', 'vc holder', 'vc reader'].map(agentOf) as [
  ReturnType<typeof agentOf>,
  ReturnType<typeof agentOf>,
  ReturnType<typeof agentOf>,
];
const good = credentialOf({ by: issuer, about: holder });
const v2 = 'https://www.w3.org/ns/credentials/v2';
const example = 'https://www.w3.org/ns/credentials/examples/v2';
const did = didOf(issuer);
const subject = { id: 'did:example:subject', degree: 'PhD' };
const name = { '@value': 'Example Credential', '@language': 'en' };
const list = 'https://a.example/status/1';
const entry = {
  type: 'BitstringStatusListEntry',
  statusPurpose: 'revocation',
  statusListIndex: '1',
  statusListCredential: list,
};

/** Shape and the form of the proof, before anybody is asked about keys. */
function read(changes: object): void {
  const document = JSON.parse(JSON.stringify({ ...good, ...changes })) as JsonObject;
  readTrustCredential(document);
  readProof({ ...document, '@context': good['@context']! });
}

type Input = readonly [file: string, changes: object];

const taken: readonly Input[] = [
  ['credential-ok', {}],
  ['credential-context-combo1-ok', { '@context': [v2, example] }],
  [
    'credential-context-combo2-ok',
    { '@context': [v2, { ExampleVerifiableCredential: 'https://example.org/#ExampleVerifiableCredential' }] },
  ],
  ['credential-evidence-ok', { evidence: { type: 'ExampleEvidence' } }],
  [
    'credential-evidences-ok',
    { evidence: [{ type: 'ExampleEvidence' }, { type: ['ExampleEvidence'], id: 'https://a.example/e' }] },
  ],
  ['credential-id-other-ok', { id: undefined }],
  ['credential-id-single-ok', { id: 'did:example:credential' }],
  ['credential-id-subject-single-ok', { credentialSubject: subject }],
  ['credential-issuer-object-ok', { issuer: { id: did } }],
  ['credential-optional-type-ok', { type: ['VerifiableCredential', 'RelationshipCredential'] }],
  ['credential-proof-ok', { proof: [good['proof']] }],
  ['credential-refresh-ok', { refreshService: { type: 'ExampleRefresh', id: 'https://a.example/r' } }],
  ['credential-refresh-type-ok', { refreshService: { type: ['ExampleRefresh', 'Other'] } }],
  ['credential-refreshs-ok', { refreshService: [{ type: 'ExampleRefresh' }, { type: 'Other' }] }],
  ['credential-schema-ok', { credentialSchema: { id: 'https://a.example/s', type: 'JsonSchema' } }],
  ['credential-schema-type-ok', { credentialSchema: { id: 'https://a.example/s', type: ['JsonSchema'] } }],
  [
    'credential-schemas-ok',
    {
      credentialSchema: [
        { id: 'https://a.example/s', type: 'JsonSchema' },
        { id: 'https://a.example/t', type: 'JsonSchema' },
      ],
    },
  ],
  ['credential-status-ok', { credentialStatus: { ...entry, id: `${list}#1` } }],
  ['credential-status-missing-id-ok', { credentialStatus: entry }],
  ['credential-termsofuse-ok', { termsOfUse: { type: 'ExamplePolicy' } }],
  ['credential-termsofuse-id-ok', { termsOfUse: { type: 'ExamplePolicy', id: 'https://a.example/p' } }],
  ['credential-termsofuses-ok', { termsOfUse: [{ type: 'ExamplePolicy' }, { type: 'Other' }] }],
  [
    'credential-type-mapped-url-ok',
    {
      '@context': [v2, { ExampleTestCredential: 'https://example.org/#ExampleTestCredential' }],
      type: ['VerifiableCredential', 'ExampleTestCredential'],
    },
  ],
  [
    'credential-type-url-ok',
    { type: ['VerifiableCredential', 'https://example.org/#ExampleTestCredential'] },
  ],
  [
    'credential-type-urls-order-1-ok',
    { type: ['VerifiableCredential', 'https://a.example/A', 'https://a.example/B'] },
  ],
  [
    'credential-type-urls-order-2-ok',
    { type: ['https://a.example/B', 'VerifiableCredential', 'https://a.example/A'] },
  ],
  [
    'credential-validUntil-validFrom-ok',
    { validFrom: '2027-01-15T07:00:00Z', validUntil: '2027-01-15T07:00:01Z' },
  ],
  [
    'credential-validfrom-far-future-ok',
    { validFrom: '4023-02-26T01:02:58.447Z', validUntil: '4023-02-27T01:02:58Z' },
  ],
  ['credential-validfrom-ms-ok', { validFrom: '2027-01-15T07:00:00.123Z' }],
  ['credential-validfrom-tz-ok', { validFrom: '2027-01-15T08:00:00+01:00' }],
  ['credential-validuntil-ms-ok', { validUntil: '2027-01-16T07:00:00.123Z' }],
  ['credential-validuntil-ok', { validUntil: '2027-01-16T07:00:00Z' }],
  ['credential-validuntil-tz-ok', { validUntil: '2027-01-16T08:00:00+01:00' }],
  ['names-and-descriptions/credential-description-ok', { description: 'Example Credential' }],
  ['names-and-descriptions/credential-description-optional-ok', { description: undefined }],
  ['names-and-descriptions/credential-description-language-en-ok', { description: name }],
  [
    'names-and-descriptions/credential-description-language-direction-en-ok',
    { description: { ...name, '@direction': 'ltr' } },
  ],
  [
    'names-and-descriptions/credential-multi-language-description-ok',
    { description: [name, { '@value': 'مثال', '@language': 'ar', '@direction': 'rtl' }] },
  ],
  ['names-and-descriptions/credential-name-ok', { name: 'Example Credential' }],
  ['names-and-descriptions/credential-name-optional-ok', { name: undefined }],
  ['names-and-descriptions/credential-name-language-en-ok', { name }],
  [
    'names-and-descriptions/credential-name-language-direction-en-ok',
    { name: { ...name, '@direction': 'ltr' } },
  ],
  [
    'names-and-descriptions/credential-multi-language-name-ok',
    { name: [name, { '@value': 'Beispiel', '@language': 'de' }] },
  ],
  ['names-and-descriptions/issuer-description-ok', { issuer: { id: did, description: 'An issuer' } }],
  ['names-and-descriptions/issuer-description-optional-ok', { issuer: { id: did } }],
  ['names-and-descriptions/issuer-description-language-en-ok', { issuer: { id: did, description: name } }],
  [
    'names-and-descriptions/issuer-description-language-direction-en-ok',
    { issuer: { id: did, description: { ...name, '@direction': 'ltr' } } },
  ],
  [
    'names-and-descriptions/issuer-multi-language-description-ok',
    { issuer: { id: did, description: [name, name] } },
  ],
  ['names-and-descriptions/issuer-name-ok', { issuer: { id: did, name: 'An issuer' } }],
  ['names-and-descriptions/issuer-name-optional-ok', { issuer: { id: did, description: 'An issuer' } }],
  ['names-and-descriptions/issuer-name-language-en-ok', { issuer: { id: did, name } }],
  [
    'names-and-descriptions/issuer-name-language-direction-en-ok',
    { issuer: { id: did, name: { ...name, '@direction': 'ltr' } } },
  ],
  ['names-and-descriptions/issuer-multi-language-name-ok', { issuer: { id: did, name: [name, name] } }],
];

const refused: readonly Input[] = [
  ['credential-context-combo3-fail', { '@context': [v2, 'https://not-a-url/contexts/example/v1'] }],
  ['credential-context-combo4-fail', { '@context': [v2, 123_192_875] }],
  ['credential-evidence-missing-type-fail', { evidence: { id: 'https://a.example/e' } }],
  ['credential-id-multi-fail', { id: ['did:example:1', 'did:example:2'] }],
  ['credential-id-nonidentifier-fail', { id: null }],
  ['credential-id-not-url-fail', { id: 'not-a-url' }],
  [
    'credential-id-subject-multi-fail',
    { credentialSubject: { ...subject, id: ['did:example:1', 'did:example:2'] } },
  ],
  ['credential-issuer-no-url-fail', { issuer: 'not-a-url' }],
  ['credential-issuer-null-fail', { issuer: null }],
  ['credential-issuer-object-id-no-url-fail', { issuer: { id: 'not-a-url' } }],
  ['credential-issuer-object-id-null-fail', { issuer: { id: null } }],
  ['credential-missing-base-context-fail-or-inject', { '@context': [example] }],
  ['credential-missing-required-type-fail', { type: ['ExampleTestCredential', 'OtherCredential'] }],
  ['credential-no-context-fail-or-inject', { '@context': undefined }],
  ['credential-no-issuer-fail', { issuer: undefined }],
  ['credential-no-subject-fail', { credentialSubject: undefined }],
  ['credential-no-type-fail', { type: undefined }],
  ['credential-proof-missing-type-fail', { proof: { ...(good['proof'] as object), type: undefined } }],
  [
    'credential-redef-type-fail',
    { '@context': [v2, { VerifiableCredential: 'https://example.org/#BadVerifiableCredential' }] },
  ],
  [
    'credential-redef-type2-fail',
    {
      '@context': [
        v2,
        { '@protected': true, ExampleVerifiableCredential: 'https://example.org/#A' },
        { ExampleVerifiableCredential: 'https://example.org/#B' },
      ],
    },
  ],
  ['credential-refresh-no-type-fail', { refreshService: { id: 'https://a.example/r' } }],
  ['credential-schema-no-id-fail', { credentialSchema: { type: 'JsonSchema' } }],
  ['credential-schema-no-type-fail', { credentialSchema: { id: 'https://a.example/s' } }],
  ['credential-schema-non-url-id-fail', { credentialSchema: { id: 'not-a-url', type: 'JsonSchema' } }],
  ['credential-status-missing-type-fail', { credentialStatus: { ...entry, type: undefined } }],
  [
    'credential-status-multiple-id-fail',
    { credentialStatus: { ...entry, id: ['did:example:status:1', 'did:example:status:2'] } },
  ],
  ['credential-status-nonurl-id-fail', { credentialStatus: { ...entry, id: 'not-a-url' } }],
  ['credential-status-type-nonurl-fail', { credentialStatus: { ...entry, type: 2 } }],
  ['credential-subject-multiple-empty-fail', { credentialSubject: [subject, {}] }],
  ['credential-subject-no-claims-fail', { credentialSubject: {} }],
  [
    'credential-termsofuse-missing-type-fail',
    { termsOfUse: [{ type: 'ExamplePolicy' }, { id: 'https://a.example/p' }] },
  ],
  ['credential-termsofuse-no-type-fail', { termsOfUse: { id: 'https://a.example/p' } }],
  [
    'credential-type-mapped-nonurl-fail',
    {
      '@context': [v2, { ExampleTestCredential: 'https://not-a-url#ExampleTestCredential' }],
      type: ['VerifiableCredential', 'ExampleTestCredential'],
    },
  ],
  [
    'credential-type-unmapped-fail',
    { '@context': [v2, { '@vocab': null }], type: ['VerifiableCredential', 'ExampleTestCredential'] },
  ],
  [
    'credential-validUntil-validFrom-fail',
    { validFrom: '2027-01-16T07:00:00Z', validUntil: '2027-01-15T07:00:00Z' },
  ],
  ['credential-validfrom-invalid-fail', { validFrom: '2027-02-30T07:00:00Z' }],
  ['credential-validuntil-invalid-fail', { validUntil: 'tomorrow' }],
  [
    'names-and-descriptions/credential-description-extra-prop-en-fail',
    { description: { ...name, url: 'did:example:credential' } },
  ],
  [
    'names-and-descriptions/credential-name-extra-prop-en-fail',
    { name: { ...name, url: 'did:example:credential' } },
  ],
  [
    'names-and-descriptions/issuer-description-extra-prop-en-fail',
    { issuer: { id: did, description: { ...name, url: 'did:example:issuer' } } },
  ],
  [
    'names-and-descriptions/issuer-name-extra-prop-en-fail',
    { issuer: { id: did, name: { ...name, url: 'did:example:issuer' } } },
  ],
];

/** `ok` there, refused here. */
const outOfScope: readonly (readonly [...Input, reason: string])[] = [
  [
    'credential-ok',
    { type: ['VerifiableCredential'] },
    'a rule asks for a type, and VerifiableCredential alone is none',
  ],
  ['credential-ok', { validUntil: undefined }, 'what never ends is never revoked for who is offline'],
  [
    'credential-issuer-object-ok',
    { issuer: { id: 'https://issuer.example' } },
    'issuers are agents or keys, whose keys can be told',
  ],
  [
    'credential-status-ok',
    { credentialStatus: { id: 'did:example:status', type: 'CredentialStatusList2017' } },
    'a status that is not checked could hide a revocation',
  ],
  [
    'credential-subject-multiple-ok',
    { credentialSubject: [subject, { ...subject, id: 'did:example:other' }] },
    'each rule is about one agent',
  ],
];

describe('the data model’s test suite', () => {
  it.each(taken)('%s is taken', (_file, changes) => {
    expect(() => read(changes)).not.toThrow();
  });

  it.each(refused)('%s is refused', (_file, changes) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ name: 'FactsError' }));
  });

  it.each(outOfScope)('%s is left out', (_file, changes, reason) => {
    expect(reason).not.toBe('');
    expect(() => read(changes)).toThrow(expect.objectContaining({ name: 'FactsError' }));
  });
});

describe('presentations of the test suite', () => {
  const signer = signingKeyOf(holder);
  const shown = (changes: object, credentials: unknown = [good]) => {
    const signed = present({
      ...{
        credentials: credentials as JsonObject[],
        holder: didOf(holder),
        signer,
        challenge: 'a',
        nowSeconds,
      },
      ...{ verificationMethod: methodOfAgent(holder.agentId, signer.publicKey), domain: didOf(reader) },
    });
    return verifyPresentation({ ...signed, ...changes }, didOf(reader), worldOf([issuer, holder]));
  };

  it.each<Input>([
    ['presentation-ok', {}],
    ['presentation-holder-ok', {}],
    ['presentation-vc-ok', {}],
  ])('%s is taken', async (_file, changes) => {
    await expect(shown(changes)).resolves.toMatchObject({ holder: didOf(holder) });
    await expect(shown(changes, [good, good])).resolves.toMatchObject({ credentials: [good, good] });
  });

  it.each<Input>([
    ['presentation-context-order-fail', { '@context': [example, v2] }],
    ['presentation-missing-base-context-fail', { '@context': [example] }],
    ['presentation-no-context-fail-or-inject', { '@context': [] }],
    ['presentation-holder-fail', { holder: 'z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj' }],
    ['presentation-holder-name-fail', { holder: 'a holder' }],
    ['presentation-holder-object-fail', { holder: { name: 'a holder' } }],
    ['presentation-missing-required-type-fail', { type: ['ExamplePresentation'] }],
    ['presentation-no-type-fail', { type: [] }],
    ['presentation-vc-as-string-fail', { verifiableCredential: ['eyJhbGciOiJFUzI1NiJ9.e30.x'] }],
    [
      'presentation-enveloped-vc-missing-type-fail',
      { verifiableCredential: [{ id: 'data:application/vc+jwt,x' }] },
    ],
  ])('%s is refused', async (_file, changes) => {
    await expect(shown(changes)).rejects.toThrow(
      expect.objectContaining({ code: expect.any(String) as string }),
    );
  });

  it.each<readonly [string, object, string]>([
    [
      'presentation-enveloped-vc-ok',
      { verifiableCredential: [{ type: 'EnvelopedVerifiableCredential', id: 'data:application/vc+jwt,x' }] },
      'a JWT has another proof than eddsa-jcs-2022',
    ],
    ['presentation-self-asserted-vc-no-holder', { holder: undefined }, 'a view is opened for a holder'],
    ['presentation-optional-type-ok', { proof: undefined }, 'a presentation without a proof shows no holder'],
  ])('%s is left out', async (_file, changes, reason) => {
    expect(reason).not.toBe('');
    await expect(shown(changes)).rejects.toThrow(
      expect.objectContaining({ code: expect.any(String) as string }),
    );
  });
});
