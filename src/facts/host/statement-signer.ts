/**
 * The key in custody for statements about an agent: credentials, cards. Nothing that it signs can pass for a structure of
 * the protocol, each of which begins with a domain string (docs/protocol.md, appendix B).
 */
import { bytesEqual, utf8ToBytes } from '../../core/bytes.ts';
import type { Signer } from '../../core/ed25519.ts';
import type { AgentId } from '../../core/identity/agent-id.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import { FactsError } from '../facts-error.ts';
import { activeState } from '../issuer-keys.ts';

const domainStart = utf8ToBytes('weft/');

/**
 * The key in custody, when it is the one that the agent signs with now.
 * @throws FactsError `issuer-unknown` without the key, `issuer-not-active`, `key-not-current`
 */
export async function currentSignerOf(
  parts: {
    readonly findSigner: (agentId: AgentId) => Promise<Signer | null>;
    readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  },
  agentId: AgentId,
): Promise<Signer> {
  const signer = await parts.findSigner(agentId);
  if (signer === null)
    throw new FactsError('issuer-unknown', 'this node does not hold the signing key of the agent');
  const { keyState } = activeState(await parts.resolve(agentId), 'issuer-not-active');
  if (keyState.signingKey === null || !bytesEqual(keyState.signingKey, signer.publicKey))
    throw new FactsError('key-not-current', 'the key that this node holds was rotated away elsewhere');
  return statementSignerOf(signer);
}

/** The signer, without its authority over the protocol. Its `sign` throws TypeError for a message of the protocol. */
export function statementSignerOf(signer: Signer): Signer {
  return {
    publicKey: signer.publicKey,
    sign(message) {
      if (bytesEqual(message.subarray(0, domainStart.length), domainStart))
        throw new TypeError('a statement must not begin like a structure of the protocol');
      return signer.sign(message);
    },
  };
}
