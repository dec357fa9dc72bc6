/** Facts and credentials for tests, all fields of the schema in use. */
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import type { Signer } from '../../src/core/ed25519.ts';
import { agentKey, formatAgentDid } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import type { AgentFacts } from '../../src/facts/agent-facts.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { issueFacts } from '../../src/facts/issue-facts.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import type { VerifyContext } from '../../src/facts/verify-facts.ts';

export const nowSeconds = 1_800_000_000;
const verifier = createNodeCryptoVerifier();

export function sampleFacts(agentId: Uint8Array, changes: Partial<AgentFacts> = {}): AgentFacts {
  return {
    id: formatAgentDid(agentId),
    agent_name: 'urn:agent:acme:translator',
    label: 'Acme Translator',
    description: 'Translates contracts between English and Spanish.',
    version: '1.2.0',
    documentationUrl: 'https://acme.example/docs',
    jurisdiction: 'EU',
    provider: { name: 'Acme', url: 'https://acme.example', did: 'did:web:acme.example' },
    endpoints: {
      static: [
        'https://a.acme.example/a2a',
        { url: 'https://b.acme.example/a2a', ttl: 7200, protocol: 'JSONRPC' },
      ],
      rotating: [{ url: 'https://r.acme.example/a2a', ttl: 300 }],
      adaptive_resolver: { url: 'https://resolve.acme.example', policies: ['geo', 'load'], ttl: 30 },
    },
    capabilities: {
      modalities: ['text', 'audio'],
      streaming: true,
      batch: false,
      authentication: { methods: ['oauth2'], requiredScopes: ['translate'] },
    },
    skills: [
      {
        id: 'translate/en-es',
        description: 'English to Spanish',
        inputModes: ['text/plain'],
        outputModes: ['text/plain'],
        supportedLanguages: ['en', 'es'],
        latencyBudgetMs: 800,
        maxTokens: 4096,
      },
    ],
    evaluations: { performanceScore: 4.8, availability90d: '99.93%', lastAudited: '2026-01-01T00:00:00Z' },
    telemetry: { enabled: true, retention: '7d', sampling: 0.1, metrics: { latency_p95_ms: 320 } },
    certification: { level: 'verified', issuer: 'NANDA', issuanceDate: '2026-01-01T00:00:00Z' },
    ttl: 600,
    ...changes,
  };
}

export interface SignedBy {
  readonly agentId: Uint8Array;
  readonly signer: Signer;
  readonly at?: number;
  readonly validitySeconds?: number;
}

/** Facts signed by an agent: of itself, unless others are given. */
export function signedFacts(by: SignedBy, facts: AgentFacts = sampleFacts(by.agentId)): JsonObject {
  return issueFacts(facts, {
    issuer: formatAgentDid(by.agentId),
    verificationMethod: methodOfAgent(by.agentId, by.signer.publicKey),
    signer: by.signer,
    nowSeconds: by.at ?? nowSeconds,
    validitySeconds: by.validitySeconds ?? 86_400,
  });
}

/** A network that knows these states. */
export function resolverOf(...states: readonly AgentState[]): VerifyContext['resolve'] {
  const byKey = new Map(states.map((state) => [agentKey(state.agentId), state]));
  return async (agentId) => {
    const state = byKey.get(agentKey(agentId)) ?? null;
    const keyStatus = state?.keyState.status ?? 'active';
    const status: Resolution['status'] =
      state === null ? 'not-found' : keyStatus === 'active' ? 'ok' : keyStatus;
    return { status, agentId, state, ageSeconds: 0, responders: ['a'], holders: 1, cached: false };
  };
}

export function contextOf(states: readonly AgentState[], more: Partial<VerifyContext> = {}): VerifyContext {
  return { resolve: resolverOf(...states), check: verifier.verify, nowSeconds, ...more };
}
