/** A small world for tests of trust: agents, their credentials, zones, and the network that knows them. */

import { expect } from 'vitest';
import type { Signer } from '../../src/core/ed25519.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { multikeyOf } from '../../src/facts/multikey.ts';
import { type VerifiedFacts, verifyFacts } from '../../src/facts/verify-facts.ts';
import { type CredentialDraft, issueCredential } from '../../src/trust/issue-credential.ts';
import type { JudgeContext } from '../../src/trust/judge.ts';
import { readZonePolicy, type ZonePolicy } from '../../src/trust/zone-policy.ts';
import { contextOf, nowSeconds, sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf, type TestAgent, testSigner } from '../helpers/test-agent.ts';

export { nowSeconds } from '../facts/sample-facts.ts';

export const born = nowSeconds - 100_000;
/** The same label gives the same agent. */
export const agentOf = (label: string): TestAgent => bornAgent(`trust ${label}`, born);
export const didOf = (agent: TestAgent): string => formatAgentDid(agent.agentId);
export const throwing = (code: string) => expect.objectContaining({ code });

export interface Terms extends Partial<Omit<CredentialDraft, 'subject'>> {
  readonly by: TestAgent;
  readonly about: TestAgent;
  readonly at?: number;
  readonly lasts?: number;
}

/** An audit unless the types say otherwise. */
export function credentialOf({
  by,
  about,
  at = nowSeconds - 60,
  lasts = 86_400,
  ...draft
}: Terms): JsonObject {
  const signer = signingKeyOf(by);
  return issueCredential(
    { types: ['SecurityAuditCredential'], claims: { result: 'pass' }, ...draft, subject: didOf(about) },
    {
      ...{ issuer: didOf(by), verificationMethod: methodOfAgent(by.agentId, signer.publicKey), signer },
      ...{ nowSeconds: at, validitySeconds: lasts },
    },
  ).document;
}

/** By a bare key. */
export function keyCredential(
  label: string,
  about: TestAgent,
  draft: Partial<CredentialDraft> = {},
): { readonly did: string; readonly document: JsonObject } {
  return credentialByKey(testSigner(label), about, draft);
}

export function credentialByKey(
  signer: Signer,
  about: TestAgent,
  draft: Partial<CredentialDraft> = {},
): { readonly did: string; readonly document: JsonObject } {
  const multikey = multikeyOf(signer.publicKey);
  const did = `did:key:${multikey}`;
  const { document } = issueCredential(
    { types: ['SecurityAuditCredential'], claims: { result: 'pass' }, ...draft, subject: didOf(about) },
    {
      issuer: did,
      verificationMethod: `${did}#${multikey}`,
      signer,
      nowSeconds: nowSeconds - 60,
      validitySeconds: 86_400,
    },
  );
  return { did, document };
}

/** A root's word about another issuer. */
export function crossSigning(by: TestAgent, about: TestAgent, claims: JsonObject = {}): JsonObject {
  const zone = { zone: 'acme', types: ['SecurityAuditCredential'], depth: 0 };
  return credentialOf({ by, about, types: ['CrossSigningCredential'], claims: { ...zone, ...claims } });
}

export function policyOf(changes: object): ZonePolicy {
  return readZonePolicy({ version: 1, zone: 'acme', roots: [], rules: [], ...changes });
}

export const twoAudits = {
  id: 'two-audits',
  credential: 'SecurityAuditCredential',
  atLeast: 2,
  claims: { result: 'pass' },
};

export function worldOf(agents: readonly TestAgent[], more: Partial<JudgeContext> = {}): JudgeContext {
  return { ...contextOf(agents.map(({ state }): AgentState => state)), ...more };
}

/** The agent's own facts, verified. */
export async function factsOf(
  agent: TestAgent,
  changes: Parameters<typeof sampleFacts>[1] = {},
): Promise<VerifiedFacts> {
  const signed = signedFacts(
    { agentId: agent.agentId, signer: signingKeyOf(agent) },
    sampleFacts(agent.agentId, changes),
  );
  return verifyFacts(signed, contextOf([agent.state]));
}
