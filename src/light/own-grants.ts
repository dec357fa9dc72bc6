/** Grants as texts, issued, accepted and shown by whoever holds the keys for it. What may be granted is core/author's. */
import { bytesEqual } from '../core/bytes.ts';
import type { Signer } from '../core/ed25519.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import { rightsOf } from '../core/identity/delegation.ts';
import { formatGrant, type Grant, parseGrant } from '../core/identity/delegation-grant.ts';
import type { RunningAgentService } from '../custody/agent-service.ts';
import { signerOf } from './agent-keys.ts';
import { LightNodeError } from './light-error.ts';
import type { AgentName, LightNode } from './light-types.ts';

/** @param heldId the agent, if keys of it are held here */
export function createOwnGrants(
  service: Pick<RunningAgentService<Signer>, 'grant' | 'keepGrant' | 'heldGrant' | 'adopt'>,
  heldId: (agent: AgentName) => AgentId,
  createSigner: (seed: Uint8Array) => Signer,
): Pick<LightNode, 'grant' | 'acceptGrant' | 'presentGrant'> {
  return {
    async grant(agent, { under, ...wish }, options) {
      const given = { ...wish, ...(under !== undefined && { under: grantIn(under) }) };
      return formatGrant(await service.grant(heldId(agent), given, options));
    },
    async acceptGrant(text, key, options) {
      const received = grantIn(text);
      const { agentId, token } = received;
      const delegate = signerOf(key, 'delegate', createSigner);
      if (!bytesEqual(delegate.publicKey, token.audience))
        throw new LightNodeError('bad-argument', 'the grant was given to another key');
      await service.keepGrant(received, options);
      await service.adopt(agentId, { delegate });
      return { agentId, rights: rightsOf(token.rights), expiresAtSeconds: token.expiresAt };
    },
    async presentGrant(agent, right) {
      const held = await service.heldGrant(heldId(agent), right);
      if (held !== null) return formatGrant(held.grant);
      throw new LightNodeError('no-key', `no grant with "${right}" over that agent is held that holds now`);
    },
  };
}

/** @throws LightNodeError `bad-argument` */
function grantIn(text: string): Grant {
  try {
    return parseGrant(text);
  } catch (cause) {
    throw new LightNodeError('bad-argument', 'this is no grant: one begins with weft-grant:', { cause });
  }
}
