/** The verdict on facts: who may sign for whom, when, and what ends it. Each attack of the issue has its code. */
import { describe, expect, it } from 'vitest';
import { hexToBytes } from '../../src/core/bytes.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import { createDelegation, rightBits } from '../../src/core/identity/delegation.ts';
import { chooseLog } from '../../src/core/identity/fork-choice.ts';
import { createRevocation } from '../../src/core/identity/revocation.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { addProof } from '../../src/facts/data-integrity.ts';
import { issueFacts } from '../../src/facts/issue-facts.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { multikeyOf } from '../../src/facts/multikey.ts';
import { credentialDigest, verifyFacts } from '../../src/facts/verify-facts.ts';
import { bornAgent, ended, recovered, rotated, signingKeyOf, testSigner } from '../helpers/test-agent.ts';
import { contextOf, nowSeconds, sampleFacts, signedFacts } from './sample-facts.ts';

const born = nowSeconds - 100_000;
const agent = bornAgent('facts agent', born);
const other = bornAgent('facts other', born);
const by = { agentId: agent.agentId, signer: signingKeyOf(agent) };
const byOther = { agentId: other.agentId, signer: signingKeyOf(other) };
const credential = signedFacts(by);
const did = formatAgentDid(agent.agentId);
const otherDid = formatAgentDid(other.agentId);
const known = [agent.state, other.state];
const throwing = (code: string) => expect.objectContaining({ name: 'FactsError', code });

function resigned(changes: JsonObject, created = '2027-01-15T08:00:00Z'): JsonObject {
  const options = {
    created,
    verificationMethod: methodOfAgent(agent.agentId, by.signer.publicKey),
    proofPurpose: 'assertionMethod',
  } as const;
  return addProof({ ...credential, ...changes }, options, by.signer);
}

