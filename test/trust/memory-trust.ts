/** Credentials, zones and views over a store in memory, for nodes that answer from memory. */
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSystemEntropy } from '../../src/adapters/system/entropy.ts';
import type { Signer } from '../../src/core/ed25519.ts';
import { parseAgentId } from '../../src/core/identity/agent-id.ts';
import type { Resolution } from '../../src/core/peer/effects.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import type { NodeTrust } from '../../src/node/node-types.ts';
import { createCredentialIssuer } from '../../src/trust/issuer/credential-issuer.ts';
import { createTrustVerifier } from '../../src/trust/verifier/trust-verifier.ts';
import { createFactsViews } from '../../src/trust/views/facts-views.ts';
import { readZonePolicy } from '../../src/trust/zone-policy.ts';

const zone = { version: 1, zone: 'open', roots: [], rules: [], facts: { required: false } };

export function createMemoryTrust(parts: {
  readonly resolve: (agentId: Uint8Array) => Promise<Resolution>;
  readonly findSigner: (agentId: Uint8Array) => Promise<Signer | null>;
  readonly announceRevocation: () => Promise<number>;
  readonly signFacts: (agentId: Uint8Array, facts: unknown, validity: number) => Promise<JsonObject>;
}): NodeTrust {
  const store = createMemoryStore();
  const clock = createSystemClock();
  const { resolve, findSigner, announceRevocation } = parts;
  const issuer = createCredentialIssuer({
    ...{ store, clock, entropy: createSystemEntropy(), resolve, findSigner, announceRevocation },
  });
  const verifier = createTrustVerifier({
    ...{ store, clock, check: createNodeCryptoVerifier().verify },
    network: { resolve, watch: () => nothing() },
    fetch: async (url) => {
      const [agent, number] = new URL(url).pathname.split('/').slice(-2) as [string, string];
      const { text } = await issuer.statusList(parseAgentId(agent), Number(number));
      return new TextEncoder().encode(text);
    },
  });
  return {
    issuer: async () => issuer,
    verifier: () => verifier,
    views: async () =>
      createFactsViews({
        ...{ store, verifier: await verifier, sign: parts.signFacts },
        nowSeconds: () => Math.floor(clock.nowMs() / 1000),
      }),
    zones: async () => new Map([[zone.zone, readZonePolicy(zone)]]),
    reputation: async () => undefined,
  };
}

async function* nothing(): AsyncGenerator<never> {
  // A node from memory hears nothing; the watch lasts as long as the test.
  await new Promise<never>(() => undefined);
}
