/** What a delegate signs in an agent's name: its facts, with the right to; never its word about others (docs/protocol.md §7). */
import { describe, expect, it } from 'vitest';
import { delegateAgent } from '../../src/core/author/grant.ts';
import { utf8ToBytes } from '../../src/core/bytes.ts';
import { rightBits } from '../../src/core/identity/delegation.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { verifyFacts } from '../../src/facts/verify-facts.ts';
import { createBitstring } from '../../src/trust/bitstring.ts';
import { issueCredential } from '../../src/trust/issue-credential.ts';
import { issueStatusList, verifyStatusList } from '../../src/trust/status-list.ts';
import { verifyCredential } from '../../src/trust/verify-credential.ts';
import { present, verifyPresentation } from '../../src/trust/views/presentation.ts';
import { contextOf, signedFacts } from '../facts/sample-facts.ts';
import { signingKeyOf, testSigner } from '../helpers/test-agent.ts';
import { agentOf, didOf, nowSeconds, throwing } from './scene.ts';

const owner = agentOf('owner of a delegate');
const other = agentOf('other');
const delegate = testSigner('delegate with facts');
const { state } = delegateAgent({
  ...{ state: owner.state, signer: signingKeyOf(owner), audience: delegate.publicKey },
  ...{ rights: rightBits.op + rightBits.facts, fieldMask: 1, notBefore: nowSeconds - 600 },
  ...{ expiresAt: nowSeconds + 3600, nonce: new Uint8Array(8), nowSeconds },
});
const context = contextOf([state, other.state]);
const url = 'https://owner.example/status/0';

/** Everything that is signed in the name of the owner, and who looks at it. */
const signed: readonly (readonly [string, (signer: typeof delegate) => Promise<unknown>])[] = [
  [
    'a credential',
    async (signer) => {
      const draft = { types: ['SecurityAuditCredential'], subject: didOf(other), claims: { result: 'pass' } };
      const terms = { ...by(signer), nowSeconds, validitySeconds: 600 };
      return verifyCredential(issueCredential(draft, terms).document, context);
    },
  ],
  [
    'a status list',
    async (signer) => {
      const list = { url, purpose: 'revocation' as const, bitstring: createBitstring(), nowSeconds };
      return verifyStatusList(utf8ToBytes(issueStatusList({ ...by(signer), ...list }).text), url, context);
    },
  ],
  [
    'a presentation',
    async (signer) => {
      const { verificationMethod } = by(signer);
      const terms = { holder: didOf(owner), domain: didOf(other), challenge: '1', nowSeconds };
      const shown = present({ ...terms, credentials: [{} as JsonObject], verificationMethod, signer });
      return verifyPresentation(shown, didOf(other), context);
    },
  ],
];

function by(signer: typeof delegate) {
  const verificationMethod = methodOfAgent(owner.agentId, signer.publicKey);
  return { issuer: didOf(owner), verificationMethod, signer };
}

describe('a delegate with the right "facts"', () => {
  it('signs the facts of the agent', async () => {
    const facts = signedFacts({ agentId: owner.agentId, signer: delegate });
    expect(await verifyFacts(facts, context)).toMatchObject({
      issuer: { kind: 'delegate' },
      // That of the token: the facts themselves say a day.
      validUntil: nowSeconds + 3600,
    });
  });

  it.each(signed)('does not sign %s: the agent itself does', async (_what, looked) => {
    await expect(looked(delegate)).rejects.toThrow(throwing('wrong-issuer'));
    await expect(looked(signingKeyOf(owner))).resolves.toBeDefined();
  });
});