describe('facts that an agent signs itself', () => {
  it('hold, and say whose they are, who signed, until when', async () => {
    const verdict = await verifyFacts(credential, contextOf(known, { subject: agent.agentId }));
    expect(verdict).toMatchObject({
      agentId: agent.agentId,
      issuer: { did, kind: 'self' },
      verificationMethod: methodOfAgent(agent.agentId, by.signer.publicKey),
      validFrom: nowSeconds,
      validUntil: nowSeconds + 86_400,
      digest: credentialDigest(credential),
    });
    expect(verdict.facts.label).toBe('Acme Translator');
  });

  it.each<[string, string, JsonObject]>([
    [
      'another label',
      'bad-proof',
      { ...credential, credentialSubject: sampleFacts(agent.agentId, { label: 'X' }) as never },
    ],
    ['a longer validity', 'bad-proof', { ...credential, validUntil: '2027-06-01T00:00:00Z' }],
    ['one more member', 'bad-proof', { ...credential, name: 'x' }],
    [
      'the facts of another agent',
      'bad-proof',
      {
        ...credential,
        issuer: otherDid,
        credentialSubject: sampleFacts(other.agentId) as never,
        proof: {
          ...(credential['proof'] as JsonObject),
          verificationMethod: methodOfAgent(other.agentId, byOther.signer.publicKey),
        },
      },
    ],
    [
      'a proof of another document',
      'bad-proof',
      { ...credential, proof: signedFacts(by, sampleFacts(agent.agentId, { version: '2' }))['proof']! },
    ],
  ])('fall when they are altered: %s', async (_what, code, value) => {
    await expect(verifyFacts(value, contextOf(known))).rejects.toThrow(throwing(code));
  });

  it('fall when they are those of another agent', async () => {
    const wanted = contextOf(known, { subject: other.agentId });
    await expect(verifyFacts(credential, wanted)).rejects.toThrow(throwing('wrong-subject'));
    await expect(verifyFacts(signedFacts(by, sampleFacts(other.agentId)), contextOf(known))).rejects.toThrow(
      throwing('wrong-issuer'),
    );
  });

  it('begin and end when they say', async () => {
    const at = (seconds: number) => verifyFacts(credential, contextOf(known, { nowSeconds: seconds }));
    await expect(at(nowSeconds - 121)).rejects.toThrow(throwing('not-yet-valid'));
    await expect(at(nowSeconds - 119)).resolves.toMatchObject({ issuer: { kind: 'self' } });
    await expect(at(nowSeconds + 86_399)).resolves.toMatchObject({ issuer: { kind: 'self' } });
    await expect(at(nowSeconds + 86_400)).rejects.toThrow(throwing('expired'));
  });

  it('fall when the proof is made in the future, states no time, or has another purpose', async () => {
    const late = resigned({}, '2027-06-01T00:00:00Z');
    await expect(verifyFacts(late, contextOf(known))).rejects.toThrow(throwing('not-yet-valid'));
    const proof = credential['proof'] as JsonObject;
    const cases: readonly (readonly [JsonObject, string])[] = [
      [{ ...proof, created: undefined as never }, 'bad-proof'],
      [{ ...proof, created: 'yesterday' }, 'bad-proof'],
      [{ ...proof, proofPurpose: 'authentication' }, 'unsupported-proof'],
      [{ ...proof, expires: '2020-01-01T00:00:00Z' }, 'expired'],
    ];
    for (const [changed, code] of cases) {
      const value = JSON.parse(JSON.stringify({ ...credential, proof: changed })) as JsonObject;
      await expect(verifyFacts(value, contextOf(known))).rejects.toThrow(throwing(code));
    }
  });

  it('fall once the key is rotated or recovered, whatever time they claim, and stand when they are signed anew', async () => {
    for (const next of [rotated(agent, born + 50_000), recovered(agent, born + 50_000)]) {
      const states: readonly AgentState[] = [next.state];
      await expect(verifyFacts(credential, contextOf(states))).rejects.toThrow(throwing('key-not-current'));
      const early = signedFacts({ ...by, at: born + 1000, validitySeconds: 30 * 86_400 });
      await expect(verifyFacts(early, contextOf(states))).rejects.toThrow(throwing('key-not-current'));
      const anew = signedFacts({ agentId: agent.agentId, signer: signingKeyOf(next) });
      await expect(verifyFacts(anew, contextOf(states))).resolves.toMatchObject({ issuer: { kind: 'self' } });
      const backdated = signedFacts({
        agentId: agent.agentId,
        signer: signingKeyOf(next),
        at: born + 1000,
        validitySeconds: 30 * 86_400,
      });
      await expect(verifyFacts(backdated, contextOf(states))).rejects.toThrow(throwing('key-not-current'));
    }
  });

  it('fall with the agent: ended, forked, or unknown', async () => {
    const over = ended(agent, nowSeconds - 10).state;
    await expect(verifyFacts(credential, contextOf([over]))).rejects.toThrow(throwing('subject-not-active'));
    const sides = ['a', 'b'].map((branch) => rotated(agent, born + 50_000, branch).state.keyState.retained);
    const keyState = chooseLog(agent.agentId, sides.flat());
    expect(keyState.status).toBe('forked');
    await expect(verifyFacts(credential, contextOf([{ ...agent.state, keyState }]))).rejects.toThrow(
      throwing('subject-not-active'),
    );
    await expect(verifyFacts(credential, contextOf([]))).rejects.toThrow(throwing('issuer-unknown'));
  });

  it('fall with a revocation of the credential', async () => {
    const { keyState } = agent.state;
    const revocation = createRevocation({
      agentId: agent.agentId,
      kind: 'credential',
      establishment: keyState.establishment,
      target: hexToBytes(credentialDigest(credential)),
      depth: 0,
      reason: 'superseded',
      issuedAt: nowSeconds,
      expiresAt: nowSeconds + 86_400,
      chain: [],
      signer: by.signer,
    });
    const state = { ...agent.state, revocations: [revocation] };
    await expect(verifyFacts(credential, contextOf([state]))).rejects.toThrow(throwing('revoked'));
    const another = signedFacts({ ...by, at: nowSeconds - 1 });
    await expect(verifyFacts(another, contextOf([state]))).resolves.toMatchObject({
      issuer: { kind: 'self' },
    });
  });
});

