/** What facts say of software, telemetry and who vouches for them; and hosted facts whose status changes. */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { readFacts } from '../../src/facts/credential.ts';
import { addProof } from '../../src/facts/data-integrity.ts';
import { FactsError } from '../../src/facts/facts-error.ts';
import { createFactsHost } from '../../src/facts/host/facts-host.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import type { StatusEntry } from '../../src/facts/status-entry.ts';
import { digestMultibaseOf, hexOfDigestMultibase } from '../../src/trust/credential.ts';
import { embeddedCredentials, linkedCredentials } from '../../src/trust/facts-credentials.ts';
import { resolverOf, sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { signingKeyOf } from '../helpers/test-agent.ts';
import { agentOf, nowSeconds, throwing } from './scene.ts';

const agent = agentOf('claims');
const hash = digestMultibaseOf('ab'.repeat(32));
const facts = (changes: object) => readFacts({ ...sampleFacts(agent.agentId), ...changes });

describe('claims in facts', () => {
  it('name what runs by hash: artifact, SBOM, source', () => {
    const software = {
      artifact: { name: 'registry.example/translator:1.2.0', digestMultibase: hash },
      sbom: {
        format: 'CycloneDX',
        version: '1.6',
        url: 'https://a.example/sbom.json',
        digestMultibase: hash,
      },
      source: { repository: 'https://a.example/repo', commit: '0'.repeat(40) },
    };
    expect(facts({ software })).toMatchObject({ software });
  });

  it('point to OpenTelemetry', () => {
    const telemetry = {
      ...{ enabled: true, measuredAt: '2027-01-15T08:00:00Z', metrics: { latency_p95_ms: 120 } },
      opentelemetry: {
        endpoint: 'https://otel.example/v1/metrics',
        protocol: 'http/protobuf',
        serviceName: 'translator',
      },
    };
    expect(facts({ telemetry })).toMatchObject({ telemetry });
  });

  it.each<readonly [string, object]>([
    ['an SBOM without its hash', { software: { sbom: { format: 'SPDX', url: 'https://a.example/s' } } }],
    ['an SBOM of another format', { software: { sbom: { format: 'list', digestMultibase: hash } } }],
    ['a hash in another base', { software: { artifact: { name: 'a', digestMultibase: 'ab'.repeat(32) } } }],
    [
      'a commit that is a branch',
      { software: { source: { repository: 'https://a.example', commit: 'main' } } },
    ],
    ['telemetry over another protocol', { telemetry: { opentelemetry: { protocol: 'udp' } } }],
    ['telemetry at no URL', { telemetry: { opentelemetry: { endpoint: 'otel:4317' } } }],
    ['a credential without its hash', { credentials: [{ id: 'https://a.example/c' }] }],
    [
      'more credentials than are read',
      { credentials: Array.from({ length: 17 }, () => ({ digestMultibase: hash })) },
    ],
  ])('are refused with %s', (_what, changes) => {
    expect(() => facts(changes)).toThrow(throwing('bad-facts'));
  });

  it('link to credentials by URL and hash', () => {
    const read = facts({
      credentials: [{ id: 'https://a.example/c', digestMultibase: hash }, { digestMultibase: hash }],
    });
    expect(linkedCredentials(read)).toEqual([{ url: 'https://a.example/c', digest: 'ab'.repeat(32) }]);
    expect(embeddedCredentials(read)).toEqual([]);
    for (const text of [
      '',
      'u',
      `z${hash.slice(1)}`,
      `${hash.slice(0, -1)}!`,
      hash.replace(/^u..../, 'uAAAA'),
    ])
      expect(hexOfDigestMultibase(text)).toBeNull();
  });
});

describe('hosted facts with a status', () => {
  const value = {
    ...{ type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '7' },
    statusListCredential: 'https://a.example/status/1',
  };
  const signer = signingKeyOf(agent);
  const created = new Date(nowSeconds * 1000).toISOString();
  const signed = addProof(
    { ...signedFacts({ agentId: agent.agentId, signer }), credentialStatus: value },
    {
      created,
      verificationMethod: methodOfAgent(agent.agentId, signer.publicKey),
      proofPurpose: 'assertionMethod',
    },
    signer,
  ) as JsonObject;
  const hostWith = (checkStatus?: (entry: StatusEntry) => Promise<void>) =>
    createFactsHost({
      ...{
        store: createMemoryStore(),
        entropy: createSystemEntropy(),
        check: createNodeCryptoVerifier().verify,
      },
      ...{ resolve: resolverOf(agent.state), findSigner: async () => null },
      clock: { nowMs: () => nowSeconds * 1000, schedule: () => () => undefined },
      ...(checkStatus && { checkStatus }),
    });

  it('are taken where the status is checked, and refused where nobody can', async () => {
    await expect(hostWith().publish(agent.agentId, signed)).rejects.toThrow(throwing('unsupported-status'));
    const asked: StatusEntry[] = [];
    const host = hostWith(async (entry) => void asked.push(entry));
    await host.publish(agent.agentId, signed);
    expect(asked).toEqual([{ purpose: 'revocation', index: 7, list: value.statusListCredential }]);
  });

  it('are served while the list is away, and no more once it says that they are over', async () => {
    let says: FactsError | null = null;
    const host = hostWith(async () => {
      if (says !== null) throw says;
    });
    await host.publish(agent.agentId, signed);
    says = new FactsError('status-unknown', 'away');
    expect((await host.read(agent.agentId)).credential).toEqual(signed);
    says = new FactsError('revoked', 'over');
    await expect(host.read(agent.agentId)).rejects.toThrow(throwing('revoked'));
    await expect(host.publish(agent.agentId, signed)).rejects.toThrow(throwing('revoked'));
  });
});
