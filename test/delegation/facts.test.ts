/** The right `facts` (§7): facts signed by a delegate under a grant that travels with them, and every way in which they fall. */
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import { grantBelow, revokeBelow } from '../../src/core/author/subgrant.ts';
import { createSigner, type Signer } from '../../src/core/ed25519.ts';
import { rightBits } from '../../src/core/identity/delegation.ts';
import type { Grant } from '../../src/core/identity/delegation-grant.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import { evidenceOf } from '../../src/facts/delegate-evidence.ts';
import { createFactsHost } from '../../src/facts/host/facts-host.ts';
import { issueFacts } from '../../src/facts/issue-facts.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { verifyFacts } from '../../src/facts/verify-facts.ts';
import { contextOf, nowSeconds, resolverOf, sampleFacts } from '../facts/sample-facts.ts';
import { bornAgent, rotated, signingKeyOf } from '../helpers/test-agent.ts';

const owner = bornAgent('facts by a delegate', nowSeconds - 1000);
const { agentId, state } = owner;
const keyOf = (fill: number): Signer => createSigner(new Uint8Array(32).fill(fill));
const [middle, helper, thief] = [61, 62, 63].map(keyOf) as [Signer, Signer, Signer];

function granted(
  parent: Grant | null,
  signer: Signer,
  audience: Signer,
  rights: number,
  seconds = 300,
): Grant {
  return grantBelow({
    ...{ state, parent, signer, audience: audience.publicKey, rights, nowSeconds },
    ...{
      notBefore: nowSeconds - 120,
      expiresAt: nowSeconds + seconds,
      nonce: new Uint8Array(8).fill(rights),
    },
  });
}
const root = granted(null, signingKeyOf(owner), middle, rightBits.sub + rightBits.facts);
const grant = granted(root, middle, helper, rightBits.facts, 200);

const signed = (by: Signer, shown: Grant | undefined = grant) =>
  issueFacts(sampleFacts(agentId), {
    ...{
      issuer: sampleFacts(agentId).id,
      verificationMethod: methodOfAgent(agentId, by.publicKey),
      signer: by,
    },
    ...{ nowSeconds, validitySeconds: 86_400, ...(shown !== undefined && { grant: shown }) },
  });
const verdict = (document: unknown, on: AgentState = state, at = nowSeconds) =>
  verifyFacts(document, contextOf([on], { nowSeconds: at }));
const refused = (code: string) => expect.objectContaining({ name: 'FactsError', code });

describe('facts signed by a delegate', () => {
  it('end with the grant where that is sooner, so that nobody keeps them longer', async () => {
    expect((await verdict(signed(helper))).validUntil).toBe(nowSeconds + 200);
    expect((await verdict(signed(signingKeyOf(owner)))).validUntil).toBe(nowSeconds + 86_400);
  });

  it('hold while the grant that stands in them holds, at any depth', async () => {
    expect(await verdict(signed(helper))).toMatchObject({
      issuer: { kind: 'delegate' },
      facts: sampleFacts(agentId),
    });
    expect(await verdict(signed(middle, root))).toMatchObject({ issuer: { kind: 'delegate' } });
    await expect(verdict(signed(helper), state, nowSeconds + 200)).rejects.toThrow(refused('expired'));
  });

  it('fall with each grant above, and with the keys of the agent', async () => {
    const nextState = revokeBelow({ state, signer: middle, grant, reason: 'superseded', nowSeconds });
    await expect(verdict(signed(helper), nextState)).rejects.toThrow(refused('revoked'));
    expect(await verdict(signed(middle, root), nextState)).toMatchObject({ issuer: { kind: 'delegate' } });
    await expect(verdict(signed(helper), rotated(owner, nowSeconds).state)).rejects.toThrow(
      refused('wrong-issuer'),
    );
  });

  it('are nobody’s without the grant, with that of another key, without the right, or of another agent', async () => {
    const { evidence: _none, ...bare } = signed(helper);
    await expect(verdict(bare)).rejects.toThrow(refused('wrong-issuer'));
    await expect(verdict(signed(thief))).rejects.toThrow(refused('wrong-issuer'));
    const revoker = granted(null, signingKeyOf(owner), thief, rightBits.revoke);
    await expect(verdict(signed(thief, revoker))).rejects.toThrow(refused('wrong-issuer'));
    const other = bornAgent('facts by a stranger', nowSeconds - 1000);
    const theirs = grantBelow({
      ...{ state: other.state, parent: null, signer: signingKeyOf(other), audience: thief.publicKey },
      ...{ rights: rightBits.facts, notBefore: nowSeconds, expiresAt: nowSeconds + 60, nowSeconds },
      nonce: new Uint8Array(8),
    });
    await expect(verdict(signed(thief, theirs))).rejects.toThrow(refused('wrong-issuer'));
  });

  it('cannot take the grant of another credential, nor a forged one', async () => {
    const moved = { ...signed(helper), evidence: [evidenceOf(root)] };
    await expect(verdict(moved)).rejects.toThrow(refused('wrong-issuer'));
    const forged = grantBelow({
      ...{ state: { ...state, keyState: { ...state.keyState, signingKey: thief.publicKey } }, parent: null },
      ...{ signer: thief, audience: helper.publicKey, rights: rightBits.facts, nowSeconds },
      ...{ notBefore: nowSeconds, expiresAt: nowSeconds + 60, nonce: new Uint8Array(8) },
    });
    await expect(verdict(signed(helper, forged))).rejects.toThrow(refused('bad-proof'));
  });

  it('leave aside what is no grant in the evidence', async () => {
    const given = [{ type: ['DelegationGrant'], grant: 'weft-grant:AAAA' }, { type: ['Other'] }];
    const odd = issueFacts(sampleFacts(agentId), {
      ...{
        issuer: sampleFacts(agentId).id,
        verificationMethod: methodOfAgent(agentId, signingKeyOf(owner).publicKey),
      },
      ...{ signer: signingKeyOf(owner), nowSeconds, validitySeconds: 86_400 },
    });
    await expect(verdict({ ...odd, evidence: given })).rejects.toThrow(refused('bad-proof'));
    await expect(verdict({ ...signed(helper), evidence: given })).rejects.toThrow(refused('wrong-issuer'));
  });

  it('are signed and served by a node that holds the delegate’s key, until the grant ends', async () => {
    let now = nowSeconds;
    let current: AgentState = state;
    const host = createFactsHost({
      store: createMemoryStore(),
      resolve: (one) => resolverOf(current)(one),
      check: createNodeCryptoVerifier().verify,
      findSigner: async () => null,
      findDelegate: async () => ({ grant, signer: helper }),
      clock: { nowMs: () => now * 1000, schedule: () => () => {} },
      entropy: createSystemEntropy(),
    });
    const hosted = await host.publishOwn(agentId, sampleFacts(agentId), 86_400);
    expect(hosted.credential['evidence']).toEqual([evidenceOf(grant)]);
    expect((await host.read(agentId)).digest).toBe(hosted.digest);
    now += 199;
    expect((await host.read(agentId)).digest).toBe(hosted.digest);
    current = revokeBelow({ state, signer: middle, grant, reason: 'superseded', nowSeconds });
    await expect(host.read(agentId)).rejects.toThrow(refused('revoked'));
    now += 1;
    await expect(host.read(agentId)).rejects.toThrow(/revoked|ended/);
  });
});
