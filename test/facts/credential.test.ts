/** The shape of facts and of their credential: what the published schema admits, the bounds, and nothing to trip over. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentFacts } from '../../src/facts/agent-facts.ts';
import { parseJsonObject, readJsonObject } from '../../src/facts/bounded-json.ts';
import { readCredential, readFacts } from '../../src/facts/credential.ts';
import { FactsError } from '../../src/facts/facts-error.ts';
import { bornAgent, signingKeyOf } from '../helpers/test-agent.ts';
import { nowSeconds, sampleFacts, signedFacts } from './sample-facts.ts';

const agent = bornAgent('facts', nowSeconds - 1000);
const facts = sampleFacts(agent.agentId);
const credential = signedFacts({ agentId: agent.agentId, signer: signingKeyOf(agent) });
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const throwing = (code: string) => expect.objectContaining({ name: 'FactsError', code });

describe('AgentFacts', () => {
  it('take every member of the published schema', () => {
    expect(readFacts(facts)).toEqual(facts);
  });

  it('need what the published schema requires, and no more', () => {
    const { id, agent_name, label, description, version, provider, capabilities } = facts;
    const least = {
      ...{ id, agent_name, label, description, version },
      provider: { name: provider.name, url: provider.url },
      endpoints: { static: [] },
      capabilities: { modalities: [], authentication: { methods: [] } },
      skills: [{ id: 's', description: 'd', inputModes: [], outputModes: [] }],
    };
    expect(capabilities.modalities.length).toBeGreaterThan(0);
    expect(readFacts(least)).toEqual(least);
    for (const member of Object.keys(least)) {
      const { [member as keyof typeof least]: _left, ...rest } = least;
      expect(() => readFacts(rest), member).toThrow(throwing('bad-facts'));
    }
  });

  it('keep members that others add', () => {
    const more = { ...facts, 'x-payments': { rails: ['a'] }, provider: { ...facts.provider, logo: 'x' } };
    expect(readFacts(more)).toEqual(more);
  });

  const endpoints = facts.endpoints;
  it.each<[string, Partial<Record<keyof AgentFacts, unknown>>]>([
    ['another kind of id', { id: 'nanda:x' }],
    ['no skill', { skills: [] }],
    ['65 skills', { skills: Array.from({ length: 65 }, () => facts.skills[0]) }],
    ['a ttl of a week', { ttl: 604_800 }],
    ['an endpoint that is none', { endpoints: { static: ['javascript:alert(1)'] } }],
    ['a file', { endpoints: { static: ['file:///etc/passwd'] } }],
    [
      'a static endpoint for ten minutes',
      { endpoints: { static: [{ url: 'https://a.example', ttl: 600 }] } },
    ],
    [
      'a rotating endpoint for an hour',
      { endpoints: { ...endpoints, rotating: [{ url: 'https://a.example', ttl: 3600 }] } },
    ],
    [
      'an adaptive resolver for five minutes',
      { endpoints: { ...endpoints, adaptive_resolver: { url: 'https://a.example', ttl: 300 } } },
    ],
    ['a date that is none', { certification: { expirationDate: '2026-02-31' } }],
    ['a sampling of two', { telemetry: { sampling: 2 } }],
    ['a label of a novel', { label: 'x'.repeat(257) }],
  ])('refuse %s', (_what, change) => {
    expect(() => readFacts({ ...facts, ...change })).toThrow(throwing('bad-facts'));
  });

  it('say where they do not fit', () => {
    const wrong = { ...facts, skills: [{ ...facts.skills[0], maxTokens: 0 }] };
    expect(() => readFacts(wrong)).toThrow('/skills/0/maxTokens');
  });
});

describe('a document from outside', () => {
  it.each([
    ['too-large', ' '.repeat(65 * 1024)],
    ['not-json', '{"a":'],
    ['not-json', '[]'],
    ['not-json', 'null'],
    ['not-json', '{"a":"\\ud800"}'],
    ['not-json', '{"__proto__":{"a":1}}'],
    ['not-json', '{"a":[{"constructor":{}}]}'],
    ['not-json', '{"prototype":1}'],
    ['too-large', `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`],
    ['too-large', JSON.stringify({ a: Array.from({ length: 257 }, () => 0) })],
    [
      'too-large',
      JSON.stringify({ a: Array.from({ length: 40 }, () => Array.from({ length: 250 }, () => 0)) }),
    ],
  ])('is refused as %s', (code, text) => {
    expect(() => parseJsonObject(bytesOf(text))).toThrow(throwing(code));
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => parseJsonObject(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toThrow(
      throwing('not-json'),
    );
  });

  it('is a value or a FactsError, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.object({ maxDepth: 4 }), fc.anything()), (value) => {
        for (const read of [readJsonObject, readFacts, readCredential]) {
          try {
            read(value);
          } catch (error) {
            if (!(error instanceof FactsError)) throw error;
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a credential', () => {
  it('names its subject, issuer and times', () => {
    const { document, ...read } = readCredential(credential);
    expect(document).toEqual(credential);
    expect(read).toEqual({
      facts,
      issuer: facts.id,
      validFrom: nowSeconds,
      validUntil: nowSeconds + 86_400,
      status: [],
    });
    expect(readCredential({ ...credential, issuer: { id: facts.id, name: 'Acme' } }).issuer).toBe(facts.id);
  });

  const without = (name: string) => ({ ...credential, [name]: undefined });
  it.each<[string, string, object]>([
    [
      'bad-credential',
      'another first context',
      { ...credential, '@context': ['https://www.w3.org/2018/credentials/v1'] },
    ],
    [
      'bad-credential',
      'a context alone',
      { ...credential, '@context': 'https://www.w3.org/ns/credentials/v2' },
    ],
    ['bad-credential', 'another type', { ...credential, type: ['VerifiableCredential', 'AlumniCredential'] }],
    ['bad-credential', 'no type VerifiableCredential', { ...credential, type: ['AgentFacts', 'X'] }],
    ['bad-credential', 'an issuer by URL', { ...credential, issuer: 'https://acme.example' }],
    ['bad-credential', 'two subjects', { ...credential, credentialSubject: [facts, facts] }],
    ['bad-credential', 'subjects that are no facts', { ...credential, credentialSubject: { id: facts.id } }],
    ['bad-credential', 'a time without a zone', { ...credential, validFrom: '2026-01-01T00:00:00' }],
    ['bad-credential', 'an end before its beginning', { ...credential, validUntil: '2020-01-01T00:00:00Z' }],
    ['bad-credential', 'a validity of ten years', { ...credential, validUntil: '2037-01-01T00:00:00Z' }],
    [
      'unsupported-status',
      'a status',
      { ...credential, credentialStatus: { type: 'BitstringStatusListEntry' } },
    ],
  ])('is refused as %s: %s', (code, _what, value) => {
    expect(() => readCredential(value)).toThrow(throwing(code));
  });

  it.each(['@context', 'type', 'issuer', 'validFrom', 'validUntil', 'credentialSubject', 'proof'])(
    'is refused without %s',
    (name) => {
      const value = JSON.parse(JSON.stringify(without(name))) as object;
      expect(() => readCredential(value)).toThrow(throwing('bad-credential'));
    },
  );
});