describe('facts that others sign', () => {
  const byIssuer = issueFacts(sampleFacts(agent.agentId), {
    issuer: otherDid,
    verificationMethod: methodOfAgent(other.agentId, byOther.signer.publicKey),
    signer: byOther.signer,
    nowSeconds,
    validitySeconds: 86_400,
  });
  const keySigner = testSigner('facts did:key');
  const multikey = multikeyOf(keySigner.publicKey);
  const keyDid = `did:key:${multikey}`;
  const byKey = issueFacts(sampleFacts(agent.agentId), {
    issuer: keyDid,
    verificationMethod: `${keyDid}#${multikey}`,
    signer: keySigner,
    nowSeconds,
    validitySeconds: 86_400,
  });

  it('hold only where their issuer is trusted', async () => {
    await expect(verifyFacts(byIssuer, contextOf(known))).rejects.toThrow(throwing('wrong-issuer'));
    await expect(verifyFacts(byKey, contextOf(known))).rejects.toThrow(throwing('wrong-issuer'));
    const trusting = contextOf(known, { issuers: [otherDid, keyDid] });
    expect((await verifyFacts(byIssuer, trusting)).issuer).toEqual({ did: otherDid, kind: 'agent' });
    expect((await verifyFacts(byKey, trusting)).issuer).toEqual({ did: keyDid, kind: 'key' });
  });

  it('fall with the key, and with the life, of their issuer', async () => {
    const issuers = [otherDid];
    const gone = contextOf([agent.state, ended(other, nowSeconds - 10).state], { issuers });
    await expect(verifyFacts(byIssuer, gone)).rejects.toThrow(throwing('issuer-not-active'));
    const turned = contextOf([agent.state, rotated(other, born + 50_000).state], { issuers });
    await expect(verifyFacts(byIssuer, turned)).rejects.toThrow(throwing('key-not-current'));
    await expect(verifyFacts(byIssuer, contextOf([agent.state], { issuers }))).rejects.toThrow(
      throwing('issuer-unknown'),
    );
    const dead = contextOf([ended(agent, nowSeconds - 10).state, other.state], { issuers });
    await expect(verifyFacts(byIssuer, dead)).rejects.toThrow(throwing('subject-not-active'));
  });

  it.each([
    ['another agent’s key', did, methodOfAgent(other.agentId, byOther.signer.publicKey)],
    ['a key of nobody', did, methodOfAgent(agent.agentId, keySigner.publicKey)],
    ['no key', did, did],
    ['two fragments', did, `${methodOfAgent(agent.agentId, by.signer.publicKey)}#x`],
    [
      'another spelling of the agent',
      did.toUpperCase().replace('DID:NANDA', 'did:nanda'),
      `${did}#${multikey}`,
    ],
    ['another key of did:key', keyDid, `${keyDid}#${multikeyOf(by.signer.publicKey)}`],
    ['a did:key that is none', 'did:key:zzz', 'did:key:zzz#zzz'],
    ['a web issuer', 'did:web:acme.example', 'did:web:acme.example#key-1'],
  ])('name a key of the issuer, not %s', async (_what, issuer, verificationMethod) => {
    const secured = addProof(
      { ...credential, issuer },
      { created: credential['validFrom'] as string, verificationMethod, proofPurpose: 'assertionMethod' },
      keySigner,
    );
    const trusting = contextOf(known, { issuers: [issuer] });
    await expect(verifyFacts(secured, trusting)).rejects.toThrow(throwing('wrong-issuer'));
  });

  it('may be a delegate’s with the right to facts, until the grant ends', async () => {
    const delegate = testSigner('facts delegate');
    const grant = (rights: readonly ('op' | 'facts')[]) =>
      createDelegation({
        agentId: agent.agentId,
        signer: by.signer,
        establishment: agent.state.keyState.establishment,
        audience: delegate.publicKey,
        slot: rights.includes('op') ? 1 : 0,
        rights: rights.reduce((sum, right) => sum + rightBits[right], 0),
        fieldMask: 0,
        parent: null,
        notBefore: nowSeconds - 10,
        expiresAt: nowSeconds + 1000,
        nonce: new Uint8Array(8),
      });
    const signed = signedFacts({ agentId: agent.agentId, signer: delegate });
    const stateWith = (rights: readonly ('op' | 'facts')[]): AgentState => ({
      ...agent.state,
      delegations: [grant(rights)],
    });
    const may = contextOf([stateWith(['op', 'facts'])]);
    expect((await verifyFacts(signed, may)).issuer.kind).toBe('delegate');
    const mayNot = contextOf([stateWith(['op'])]);
    await expect(verifyFacts(signed, mayNot)).rejects.toThrow(throwing('wrong-issuer'));
    const later = contextOf([stateWith(['op', 'facts'])], { nowSeconds: nowSeconds + 1000 });
    await expect(verifyFacts(signed, later)).rejects.toThrow(throwing('wrong-issuer'));
  });
});
