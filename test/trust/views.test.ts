/** Other views of facts: split horizon by what somebody can prove; presentations that are stolen, replayed or for others. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { createTrustVerifier } from '../../src/trust/verifier/trust-verifier.ts';
import { createFactsViews, type FactsViews } from '../../src/trust/views/facts-views.ts';
import { present } from '../../src/trust/views/presentation.ts';
import { resolverOf, sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { rotated, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';
import { agentOf, credentialOf, didOf, nowSeconds, throwing } from './scene.ts';

const [host, partner, stranger, issuer] = ['view host', 'view partner', 'view stranger', 'view issuer'].map(
  agentOf,
) as [TestAgent, TestAgent, TestAgent, TestAgent];
const policy = {
  version: 1,
  zone: 'partners',
  roots: [{ issuer: didOf(issuer) }],
  rules: [{ id: 'partner', credential: 'PartnerCredential' }],
};
const forPartners = sampleFacts(host.agentId, { label: 'For partners' });
const membership = credentialOf({ by: issuer, about: partner, types: ['PartnerCredential'] });
let now: number;
let views: FactsViews;
let drawn = 0;

/** Signed by the holder for the host, unless it says otherwise. */
function shown(
  changes: {
    readonly by?: TestAgent;
    readonly credentials?: readonly JsonObject[];
    readonly to?: TestAgent;
    readonly lasts?: number;
    readonly at?: number;
    readonly as?: TestAgent;
  } = {},
): JsonObject {
  const { by = partner, credentials = [membership], to = host, lasts, at = now, as = by } = changes;
  const signer = signingKeyOf(by);
  return present({
    ...{
      credentials,
      signer,
      challenge: `draw ${drawn++}`,
      nowSeconds: at,
      holder: didOf(as),
      domain: didOf(to),
    },
    verificationMethod: methodOfAgent(as.agentId, signer.publicKey),
    ...(lasts !== undefined && { validitySeconds: lasts }),
  });
}

async function open(agents: readonly TestAgent[] = [host, partner, stranger, issuer]): Promise<FactsViews> {
  const verifier = await createTrustVerifier({
    network: {
      resolve: resolverOf(...agents.map(({ state }) => state)),
      watch: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }),
    },
    check: createNodeCryptoVerifier().verify,
    clock: { nowMs: () => now * 1000 },
  });
  return createFactsViews({
    store: createMemoryStore(),
    verifier,
    sign: async (agentId, facts) =>
      signedFacts({ agentId, signer: signingKeyOf(host), at: now, validitySeconds: 300 }, facts as never),
    nowSeconds: () => now,
  });
}

beforeEach(async () => {
  now = nowSeconds;
  views = await open();
  await views.put(host.agentId, { name: 'partners', facts: forPartners, policy });
});

const read = (presentation: unknown, name = 'partners') => views.read(host.agentId, name, presentation);

describe('a view of facts', () => {
  it('is signed now for who proves to hold what its policy asks for', async () => {
    const { credential, verdict } = await read(shown());
    expect(credential).toMatchObject({ credentialSubject: { label: 'For partners' }, issuer: didOf(host) });
    expect(verdict).toMatchObject({ trusted: true, zone: 'partners' });
  });

  it.each<readonly [string, () => unknown, string]>([
    ['nothing', () => ({}), 'bad-credential'],
    ['a credential of somebody else', () => shown({ by: stranger }), 'not-admitted'],
    ['a credential without its holder', () => membership, 'bad-credential'],
    [
      'no credential',
      () => shown({ credentials: [credentialOf({ by: issuer, about: partner })] }),
      'not-admitted',
    ],
    [
      'a credential that they issued themselves',
      () =>
        shown({ credentials: [credentialOf({ by: partner, about: partner, types: ['PartnerCredential'] })] }),
      'not-admitted',
    ],
    ['a presentation for another agent', () => shown({ to: stranger }), 'bad-presentation'],
    ['the holder’s name under their own key', () => shown({ by: stranger, as: partner }), 'wrong-issuer'],
    ['a presentation that was altered', () => ({ ...shown(), verifiableCredential: [] }), 'bad-credential'],
    [
      'one with another credential in it',
      () => ({ ...shown(), verifiableCredential: [credentialOf({ by: issuer, about: partner })] }),
      'bad-proof',
    ],
    ['one that lasts for an hour', () => shown({ lasts: 3600 }), 'bad-presentation'],
    ['one from before', () => shown({ at: now - 600 }), 'expired'],
    ['one from the future', () => shown({ at: now + 600 }), 'not-yet-valid'],
    [
      'an assertion in its place',
      () => {
        const made = shown();
        return { ...made, proof: { ...(made['proof'] as JsonObject), proofPurpose: 'assertionMethod' } };
      },
      'bad-presentation',
    ],
  ])('is not for who shows %s', async (_what, make, code) => {
    await expect(read(make())).rejects.toThrow(throwing(code));
  });

  it('says what would admit', async () => {
    await expect(read(shown({ by: stranger }))).rejects.toMatchObject({
      data: { rule: 'partner', satisfy: expect.stringContaining('PartnerCredential') as string },
    });
  });

  it('is opened once by one presentation', async () => {
    const once = shown();
    await read(once);
    await expect(read(once)).rejects.toThrow(throwing('bad-presentation'));
    await read(shown());
  });

  it('is closed to who has other keys since', async () => {
    const old = shown();
    views = await open([host, rotated(partner, nowSeconds - 50_000), issuer]);
    await views.put(host.agentId, { name: 'partners', facts: forPartners, policy });
    await expect(read(old)).rejects.toThrow(throwing('key-not-current'));
  });

  it('is there by name, at most eight of them, and goes when it is removed', async () => {
    await expect(read(shown(), 'other')).rejects.toThrow(throwing('no-view'));
    for (let index = 1; index < 8; index++)
      await views.put(host.agentId, { name: `view-${index}`, facts: forPartners, policy });
    await expect(views.put(host.agentId, { name: 'ninth', facts: forPartners, policy })).rejects.toThrow(
      throwing('views-full'),
    );
    await views.put(host.agentId, { name: 'partners', facts: forPartners, policy });
    expect(await views.remove(host.agentId, 'partners')).toBe(true);
    expect(await views.remove(host.agentId, 'partners')).toBe(false);
    expect(await views.list(host.agentId)).toHaveLength(7);
    await expect(read(shown())).rejects.toThrow(throwing('no-view'));
  });

  it('is refused when it is of another agent, or for everybody', async () => {
    const put = (facts: unknown, wanted: unknown, name = 'x') =>
      views.put(host.agentId, { name, facts, policy: wanted });
    await expect(put(sampleFacts(stranger.agentId), policy)).rejects.toThrow(throwing('wrong-subject'));
    await expect(put(forPartners, { ...policy, rules: [] })).rejects.toThrow(throwing('bad-policy'));
    await expect(put(forPartners, { ...policy, zone: '' })).rejects.toThrow(throwing('bad-policy'));
    await expect(put(forPartners, policy, '../x')).rejects.toThrow(throwing('bad-policy'));
    await expect(put({}, policy)).rejects.toThrow(throwing('bad-facts'));
  });
});
